"""The page in a real browser: by keyboard, while things happen, in a narrow window, in light and dark."""

import json

import boto3
import pytest

from destmock import outcomes, serve

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
HOSTILE = "</pre></textarea><script>alert('ran')</script><img src=x onerror=alert('ran')>"
#: What Chromium itself says of a form that was answered with an error.
REFUSED = "Failed to load resource: the server responded with a status of 400 (BAD REQUEST)"
#: Longer than the page takes to look for news, and milliseconds, as Playwright has them.
SOON = 15_000


@pytest.fixture
def server(chromium):
    def says(event, context):
        print("got", json.dumps(event))
        if "fail" in event:
            raise ValueError(event["fail"])
        return event

    with serve(handlers={"orders": says, "audit": outcomes(None)}, clock="manual", strict=False) as server:
        yield server


@pytest.fixture
def open_page(chromium, server):
    """Opens the page, and answers it; what is wrong in the browser's eyes fails the test."""
    wrong, contexts = [], []

    def open_page(path="", width=1200, **options):
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        context.set_default_timeout(SOON)
        page = context.new_page()
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda message: message.text == REFUSED or wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda request: request.url.startswith(server.url) or wrong.append(request.url))
        page.goto(f"{server.page}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def of_function(name="orders"):
    return f"/function?arn={FUNCTION}{name}"


def invoke(payload="{}", name="orders"):
    boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def queue(name="failed"):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def settle(page):
    """Has the page looked for news at least once more, and taken them over."""
    with page.expect_response(lambda response: "/state" in response.url):
        pass
    page.wait_for_timeout(200)


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def press_until(page, wanted, key="Tab", limit=60):
    """Presses a key until what is focused is what is wanted, and shows that it is."""
    for _ in range(limit):
        if focused(page) == wanted:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{wanted} doesn't show that it is focused"
            return
        page.keyboard.press(key)
    pytest.fail(f"{wanted} can't be reached by {key}; at {focused(page)}")


def test_a_destination_is_added_and_an_event_seen_to_its_end_by_keyboard_alone(open_page, server):
    failed = queue()
    page = open_page()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    press_until(page, "orders")
    page.keyboard.press("Enter")
    page.wait_for_url("**/function?**")
    press_until(page, "destination")
    page.keyboard.type(failed)
    press_until(page, "Save destination")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Destination saved.")
    assert page.locator("#designer .ends").inner_text().split("\n")[1:3] == ["On failure", "failed"]

    press_until(page, "payload")
    page.keyboard.press("Control+A")
    page.keyboard.type('{"fail": "out of stock"}')
    press_until(page, "Invoke")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Invoked.")
    press_until(page, "Run until idle")
    page.keyboard.press("Enter")
    page.wait_for_selector("details.event >> text=RetriesExhausted")
    assert [attempt.elapsed for attempt in server.invocations[0].attempts] == [0, 60, 180]
    page.locator("details.event > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("details.event svg >> text=→ SQS queue failed").last.is_visible()
    assert "out of stock" in page.locator("details.event").inner_text()


def test_AWSs_error_is_told_at_the_form_and_the_input_is_kept(open_page):
    page = open_page(of_function())
    page.fill("#payload", '{"id": 7,')
    page.click("#invoke button")
    assert "Could not parse request body into json" in page.get_by_role("alert").inner_text()
    assert page.input_value("#payload") == '{"id": 7,'
    assert focused(page) == "payload"
    page.fill("#destination", "arn:aws:sqs:us-east-1:123456789012:nowhere")
    page.click("#add button")
    assert "nowhere" in page.get_by_role("alert").inner_text()
    assert page.input_value("#destination").endswith(":nowhere")


def test_nothing_that_is_shown_runs(open_page, server):
    """In payloads, results, errors, logs, what is typed and what is in the address."""
    queue()
    for payload in ({"note": HOSTILE}, {"fail": HOSTILE}):
        invoke(json.dumps(payload))
    server.run_until_idle()
    page = open_page(f"{of_function()}&condition={HOSTILE}&destination={HOSTILE}&done={HOSTILE}")
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    assert page.get_by_text("alert('ran')").count() >= 6
    assert page.locator("img, main script").count() == 0
    page.fill("#payload", HOSTILE)
    page.click("#invoke button")
    assert page.input_value("#payload") == HOSTILE
    settle(page)


def test_the_report_runs_nothing_and_loads_nothing(chromium, server, tmp_path):
    invoke(json.dumps({"fail": HOSTILE}))
    server.run_until_idle()
    server.report(tmp_path / "report.html")
    context = chromium.new_context(java_script_enabled=True)
    page, seen = context.new_page(), []
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.on("console", lambda message: seen.append(message.text))
    page.on("request", lambda request: seen.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("h1").inner_text() == "destmock report"
    assert seen == [(tmp_path / "report.html").as_uri()]
    context.close()


def test_the_page_follows_what_happens_and_leaves_what_the_user_does_alone(open_page, server):
    invoke('{"fail": "first"}')
    page = open_page(of_function())
    settle(page)
    page.wait_for_selector("#live >> text=Live")
    page.fill("#destination", "arn:half-typed")
    page.fill("#seconds", "3600")
    page.locator("details.event > summary").click()
    page.locator("#payload").focus()
    page.keyboard.type("[1]")
    invoke('{"second": 2}')
    server.step()
    page.wait_for_selector("#queue >> text=attempt 2 is due")
    assert page.locator("details.event").count() == 2
    assert page.input_value("#destination") == "arn:half-typed"
    assert page.input_value("#seconds") == "3600"
    assert focused(page) == "payload"
    page.keyboard.type("[2]")
    assert "[1][2]" in page.input_value("#payload")
    assert page.locator("details.event[open]").count() == 1
    assert "first" in page.locator("details.event[open]").inner_text()

    page.locator("details.event[open] > summary").focus()
    server.run_until_idle()
    page.wait_for_selector("details.event[open] >> text=RetriesExhausted")
    assert page.evaluate("document.activeElement.parentElement.matches('details.event[open]')")


def test_a_function_or_destination_that_comes_later_appears(open_page, server):
    page = open_page()
    server.handler("refunds", outcomes(1))
    page.wait_for_selector("nav >> text=refunds")
    failed = queue("late")
    boto3.client("lambda").put_function_event_invoke_config(
        FunctionName="refunds", DestinationConfig={"OnFailure": {"Destination": failed}}
    )
    page.wait_for_selector("#map text.way:has-text('On failure 0')")


def test_a_server_that_has_ended_is_told(open_page, server):
    page = open_page()
    page.wait_for_selector("#live >> text=Live")
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('gone')); }")
    page.wait_for_selector("#live.gone >> text=Not connected: the server has ended")
    assert page.locator("button:enabled").count() == 0
    page.reload()
    page.wait_for_selector("#live >> text=Live")
    assert page.locator("button:disabled").count() == 0


@pytest.mark.parametrize("width", [360, 1200])
def test_names_stay_in_their_boxes_and_on_their_lines(open_page, server, width):
    """In the map, and on the time axis, whose words don't run into each other."""
    for name in (
        "W" * 64,
        "acme-shop-production-OrdersStack-NotifyCustomerOfShipmentDelays",
        "destination-sample",
    ):
        server.handler(name, outcomes(ValueError("no")))
        invoke(name=name)
    server.run_until_idle()
    page = open_page(width=width)
    assert page.locator("#map .node .name").count() == 6
    assert page.locator("#events .whose").count() == 3
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(OVER_EACH_OTHER) == []


@pytest.mark.parametrize("width", [360, 768, 1200])
@pytest.mark.parametrize("path", ["", of_function()], ids=["overview", "function"])
def test_no_window_is_too_narrow(open_page, server, width, path):
    failed = queue("a-queue-with-quite-a-long-name-that-does-not-fit-in-a-narrow-window")
    boto3.client("lambda").put_function_event_invoke_config(
        FunctionName="orders",
        DestinationConfig={
            "OnSuccess": {"Destination": f"{FUNCTION}audit"},
            "OnFailure": {"Destination": failed},
        },
    )
    invoke(json.dumps({"fail": "word" * 500}))
    server.run_until_idle()
    page = open_page(path, width=width)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_it_is_dark_where_the_system_is(open_page):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = open_page(color_scheme="dark").evaluate(ground)
    light = open_page(color_scheme="light").evaluate(ground)
    assert sum(map(int, dark[4:-1].split(","))) < 100
    assert sum(map(int, light[4:-1].split(","))) > 600


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(open_page, server, scheme):
    """At least 4.5 to 1, as WCAG has it."""
    invoke('{"fail": "no"}')
    invoke("{}")
    server.advance(70)
    page = open_page(of_function(), color_scheme=scheme)
    weak = page.evaluate(CONTRAST)
    assert weak == []


def test_it_works_without_javascript(open_page, server):
    page = open_page(of_function(), java_script_enabled=False)
    page.fill("#payload", '{"fail": "no"}')
    page.click("#invoke button")
    page.click("text=Run until idle")
    assert page.locator("details.event >> text=RetriesExhausted").count() >= 1


OUTSIDE = """() => [...document.querySelectorAll("#map .node")].flatMap((node) => {
  const box = node.querySelector("rect").getBoundingClientRect();
  const found = [...node.querySelectorAll(".name, small")].map((one) => one.getBoundingClientRect());
  return found.filter((words) =>
    words.left < box.left || words.right > box.right || words.top < box.top || words.bottom > box.bottom
  ).map((words) => [words.left, words.right, box.left, box.right]);
})"""
OVER_EACH_OTHER = """() => {
  const words = [...document.querySelectorAll("#events > div > svg.lanes :is(.whose bdi, .whose span, text)")]
    .filter((one) => one.checkVisibility());
  const boxes = words.map((one) => one.getBoundingClientRect());
  const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return words.flatMap((one, at) => words
    .filter((_, other) => other > at && over(boxes[at], boxes[other]))
    .map((other) => [one.textContent, other.textContent]));
}"""
CONTRAST = """() => {
  const numbers = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = numbers(text).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const found = getComputedStyle(at).backgroundColor;
      if ((numbers(found)[3] ?? 1) > 0) return found;
    }
  };
  const weak = [];
  for (const one of document.querySelectorAll("body *:not(script):not(option)")) {
    const words = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!words || one.closest("svg") || !one.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${one.localName}.${one.className} ${one.textContent.trim()}: ${ratio}`);
  }
  return weak;
}"""
