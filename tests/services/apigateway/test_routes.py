"""Which of an API's routes a request goes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._services.apigateway.routes import Route, choose

#: A REST API, as it was measured: a resource without the method hides no `{proxy+}` that has it.
MEASURED = [
    ("ANY", "/{proxy+}"),
    ("GET", "/jobs/{kind}"),
    ("OPTIONS", "/only"),
    ("PATCH", "/users/me"),
    ("GET", "/users/{id}"),
    ("POST", "/roles/provision"),
    ("GET", "/roles/{id}"),
    ("GET", "/things/real"),
    ("ANY", "/things/{proxy+}"),
]


def chosen(routes, method, path):
    found = choose([Route(*each, None) for each in routes], method, path)
    return None if found is None else (found.route.pattern, found.parameters)


@pytest.mark.parametrize(
    ("method", "path", "pattern"),
    [
        ("GET", "/jobs/reboot", "/jobs/{kind}"),
        ("GET", "/jobs", "/{proxy+}"),
        ("POST", "/jobs/reboot", "/{proxy+}"),
        ("GET", "/only", "/{proxy+}"),
        ("PATCH", "/users/me", "/users/me"),
        ("GET", "/users/me", "/users/{id}"),
        ("POST", "/roles/provision", "/roles/provision"),
        ("GET", "/roles/provision", "/roles/{id}"),
        ("POST", "/things/real", "/things/{proxy+}"),
        ("GET", "/things/real", "/things/real"),
    ],
)
def test_a_route_needs_the_path_and_the_method(method, path, pattern):
    assert chosen(MEASURED, method, path)[0] == pattern


def test_the_path_fills_the_variables():
    assert chosen([("GET", "/shops/{shop}/{rest+}")], "GET", "/shops/7/a/b%20c") == (
        "/shops/{shop}/{rest+}",
        {"shop": "7", "rest": "a/b%20c"},
    )


@pytest.mark.parametrize("path", ["/", "/shops", "/shops/", "/shops//a"])
def test_a_variable_is_never_empty(path):
    assert chosen([("GET", "/shops/{shop}/{rest+}"), ("GET", "/shops/{shop}")], "GET", path) is None


def test_the_root_is_no_part_of_a_greedy_variable():
    assert chosen([("ANY", "/{proxy+}")], "GET", "/") is None
    assert chosen([("ANY", "/{proxy+}"), ("GET", "/")], "GET", "/") == ("/", {})


def test_a_method_comes_before_any_method():
    assert choose([Route("ANY", "/a", 1), Route("GET", "/a", 2)], "GET", "/a").route.target == 2
    assert choose([Route("ANY", "/a", 1), Route("GET", "/a", 2)], "PUT", "/a").route.target == 1


parts = st.sampled_from(["a", "b", "{x}", "{y}"])
patterns = st.builds(
    lambda some, greedy: "/" + "/".join([*some, *(["{rest+}"] if greedy else [])]),
    st.lists(parts, max_size=3, unique=True),
    st.booleans(),
)
some_routes = st.lists(st.tuples(st.sampled_from(["GET", "PUT", "ANY"]), patterns), max_size=6)
paths = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4).map(lambda some: "/" + "/".join(some))


@given(some_routes, st.sampled_from(["GET", "PUT", "POST"]), paths)
def test_what_is_chosen_fits_and_its_order_in_the_api_does_not_matter(routes, method, path):
    found, reversed_ = chosen(routes, method, path), chosen(routes[::-1], method, path)
    if found is None:
        assert reversed_ is None
        return
    pattern, parameters = found
    shapes = [
        "/".join("{}" if part[:1] == "{" else part for part in p.split("/")) for p, _ in (found, reversed_)
    ]
    assert shapes[0] == shapes[1]
    filled = "/".join(
        parameters[part.strip("{+}")] if part.startswith("{") else part for part in pattern.split("/")
    )
    assert filled == path
    assert (method, pattern) in routes or ("ANY", pattern) in routes


@given(some_routes, st.sampled_from(["GET", "PUT"]), paths)
def test_a_literal_path_wins(routes, method, path):
    if "c" not in path:
        assert chosen([*routes, (method, path)], method, path)[0] == path
