"""The command line's arguments and help texts."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

_LAST_PORT = 65535
_LOADED = """\
An app (.py) is imported with AWS already mocked, its directory on the path as `python app.py` has it. Its
HANDLERS maps function names to callables, "module:function" or outcomes(...); a name that is the logical id
of a template's function replaces that function's code. Its setup, if it has one, is called without arguments
once all handlers are registered and all templates deployed: to create queues and set destinations, with
boto3. What an app prints while it is imported and set up goes to standard error."""

_RUN = f"""\
Deploys, invokes one function asynchronously, runs until nothing is queued, and prints the timeline.

{_LOADED}

exit status: 0 when every event ended with Success and every record arrived, 1 when one did not, 2 when
nothing could be run."""

_SERVE = f"""\
Serves AWS at one HTTP endpoint of this machine, for the AWS CLI and the SDKs of any language, until Ctrl-C or
SIGTERM. Prints a line for each thing that happens, and at the end what was still queued.

{_LOADED}

exit status: 0 when it was ended, 2 when nothing could be served."""

_EXPLORE = f"""\
Invokes one function asynchronously, runs until nothing is queued, and calls a check that raises if something
is wrong. Then does all of it again, once for each single failure that AWS could have put into that run: a
handler that dies before or after each of its AWS calls, an event that comes twice, a throttle, and so on.
Each run begins anew, with the app imported again. Tells the failures that the check can't take.

{_LOADED}

exit status: 0 when the check passes each time, 1 when it does not, 2 when nothing could be run."""


_CHECK = """\
Deploys templates into a mock, runs nothing, and tells which asynchronous paths end in nobody's hands:
functions invoked asynchronously without a destination for failures, queues without a redrive policy, streams,
missing permissions, loops, and more. Parameters that have no value are made up; resources that are not
simulated, and custom ones, are left out, and named on standard error.

exit status: 1 when there are errors (with --strict, also when there are remarks), 0 when there are none, 2
when nothing could be checked."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="destmock",
        description="AWS Lambda's destinations, retries and asynchronous invocation, on this machine.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"destmock {metadata.version('destmock')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_serve(commands)
    _add_explore(commands)
    _add_check(commands)
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, description: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = _command(commands, "run", "deploy, invoke a function, run until idle and print the timeline", _RUN)
    run.add_argument(
        "--invoke",
        metavar="FUNCTION",
        help="a name, an ARN, name:alias, or the logical id of a template (default: the only function)",
    )
    events = run.add_mutually_exclusive_group()
    events.add_argument(
        "--event",
        metavar="EVENT",
        default="{}",
        help='the payload: a file, - for standard input, or JSON that begins with {, [ or " (default: {})',
    )
    events.add_argument(
        "--record",
        metavar="FILE",
        help="invoke with the event of a failure that production has kept, and say whether the same error "
        "comes: an invocation record or a dead-letter message, also inside a message of SQS, SNS or "
        "EventBridge; a file, or - for standard input",
    )
    run.add_argument(
        "--pdb", action="store_true", help="with --record: look around with pdb where the handler failed"
    )
    run.add_argument(
        "--json", action="store_true", help="print one JSON document of what happened, not the timeline"
    )
    _add_common(run)


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = _command(
        commands, "serve", "serve AWS over HTTP, for the AWS CLI and the SDKs of any language", _SERVE
    )
    serve.add_argument("--port", type=_port, default=5000, help="0 for any that is free (default: 5000)")
    serve.add_argument(
        "--host", default="127.0.0.1", help="whoever reaches it can run the handlers (default: 127.0.0.1)"
    )
    serve.add_argument(
        "--clock",
        choices=("skip", "real", "manual"),
        default="skip",
        help="skip: retries run at once, and virtual time jumps (default); real: they wait AWS's minutes; "
        "manual: time moves by the page only",
    )
    _add_common(serve)


def _add_explore(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explore = _command(
        commands, "explore", "run an event once for every single failure that AWS could put into it", _EXPLORE
    )
    explore.add_argument(
        "--check",
        required=True,
        metavar="MODULE:FUNCTION",
        help="a function that raises if something is wrong in the end, such as app:check; it is given the "
        "Destmock if it has a parameter destmock",
    )
    explore.add_argument("--invoke", metavar="FUNCTION", help="as for destmock run")
    explore.add_argument("--event", metavar="EVENT", default="{}", help="as for destmock run")
    explore.add_argument("--workers", type=_workers, metavar="N", help="share the runs among N processes")
    explore.add_argument(
        "--continue",
        dest="journal",
        type=Path,
        metavar="FILE",
        help="keep the results in FILE, and go on where an exploration with this FILE was stopped",
    )
    _add_bounds(explore)
    _add_common(explore)


def _add_bounds(explore: argparse.ArgumentParser) -> None:
    explore.add_argument(
        "--kind",
        dest="kinds",
        action="append",
        metavar="KIND",
        help="crash, timeout, duplicate, system_error, throttle, delay, interleave or fail_delivery; may be "
        "repeated (default: all but the last)",
    )
    explore.add_argument(
        "--function",
        dest="functions",
        action="append",
        metavar="NAME",
        help="a function that may fail; may be repeated (default: all)",
    )
    explore.add_argument("--faults", type=int, default=1, help="failures in one run at most (default: 1)")
    explore.add_argument(
        "--switches", type=int, default=2, help="switches between attempts in one run at most (default: 2)"
    )
    explore.add_argument("--limit", type=int, default=2_000, help="runs at most (default: 2000)")
    explore.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="repeat just the failure of this name; may be repeated for several in one run",
    )


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = _command(commands, "check", "tell which asynchronous paths of templates can lose events", _CHECK)
    check.add_argument("--strict", action="store_true", help="fail for remarks as well")
    check.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="github: annotations, as GitHub's workflows show them at their lines (default: text)",
    )
    check.add_argument(
        "--json", dest="format", action="store_const", const="json", help="the same as --format json"
    )
    check.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="TEMPLATE",
        help="CloudFormation's or SAM's (.yaml, .yml, .json, .template), or cdk.out or .serverless",
    )
    _add_parameter(check)


def _add_parameter(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--parameter",
        dest="parameters",
        action="append",
        default=[],
        type=_parameter,
        metavar="NAME=VALUE",
        help="of every template that has one of this name; may be repeated",
    )


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="an app (.py), a template (.yaml, .yml, .json, .template), or the output cdk.out or .serverless",
    )
    command.add_argument(
        "--template",
        dest="templates",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="another template: CloudFormation's, SAM's or CDK's; may be repeated",
    )
    _add_parameter(command)
    command.add_argument(
        "--invent-parameters", action="store_true", help="make up values for parameters that have none"
    )
    command.add_argument(
        "--ignore-unsupported", action="store_true", help="leave out resources that are not simulated"
    )
    command.add_argument(
        "--start",
        type=_moment,
        metavar="TIME",
        help="the virtual time at the beginning, in ISO 8601, UTC without a zone; the output is then the "
        "same each time (default: now)",
    )
    command.add_argument(
        "--allow-host",
        dest="allow_hosts",
        action="append",
        default=[],
        metavar="HOST",
        help="a host that handlers may reach over the network; may be repeated (default: none)",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _LAST_PORT):
        message = f"{text!r} is not a port, which is a number up to {_LAST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        message = f"{text!r} is not a number of processes, from 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        message = f"{text!r} is not NAME=VALUE"
        raise argparse.ArgumentTypeError(message)
    return name, value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.10 knows no Z
    except ValueError:
        message = f"{text!r} is not a time in ISO 8601, such as 2026-01-01T00:00:00Z"
        raise argparse.ArgumentTypeError(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
