"""Cross-origin requests, as front doors answer them."""

from hypothesis import given
from hypothesis import strategies as st

from destmock._services.http.cors import cors_of, http_preflight, url_preflight
from destmock._services.http.exchange import HttpRequest

SHOP = "https://shop.example"
ALLOWED = {"AllowOrigins": [SHOP], "AllowMethods": ["GET"], "AllowHeaders": ["x-a"], "MaxAge": 60}


def asks(origin=SHOP, method="GET", headers=None):
    given = [("Origin", origin), ("Access-Control-Request-Method", method)]
    given += [("Access-Control-Request-Headers", headers)] if headers else []
    return HttpRequest("OPTIONS", "x", "/", headers=tuple(given))


def test_R51_the_preflight_says_what_is_allowed():
    answer = url_preflight(cors_of(ALLOWED), asks(headers="X-A"))
    assert answer.status == 200
    assert dict(answer.headers) == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
        "vary": "Origin",
    }


def test_R51_what_is_not_allowed_is_an_empty_answer():
    for request in (asks(origin="https://other.example"), asks(method="PUT"), asks(headers="x-b")):
        answer = url_preflight(cors_of(ALLOWED), request)
        assert (answer.status, answer.headers, answer.body) == (200, (), b"")
    assert http_preflight(cors_of(ALLOWED), asks()).status == 204


def test_any_origin_is_a_star_but_with_credentials():
    cors = cors_of({"allowOrigins": ["*"], "allowMethods": ["*"]})
    assert dict(cors.simple(asks())) == {"access-control-allow-origin": "*"}
    with_credentials = cors_of({"allowOrigins": ["*"], "allowCredentials": True})
    assert dict(with_credentials.simple(asks()))["access-control-allow-origin"] == SHOP


origins = st.sampled_from([SHOP, "https://a.example", "http://localhost:3000"])


@given(st.lists(origins), origins, st.booleans())
def test_nobody_is_allowed_who_is_not_named(allowed, origin, preflight):
    cors = cors_of({"allowOrigins": allowed, "allowMethods": ["GET"]})
    found = cors.preflight(asks(origin)) if preflight else cors.simple(asks(origin))
    assert dict(found or ()).get("access-control-allow-origin") == (origin if origin in allowed else None)
