"""`report(path)` and `pytest --destmock-report`: one HTML file that shows everything, and does nothing."""

import json
import re
import time
from datetime import datetime, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import boto3
import pytest

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from destmock import mock_destinations, outcomes
from destmock._pictures.axis import axis
from destmock._pictures.text import length, pretty, visible
from tests.mock.inner_runs import STRICT

HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror=alert(2)>]]>&amp;\"'"


class Page(HTMLParser):
    """What a browser makes of a page: its elements, its text, and whether each element was closed."""

    EMPTY = ("input", "link", "meta")

    def __init__(self, source):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


@pytest.fixture
def report(destmock, tmp_path):
    def write():
        destmock.report(tmp_path / "report.html")
        return Page((tmp_path / "report.html").read_text("utf-8"))

    return write


def invoke(lam, name="orders", payload=b"{}"):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def says(event, context):
    print("looking for", event["item"])
    raise ValueError("out of stock")


@pytest.mark.destmock(handlers={"orders": says})
def test_it_tells_the_whole_story(lam, make_queue, report):
    failed = make_queue("failed")
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": failed}}
    )
    answer = invoke(lam, payload=b'{"item": "lamp", "price": 1.50}')
    text = report().text
    for part in (
        answer["ResponseMetadata"]["RequestId"],
        "RetriesExhausted",
        "+1 min, 1 min after the last",
        "+3 min, 2 min after the last",
        "ValueError: out of stock",
        "looking for lamp",
        failed,
        '"price": 1.50',
        '"approximateInvokeCount": 3',
    ):
        assert part in text


@pytest.mark.destmock(
    handlers={"orders": outcomes(ValueError("no"))},
    autorun=False,
    strict=False,
    start=datetime(2026, 1, 1, tzinfo=timezone.utc),
)
def test_it_tells_what_is_still_queued_what_was_dropped_and_which_faults_there_were(destmock, lam, report):
    destmock.faults.throttle("orders")
    destmock.faults.chaos(seed=7, throttle=0.0)
    invoke(lam)
    destmock.run_until_idle()
    invoke(lam)
    destmock.advance(30)
    text = report().text
    assert "attempt 2 is duein 30 s" in text
    assert "no OnFailure destination and no dead-letter queue" in text
    assert "throttle of orders" in text
    assert "destmock.faults.chaos(seed=7" in text


@pytest.mark.destmock
def test_a_bar_shows_how_long_an_attempt_has_waited(destmock, lam, report):
    destmock.handler("slow", lambda event, context: time.sleep(90), timeout=120)
    invoke(lam, "slow")
    page = report()
    assert "took 1 min 30 s" in page.text
    bars = [rect for rect in page.all("rect") if rect.get("class") == "took good"]
    assert [float(bar["width"].rstrip("%")) > 50 for bar in bars] == [
        True,
        True,
    ]  # of all events, and its own
    assert "took 90 s" in destmock.timeline()


def test_it_can_be_written_when_nothing_has_happened(report):
    assert "Nothing was invoked." in report().text


def test_it_is_the_same_on_every_run(tmp_path):
    def run(name):
        start = datetime(2026, 1, 1, tzinfo=timezone.utc)
        with mock_destinations(handlers={"orders": outcomes(ValueError("no"))}, start=start) as destmock:
            destmock.faults.throttle("orders")
            lam = boto3.client("lambda")
            with pytest.raises(lam.exceptions.TooManyRequestsException):
                lam.invoke(FunctionName="orders")
            invoke(lam)
            destmock.report(tmp_path / name)
        return (tmp_path / name).read_text("utf-8")

    assert "an injected fault" in run("first.html")
    assert run("first.html") == run("second.html")


def test_it_can_be_written_after_the_mock_has_ended(tmp_path):
    with mock_destinations(handlers={"orders": outcomes(1)}) as destmock:
        invoke(boto3.client("lambda"))
    destmock.report(str(tmp_path / "report.html"))
    assert "Success" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.destmock(
    handlers={"orders": outcomes({"said": HOSTILE}), "fails": outcomes(ValueError(HOSTILE))}
)
def test_nothing_that_is_shown_becomes_markup(lam, report):
    invoke(lam, payload=json.dumps({"note": HOSTILE}).encode())
    invoke(lam, "fails")
    page = report()
    names = {tag for tag, _ in page.elements}
    assert not names & {"script", "img", "iframe", "object", "link", "a", "form"}
    assert len(page.all("style")) == 1
    assert HOSTILE in page.text
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


@pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1})})
def test_nothing_is_loaded_and_nothing_may_run(lam, report):
    invoke(lam)
    page = report()
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert not [
        1 for _, attributes in page.elements for name in attributes if name in ("src", "href", "style")
    ]
    assert "url(" not in page.text
    assert "@import" not in page.text


@pytest.mark.destmock(handlers={"orders": lambda event, context: print("\x00\ud83d \u202eabc") or {"ok": 1}})
def test_what_cannot_be_seen_is_spelt_out(lam, report):
    invoke(lam, payload='"\\u0000\u202eevil"'.encode())
    text = report().text
    assert "\\u202eevil" in text
    assert not re.search("[\x00\u202a-\u202e\ud800-\udfff]", text)


@pytest.mark.destmock(handlers={"orders": lambda event, context: "y" * 5_000_000})
def test_a_long_payload_is_cut_off_and_its_size_told(lam, report, destmock, tmp_path):
    invoke(lam, payload=json.dumps({"note": "x" * 1_000_000}).encode())
    assert "1,000,012 bytes, the first 20,000 characters shown" in report().text
    assert (tmp_path / "report.html").stat().st_size < 200_000


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_the_newest_events_are_shown_and_the_others_counted(lam, report):
    for _ in range(203):
        invoke(lam)
    page = report()
    assert "3 older are left out." in page.text
    assert "The newest 30 of 203 events." in page.text
    assert len([one for one in page.all("details") if one["class"].startswith("event")]) == 200


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("no"))})
def test_it_can_be_read_without_seeing_it(lam, report):
    """A language, headings in order, a name and words for each picture, and no id twice."""
    invoke(lam)
    page = report()
    assert page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    pictures = [one for one in page.all("svg") if one.get("role") == "img"]
    assert len(pictures) == len(page.all("desc")) == 3
    assert "attempt 2 at +1 min: Error" in page.text
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("payload", "laid_out"),
    [
        (
            b'{"a":1.50,"a":[true,{}],"b":[]}',
            '{\n  "a": 1.50,\n  "a": [\n    true,\n    {}\n  ],\n  "b": []\n}',
        ),
        (b'"{\\"not\\": [json]}"', '"{\\"not\\": [json]}"'),
        (b"[" * 100_000 + b"]" * 100_000, ("[" * 100_000 + "]" * 100_000)),
        (b"{not json", "{not json"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"1" * 5000, "1" * 5000),
        (b"", ""),
    ],
)
def test_JSON_is_laid_out_with_its_strings_and_numbers_as_they_were(payload, laid_out):
    assert pretty(payload) == laid_out


def test_lengths_of_time_are_in_words():
    found = [length(number) for number in (0, 100, 60_000, 90_500, 21_600_000, 3_661_001)]
    assert found == ["0 s", "0.1 s", "1 min", "1 min 30.5 s", "6 h", "1 h 1 min 1.001 s"]


def test_line_ends_and_tabs_stay_as_they_are():
    assert visible("a\n\tb\r\x1b[0m") == "a\n\tb\\r\\x1b[0m"


def test_a_tenth_of_a_second_and_six_hours_can_both_be_seen_on_an_axis():
    made = axis([0, 100, 60_000, 180_000, 21_600_000])
    gaps = [after - before for before, after in pairwise(made.places)]
    assert all(gap > 7 for gap in gaps)
    assert made.places[0] >= 0
    assert made.places[-1] <= 100


def test_an_axis_has_room_for_the_words_of_its_ticks():
    made = axis([*range(0, 1000, 10), 5_000])
    places = [made.at(time) for time in made.ticks(13)]
    assert places[0] == made.places[0]
    assert places[-1] == made.places[-1]
    assert all(after - before >= 13 for before, after in pairwise(places))


def test_an_axis_of_one_moment_has_one_tick():
    assert axis([5, 5]).ticks(13) == [5]


FAILING = """
    import boto3
    import pytest
    from destmock import mock_destinations, outcomes

    def invoke(name):
        boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event")

    @pytest.mark.parametrize("which", ["../a b", "..-a_b", "x" * 300])
    @pytest.mark.destmock(handlers={"orders": outcomes(1)})
    def test_by_fixture(destmock, which):
        invoke("orders")
        assert which == 0

    @mock_destinations(handlers={"pay": outcomes(1)})
    def test_by_decorator():
        invoke("pay")
        assert 0

    @pytest.mark.destmock(handlers={"late": outcomes(1)}, autorun=False)
    def test_leftover(destmock):
        invoke("late")

    @pytest.mark.destmock(handlers={"orders": outcomes(1)})
    def test_passes(destmock):
        invoke("orders")

    def test_without_destmock():
        assert 0
"""


def reports(result):
    """The paths that the reports of failed tests name."""
    lines = result.outlines
    return [lines[at + 1] for at, line in enumerate(lines) if "- destmock report -" in line]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("-n0",), ("-n2",)], ids=["alone", "xdist"])
def test_pytest_writes_a_report_for_each_failed_test_that_used_destmock(pytester, arguments):
    pytester.makepyfile(FAILING)
    run = pytester.runpytest_inprocess if arguments == ("-n0",) else pytester.runpytest_subprocess
    result = run(*STRICT, "--destmock-report=reports", "-p", "no:randomly", *arguments)
    result.assert_outcomes(passed=2, failed=5, errors=1)
    named = reports(result)
    written = sorted(pytester.path.joinpath("reports").iterdir())
    assert sorted(map(Path, named)) == written
    assert len(written) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{8}\.html", path.name) for path in written)
    assert sum("test_by_fixture" in path.name for path in written) == 3
    assert all("<h2>Events</h2>" in path.read_text("utf-8") for path in written)


def test_a_report_that_cannot_be_written_does_not_hide_the_failure(pytester):
    pytester.makepyfile(FAILING)
    pytester.path.joinpath("reports").write_text("a file")
    result = pytester.runpytest_inprocess(*STRICT, "--destmock-report=reports", "-p", "no:randomly", "-n0")
    result.assert_outcomes(passed=2, failed=5, errors=1)
    assert all(line.startswith("could not be written: ") for line in reports(result))
    assert len(reports(result)) == 5


def test_no_report_is_written_unless_asked_for(pytester):
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_inprocess(*STRICT, "-p", "no:randomly", "-n0")
    assert reports(result) == []


def test_the_option_alone_imports_neither_boto3_nor_moto(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            assert not {"boto3", "moto"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("--destmock-report=reports", "-n0").assert_outcomes(passed=1)
    assert not pytester.path.joinpath("reports").exists()
