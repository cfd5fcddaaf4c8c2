"""`destmock check`: what templates can lose, at the lines where it stands."""

import json

import pytest

from tests.cloudformation.deployed import TEMPLATES

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Schedule:
    Type: String
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.12
      CodeUri: not-built-yet/
      Events:
        Daily:
          Type: Schedule
          Properties:
            Schedule: !Ref Schedule
        Work:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
            BatchSize: 1
  Work:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Letters.Arn
        maxReceiveCount: 5
  Letters:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 1209600
"""
ROUTED = TEMPLATE.replace(
    "      Events:\n",
    "      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Letters.Arn}\n      Events:\n",
)


@pytest.fixture
def check(command, write):
    def run(template, *arguments):
        write("shop.yaml", template)
        return command("check", "shop.yaml", *arguments)

    return run


def test_a_line_says_what_gets_lost_and_where(check):
    status, out, err = check(TEMPLATE)
    error, *remarks, count = out.splitlines()
    assert error == (
        "shop.yaml:6: error: Orders is invoked asynchronously (rule OrdersDaily); an event that still fails "
        "after its retries is gone. Give it an OnFailure destination, or a dead-letter queue. "
        "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"
    )
    assert [each.split(". ")[0] for each in remarks] == [
        "shop.yaml:28: remark: nobody reads Letters, which has what Work failed at"
    ]
    assert (status, count, err) == (1, "1 error, 1 remark", "")


def test_remarks_alone_fail_only_if_asked_to(check):
    status, out, _ = check(ROUTED)
    assert status == 0
    assert out.splitlines()[-1] == "no errors, 2 remarks"
    assert check(ROUTED, "--strict")[0] == 1


@pytest.mark.parametrize("option", [("--json",), ("--format", "json")])
def test_machines_get_json(check, option):
    status, out, _ = check(TEMPLATE, *option)
    first, second = json.loads(out)["findings"]
    assert (first["file"], first["line"], first["level"], first["resource"]) == (
        "shop.yaml",
        6,
        "error",
        "Orders",
    )
    assert set(first) == {"file", "line", "level", "rule", "resource", "text", "fix", "url"}
    assert (second["rule"], status) == ("unread-dead-letter-queue", 1)


def test_github_shows_them_at_their_lines(check):
    _, out, _ = check(TEMPLATE, "--format", "github")
    first, second = out.splitlines()
    assert first.startswith("::error file=shop.yaml,line=6,title=no-failure-destination::Orders is invoked")
    assert second.startswith("::warning file=shop.yaml,line=28,title=unread-dead-letter-queue::nobody reads")


def test_what_aws_refuses_is_an_error_too(check):
    template = TEMPLATE.replace("      RedrivePolicy:", "      VisibilityTimeout: 1\n      RedrivePolicy:")
    status, out, _ = check(template, "--json")
    [found] = json.loads(out)["findings"]
    assert (found["rule"], status) == ("refused", 1)
    assert "Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds" in found["text"]
    assert found["line"] == 6


def test_what_is_not_simulated_is_named_and_the_rest_checked(check):
    others = """
  Search: {Type: AWS::Kendra::Index}
  Thing: {Type: Custom::Thing, Properties: {ServiceToken: !GetAtt Orders.Arn}}
"""
    status, out, err = check(TEMPLATE + others)
    assert out.splitlines()[-1] == "1 error, 1 remark"
    assert err.startswith(
        "destmock: not checked: shop.yaml: the stack shop goes without Search (AWS::Kendra::Index), "
    )
    assert "Thing (Custom::Thing" in err
    assert status == 1


def test_several_templates_are_checked_by_themselves(command, write):
    write("a.yaml", TEMPLATE)
    write("b.yaml", ROUTED)
    status, out, _ = command("check", "a.yaml", "b.yaml", "--parameter", "Schedule=rate(2 days)")
    assert [line.split(":")[0] for line in out.splitlines()] == ["a.yaml"] * 2 + ["b.yaml"] * 2 + [
        "1 error, 3 remarks"
    ]
    assert status == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.yaml"], "destmock: there is no file none.yaml"),
        (
            ["shop.yaml", "--parameter", "Size=1"],
            "destmock: no template has a parameter Size; there are: Schedule",
        ),
        (["app.py"], "destmock: app.py is an app; check takes templates"),
    ],
)
def test_what_cannot_be_checked_is_refused(command, write, arguments, line):
    write("shop.yaml", TEMPLATE)
    write("app.py", "HANDLERS = {}")
    assert command("check", *arguments) == (2, "", f"{line}\n")


def test_the_serverless_framework_s_output_is_checked(command):
    package = TEMPLATES / "serverless_shop" / ".serverless"
    status, out, _ = command("check", str(package))
    *findings, count = out.splitlines()
    place = str(package / "cloudformation-template-update-stack.json")
    assert all(each.startswith(f"{place}:") for each in findings)
    assert (status, count) == (1, "1 error, 3 remarks")
    assert "nobody reads Unpacked, which has what PackLambdaFunction failed at" in out
