"""Values for the parameters of a template that nobody has given any: such as its rules allow.

Where a parameter names a thing of EC2's, the value is one that every account of moto's has.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Client = Callable[[str], Any]

#: Python's own reading of a regular expression.
_PATTERNS = "re._parser" if sys.version_info >= (3, 11) else "sre_parse"
_SSM, _LIST = re.compile(r"AWS::SSM::Parameter::(?:Value<(.*)>|Name)"), re.compile(r"List<(.*)>")
_NUMBER = "Number"
_LISTED = "CommaDelimitedList"
#: Part of a parameter's type or name -> how EC2 tells what it has of it: operation, listing, and id.
_EXISTING = {
    "subnet": ("describe_subnets", "Subnets", "SubnetId"),
    "securitygroup": ("describe_security_groups", "SecurityGroups", "GroupId"),
    "availabilityzone": ("describe_availability_zones", "AvailabilityZones", "ZoneName"),
    "vpc": ("describe_vpcs", "Vpcs", "VpcId"),
    "image": ("describe_images", "Images", "ImageId"),
}
#: Part of a parameter's name -> a value of that kind.
_BY_NAME = {
    "email": "someone@example.com",
    "url": "https://example.com",
    "domain": "example.com",
    "arn": "arn:aws:sns:us-east-1:123456789012:invented",
    "expression": "rate(1 day)",
    "schedule": "rate(1 day)",
}
#: Part of a property's name -> what is made for it, by its service, and told by its ARN.
_MADE = {"Stream": "kinesis", "Queue": "sqs", "Topic": "sns", "TopicArn": "sns"}
_SOURCE = "EventSourceArn"
_LAYERS = "Layers"
_SELECT = "Fn::Select"
_HOW_MANY = 2
_CANDIDATES = "aA0-./:_@ %+=,"


class Uses:
    """Which properties take a parameter as it is, and the highest place that is selected of it."""

    def __init__(self, properties: Sequence[str] = (), places: Sequence[int] = ()) -> None:
        self.properties = properties
        self.count = max(places, default=0) + 1


_UNUSED = Uses()


class Inventor:
    """Makes up what nobody has given; `values` tells the parameters and what they became."""

    def __init__(self, template: Mapping[str, Any], client: Client) -> None:
        self.values: dict[str, str] = {}
        self._template = template
        self._client = client

    def value(self, name: str, parameter: Mapping[str, Any]) -> str:
        """A value for one parameter, such as its use wants it."""
        if name not in self.values:
            self.values[name] = invented(name, parameter, self._client, self._uses(name))
        return self.values[name]

    def store(self, name: str, path: str) -> None:
        """Put a parameter of Systems Manager there, whose name is the default of the template's parameter."""
        found = _SSM.fullmatch(str(self._template["Parameters"][name]["Type"]))
        assert found is not None  # nobody asks for others
        self.values[name] = _stored(name, found, {}, self._client, self._uses(name), path)

    def _uses(self, name: str) -> Uses:
        found = [*_found({"Ref": name}, self._template, "")]
        return Uses([key for key, _ in found], [place for _, place in found])


def _found(ref: Mapping[str, str], value: Any, key: str) -> Iterator[tuple[str, int]]:
    if value == ref:
        yield key, 0
    elif isinstance(value, list):
        for each in value:
            yield from _found(ref, each, key)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == _SELECT and isinstance(each, list) and each[1:] == [ref]:
                yield key, int(each[0]) if str(each[0]).isdigit() else 0
            else:
                yield from _found(ref, each, key if name.startswith(("Fn::", "Ref")) else name)


def invented(name: str, parameter: Mapping[str, Any], client: Client, uses: Uses = _UNUSED) -> str:
    """A value for one parameter. `client` makes boto3's clients, by the name of the service."""
    kind = str(parameter.get("Type", "String"))
    found = _SSM.fullmatch(kind)
    if found is not None:
        return _stored(name, found, parameter, client, uses, f"/invented/{name}")
    inner = _LIST.fullmatch(kind)
    if inner is not None:
        return ",".join(_several(name, inner[1], parameter, client, uses.count))
    if kind == _LISTED:
        return ",".join(_several(name, "String", parameter, client, uses.count))
    return _by_use(name, parameter, client, uses) or _one(name, kind, parameter, client)


def _by_use(name: str, parameter: Mapping[str, Any], client: Client, uses: Uses) -> str | None:
    """The ARN of what a property wants, which is made; nothing where the parameter has rules of its own."""
    if "AllowedValues" in parameter or "AllowedPattern" in parameter:
        return None
    if _LAYERS in uses.properties:
        return "arn:aws:lambda:us-east-1:017000801446:layer:invented:1"
    services = [_MADE[each] for each in uses.properties if each in _MADE]
    if _SOURCE in uses.properties:
        words = f"{name} {parameter.get('Description', '')}".lower()
        services = ["sqs" if "queue" in words or "sqs" in words else "kinesis"]
    return _made(services[0], _plain(name), client) if services else None


def _made(service: str, name: str, client: Client) -> str:
    """The ARN of a stream, a queue or a topic that is made."""
    made = client(service)
    if service == "kinesis":
        made.create_stream(StreamName=name, ShardCount=1)
        arn = made.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    elif service == "sqs":
        url = made.create_queue(QueueName=name)["QueueUrl"]
        arn = made.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    else:
        arn = made.create_topic(Name=name)["TopicArn"]
    return str(arn)


def _stored(
    name: str, kind: re.Match[str], parameter: Mapping[str, Any], client: Client, uses: Uses, path: str
) -> str:
    """The name of a parameter of Systems Manager, which is made with an invented value."""
    value = invented(name, {**parameter, "Type": kind[1] or "String"}, client, uses)
    client("ssm").put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
    return path


def _several(name: str, kind: str, parameter: Mapping[str, Any], client: Client, count: int) -> list[str]:
    existing = [] if "AllowedValues" in parameter else _existing(name, kind, client)
    return existing[: max(count, _HOW_MANY)] or [_one(name, kind, parameter, client)] * count


def _one(name: str, kind: str, parameter: Mapping[str, Any], client: Client) -> str:
    allowed = parameter.get("AllowedValues")
    if allowed:
        return str(allowed[0])
    if kind == _NUMBER:
        return str(parameter.get("MinValue", min(1, float(parameter.get("MaxValue", 1))))).removesuffix(".0")
    candidates = [*_existing(name, kind, client), *_by_name(name)]
    pattern = parameter.get("AllowedPattern")
    shortest, longest = int(parameter.get("MinLength", 0)), int(parameter.get("MaxLength", 1000))
    for each in candidates:
        if (pattern is None or re.fullmatch(pattern, each)) and shortest <= len(each) <= longest:
            return each
    return (
        _written(pattern, shortest) if pattern is not None else candidates[-1].ljust(shortest, "x")[:longest]
    )


def _existing(name: str, kind: str, client: Client) -> list[str]:
    """What EC2 has of the parameter's type, or of its name, if the type says nothing."""
    words = (kind if kind.startswith("AWS::") else name).replace("::", "").replace("AWSEC2", "").lower()
    for word, (operation, listing, key) in _EXISTING.items():
        if word in words and (kind.startswith("AWS::") or not words.endswith(("cidr", "name"))):
            return sorted(each[key] for each in getattr(client("ec2"), operation)()[listing])
    return []


def _by_name(name: str) -> Iterator[str]:
    plain = name.lower()
    yield from (value for word, value in _BY_NAME.items() if word in plain)
    yield _plain(name)
    yield re.sub(r"[^a-z0-9]", "", f"invented{plain}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"invented-{name.lower()}").strip("-")


def _written(pattern: str, shortest: int) -> str:
    """A text that a regular expression matches, as far as it is made of simple parts; else "invented"."""
    parser: Any = importlib.import_module(_PATTERNS)
    for times in (1, shortest, 2, 8):
        text = "".join(_parts(parser.parse(pattern), times))
        if re.fullmatch(pattern, text) and len(text) >= shortest:
            return text
    return "invented".ljust(shortest, "x")


def _parts(parsed: Any, times: int) -> Iterator[str]:
    for operation, given in parsed:
        yield _part(str(operation), given, times)


def _part(operation: str, given: Any, times: int) -> str:
    if operation == "LITERAL":
        return chr(given)
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inside = given
        number = min(max(least, times), int(most) if most < sys.maxsize else times)
        return "".join("".join(_parts(inside, times)) for _ in range(max(number, least)))
    if operation == "SUBPATTERN":
        return "".join(_parts(given[-1], times))
    if operation == "BRANCH":
        return "".join(_parts(given[1][0], times))
    if operation == "IN":
        return _of_set(given)
    return "a" if operation in ("ANY", "NOT_LITERAL") else ""


def _of_set(members: Sequence[Any]) -> str:
    """One character of `[...]`."""
    (first, given), *_ = members
    if str(first) == "NEGATE":
        excluded = {chr(each) for name, each in members[1:] if str(name) == "LITERAL"}
        return next(each for each in _CANDIDATES if each not in excluded)
    if str(first) == "RANGE":
        return chr(given[0])
    if str(first) == "CATEGORY":
        return "0" if str(given) == "CATEGORY_DIGIT" else " " if str(given) == "CATEGORY_SPACE" else "a"
    return chr(given)
