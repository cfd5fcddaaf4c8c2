"""`destmock check`: which asynchronous paths of templates end in nobody's hands."""

from __future__ import annotations

import json
import re
import sys
import warnings
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from destmock._cli.lines import harmless
from destmock._cli.loading import REFUSALS, check_parameters, files_of, read_templates, section
from destmock._cli.problem import Problem, one_line
from destmock._cloudformation import deploy
from destmock._cloudformation.check.finding import Finding
from destmock._mock.mock import mock_destinations

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from destmock._cloudformation.deployed import Stack
    from destmock._cloudformation.templates import Template
    from destmock._mock.destmock import Destmock

#: The types that findings name.
_NAMED = (
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::Scheduler::Schedule",
)
_REFUSED = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A finding, and where its resource stands."""

    file: str
    line: int
    finding: Finding


def run(arguments: argparse.Namespace) -> int:
    """Run the command `destmock check`, as its `--help` describes it; returns the exit status."""
    files = files_of(arguments)
    if files.apps:
        message = f"{files.apps[0]} is an app; check takes templates"
        raise Problem(message)
    applications = [read_templates(file) for file in files.templates]
    given = dict(arguments.parameters)
    check_parameters(given, [template for each in applications for template in each])
    found: list[_Placed] = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        for templates in applications:
            with mock_destinations(strict=False) as simulated:
                found += _checked(simulated, templates, given)
    for text in dict.fromkeys(str(each.message) for each in told if issubclass(each.category, UserWarning)):
        print(f"destmock: not checked: {one_line(text)}", file=sys.stderr)
    _PRINTED[arguments.format](found)
    failing = [each for each in found if arguments.strict or each.finding.level == "error"]
    return int(bool(failing))


def _checked(simulated: Destmock, templates: list[Template], given: Mapping[str, str]) -> Iterator[_Placed]:
    """Deploy an application's templates, and check what they have made together."""
    homes: dict[str, Template] = {}
    names: dict[str, str] = {}
    for template in templates:
        try:
            stack = _deployed(simulated, template, given)
        except REFUSALS as error:
            why = one_line(error.response["Error"]["Message"] if isinstance(error, ClientError) else error)
            finding = Finding("error", "refused", why.split(" ")[0], why, "Mend the template", _REFUSED)
            yield _Placed(str(template.path), _line_of(why, template), finding)
            return
        own = _names(stack.name)
        names |= own
        homes |= dict.fromkeys(own.values(), template)
    for finding in simulated.check(strict=True):
        renamed = replace(
            finding,
            resource=names.get(finding.resource, finding.resource),
            text=_renamed(finding.text, names),
            fix=_renamed(finding.fix, names),
        )
        home = homes.get(renamed.resource, templates[-1])
        yield _Placed(str(home.path), _line_of(renamed.resource, home), renamed)


def _deployed(simulated: Destmock, template: Template, given: Mapping[str, str]) -> Stack:
    declared = section(template, "Parameters")
    return deploy.deploy(
        simulated._simulation,  # noqa: SLF001 - one thing to a user
        template.path,
        stack_name=template.given_name,
        parameters={name: value for name, value in given.items() if name in declared},
        handlers={},
        region=None,
        ignore_unsupported=True,
        invent_parameters=True,
        code=False,
    )


def _names(stack: str) -> dict[str, str]:
    """The logical ids of what findings name, by the names that it has in the stack."""
    client = boto3.client("cloudformation")
    listed = client.describe_stack_resources(StackName=stack)["StackResources"]
    return {
        re.split(r"[/:]", each["PhysicalResourceId"])[-1]: each["LogicalResourceId"]
        for each in listed
        if each["ResourceType"] in _NAMED
    }


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """The text, with the template's names in place of those that the stack has generated."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", names[name], text)
    return text


def _line_of(resource: str, template: Template) -> int:
    """The line of a logical id; of what SAM has made, that of the resource that it was made of."""
    text = template.path.read_text("utf-8").splitlines()
    known = [name for name in section(template, "Resources") if resource.startswith(name)]
    for name in sorted(known, key=len, reverse=True):
        for number, line in enumerate(text, 1):
            if re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*:", line):
                return number
    return 1


def _print_text(found: Sequence[_Placed]) -> None:
    for each in found:
        print(harmless(f"{each.file}:{each.line}: {each.finding}"))
    errors = sum(each.finding.level == "error" for each in found)
    print(f"{_count(errors, 'error')}, {_count(len(found) - errors, 'remark')}")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' * (number != 1)}"


def _print_json(found: Sequence[_Placed]) -> None:
    listed = [{"file": each.file, "line": each.line, **asdict(each.finding)} for each in found]
    print(json.dumps({"findings": listed}, indent=2))


def _print_github(found: Sequence[_Placed]) -> None:
    """https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    for each in found:
        finding = each.finding
        kind = "error" if finding.level == "error" else "warning"
        text = f"{finding.text}. {finding.fix}. {finding.url}"
        place = f"file={_escaped(each.file)},line={each.line},title={_escaped(finding.rule)}"
        print(f"::{kind} {place}::{text.replace('%', '%25')}")


def _escaped(value: str) -> str:
    for character, code in (("%", "%25"), (":", "%3A"), (",", "%2C")):
        value = value.replace(character, code)
    return value


_PRINTED = {"text": _print_text, "json": _print_json, "github": _print_github}
