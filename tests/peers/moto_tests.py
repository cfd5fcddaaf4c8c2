"""moto's own tests, with destmock in the place of `mock_aws`: what passes there is to pass here.

    python tests/peers/moto_tests.py               # the services that events pass through, in some minutes
    python tests/peers/moto_tests.py sns scheduler # these only

Gets the sources of the installed moto from PyPI. A test that passes under `mock_aws` and fails here is a
difference. Those in `ACCEPTED` and `ACCEPTED_ERRORS` are AWS's own behaviour; any other ends this with
status 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

SERVICES = [
    "core",
    "moto_api",
    "scheduler",
    "sns",
    "ses",
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
    "awslambda_simple",
    "awslambda",
    "apigateway",
    "apigatewayv2",
]
STACK_NAME = "AWS refuses a stack name that begins with a digit, or has an underscore"
#: What AWS does that moto's tests do not expect, and these tests, as patterns.
ACCEPTED = {
    "local set-ups have regions of their own, which destmock takes": [
        "core/test_mock_regions.py::test_use_invalid_region",
        "core/test_mock_regions.py::test_use_unknown_region_from_env",
    ],
    "what destmock's mock gives has more methods than moto's": [
        "core/test_decorator_calls.py::test_context_decorator_exposes_bare_essentials*"
    ],
    "AWS refuses `some cron` as the expression of a schedule (R41)": ["scheduler/test_scheduler*.py::*"],
    "a statement of a function's policy has a Resource, no FunctionName": [
        "apigateway/test_apigateway_cloudformation.py::test_simple_apigateway_with_lambda_proxy"
    ],
    "AWS answers 403 for a stage that isn't there": [
        "apigateway/test_apigateway_integration.py::test_aws_integration_dynamodb_multiple_stages"
    ],
    "the template of an integration's response makes the body": [
        "apigateway/test_apigateway_integration.py::test_aws_integration_dynamodb_multiple_resources"
    ],
    "an API keeps its root resource when its definition is overwritten": [
        "apigateway/test_apigateway_putrestapi.py::test_put_rest_api__existing_methods_are_overwritten"
    ],
    "AWS takes Swagger 2.0 as well, so that moto's text would be wrong": [
        "apigateway/test_apigateway_putrestapi.py::test_put_rest_api__fail_on_invalid_version"
    ],
    "the address of a website has a dash before the region where buckets' addresses have one": [
        "s3/test_s3_cloudformation.py::test_s3_bucket_cloudformation_outputs"
    ],
    "the invocations of one execution environment share a log stream": [
        "secretsmanager/test_server.py::test_rotate_secret_lambda_invocations"
    ],
    "AWS says that it is a subscription's attributes that are wrong": [
        "sns/test_subscriptions.py::test_subscribe_invalid_filter_policy"
    ],
    "the code of AWS's error is ParameterValueInvalid": ["sns/test_publishing.py::test_publish_to_sqs_bad"],
    "what SES tells a topic of a mail is the text of its JSON": ["ses/test_ses_sns.py::*"],
    "a stack fails by CloudFormation's own error": ["ecr/test_ecr_cloudformation.py::test_create_repository"],
    "a name that CloudFormation makes up has the resource's logical id": [
        "elbv2/test_elbv2_cloudformation.py::test_create_target_groups_through_cloudformation"
    ],
    "a Detail that is no object is malformed": ["events/test_events.py::test_put_events"],
    "AWS refuses a message with other words": [
        "sns/test_publishing.py::test_publish_large_subject",
        "sns/test_publishing.py::test_publish_fifo_needs_group_id",
        "sns/test_publishing.py::test_publish_with_message_structure_errors",
    ],
    "AWS signs the Subject, too": ["sns/test_http_message_verification.py::*"],
    "a mapping invokes its function, which then has logs": [
        "sqs/test_sqs_integration.py::test_invoke_fake_function_from_sqs_queue"
    ],
    "AWS refuses $LATEST as one of two versions of an alias": [
        "awslambda/test_lambda_alias.py::test_*_routing*config"
    ],
    "the code of AWS's error is ResourceConflictException": [
        "awslambda/test_lambda_alias.py::test_aliases_are_unique_per_function"
    ],
    "AWS leaves an account's functions 100 concurrent executions": [
        "awslambda/test_lambda.py::test_put_function_concurrency_not_enforced"
    ],
    "AWS answers the ARN of an EventInvokeConfig with its qualifier": [
        "awslambda/test_lambda.py::test_*_event_invoke_config*"
    ],
    "AWS lists no versions of a function that isn't there": [
        "awslambda/test_lambda.py::test_list_versions_by_function_for_nonexistent_function"
    ],
    "AWS's pattern of a role's ARN has no group around the account": [
        "awslambda/test_lambda.py::test_create_function_with_invalid_arn"
    ],
    "AWS answers a function's LoggingConfig": [
        "awslambda/test_lambda.py::test_create_function_from_zipfile",
        "awslambda/test_lambda.py::test_list_create_list_get_delete_list",
    ],
    "AWS takes one topic for a mapping, and no DestinationConfig for one of a queue": [
        "awslambda/test_lambda_eventsourcemapping.py::test_*_event_source_mapping"
    ],
    "AWS refuses the pattern {}": [
        "events/test_events.py::test_list_targets_by_rule_for_different_event_bus"
    ],
    "AWS says where a pattern is wrong, and what it expects there": [
        "events/test_events.py::test_*_archive_error_invalid_event_pattern*"
    ],
    "with autorun, a replay is complete when the call returns; AWS refuses to cancel it then": [
        "events/test_events.py::test_cancel_replay*"
    ],
    "times of log events are whole numbers": ["events/test_events_integration.py::test_send_to_cw_log_group"],
    "AWS's PutEvents warns of nothing; FailedInvocations counts what a queue refuses": [
        "events/test_events_integration.py::test_send_to_sqs_fifo_queue"
    ],
    "AWS refuses notifications whose events, prefixes and suffixes overlap": [
        "s3/test_s3.py::test_put_bucket_notification?us-west-2-aws?",
        "s3/test_s3.py::test_put_bucket_notification?cn-north-1-aws-cn?",
    ],
    "AWS gives the reason of a POST as POST Object, and none for a restore": [
        "s3/test_s3_eventbridge_integration.py::test_put_object_notification_ObjectCreated_POST",
        "s3/test_s3_eventbridge_integration.py::test_restore_key_notifications",
    ],
    "AWS tells nobody that an object which came without tags has tags": [
        "s3/test_s3_eventbridge_integration.py::*"
    ],
    STACK_NAME: [
        "cloudformation/test_cloudformation_stack_crud.py::test_create_and_update_stack_with_unknown_resource",
        "cloudformation/test_cloudformation_stack_integration.py::test_create_template_without_required_param",
    ],
    "the function of a custom resource runs, and answers CloudFormation itself": [
        "cloudformation/test_cloudformation_custom_resources.py::*__verify_manual_request"
    ],
    "AWS leaves the / of a key as it is": [
        "s3/test_s3_lambda_integration.py::test_put_bucket_notification_sns_sqs_raw_delivery"
    ],
}
#: The same, by the error with which a test fails.
ACCEPTED_ERRORS = {
    "at 'stackName' failed to satisfy constraint": STACK_NAME,
    "Invalid template resource property 'Parameters'": "AWS refuses it",
    "At least one Resources member must be defined": "AWS refuses a template without resources",
}
#: Put before moto's tests: the name means destmock's mock.
IN_ITS_PLACE = """
import os

# Else all processes would record in one file.
os.environ["MOTO_RECORDER_FILEPATH"] = "recording " + os.environ.get("PYTEST_XDIST_WORKER", "")

import moto
from destmock import mock_destinations

def mock_aws(func=None, config=None):
    mock = mock_destinations(config=config) if config else mock_destinations()
    return mock if func is None else mock(func)

moto.mock_aws = mock_aws
"""
CHECKOUT = Path(__file__).parents[2]
RESULT = re.compile(r"^(PASSED|FAILED|ERROR) (tests/\S+)(.*)", re.MULTILINE)
#: Wide enough for the message of a test that fails.
COLUMNS = "600"


class Result(NamedTuple):
    passed: bool
    message: str


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
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{CHECKOUT}", "COLUMNS": COLUMNS},
        capture_output=True,
        text=True,
        check=False,
    )
    found = RESULT.findall(done.stdout)
    return {name: Result(passed == "PASSED", message) for passed, name, message in found}


def reason(test, message):
    name = test.removeprefix("tests/test_")
    found = [why for text, why in ACCEPTED_ERRORS.items() if text in message]
    found += [why for why, patterns in ACCEPTED.items() if any(fnmatch(name, each) for each in patterns)]
    return found[0] if found else None


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
            failed = [test for test, result in here.items() if not result.passed]
            there = results(root, [], failed) if failed else {}
            lost = [test for test in failed if test in there and there[test].passed]
            unexplained = [test for test in lost if reason(test, here[test].message) is None]
            others += len(unexplained) + (not here)
            told = {
                "pass": len(here) - len(failed),
                "fail under mock_aws, too": len(failed) - len(lost),
                "differ as AWS does": len(lost) - len(unexplained),
                "others": len(unexplained),
            }
            parts = ", ".join(f"{number} {what}" for what, number in told.items())
            print(f"{service}: {parts}", flush=True)
            for test in unexplained:
                print(f"  {test}{here[test].message}")
    sys.exit(1 if others else 0)


if __name__ == "__main__":
    main()
