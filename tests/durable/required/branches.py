"""Chapters 8 and 9: parallel and map. Most run one branch at a time, as their requirements say."""

import json

from aws_durable_execution_sdk_python import ParallelBranch
from aws_durable_execution_sdk_python.concurrency.models import BatchResult
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    MapConfig,
    NestingType,
    ParallelConfig,
)

from tests.durable.required.parts import Coded, answers, fails, json_text, requirement, seconds, wrapped

OPERATIONAL = "OPSERDE:"
LARGE = "x" * 70_000


def completion(**limits):
    return CompletionConfig(**{name: value for name, value in limits.items() if value is not None})


def told(result, *members):
    """What a handler tells of a result: the members that its requirement names."""
    found = {
        "completionReason": result.completion_reason.value,
        "status": result.status.value,
        "successCount": result.success_count,
        "failureCount": result.failure_count,
        "totalCount": result.total_count,
    }
    return {member: found[member] for member in members or found}


def in_turn(**settings):
    return {"max_concurrency": 1, **settings}


def step(value):
    """A branch that runs one step."""
    return lambda branch: branch.step(answers(value))


def branches(context, functions, *, name="parallel", **settings):
    return context.parallel(functions, name=name, config=ParallelConfig(**in_turn(**settings)))


def items(context, inputs, function, *, name="map", **settings):
    return context.map(inputs, function, name=name, config=MapConfig(**in_turn(**settings)))


# 8: parallel


@requirement("8-1")
def two_branches(event, context):
    return branches(context, [step("task-1"), step("task-2")]).get_results()


@requirement("8-2")
def without_steps(event, context):
    config = ParallelConfig(max_concurrency=1)
    return context.parallel([answers("alpha"), answers("beta")], config=config).get_results()


@requirement("8-3")
def named_branches(event, context):
    named = [ParallelBranch(answers("one"), "first"), ParallelBranch(answers("two"), "second")]
    return branches(context, named).get_results()


@requirement("8-4")
def of_all_types(event, context):
    return branches(context, [answers("hello"), answers(42), answers({"k": "v"})]).get_results()


@requirement("8-5")
def no_branches(event, context):
    return branches(context, []).get_results()


@requirement("8-6")
def fail_fast(event, context):
    found = branches(
        context,
        [answers("ok"), fails(), answers("never")],
        completion_config=completion(tolerated_failure_count=0),
    )
    return told(found)


@requirement("8-7")
def rethrown(event, context):
    found = branches(
        context, [fails(), answers("never")], completion_config=completion(tolerated_failure_count=0)
    )
    found.throw_if_error()


@requirement("8-8")
def enough(event, context):
    four = [answers(str(number)) for number in range(4)]
    found = branches(context, four, completion_config=completion(min_successful=2))
    return told(found, "completionReason", "successCount", "totalCount")


@requirement("8-9")
def tolerated(event, context):
    found = branches(
        context,
        [answers("a"), fails(), answers("c")],
        completion_config=completion(tolerated_failure_count=1),
    )
    return told(found)


COUNTED = ("completionReason", "successCount", "failureCount", "totalCount")


@requirement("8-10")
def not_tolerated(event, context):
    found = branches(
        context,
        [fails(), fails(), answers("never")],
        completion_config=completion(tolerated_failure_count=1),
    )
    return told(found, *COUNTED)


@requirement("8-11")
def two_at_once(event, context):
    three = [answers(f"r{number}") for number in range(3)]
    return branches(context, three, max_concurrency=2).get_results()


@requirement("8-12")
def flat(event, context):
    return branches(context, [step("fa"), step("fb")], nesting_type=NestingType.FLAT).get_results()


@requirement("8-13")
def percentage(event, context):
    four = [fails(), fails(), answers("c"), answers("d")]
    found = branches(context, four, completion_config=completion(tolerated_failure_percentage=25))
    return told(found, *COUNTED)


@requirement("8-14")
def a_branch_waits(event, context):
    def waits(branch):
        branch.wait(seconds(2))
        return "b1"

    return branches(context, [step("b0"), waits]).get_results()


@requirement("8-15")
def coded(event, context):
    serdes = Coded(lambda value: json.dumps({"wrapped": value}), lambda data: json.loads(data)["wrapped"])
    return branches(context, [answers("x"), answers("y")], item_serdes=serdes).get_results()


@requirement("8-16")
def all_fail(event, context):
    found = branches(
        context, [fails(), fails(), fails()], completion_config=completion(tolerated_failure_count=3)
    )
    return told(found)


@requirement("8-17")
def too_few(event, context):
    three = [answers("a"), fails(), answers("c")]
    return told(branches(context, three, completion_config=completion(min_successful=3)))


@requirement("8-18")
def both_limits(event, context):
    four = [fails(), fails(), answers("c"), answers("d")]
    limits = completion(min_successful=3, tolerated_failure_count=1)
    return told(branches(context, four, completion_config=limits), *COUNTED)


@requirement("8-19")
def no_concurrency(event, context):
    return branches(context, [answers("a"), answers("b")], max_concurrency=0).get_results()


@requirement("8-20")
def accessors(event, context):
    three = [answers("a"), fails(), answers("c")]
    found = branches(context, three, completion_config=completion(tolerated_failure_count=1))
    return {
        "hasFailure": found.has_failure,
        "successCount": len(found.succeeded()),
        "failureCount": len(found.failed()),
        "errorCount": len(found.get_errors()),
    }


@requirement("8-21")
def nested(event, context):
    def outer(branch):
        return branches(branch, [step("i1"), step("i2")], name="inner").get_results()

    return branches(context, [outer], name="outer").get_results()


@requirement("8-22")
def percentage_tolerated(event, context):
    four = [fails(), answers("b"), answers("c"), answers("d")]
    return told(
        branches(context, four, completion_config=completion(tolerated_failure_percentage=25)),
        *COUNTED,
        "status",
    )


# 9: map


@requirement("9-1")
def greetings(event, context):
    def greet(iteration, item, *_):
        return iteration.step(lambda _: f"Hello, {item}!")

    return items(context, event, greet).get_results()


@requirement("9-2")
def doubled(event, context):
    config = MapConfig(max_concurrency=1)
    return context.map(event, lambda _, item, *__: 2 * item, config=config).get_results()


@requirement("9-3")
def with_index(event, context):
    return items(context, event, lambda _, item, index, __: item + index).get_results()


@requirement("9-4")
def no_items(event, context):
    return items(context, event, lambda _, item, *__: item).get_results()


def of(*bodies):
    """A function for a map: each item has the body at its place."""
    return lambda iteration, item, index, _: bodies[index](iteration)


def mapped(context, *bodies, **limits):
    return items(context, [*range(len(bodies))], of(*bodies), completion_config=completion(**limits))


@requirement("9-5")
def map_fails_fast(event, context):
    return told(mapped(context, answers("ok"), fails(), answers("never"), tolerated_failure_count=0))


@requirement("9-6")
def map_rethrown(event, context):
    mapped(context, fails(), answers("never"), tolerated_failure_count=0).throw_if_error()


@requirement("9-7")
def map_enough(event, context):
    found = mapped(context, *map(answers, "abcd"), min_successful=2)
    return told(found, "completionReason", "successCount", "totalCount")


@requirement("9-8")
def map_tolerated(event, context):
    return told(mapped(context, answers("a"), fails(), answers("c"), tolerated_failure_count=1))


@requirement("9-9")
def map_not_tolerated(event, context):
    found = mapped(context, fails(), fails(), answers("never"), tolerated_failure_count=1)
    return told(found, *COUNTED)


@requirement("9-10")
def map_percentage(event, context):
    found = mapped(context, fails(), fails(), answers("c"), answers("d"), tolerated_failure_percentage=25)
    return told(found, *COUNTED)


@requirement("9-11")
def map_two_at_once(event, context):
    return items(context, ["r0", "r1", "r2"], lambda _, item, *__: item, max_concurrency=2).get_results()


@requirement("9-12")
def map_flat(event, context):
    def one(iteration, item, *_):
        return iteration.step(answers(item))

    return items(context, ["fa", "fb"], one, nesting_type=NestingType.FLAT).get_results()


@requirement("9-13")
def map_named(event, context):
    return items(
        context, event, lambda _, item, *__: 10 * item, item_namer=lambda item, _: f"item-{item}"
    ).get_results()


def _capital(_, item, *__):
    return item.upper()


@requirement("9-14")
def map_coded(event, context):
    return items(context, ["x", "y"], _capital, item_serdes=wrapped()).get_results()


@requirement("9-15")
def map_waits(event, context):
    def one(iteration, item, index, _):
        if index == 1:
            iteration.wait(seconds(1))
        return iteration.step(answers(item))

    return items(context, ["r0", "r1"], one).get_results()


@requirement("9-16")
def map_large(event, context):
    found = items(context, [*range(4)], lambda *_: LARGE)
    return told(found, "successCount", "totalCount")


@requirement("9-17")
def map_then_wait(event, context):
    found = items(context, ["a", "b"], _capital).get_results()
    context.wait(seconds(1))
    return found


@requirement("9-18")
def map_failed_then_wait(event, context):
    found = mapped(context, answers("ok"), fails(), tolerated_failure_count=1)
    context.wait(seconds(1))
    return told(found)


def operational():
    """Writes a whole result as a list of its items, and reads it again."""

    def read(data):
        values = data.removeprefix(OPERATIONAL).split(",")
        entries = [
            {"index": index, "status": "SUCCEEDED", "result": value} for index, value in enumerate(values)
        ]
        return BatchResult.from_dict({"all": entries, "completionReason": "ALL_COMPLETED"})

    return Coded(lambda result: OPERATIONAL + ",".join(result.get_results()), read)


@requirement("9-19")
def map_operational(event, context):
    found = items(context, ["x", "y"], _capital, serdes=operational(), item_serdes=json_text())
    return found.get_results()


@requirement("9-20")
def map_operational_then_wait(event, context):
    found = items(context, ["x", "y"], _capital, serdes=operational(), item_serdes=json_text())
    context.wait(seconds(1))
    return found.get_results()
