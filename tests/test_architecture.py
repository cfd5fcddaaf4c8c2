"""Which module may know of which, by what their source imports."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

import destmock

ROOT = Path(destmock.__file__).parent

#: From the top down: a module imports only those below it, for its types too. `_targets` is a whole package.
ORDER = [
    "__main__",
    "_cli",
    "pytest_plugin",
    "__init__",
    "_server",
    "_mock",
    "_decorators",
    "_isolation",
    "_bridge",
    "_hook",
    "_aio",
    "_operations",
    "_console",
    "_destmock",
    "_faults",
    "_deploy",
    "_pictures",
    "_simulation",
    "_driver",
    "_admission",
    "_mappings",
    "_outbox",
    "_queue",
    "_explain",
    "_attempts",
    "_concurrency",
    "_runtime",
    "_surroundings",
    "_outcome",
    "_runtime_client",
    "_platform",
    "_turns",
    "_capture",
    "_variables",
    "_event_loop",
    "_stacks",
    "_resources",
    "_artifacts",
    "_sam",
    "_unsupported",
    "_templates",
    "_template_text",
    "_validation",
    "_functions",
    "_registered",
    "_moto_gaps",
    "_logs",
    "_metrics",
    "_xray",
    "_handlers",
    "_namespaces",
    "_packages",
    "_targets",
    "_triggers",
    "_filter_pattern",
    "_backends",
    "_dead_letter",
    "_config",
    "_books",
    "_ledger",
    "_history",
    "_injection",
    "_answers",
    "_wire",
    "_jackson",
    "_record",
    "_lifecycle",
    "_clock",
    "_ids",
    "_aws_errors",
    "_arn",
    "_process",
    "_network",
    "errors",
]
PURE = {
    "_answers",
    "_arn",
    "_aws_errors",
    "_clock",
    "_dead_letter",
    "_filter_pattern",
    "_ids",
    "_jackson",
    "_lifecycle",
    "_platform",
    "_record",
    "_triggers",
    "_validation",
    "_wire",
}
KNOW_MOTO = {
    "_aio",
    "_backends",
    "_moto_gaps",
    "_bridge",
    "_cli",
    "_console",
    "_deploy",
    "_functions",
    "_hook",
    "_isolation",
    "_logs",
    "_mappings",
    "_metrics",
    "_registered",
    "_resources",
    "_server",
    "_stacks",
    "_targets",
    "_xray",
}
AWS = {"aiobotocore", "aiohttp", "boto3", "botocore", "moto", "s3transfer"}
LONGEST = 350

#: Methods that change a list, a dictionary, a set or a deque.
CHANGES = {
    "add",
    "append",
    "appendleft",
    "clear",
    "difference_update",
    "discard",
    "extend",
    "insert",
    "intersection_update",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "update",
}


def name_of(path):
    """`_arn`, `__init__`, `_targets.queue`, and `_targets` for its `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def layer_of(module):
    return module.partition(".")[0]


SOURCES = {name_of(path): path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py"))}
TREES = {module: ast.parse(source) for module, source in SOURCES.items()}
every_module = pytest.mark.parametrize("module", SOURCES)


def imported(module):
    """Everything that a module imports anywhere, as dotted names, its own package's without `destmock.`."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import in line {node.lineno}"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found = [name for name in submodules if name.removeprefix("destmock.") in SOURCES]
            if len(found) < len(submodules):
                found.append(node.module)
        else:
            continue
        for name in found:
            yield "__init__" if name == "destmock" else name.removeprefix("destmock.")


def own(module):
    return {name for name in imported(module) if name in SOURCES} - {module}


def foreign(module):
    """The top-level packages that a module imports from outside of destmock and the standard library."""
    tops = {layer_of(name) for name in imported(module) if name not in SOURCES}
    return tops - sys.stdlib_module_names - {"destmock"}


def test_every_module_has_a_place_in_the_order():
    assert {layer_of(module) for module in SOURCES} == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


@every_module
def test_imports_point_down(module):
    place = ORDER.index(layer_of(module))
    allowed = {*ORDER[place + 1 :], layer_of(module)}
    assert {layer_of(name) for name in own(module)} <= allowed


def test_no_modules_import_each_other_in_a_circle():
    order = list(TopologicalSorter({module: own(module) for module in SOURCES}).static_order())
    assert set(order) == set(SOURCES)


def test_a_module_says_of_itself_that_it_is_pure():
    assert {
        module for module in SOURCES if (ast.get_docstring(TREES[module]) or "").startswith("Pure")
    } == PURE


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_module_imports_only_the_standard_library_and_other_pure_ones(module):
    assert foreign(module) == set()
    assert own(module) <= PURE


def test_importing_the_pure_modules_imports_neither_boto3_nor_moto():
    imports = "; ".join(f"import destmock.{module}" for module in sorted(PURE))
    code = f"import sys; {imports}; print(*sorted({AWS} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "\n"


@every_module
def test_only_the_modules_at_the_doors_know_botocore_and_moto(module):
    assert layer_of(module) in KNOW_MOTO or not foreign(module) & AWS


@every_module
def test_no_module_is_longer_than_350_lines(module):
    assert len(SOURCES[module].splitlines()) <= LONGEST


def globals_of(module):
    """The names that a module assigns at its top level, with what it assigns."""
    for node in TREES[module].body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def changed(module):
    """The expressions whose value a module changes in place."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, (ast.Assign, ast.Delete)):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        else:
            targets = []
        yield from (target.value for target in targets if isinstance(target, (ast.Subscript, ast.Attribute)))
        if isinstance(node, ast.AugAssign):
            yield node.target
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            yield node.func.value


def test_the_stack_of_active_simulations_is_the_one_module_global_that_changes():
    """Every other list, dictionary and set at the top of a module is a table that stays as it is."""
    tables = {(module, name) for module in SOURCES for name, _ in globals_of(module)}
    found = set()
    for module, expression in chain.from_iterable(
        ((module, expression) for expression in changed(module)) for module in SOURCES
    ):
        match expression:
            case ast.Name(id=name):
                found.add((module, name))
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                found.add((owner, name))
    assert found & tables == {("_hook", "active")}


def test_no_other_module_global_begins_empty():
    empty = [
        (module, name)
        for module in SOURCES
        for name, value in globals_of(module)
        if (isinstance(value, ast.List) and not value.elts)
        or (isinstance(value, ast.Dict) and not value.keys)
        or (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id in {"list", "dict", "set", "deque", "defaultdict"}
            and not value.args
        )
    ]
    assert empty == [("_hook", "active")]


@every_module
def test_no_function_rebinds_a_module_global(module):
    assert not any(isinstance(node, ast.Global) for node in ast.walk(TREES[module]))
