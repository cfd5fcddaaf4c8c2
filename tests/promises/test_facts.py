"""The coverage table of what AWS was recorded to do: every numbered fact has a test, or a reason why not.

A test claims a fact by its number, in its name (`test_C3_put_replaces_everything`) or in its docstring.
"""

import ast
import re
from pathlib import Path

#: How many facts each group has.
GROUPS = {
    "A": 30,  # Invoke
    "B": 20,  # the runtime
    "C": 28,  # EventInvokeConfig
    "D": 18,  # the queue
    "E": 21,  # the record
    "F": 13,  # delivery
    "G": 12,  # failing deliveries
    "H": 20,  # dead-letter queues
    "I": 4,  # versions and aliases
    "J": 8,  # recursion
    "K": 14,  # logs, metrics, traces
    "L": 9,  # deletions
    "M": 15,  # surprises
}

#: The facts of a second look-up that were recorded of AWS.
RECORDED_LATER = {
    *("R1", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R11", "R15", "R16", "R17", "R18", "R19"),
    *("R21", "R22", "R23", "R24", "R25", "R26", "R27", "R28", "R29"),
    *("R30", "R31", "R32", "R33", "R34", "R35"),
    *("R37", "R38", "R39", "R40", "R41", "R42", "R43", "R44", "R45", "R46"),
    *("R47", "R48", "R49", "R50", "R51", "R52", "R54"),
}
#: How many facts that look-up has. Of the others, some are documented only; tests may claim them, too.
LATER = 55
#: How many facts of durable functions are documented, or told by what AWS publishes.
DURABLE = 10

IAM = "IAM is not simulated: every principal has every permission"
PROPAGATION = "changes apply at once: on AWS they take an unspecified time, which no test could rely on"

NOT_SIMULATED = {
    "A21": "functions are Active at once in moto, never Pending",
    "B7": "a segmentation fault would end the test run itself",
    "B10": "other languages' runtimes are not simulated",
    "C25": "botocore's own model makes the requests; nothing of ours would be tested",
    "D16": "no order is promised; here it is that of acceptance, so that tests can be repeated",
    "F12": IAM,
    "F13": IAM,
    "G6": IAM,
    "H11": PROPAGATION,
    "H12": IAM,
    "K10": "CloudTrail is not simulated",
    "L7": "an older recording that L2's newer one contradicts",
}

NUMBER = re.compile(r"(?<![A-Za-z0-9])([A-NR])(\d{1,2})(?![A-Za-z0-9])")


def claims():
    """Every fact number that a test's name or docstring has."""
    claimed = set()
    for path in Path(__file__).parents[1].rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                text = f"{node.name.replace('_', ' ')} {ast.get_docstring(node) or ''}"
                claimed |= {group + number for group, number in NUMBER.findall(text)}
    return claimed


FACTS = {f"{group}{number}" for group, size in GROUPS.items() for number in range(1, size + 1)}
ALL_LATER = {f"R{number}" for number in range(1, LATER + 1)}
OF_DURABLE_FUNCTIONS = {f"N{number}" for number in range(1, DURABLE + 1)}


def test_every_fact_is_tested_or_left_out_for_a_reason():
    assert (FACTS | RECORDED_LATER | OF_DURABLE_FUNCTIONS) - claims() - set(NOT_SIMULATED) == set()


def test_what_is_left_out_has_no_test():
    assert set(NOT_SIMULATED) & claims() == set()


def test_no_test_claims_a_fact_that_there_is_not():
    assert claims() - FACTS - ALL_LATER - OF_DURABLE_FUNCTIONS == set()
