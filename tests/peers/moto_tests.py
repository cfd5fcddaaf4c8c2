"""moto's own tests, with destmock in the place of `mock_aws`: what passes there is to pass here.

    python tests/peers/moto_tests.py               # the services that events pass through, in some minutes
    python tests/peers/moto_tests.py sns scheduler # these only

Gets the sources of the installed moto from PyPI. A test that passes under `mock_aws` and fails here is a
difference. Those in `ACCEPTED` are AWS's own behaviour; any other ends this with status 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

SERVICES = [
    "core",
    "scheduler",
    "sns",
    "events",
    "sqs",
    "logs",
    "s3",
    "kinesis",
    "dynamodb",
    "dynamodbstreams",
    "secretsmanager",
    "ssm",
    "stepfunctions",
    "cloudformation",
    "sts",
    "iam",
    "lambda_simple",
    "awslambda",
    "apigateway",
    "apigatewayv2",
]
STACK_NAME = "AWS refuses a stack name that begins with a digit or has an underscore"
CRON = "AWS refuses `some cron` as the expression of a schedule (R41)"
NO_RESOURCES = "AWS refuses a template without resources"
STATEMENT = "a statement of a function's policy has a Resource, no FunctionName"
#: Tests by pattern, and what AWS does that moto's test does not expect.
ACCEPTED = {
    "test_scheduler/test_scheduler*.py::*": CRON,
    "test_apigateway/test_apigateway_cloudformation.py::test_simple_apigateway_with_lambda_proxy": STATEMENT,
    "test_sns/test_sns_cloudformation.py::*": STACK_NAME,
    "test_sqs/test_sqs_cloudformation.py::*": f"{STACK_NAME}; {NO_RESOURCES}",
}
#: Put before moto's tests: the name means destmock's mock.
IN_ITS_PLACE = """
import moto
from destmock import mock_destinations

def mock_aws(func=None, config=None):
    mock = mock_destinations(config=config) if config else mock_destinations()
    return mock if func is None else mock(func)

moto.mock_aws = mock_aws
"""
CHECKOUT = Path(__file__).parents[2]
RESULT = re.compile(r"^(PASSED|FAILED|ERROR) (tests/\S+)", re.MULTILINE)


def sources(directory):
    """Unpack the sources of the installed moto."""
    wanted = f"moto=={version('moto')}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "moto", wanted]
    subprocess.run(pip, cwd=directory, check=True)
    [archive] = directory.glob("moto-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return directory / archive.name.removesuffix(".tar.gz")


def results(root, plugins, tests):
    """Run tests, and answer the result of each."""
    (root / "in_its_place.py").write_text(IN_ITS_PLACE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "--tb=no",
        "-n2",
        "-p",
        "no:randomly",
        "-o",
        "addopts=",
    ]
    done = subprocess.run(
        [*command, *plugins, *tests],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{CHECKOUT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return {name: result for result, name in RESULT.findall(done.stdout)}


def reason(test):
    found = (why for pattern, why in ACCEPTED.items() if fnmatch(test.removeprefix("tests/"), pattern))
    return next(found, None)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("services", nargs="*", default=SERVICES)
    asked = parser.parse_args()
    others = 0
    with tempfile.TemporaryDirectory() as directory:
        root = sources(Path(directory))
        for service in asked.services:
            here = results(root, ["-p", "in_its_place"], [f"tests/test_{service}"])
            failed = [test for test, result in here.items() if result != "PASSED"]
            there = results(root, [], failed) if failed else {}
            lost = [test for test in failed if there.get(test) == "PASSED"]
            unexplained = [test for test in lost if reason(test) is None]
            others += len(unexplained)
            counts = Counter(here.values())
            told = {
                "pass": counts["PASSED"],
                "fail under mock_aws, too": len(failed) - len(lost),
                "differ as AWS does": len(lost) - len(unexplained),
                "others": len(unexplained),
            }
            parts = ", ".join(f"{number} {what}" for what, number in told.items())
            print(f"{service}: {parts}", flush=True)
            for test in unexplained:
                print(f"  {test}")
    sys.exit(1 if others else 0)


if __name__ == "__main__":
    main()
