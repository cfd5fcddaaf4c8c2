"""What the README files show runs, what they say is printed is printed, and what they name is there."""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

import destmock
from tests.promises.failed_order import PICTURE, ROOT, picture

PACKAGE = Path(destmock.__file__).parent
MAIN = ROOT / "README.md"
#: Of the folders that are the repository's own; those of the tests' templates are a user's.
DEEPER = sorted(
    path
    for folder in ("destmock", "examples", "tests")
    for path in (ROOT / folder).rglob("README.md")
    if ROOT / "tests" / "templates" not in path.parents
)
READMES = [MAIN, *DEEPER]
MAP = PACKAGE / "README.md"
SDK = "aws_durable_execution_sdk_python"
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
CHANGING = re.compile(r"20\d\d-[\d-]+T[\d:.]+Z|[0-9a-f]{8}-[0-9a-f-]{27}|\d+ bytes|\w+\.py(?=:\d)")


def name_of(path):
    return str(path.relative_to(ROOT))


each_readme = pytest.mark.parametrize("readme", READMES, ids=name_of)


def blocks(path, language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
    return [*found]


def section(path, title):
    """The text below a heading, up to the next one of the same depth."""
    depth = re.match("#+", title)[0]
    _, text = path.read_text().split(f"\n{title}\n", 1)
    return re.split(rf"\n{depth} ", text)[0]


def can_run(block):
    """AWS's SDK for durable functions needs Python 3.11."""
    return find_spec(SDK) is not None or SDK not in block


@pytest.mark.slow
def test_all_code_blocks_run_with_those_of_a_file_as_one_program(pytester):
    """Later blocks use what earlier ones of the file import."""
    programs = {name_of(path): [*filter(can_run, blocks(path, "python"))] for path in READMES}
    programs = {name: code for name, code in programs.items() if code}
    assert len(programs) >= 5
    for number, code in enumerate(programs.values()):
        pytester.makepyfile(**{f"test_{number}": "\n".join(code)})
    shutil.copytree(ROOT / "examples" / "sam_app", pytester.path / "examples" / "sam_app")
    tests = sum(
        len(re.findall(r"^(?:async )?def test_", "\n".join(code), re.MULTILINE)) for code in programs.values()
    )
    assert tests >= 4
    pytester.runpytest_subprocess("-q", "-n0").assert_outcomes(passed=tests)


@pytest.mark.slow
def test_a_failed_test_prints_what_the_readme_shows(pytester):
    """But for times, ids and lengths; `...` stands for lines that are left out."""
    code = blocks(MAIN, "python")[0]
    failing = code.replace('["errorMessage"] == "out of stock"', '["errorMessage"] == "sold out"')
    assert failing != code
    pytester.makepyfile(failing)
    printed = pytester.runpytest_subprocess("-n0").outlines
    rest = iter(CHANGING.sub("-", line) for line in printed)
    shown = [CHANGING.sub("-", line) for line in blocks(MAIN, "text")[0].splitlines()]
    for part in "\n".join(shown).split("\n...\n"):
        first, *following = part.split("\n")
        assert first in rest, first
        assert [next(rest) for _ in following] == following


def test_the_timeline_in_the_mock_s_readme_is_what_is_printed(capsys):
    """But for the id, which follows from moto, too."""
    path = PACKAGE / "_mock" / "README.md"
    exec(blocks(path, "python")[0], {})
    anonymous = re.compile(r"[0-9a-f-]{36}")
    assert anonymous.sub("ID", capsys.readouterr().out) == anonymous.sub("ID", blocks(path, "text")[0])


def test_the_picture_is_what_the_report_draws_of_the_first_example():
    assert PICTURE.read_bytes() == picture().encode(), "python tests/promises/failed_order.py draws it again"


def test_the_main_readme_is_short():
    assert len(MAIN.read_text().splitlines()) <= 270


@each_readme
def test_every_link_leads_to_a_file(readme):
    links = [link for link in LINK.findall(readme.read_text()) if "://" not in link]
    assert [link for link in links if not (readme.parent / link).is_file()] == []


def test_the_main_readme_links_each_of_the_others_once():
    links = [link for link in LINK.findall(MAIN.read_text()) if link.endswith("README.md")]
    assert sorted(links) == sorted(map(name_of, DEEPER))


def test_every_example_is_listed_once():
    listed = LINK.findall((ROOT / "examples" / "README.md").read_text())
    assert sorted(listed) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))


# The contributor's map


def test_the_map_s_table_names_exactly_the_packages_there_are():
    table = re.findall(r"^\| `([^`]+)` \|", section(MAP, "## The packages, from the top down"), re.MULTILINE)
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert sorted(table) == sorted(packages | {path.name for path in PACKAGE.glob("*.py")})


def test_the_map_s_table_is_in_the_order_of_imports():
    from tests.promises.test_architecture import FLOORS

    floor = {place: number for number, places in enumerate(FLOORS) for place in places}
    table = re.findall(r"^\| `([^`]+)` \|", MAP.read_text(), re.MULTILINE)
    numbers = [floor[name.removesuffix("/").removesuffix(".py")] for name in table]
    assert numbers == sorted(numbers)


def test_one_event_s_way_is_short_and_names_functions_that_are_there():
    way = section(MAP, "## One event's way").strip().splitlines()
    assert len(way) <= 25
    named = re.findall(r"`([\w/]+\.py)`, `(\w+)`", "\n".join(way))
    assert len(named) >= 8
    missing = [
        (path, name)
        for path, name in named
        if not re.search(rf"^ *(def|class) {name}\b", (PACKAGE / path).read_text(), re.MULTILINE)
    ]
    assert missing == []


def test_every_file_that_the_map_names_is_there():
    named = re.findall(r"`((?:\w+/)+(?:\w+\.(?:py|md))?|\w+\.py)`", MAP.read_text())
    assert len(named) > 40
    assert [name for name in named if not ((PACKAGE / name).exists() or (ROOT / name).exists())] == []


@pytest.mark.parametrize(
    "title",
    [
        "### A new source: a service that invokes functions",
        "### A new CloudFormation resource type",
        "### A new Lambda operation",
        "### A new kind of fault",
    ],
)
def test_each_recipe_names_the_files_to_touch(title):
    assert len(re.findall(r"`[\w/]+\.py`", section(MAP, title))) >= 4
