"""Chapter 5: chained invocations. The functions that are invoked are durable, too."""

from aws_durable_execution_sdk_python.config import InvokeConfig

from tests.durable.required.parts import Coded, answers, fails, json_text, requirement, seconds

ECHO, FAILING = "required-echo:$LATEST", "required-failing:$LATEST"
TENANTS = "required-tenants:$LATEST"
LARGE = 200_000


@requirement("echo", "tenants")
def echo(event, context):
    return event


@requirement("failing")
def failing(event, context):
    return fails("the target fails")()


@requirement("5-1", "5-3", "5-4")
def invokes(event, context):
    return context.invoke(ECHO, event)


@requirement("5-2")
def named(event, context):
    return context.invoke(ECHO, event["payload"], name=event["name"])


@requirement("5-5")
def target_fails(event, context):
    return context.invoke(FAILING, event)


@requirement("5-6")
def caught(event, context):
    try:
        return context.invoke(FAILING, event)
    except Exception:
        return "fallback"


@requirement("5-7")
def large(event, context):
    return len(context.invoke(ECHO, "x" * LARGE))


@requirement("5-8")
def for_tenant(event, context):
    return context.invoke(TENANTS, event["payload"], config=InvokeConfig(tenant_id=event["tenantId"]))


@requirement("5-9")
def cached(event, context):
    result = context.invoke(ECHO, "cached")
    context.wait(seconds(1))
    return result


@requirement("5-10")
def failure_cached(event, context):
    try:
        context.invoke(FAILING, event)
    except Exception as error:
        text = str(error)
    context.wait(seconds(1))
    return text


@requirement("5-11")
def after_step(event, context):
    return context.invoke(ECHO, context.step(answers("from a step")))


@requirement("5-12")
def before_step(event, context):
    result = context.invoke(ECHO, "to a step")
    return context.step(answers(result))


@requirement("5-13")
def in_child(event, context):
    return context.run_in_child_context(lambda child: child.invoke(ECHO, "in a child"), name="child")


@requirement("5-14")
def two(event, context):
    return [context.invoke(ECHO, "first"), context.invoke(ECHO, "second")]


@requirement("5-15")
def payload_coded(event, context):
    coded = Coded(lambda value: json_text().serialize({"data": value["data"].upper()}, None), answers(None))
    return context.invoke(ECHO, event, config=InvokeConfig(serdes_payload=coded))


@requirement("5-16")
def result_coded(event, context):
    coded = Coded(answers(None), lambda data: json_text().deserialize(data, None).upper())
    return context.invoke(ECHO, event, config=InvokeConfig(serdes_result=coded))
