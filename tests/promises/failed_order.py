"""The picture in the README: what the report of its first example draws, as one SVG file.

`python tests/promises/failed_order.py` draws it again.
"""

import re
import sys
import tempfile
from datetime import datetime, timezone
from importlib import resources
from pathlib import Path

from destmock import mock_destinations

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "examples" / "failed_order.svg"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MARGIN, GAP = 12, 22
#: The rules of the report's style sheet that are about its drawings.
DRAWN = re.compile(r"\.?(svg|edge|way|node|words|lanes)\b")


def picture():
    """Run the first example, and put both drawings of its report below each other."""
    code = re.search(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    example = {}
    exec(code, example)
    handlers = {"orders": example["place_order"]}
    with (
        mock_destinations(handlers=handlers, start=START) as destmock,
        tempfile.TemporaryDirectory() as folder,
    ):
        example["test_failed_order_reaches_the_queue"].__wrapped__(destmock)
        destmock.report(Path(folder, "report.html"))
        report = Path(folder, "report.html").read_text()
    drawings = list(drawings_of(report))
    routes, lane = drawings[0], drawings[-1]  # between them is the axis of all events, of which there is one
    width, height = (int(number) for number in re.search(r'width="(\d+)" height="(\d+)"', routes).groups())
    lane_height = int(re.search(r'height="(\d+)"', lane)[1])
    whole, bottom = width + 2 * MARGIN, height + lane_height + 2 * MARGIN + GAP
    lane = lane.replace('width="100%"', f'width="{width}"', 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{bottom}"',
        f'    viewBox="0 0 {whole} {bottom}">',
        f"<style>\n{style(routes + lane)}\n</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{whole - 1}" height="{bottom - 1}" rx="8"/>',
        placed(routes, MARGIN),
        placed(lane, MARGIN + height + GAP),
        "</svg>",
    ]
    return "\n".join([*parts, ""])


def drawings_of(report):
    """Every drawing of a report, with the small ones inside it."""
    depth = start = 0
    for match in re.finditer(r"<svg\b|</svg>", report):
        if match[0] == "<svg":
            start = start if depth else match.start()
            depth += 1
        else:
            depth -= 1
            if not depth:
                yield report[start : match.end()]


def placed(drawing, y):
    drawing = drawing.replace("<div ", '<div xmlns="http://www.w3.org/1999/xhtml" ')
    return drawing.replace("<svg ", f'<svg x="{MARGIN}" y="{y}" ', 1)


def style(drawn):
    """Colours for light and dark, and the report's own rules, since a picture can't load a style sheet."""
    sheet = resources.files("destmock._pictures").joinpath("style.css").read_text("utf-8")
    plain = sheet[: sheet.index("@media (max-width")]
    present = classes(drawn)
    rules = [
        f"{selector.strip()} {{ {' '.join(body.split())} }}"
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain)
        for selector in selectors.split(",")
        if DRAWN.match(selector.strip()) and set(re.findall(r"\.([\w-]+)", selector)) <= present
    ]
    rules.append(".ground { fill: var(--paper); stroke: var(--line); }")
    used = set(re.findall(r"var\((--[\w-]+)\)", "".join(rules)))
    light, dark = (
        "; ".join(
            f"{name}: {value}" for name, value in re.findall(r"(--[\w-]+): ([^;]+);", root) if name in used
        )
        for root in re.findall(r":root \{(.*?)\}", plain, re.DOTALL)
    )
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {dark}; }} }}"
    return "\n".join([f":root {{ {light}; }}", dark, *rules])


def classes(drawn):
    return {name for names in re.findall(r'class="([^"]*)"', drawn) for name in names.split()}


if __name__ == "__main__":
    PICTURE.write_text(picture())
    sys.stdout.write(f"{PICTURE} is drawn\n")
