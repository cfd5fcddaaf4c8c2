"""The rules: which asynchronous paths end in nobody's hands, and what AWS advises against.

Errors are what gets lost for sure when something fails; the rest are remarks, since people read dead-letter
queues by hand and choose their own counts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from destmock._aws.arn import LATEST, parse_arn
from destmock._cloudformation.check.finding import Finding
from destmock._cloudformation.check.landscape import name_of
from destmock._cloudformation.check.permissions import missing_permissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._cloudformation.check.finding import Level
    from destmock._cloudformation.check.landscape import Function, Landscape, Queue

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
_ASYNC = f"{_LAMBDA}invocation-async-retain-records.html"
_QUEUES = f"{_LAMBDA}services-sqs-configure.html"
_BATCHES = f"{_LAMBDA}services-sqs-errorhandling.html"
_LETTERS = f"{_SQS}sqs-dead-letter-queues.html"
_RULES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_SCHEDULES = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html"
_RECURSION = f"{_LAMBDA}invocation-recursion.html"
_STREAMS = {
    "kinesis": f"{_LAMBDA}kinesis-on-failure-destination.html",
    "dynamodb": f"{_LAMBDA}services-dynamodb-errors.html",
}
#: What AWS advises: the visibility timeout in timeouts of the function, and the fewest receives.
_TIMEOUTS, _RECEIVES = 6, 5
_DAY = 86_400


def findings(found: Landscape) -> list[Finding]:
    """Everything that the rules find, errors first, then by the names of the resources."""
    made = [
        *_unrouted(found),
        *_targets(found),
        *_polled(found),
        *_streams(found),
        *_dead_letters(found),
        *_fifo(found),
        *_loops(found),
        *missing_permissions(found),
    ]
    return sorted(made, key=lambda each: (each.level, each.resource, each.rule, each.text))


def _invoked(found: Landscape) -> dict[tuple[str, str], list[str]]:
    """Who invokes which function, by ARN and qualifier, asynchronously."""
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for sender in found.senders:
        invoked = found.function(sender.target)
        if invoked is not None:
            made[invoked[0].name, invoked[1]].append(sender.what)
    for function in found.functions.values():
        for to in function.destinations.values():
            for condition, arn in to.items():
                invoked = found.function(arn)
                if invoked is not None:
                    made[invoked[0].name, invoked[1]].append(f"{condition} of {function.name}")
    return made


def _unrouted(found: Landscape) -> Iterator[Finding]:
    by_name = {each.name: each for each in found.functions.values()}
    for (name, qualifier), sources in _invoked(found).items():
        function = by_name[name]
        if _route(function, qualifier) is not None:
            continue
        called = name if qualifier == LATEST else f"{name}:{qualifier}"
        by = ", ".join(dict.fromkeys(sources))
        text = (
            f"{called} is invoked asynchronously ({by}); an event that still fails after its retries is gone"
        )
        handles_failures = all(each.startswith("OnFailure of ") for each in sources)
        yield Finding(
            "remark" if handles_failures else "error",
            "no-failure-destination",
            name,
            text,
            "Give it an OnFailure destination, or a dead-letter queue",
            _ASYNC,
        )


def _route(function: Function, qualifier: str) -> str | None:
    """Where a failed event goes. An alias doesn't have the destinations of its version."""
    return function.destinations.get(qualifier, {}).get("OnFailure") or function.dead_letter


def _targets(found: Landscape) -> Iterator[Finding]:
    """Rules and schedules; those whose function has no route are told of with the function."""
    for sender in found.senders:
        if sender.dead_letter is not None or sender.kind not in ("rule", "schedule"):
            continue
        invoked = found.function(sender.target)
        if invoked is not None and _route(*invoked) is None:
            continue
        text = f"the {sender.what} drops an event that it can't send to {name_of(sender.target)}"
        yield Finding(
            "remark",
            "no-target-dead-letter-queue",
            name_of(sender.target),
            text,
            "Give the target a dead-letter queue",
            _RULES if sender.kind == "rule" else _SCHEDULES,
        )


def _polled(found: Landscape) -> Iterator[Finding]:
    letters = _letters(found)
    for mapping in found.mappings:
        queue, invoked = found.queues.get(mapping.source), found.function(mapping.function)
        if queue is None or invoked is None:
            continue
        function, _ = invoked
        if queue.dead_letter is None:
            level: Level = "remark" if queue.arn in letters else "error"
            yield _without_redrive(queue, function, level)
        elif queue.max_receive_count < _RECEIVES:
            text = f"{queue.name} gives a message up after {queue.max_receive_count} receives"
            fix = f"Set maxReceiveCount to {_RECEIVES} or more: a throttled batch is a receive, too"
            yield Finding("remark", "few-receives", queue.name, text, fix, _QUEUES)
        yield from _times(queue, function, mapping.window)
        if mapping.batch_size > 1 and not mapping.partial:
            text = (
                f"when {function.name} fails, up to {mapping.batch_size} messages of {queue.name} come again"
            )
            fix = "Answer batchItemFailures, and set ReportBatchItemFailures"
            yield Finding("remark", "whole-batch-retried", function.name, text, fix, _BATCHES)


def _without_redrive(queue: Queue, function: Function, level: Level) -> Finding:
    days = f"{queue.retention / _DAY:g} days"
    text = (
        f"{queue.name} has no redrive policy: a message at which {function.name} fails is gone after {days}"
    )
    return Finding(
        level,
        "no-redrive-policy",
        queue.name,
        text,
        "Give the queue a RedrivePolicy with a dead-letter queue",
        _LETTERS,
    )


def _times(queue: Queue, function: Function, window: int) -> Iterator[Finding]:
    if queue.visibility < _TIMEOUTS * function.timeout + window:
        wanted = _TIMEOUTS * function.timeout + window
        text = (
            f"{queue.name}'s visibility timeout of {queue.visibility} s may end while {function.name} "
            "is throttled, and count as a receive"
        )
        fix = f"Set VisibilityTimeout to {wanted} s: {_TIMEOUTS} timeouts of the function, and its window"
        yield Finding("remark", "short-visibility-timeout", queue.name, text, fix, _QUEUES)
    needed = queue.visibility * queue.max_receive_count
    if queue.dead_letter is not None and queue.retention < needed:
        text = (
            f"{queue.name} deletes a message after {queue.retention} s, before its {queue.max_receive_count} "
            f"receives of {queue.visibility} s are over: it never reaches {name_of(queue.dead_letter)}"
        )
        fix = f"Set MessageRetentionPeriod to more than {needed} s"
        yield Finding("error", "retention-before-redrive", queue.name, text, fix, _LETTERS)


def _streams(found: Landscape) -> Iterator[Finding]:
    for mapping in found.mappings:
        arn, invoked = parse_arn(mapping.source), found.function(mapping.function)
        if arn is None or arn.service not in _STREAMS or invoked is None or mapping.on_failure is not None:
            continue
        text = (
            f"a batch of {_stream(mapping.source)} at which {invoked[0].name} fails holds its shard up until "
            "its retries are over, and is gone then"
        )
        fix = "Give the mapping an OnFailure destination, and a MaximumRetryAttempts"
        yield Finding("error", "no-stream-destination", invoked[0].name, text, fix, _STREAMS[arn.service])


def _stream(arn: str) -> str:
    parts = arn.split(":", 5)[-1].split("/")
    return f"{parts[0]} {parts[1]}"


def _letters(found: Landscape) -> dict[str, list[str]]:
    """The queues that take what failed, by ARN, and whose that is."""
    made: dict[str, list[str]] = defaultdict(list)
    for queue in found.queues.values():
        if queue.dead_letter is not None:
            made[queue.dead_letter].append(queue.name)
    for function in found.functions.values():
        routes = {function.dead_letter, *(to.get("OnFailure") for to in function.destinations.values())}
        for arn in routes - {None}:
            made[str(arn)].append(function.name)
    for sender in found.senders:
        if sender.dead_letter is not None:
            made[sender.dead_letter].append(sender.what)
    for mapping in found.mappings:
        if mapping.on_failure is not None:
            made[mapping.on_failure].append(name_of(mapping.function))
    return made


def _dead_letters(found: Landscape) -> Iterator[Finding]:
    for arn, owners in _letters(found).items():
        queue = found.queues.get(arn)
        if queue is None:
            continue
        if not found.readers(arn) and queue.name not in found.watched:
            text = f"nobody reads {queue.name}, which has what {', '.join(dict.fromkeys(owners))} failed at"
            fix = "Have an alarm on its ApproximateNumberOfMessagesVisible, or a function that reads it"
            yield Finding("remark", "unread-dead-letter-queue", queue.name, text, fix, _LETTERS)
    for queue in found.queues.values():
        letters = found.queues.get(queue.dead_letter or "")
        if letters is not None and not queue.fifo and letters.retention <= queue.retention:
            text = (
                f"{letters.name} keeps messages for {letters.retention / _DAY:g} days since they were sent "
                f"to {queue.name}, where they may have spent {queue.retention / _DAY:g} of them"
            )
            fix = f"Set its MessageRetentionPeriod to more than {queue.retention} s"
            yield Finding("remark", "dead-letter-retention", letters.name, text, fix, _LETTERS)


def _fifo(found: Landscape) -> Iterator[Finding]:
    """Dead letters of EventBridge have no group; what else can't go to a FIFO queue, AWS refuses at once."""
    for sender in found.senders:
        if sender.dead_letter is not None and sender.dead_letter.endswith(".fifo"):
            text = (
                f"the dead-letter queue of the {sender.what} is a FIFO queue, {name_of(sender.dead_letter)}"
            )
            yield Finding(
                "error", "fifo-target", name_of(sender.target), text, "Use a standard queue", _RULES
            )


def _loops(found: Landscape) -> Iterator[Finding]:
    """Functions that invoke themselves by their destinations, over queues, topics and other functions."""
    graph: dict[str, set[str]] = defaultdict(set)
    for function in found.functions.values():
        arns = [arn for to in function.destinations.values() for arn in to.values()]
        graph[function.name] |= {_node(found, arn) for arn in [*arns, function.dead_letter] if arn}
    for sender in found.senders:
        graph[sender.arn].add(_node(found, sender.target))
    for mapping in found.mappings:
        graph[mapping.source].add(_node(found, mapping.function))
    told: set[frozenset[str]] = set()
    for function in found.functions.values():
        circle = _circle(graph, function.name)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            way = " -> ".join(map(name_of, circle))
            text = f"events go round: {way}; AWS stops them after 16 rounds, and drops them"
            fix = "Send them elsewhere, or end the loop in the function"
            yield Finding("error", "loop", function.name, text, fix, _RECURSION)


def _circle(graph: dict[str, set[str]], start: str) -> list[str]:
    """The shortest way from a node back to itself; empty if there is none."""
    ways = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for node in sorted(graph.get(way[-1], ())):
            if node == start:
                return [*way, start]
            if node not in seen:
                seen.add(node)
                ways.append([*way, node])
    return []


def _node(found: Landscape, arn: str) -> str:
    """A function's name, whatever its qualifier, or any other ARN."""
    invoked = found.function(arn)
    return arn if invoked is None else invoked[0].name
