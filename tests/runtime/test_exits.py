"""`os._exit` in a handler ends its execution environment, not the process of the test."""

import os

import boto3
import pytest

from destmock import mock_destinations
from tests.runtime.deployed import deploy, invoke


@pytest.mark.parametrize("status", [0, 3])
def test_the_attempt_ends_with_its_status_and_the_next_one_starts_cold(status):
    with mock_destinations(strict=False) as destmock:
        lam = boto3.client("lambda")
        deploy(f"import os\ncalls = []\ndef handle(e, c):\n    calls.append(1)\n    os._exit({status})\n")
        lam.invoke(FunctionName="orders", InvocationType="Event")
        [invocation] = destmock.invocations
        assert [attempt.outcome for attempt in invocation.attempts] == ["Error"] * 3
        reason = f"exit status {status}" if status else "without providing a reason"
        for attempt in invocation.attempts:
            assert attempt.response["errorType"] == "Runtime.ExitError"
            assert reason in attempt.response["errorMessage"]
            assert "INIT_START" in attempt.logs


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_of_a_handler_s_ends_itself():
    """As multiprocessing's children do."""

    def handler(event, context):
        child = os.fork()
        if not child:
            os._exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    with mock_destinations(handlers={"orders": handler}):
        assert invoke(boto3.client("lambda")) == 7


def test_outside_of_a_mock_it_is_the_process_s_own():
    own = os._exit
    with mock_destinations():
        assert os._exit is not own
    assert os._exit is own
