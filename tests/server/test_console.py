"""The page at `/_destmock`, asked without a browser: what it shows, what its forms do, what it refuses."""

import json
import re
from datetime import datetime, timezone
from html import unescape

import pytest
from werkzeug.test import Client

from destmock import mock_destinations, outcomes
from destmock._server.page.application import application

START = datetime(2026, 1, 1, tzinfo=timezone.utc)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
ORDERS = f"{FUNCTION}orders"
TOKEN = "a secret"
HOSTILE = "</textarea></style><script>alert(1)</script>"


@pytest.fixture
def client(destmock):
    return Client(application(destmock, token=TOKEN))


@pytest.fixture
def post(client):
    """Sends a form of the page, with its token, and answers where the redirect leads, or the error's page."""

    def post(action, token=TOKEN, follow=False, **form):
        data = {"token": token, **form} if token is not None else form
        return client.post(f"/_destmock/{action}", data=data, follow_redirects=follow)

    return post


@pytest.fixture
def page(client):
    def page(arn=ORDERS, **query):
        return client.get("/_destmock/function", query_string={"arn": arn, **query}).text

    return page


def wrong(response):
    """What the page says is wrong, at the form."""
    return re.findall(r'<p role="alert" class="wrong" id="(\w+)-error">(.*?)</p>', response.text, re.DOTALL)


orders = pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1}), "audit": outcomes(None)})
by_hand = pytest.mark.destmock(
    handlers={"orders": outcomes(ValueError("no"))}, autorun=False, strict=False, start=START
)


def config(lam, **more):
    return lam.get_function_event_invoke_config(FunctionName="orders", **more)["DestinationConfig"]


# What it shows


@orders
def test_the_overview_lists_the_functions_before_anyone_has_called_them(client):
    text = client.get("/_destmock").text
    assert ">orders<" in text
    assert ">audit<" in text
    assert "Nothing was invoked yet." in text
    assert "Nothing is queued." in text


@orders
def test_functions_of_every_region_are_there(client, lam):
    import boto3

    boto3.client("lambda", region_name="eu-west-1").invoke(FunctionName="orders", Payload=b"{}")
    lam.invoke(FunctionName="orders", Payload=b"{}")
    text = client.get("/_destmock").text
    assert "<small>eu-west-1 123456789012</small>" in text
    assert "<small>us-east-1 123456789012</small>" in text


@orders
def test_the_designer_shows_what_invokes_a_function_and_where_its_records_go(page, lam, make_queue):
    destination = {
        "OnSuccess": {"Destination": make_queue("done")},
        "OnFailure": {"Destination": f"{FUNCTION}audit"},
    }
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig=destination, MaximumRetryAttempts=1
    )
    lam.invoke(FunctionName="orders", InvocationType="Event")
    text = page()
    assert "Invokes · 1 time<" in text
    assert "SQS queue · 1 sent" in text
    assert "Function · 0 sent" in text
    assert "Retries: 1, age at most 21,600 s" in text
    assert page(f"{FUNCTION}audit").count("On failure · 0 times") == 1


@by_hand
def test_events_show_their_attempts_and_what_they_wait_for(destmock, client, lam):
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
    destmock.advance(70)
    text = client.get("/_destmock").text
    assert "attempt 3 is due" in text
    assert "in 1 min 50 s" in text
    assert "+1 min, 1 min after the last" in text
    assert "&quot;id&quot;: 7" in text


@orders
def test_only_the_newest_events_are_shown_until_more_are_asked_for(client, lam):
    for _ in range(55):
        lam.invoke(FunctionName="orders", InvocationType="Event")
    assert client.get("/_destmock").text.count('<details class="event') == 50
    assert "Show more: 5 older" in client.get("/_destmock").text
    assert client.get("/_destmock?events=200").text.count('<details class="event') == 55
    for nonsense in ("0", "-1", "x", "²", "9" * 5000):
        assert client.get("/_destmock", query_string={"events": nonsense}).status_code == 200


def test_it_can_still_be_read_after_the_mock_has_ended():
    with mock_destinations(handlers={"orders": outcomes(1)}) as destmock:
        client = Client(application(destmock, token=TOKEN))
    assert ">orders<" in client.get("/_destmock").text
    response = client.post("/_destmock/step", data={"token": TOKEN})
    assert wrong(response) == [
        ("step", "this mock has ended; use its Destmock inside the test or the with block")
    ]


@orders
def test_a_destination_that_was_replaced_is_told_from_the_one_that_is_set(page, lam, make_queue):
    for name in ("first", "second"):
        destination = {"OnSuccess": {"Destination": make_queue(name)}}
        lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
        lam.invoke(FunctionName="orders", InvocationType="Event")
    former, current = re.findall(r'<li class="box .*?</li>', page(), re.DOTALL)[1:]
    assert "Formerly on success" in former
    assert ">first<" in former
    assert "Remove" not in former
    assert "Formerly" not in current
    assert ">second<" in current
    assert "Remove" in current


@orders
def test_invocations_of_an_alias_are_told_from_those_of_the_function(page, lam):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    lam.invoke(FunctionName="orders", InvocationType="Event")
    lam.invoke(FunctionName="orders", Qualifier="live", InvocationType="Event")
    assert re.findall("<small>(Invokes .*?)</small>", page()) == ["Invokes · 1 time", "Invokes live · 1 time"]


@by_hand
def test_events_can_be_told_apart_while_they_are_folded_up(destmock, client, lam):
    for number in (7, 8):
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": %d}' % number)
    destmock.run_until_idle()
    rows = re.findall("<summary><span.*?</summary>", client.get("/_destmock").text)
    for row, invocation in zip(rows, destmock.invocations[::-1], strict=True):
        assert invocation.request_id.partition("-")[0] in row
        assert invocation.payload.decode() in unescape(row)
        assert "ValueError: no" in row


@orders
def test_the_axis_says_how_many_of_the_events_it_has(client, lam):
    for _ in range(60):
        lam.invoke(FunctionName="orders", InvocationType="Event")
    assert (
        "Waits are drawn shorter than they are. The newest 12 of 60 events." in client.get("/_destmock").text
    )


# Destinations


@orders
def test_a_destination_is_added_replaced_and_removed(lam, post, make_queue):
    first, second = make_queue("first"), make_queue("second")
    response = post("destination", function=ORDERS, condition="OnFailure", destination=f" {first} ")
    assert response.status_code == 303
    assert response.location == f"/_destmock/function?arn={ORDERS.replace(':', '%3A')}&done=saved"
    assert config(lam) == {"OnSuccess": {}, "OnFailure": {"Destination": first}}
    post("destination", function=ORDERS, condition="OnSuccess", destination=second)
    post("destination", function=ORDERS, condition="OnFailure", destination=second)
    assert config(lam) == {"OnSuccess": {"Destination": second}, "OnFailure": {"Destination": second}}
    post("remove", function=ORDERS, condition="OnFailure")
    assert config(lam) == {"OnSuccess": {"Destination": second}, "OnFailure": {}}


@orders
def test_adding_a_destination_keeps_the_other_settings(lam, post, make_queue):
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    post("destination", function=ORDERS, condition="OnFailure", destination=make_queue("failed"))
    assert lam.get_function_event_invoke_config(FunctionName="orders")["MaximumRetryAttempts"] == 0


@orders
def test_an_alias_has_destinations_of_its_own(lam, post, page, make_queue):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    failed = make_queue("failed")
    post("destination", function=ORDERS, qualifier="live", condition="OnFailure", destination=failed)
    assert config(lam, Qualifier="live")["OnFailure"] == {"Destination": failed}
    assert "On failure of live" in page()
    post("remove", function=ORDERS, qualifier="live", condition="OnFailure")
    assert config(lam, Qualifier="live")["OnFailure"] == {}


@orders
@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"destination": "arn:aws:sqs:us-east-1:123456789012:nowhere"}, 400, "The destination ARN"),
        ({"destination": ORDERS}, 400, "InvalidParameterValueException"),
        ({"destination": " "}, 400, "Type or choose a destination"),
        ({"destination": "no ARN"}, 400, "ValidationException"),
        ({"destination": "arn:aws:s3:::b", "condition": "OnSuccess"}, 400, "InvalidParameterValueException"),
        ({"destination": ORDERS, "condition": "Sometimes"}, 400, "Choose a condition"),
        ({"destination": f"{FUNCTION}audit", "qualifier": "nowhere"}, 404, "ResourceNotFoundException"),
    ],
)
def test_AWSs_error_is_shown_at_the_form_with_what_was_typed(post, form, status, words):
    response = post("destination", **{"function": ORDERS, "condition": "OnFailure", **form})
    assert response.status_code == status
    [(where, text)] = wrong(response)
    assert where == "destination"
    assert words in text
    assert f'value="{form["destination"]}"' in response.text
    assert 'aria-describedby="destination-error" aria-invalid="true"' in response.text


@orders
def test_saving_without_a_destination_leaves_the_one_that_there_is(lam, post, make_queue):
    failed = make_queue("failed")
    post("destination", function=ORDERS, condition="OnFailure", destination=failed)
    post("destination", function=ORDERS, condition="OnFailure", destination="")
    assert config(lam)["OnFailure"] == {"Destination": failed}


# Invoking


@orders
def test_an_event_is_invoked(destmock, post):
    response = post("invoke", function=ORDERS, type="Event", payload='{"note":\r\n "ü"}')
    [invocation] = destmock.invocations
    assert invocation.payload == '{"note":\n "ü"}'.encode()
    assert response.location.endswith(f"#event-{invocation.request_id}")
    shown = post("invoke", follow=True, function=ORDERS, type="Event", payload="{}").text
    assert f'id="event-{destmock.invocations[1].request_id}" open' in shown


@orders
def test_a_synchronous_invocation_shows_what_it_answered(destmock, post):
    response = post("invoke", follow=True, function=ORDERS, type="RequestResponse", payload="{}")
    assert not destmock.invocations
    assert "synchronous" in response.text
    assert "&quot;ok&quot;: 1" in response.text


@orders
@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
def test_what_was_invoked_stays_in_the_form(lam, post, kind):
    lam.publish_version(FunctionName="orders")
    form = {"type": kind, "payload": '{"again": 1}', "qualifier": "1"}
    shown = post("invoke", follow=True, function=ORDERS, **form).text
    assert "{&quot;again&quot;: 1}</textarea>" in shown
    assert f'value="{kind}" checked' in shown
    assert 'name="qualifier" value="1"' in shown


@orders
@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
def test_AWS_says_what_is_wrong_with_a_payload(destmock, post, kind):
    response = post("invoke", function=ORDERS, type=kind, payload='{"id": <b>')
    assert response.status_code == 400
    [(where, text)] = wrong(response)
    assert where == "invoke"
    assert text.startswith("InvalidRequestContentException: Could not parse request body into json")
    assert "{&quot;id&quot;: &lt;b&gt;</textarea>" in response.text
    assert not destmock.invocations


@pytest.mark.destmock
def test_a_function_without_code_is_told_at_the_form(post, page, destmock):
    response = post("invoke", function=f"{FUNCTION}nobody", type="Event", payload="{}")
    assert response.status_code == 404


# Driving time


@by_hand
@pytest.mark.destmock(start=START)
def test_the_queue_is_stepped_advanced_and_run(destmock, lam, post):
    lam.invoke(FunctionName="orders", InvocationType="Event")
    started = destmock.now
    assert post("step").location == "/_destmock?done=stepped"
    assert len(destmock.invocations[0].attempts) == 1
    post("advance", seconds="59.5")
    assert len(destmock.invocations[0].attempts) == 1
    post("advance", seconds="0.5")
    assert len(destmock.invocations[0].attempts) == 2
    assert (destmock.now - started).total_seconds() == 60
    assert "done=idle" in post("run", back=ORDERS).location
    assert destmock.invocations[0].condition == "RetriesExhausted"


@by_hand
@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ("", "Type a number of seconds, such as 60 or 0.5, not &#x27;&#x27;."),
        ("soon", "not &#x27;soon&#x27;."),
        ("nan", "not &#x27;nan&#x27;."),
        ("inf", "not &#x27;inf&#x27;."),
        ("-1", "Time only goes forward: type 0 seconds or more, not -1."),
        ("5e9", "Type 1,209,600 seconds (14 days) or fewer, not 5e9"),
    ],
)
@pytest.mark.destmock(start=START)
def test_a_time_that_is_none_is_refused_in_place(post, seconds, words, destmock):
    before = destmock.now
    response = post("advance", seconds=seconds, back=ORDERS)
    assert response.status_code == 400
    [(where, text)] = wrong(response)
    assert where == "advance"
    assert words in text
    assert f'value="{seconds}"' in response.text
    assert destmock.now == before


def drives(text):
    """What the page offers to drive time with."""
    return re.findall('action="/_destmock/(step|run|advance)["?]', text)


@by_hand
def test_a_clock_that_stands_can_always_be_driven(client):
    text = client.get("/_destmock").text
    assert "clock: manual, stands until driven" in text
    assert drives(text) == ["step", "run", "advance"]


@orders
def test_a_clock_that_skips_waits_can_be_driven_while_something_is_queued(destmock, client, lam):
    seen = []

    def asks(event, context):
        seen.append(client.get("/_destmock").text)
        lam.invoke(FunctionName="orders", InvocationType="Event")
        seen.append(client.get("/_destmock").text)

    destmock.handler("asks", asks)
    lam.invoke(FunctionName="asks", Payload=b"{}")
    idle, queued = seen
    assert "clock: skip, skips waits" in idle
    assert drives(idle) == []
    assert drives(queued) == ["step", "run", "advance"]


@by_hand
def test_a_real_clock_is_not_driven(destmock, lam):
    lam.invoke(FunctionName="orders", InvocationType="Event")
    client = Client(application(destmock, token=TOKEN, real_time=True))
    text = client.get("/_destmock").text
    assert "clock: real, follows the wall" in text
    assert drives(text) == []
    assert "there is nothing to drive here" in text
    for action in ("step", "run", "advance"):
        response = client.post(f"/_destmock/{action}", data={"token": TOKEN, "seconds": "60"})
        assert response.status_code == 409
        assert "The clock is real" in wrong(response)[0][1]
    assert destmock.invocations[0].attempts == ()


@pytest.mark.destmock(autorun=False, strict=False)
def test_what_a_duration_raises_is_shown(destmock, lam, post):
    destmock.handler("orders", outcomes(1), duration=lambda event: event["missing"])
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
    response = post("step")
    assert response.status_code == 500
    assert wrong(response) == [("step", "KeyError: &#x27;missing&#x27;")]


# Safe


@orders
@pytest.mark.destmock(start=START)
@pytest.mark.parametrize("token", [None, "", "a secreT", "\udcff\x00", "a secret "])
@pytest.mark.parametrize("action", ["destination", "remove", "invoke", "step", "advance", "run"])
def test_nothing_is_done_without_the_token(destmock, post, action, token):
    destmock.handler("idle", outcomes(1))
    form = {"function": ORDERS, "condition": "OnFailure", "destination": f"{FUNCTION}audit", "seconds": "5"}
    now = destmock.now
    token = token if token is None else token.encode(errors="surrogateescape")
    response = post(action, token=token, **form)
    assert response.status_code == 403
    assert "nothing was done" in response.text
    assert (destmock.now, len(destmock.invocations)) == (now, 0)


@orders
def test_a_form_without_a_valid_token_keeps_what_was_typed(post):
    response = post("invoke", token="old", function=ORDERS, payload='{"long": "typed"}')
    assert "{&quot;long&quot;: &quot;typed&quot;}</textarea>" in response.text
    assert f'name="token" value="{TOKEN}"' in response.text


@orders
def test_the_headers_allow_nothing_but_the_pages_own_style_and_script(client):
    response = client.get("/_destmock")
    policy = response.headers["Content-Security-Policy"]
    [nonce] = set(re.findall(r"'nonce-(.+?)'", policy))
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<(script|style)(.*?)>", response.text) == [
        ("style", f' nonce="{nonce}"'),
        ("script", f' nonce="{nonce}"'),
    ]
    assert not re.search(r" style=| on\w+=|https?:", response.text)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert nonce not in client.get("/_destmock").headers["Content-Security-Policy"]


@pytest.mark.destmock(handlers={"orders": outcomes({"said": HOSTILE}, ValueError(HOSTILE))}, strict=False)
def test_everything_that_is_shown_is_escaped(client, lam, post, page):
    for _ in range(2):
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=json.dumps({"a": HOSTILE}).encode())
    texts = [
        client.get("/_destmock").text,
        page(),
        page(condition=HOSTILE, destination=HOSTILE, qualifier=HOSTILE, done=HOSTILE, unfold=HOSTILE),
        post("invoke", function=ORDERS, type="Event", payload=HOSTILE, qualifier=HOSTILE).text,
        post("destination", function=ORDERS, condition="OnFailure", destination=HOSTILE).text,
        post("advance", seconds=HOSTILE).text,
        post("step", function=HOSTILE, token=HOSTILE).text,
    ]
    for text in texts:
        assert "<script>" not in text
        assert text.count("</script>") == text.count("</style>") == 1


@orders
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_destmock/nothing", 404),
        ("GET", "/_destmock/function?arn=arn:aws:lambda:us-east-1:123456789012:function:none", 404),
        ("PUT", "/_destmock/step", 405),
        ("DELETE", "/_destmock/invoke", 405),
        ("POST", "/_destmock", 405),
        ("PUT", "/_destmock/state", 405),
        ("GET", "/_destmock/", 200),
        ("HEAD", "/_destmock", 200),
    ],
)
def test_other_addresses_and_methods_get_an_error_of_HTTP(client, method, path, status):
    response = client.open(path, method=method)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert ("Allow" in response.headers) == (status == 405)


@by_hand
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_address_of_a_refused_form_leads_back_to_its_page(client, page, method):
    addresses = re.findall('<form[^>]* action="([^"]*)"', page())
    assert len(addresses) == 5
    for address in addresses:
        response = client.open(unescape(address), method=method)
        assert response.status_code == 303
        assert response.location == f"/_destmock/function?arn={ORDERS.replace(':', '%3A')}"
    assert client.open("/_destmock/step", method=method).location == "/_destmock"


@orders
def test_a_form_that_is_too_large_is_refused(client):
    response = client.post("/_destmock/invoke", data={"token": TOKEN, "payload": "x" * (21 * 1024 * 1024)})
    assert response.status_code == 413


@orders
def test_a_malformed_form_is_refused(client):
    response = client.post("/_destmock/step", data=b"\xff%%%=&&\x00", content_type="application/json")
    assert response.status_code == 403


# Live


@by_hand
def test_the_state_tells_whether_the_page_would_look_different(destmock, client, lam, make_queue):
    def state(since=""):
        return client.get("/_destmock/state", query_string={"since": since}).json

    first = state()
    assert first["changed"] is True
    assert state(first["version"]) == {"version": first["version"], "changed": False}
    versions = [first["version"]]
    for change in (
        lambda: lam.invoke(FunctionName="orders", InvocationType="Event"),
        destmock.step,
        lambda: destmock.advance(1),
        lambda: lam.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": make_queue("failed")}}
        ),
        lambda: destmock.handler("another", outcomes(1)),
        lambda: lam.invoke(FunctionName="orders", Payload=b"{}"),
        destmock.run_until_idle,
    ):
        change()
        versions.append(state()["version"])
    assert len(set(versions)) == len(versions)
    assert f'data-version="{versions[-1]}"' in client.get("/_destmock").text


@orders
def test_it_works_below_a_gateway_that_has_taken_the_prefix_off(destmock):
    client = Client(application(destmock, token=TOKEN))
    response = client.get("/function", base_url="http://localhost/_destmock", query_string={"arn": ORDERS})
    assert "Designer" in response.text


@orders
def test_news_come_without_style_and_script(client, page):
    live = unescape(re.search(r'data-live="(/_destmock[^"]+)"', page())[1])
    response = client.get(live)
    assert 'id="designer"' in response.text
    assert not re.search("<style|<script|<html", response.text)
