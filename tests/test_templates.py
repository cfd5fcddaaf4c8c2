"""Deployed templates: what is there afterwards, and what is refused before anything is."""

import json
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from destmock import Stack, UnsupportedError, mock_destinations, outcomes

TEMPLATES = Path(__file__).parent / "templates"
ORDERS, THUMBNAILS = TEMPLATES / "orders.yaml", TEMPLATES / "thumbnails" / "template.yaml"
INVOICES = TEMPLATES / "cdk.out" / "InvoiceStack.template.json"
ROLE = "arn:aws:iam::123456789012:role/any"
ACCOUNT = "123456789012"


def event_for(key):
    return json.dumps({"Records": [{"s3": {"object": {"key": key}}}]}).encode()


def function(**properties):
    """A function with a line of code in the template."""
    code = {"ZipFile": "def handler(event, context):\n    return event\n"}
    common = {"Code": code, "Handler": "index.handler", "Runtime": "python3.12", "Role": ROLE}
    return {"Type": "AWS::Lambda::Function", "Properties": {**common, **properties}}


def resource(kind, **properties):
    return {"Type": kind, "Properties": properties}


def attribute(name, of="Arn"):
    return {"Fn::GetAtt": [name, of]}


@pytest.fixture
def cloudformation(destmock):
    return boto3.client("cloudformation")


@pytest.fixture
def create(cloudformation):
    """Creates a stack through boto3, and answers its resources' physical ids."""

    def make(resources, name="shop", **sections):
        body = json.dumps({"Resources": resources, **sections})
        cloudformation.create_stack(StackName=name, TemplateBody=body)
        return physical(cloudformation, name)

    return make


@pytest.fixture
def change(cloudformation):
    """Updates the stack."""

    def make(resources, name="shop"):
        body = json.dumps({"Resources": resources})
        cloudformation.update_stack(StackName=name, TemplateBody=body)
        return physical(cloudformation, name)

    return make


def physical(cloudformation, name):
    listed = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


@pytest.fixture
def deploy(destmock, tmp_path):
    """Deploys a template that is written as JSON."""

    def run(resources, *, body=None, **options):
        path = tmp_path / "shop.json"
        path.write_text(json.dumps({"Resources": resources, **(body or {})}))
        return destmock.deploy(path, **options)

    return run


def everything():
    """All that stacks make, in every service that the templates use."""
    calls = {
        "lambda": ("list_functions", "list_event_source_mappings", "list_layers"),
        "sqs": ("list_queues",),
        "sns": ("list_topics", "list_subscriptions"),
        "s3": ("list_buckets",),
        "events": ("list_rules",),
        "logs": ("describe_log_groups",),
        "iam": ("list_roles",),
        "ssm": ("describe_parameters",),
        "dynamodb": ("list_tables",),
        "cloudformation": ("list_exports",),
    }
    found = {}
    for service, operations in calls.items():
        for operation in operations:
            answer = getattr(boto3.client(service), operation)()
            found[operation] = [
                x for key, x in answer.items() if key not in ("ResponseMetadata", "Owner") and x
            ]
    found["list_roles"] = [x for x in found["list_roles"] if x is not False]
    return found


# What each kind of template makes


def test_a_stack_has_a_name_outputs_and_resources(destmock):
    stack = destmock.deploy(ORDERS)
    assert isinstance(stack, Stack)
    assert stack.name == "orders"
    assert stack.outputs["LiveArn"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:place-order-dev:live"
    assert "Nightly" not in stack.outputs  # its condition doesn't hold
    assert "Nightly" not in stack.resources
    assert stack.resources["Uploads"] == f"orders-dev-{ACCOUNT}"
    with pytest.raises(TypeError):
        stack.outputs["LiveArn"] = "another"


def test_a_function_keeps_all_its_settings(destmock, lam):
    destmock.deploy(ORDERS)
    answer = lam.get_function(FunctionName="place-order-dev")
    settings = answer["Configuration"]
    assert settings["Environment"]["Variables"] == {"STAGE": "dev", "DRY_RUN": "true"}
    assert settings["Architectures"] == ["arm64"]
    assert settings["MemorySize"] == 128
    assert settings["LoggingConfig"]["LogGroup"] == "/shop/dev/place-order"
    assert settings["TracingConfig"] == {"Mode": "Active"}
    assert ":orders-DeadLetters-" in settings["DeadLetterConfig"]["TargetArn"]
    assert answer["Tags"] == {"team": "shop"}
    assert "Concurrency" not in answer


def test_parameters_change_what_conditions_and_mappings_give(destmock, lam):
    stack = destmock.deploy(ORDERS, parameters={"Stage": "prod", "Retries": 0}, stack_name="shop-prod")
    assert stack.name == "shop-prod"
    answer = lam.get_function(FunctionName="place-order-prod")
    assert answer["Configuration"]["MemorySize"] == 512
    assert answer["Concurrency"]["ReservedConcurrentExecutions"] == 50
    config = lam.get_function_event_invoke_config(FunctionName="place-order-prod")
    assert config["MaximumRetryAttempts"] == 0
    assert boto3.client("events").describe_rule(Name=stack.resources["Nightly"])["State"] == "ENABLED"


def test_a_bucket_notifies_as_its_template_says(destmock):
    stack = destmock.deploy(ORDERS)
    s3, bucket = boto3.client("s3"), stack.outputs["Bucket"]
    [config] = s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]
    assert config["LambdaFunctionArn"].endswith(":function:place-order-dev")
    assert config["Events"] == ["s3:ObjectCreated:*"]
    rules = {rule["Name"].lower(): rule["Value"] for rule in config["Filter"]["Key"]["FilterRules"]}
    assert rules == {"prefix": "incoming/", "suffix": ".txt"}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "stage", "Value": "dev"}]


def test_a_subscription_keeps_its_filter(destmock, sns):
    stack = destmock.deploy(ORDERS)
    arn = stack.resources["AlarmsToQueue"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == {"severity": ["high"]}
    assert attributes["RawMessageDelivery"] == "true"
    assert len(sns.list_subscriptions_by_topic(TopicArn=stack.resources["Alarms"])["Subscriptions"]) == 2


def test_code_beside_a_cloudformation_template_runs(destmock, lam, records):
    """Deployed by `Code: orders/place_order`; a destination function's success ends in a queue."""
    stack = destmock.deploy(ORDERS)
    lam.invoke(FunctionName=stack.resources["PlaceOrder"], InvocationType="Event", Payload=event_for("a.txt"))
    [record] = records("follow-ups-dev")
    assert record["responsePayload"]["ask"] == "ada@example.com"
    assert record["responsePayload"]["about"] == "a.txt"


def test_sam_makes_both_destinations_of_its_own(destmock, lam):
    stack = destmock.deploy(THUMBNAILS)
    config = lam.get_function_event_invoke_config(FunctionName=stack.resources["Report"])
    destinations = config["DestinationConfig"]
    assert ":thumbnails-ReportEventInvokeConfigOnSuccessQueue-" in destinations["OnSuccess"]["Destination"]
    assert destinations["OnFailure"]["Destination"].startswith("arn:aws:sns:")
    assert stack.outputs["Reports"].startswith("https://sqs.us-east-1.amazonaws.com/")


def test_code_and_layer_of_a_sam_template_run(destmock, lam):
    destmock.deploy(THUMBNAILS)
    answer = lam.invoke(FunctionName="resize-test", Payload=event_for("cat.png"))
    assert json.load(answer["Payload"]) == {"key": "cat.png", "size": [128, 128]}
    configuration = lam.get_function_configuration(FunctionName="resize-test")
    assert (configuration["Timeout"], configuration["MemorySize"]) == (15, 256)  # of Globals
    assert [layer["Arn"] for layer in configuration["Layers"]] == [
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:imaging:1"
    ]


def test_sam_s_events_are_wired(destmock, lam, sns, logs):
    stack = destmock.deploy(THUMBNAILS)
    notify, tidy = stack.resources["Notify"], stack.outputs["TidyLive"]
    [mapping] = lam.list_event_source_mappings(FunctionName=notify)["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["EventSourceArn"]) == (5, stack.outputs["JobsArn"])
    listed = sns.list_subscriptions_by_topic(TopicArn=stack.resources["Announcements"])["Subscriptions"]
    assert [(each["Protocol"], each["Endpoint"].rsplit(":", 1)[1]) for each in listed] == [("lambda", notify)]
    events = boto3.client("events")
    for rule in ("TidyDaily", "TidyRequested"):
        [target] = events.list_targets_by_rule(Rule=stack.resources[rule])["Targets"]
        assert target["Arn"] == tidy
    filters = logs.describe_subscription_filters(logGroupName=stack.resources["Journal"])
    assert [each["filterPattern"] for each in filters["subscriptionFilters"]] == ["ERROR"]
    assert destmock.invocations == ()


def test_cdk_s_assets_and_bucket_notifications_are_deployed(destmock, lam):
    stack = destmock.deploy(INVOICES)
    assert stack.name == "InvoiceStack"
    s3 = boto3.client("s3")
    found = s3.get_bucket_notification_configuration(Bucket=stack.outputs["BucketName"])
    [config] = found["LambdaFunctionConfigurations"]
    assert config["LambdaFunctionArn"].endswith(stack.outputs["ParseFunction"])
    assets = s3.list_objects_v2(Bucket=f"cdk-hnb659fds-assets-{ACCOUNT}-us-east-1")["Contents"]
    assert len(assets) == 3  # the template's own asset is for CloudFormation only
    answer = lam.invoke(FunctionName=stack.outputs["ParseFunction"], Payload=b"{}")
    assert json.load(answer["Payload"])["errorType"] == "KeyError"
    [group] = boto3.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    assert group["retentionInDays"] == 7


@pytest.mark.parametrize("template", [ORDERS, THUMBNAILS, INVOICES], ids=lambda path: path.name)
def test_deleting_a_stack_removes_what_it_made(destmock, cloudformation, template):
    before = everything()
    stack = destmock.deploy(template)
    bucket = stack.outputs.get("Bucket") or stack.outputs["BucketName"]
    assert everything() != before
    if template is INVOICES:  # whose bucket is emptied first
        boto3.client("s3").put_object(Bucket=bucket, Key="left.txt", Body=b"")
    cloudformation.delete_stack(StackName=stack.name)
    left = everything()
    names = [each["Name"] for buckets in left.pop("list_buckets") for each in buckets]
    assert all("artifacts" in name or "assets" in name for name in names)
    before.pop("list_buckets")
    if template is INVOICES:
        left.pop("describe_parameters")  # CDK's own stays, as the bootstrap stack does
        left.pop("describe_log_groups")  # and so do functions' logs
        before.pop("describe_parameters"), before.pop("describe_log_groups")
    assert left == before


def test_the_same_template_has_the_same_names_on_every_run():
    def run():
        with mock_destinations() as destmock:
            resources = destmock.deploy(ORDERS).resources
            return {name: each for name, each in resources.items() if name != "AlarmsToQueue"}

    assert run() == run()


def test_generated_names_are_as_short_as_aws_wants(deploy):
    long = "AVeryLongLogicalIdThatNobodyWouldWriteButAGeneratorWould" * 2
    stack = deploy({long: function(), f"{long}Q": resource("AWS::SQS::Queue")}, stack_name="s" * 100)
    assert len(stack.resources[long]) <= 64
    assert len(stack.resources[f"{long}Q"].rsplit("/", 1)[1]) <= 80


def test_another_region(destmock):
    stack = destmock.deploy(ORDERS, region="eu-west-1")
    assert ":lambda:eu-west-1:" in stack.outputs["LiveArn"]
    assert boto3.client("lambda").list_functions()["Functions"] == []


def test_china_s_partition(deploy):
    outputs = {"Suffix": {"Value": {"Fn::Sub": "${AWS::Partition} ${AWS::URLSuffix}"}}}
    stack = deploy({"Q": resource("AWS::SQS::Queue")}, body={"Outputs": outputs}, region="cn-north-1")
    assert stack.outputs["Suffix"] == "aws-cn amazonaws.com.cn"


# Handlers


def test_handlers_by_logical_id_and_by_name_run_instead_of_the_code(destmock, lam, records):
    handlers = {"place-order-dev": outcomes(OSError("down")), "FollowUp": lambda event, context: "told"}
    stack = destmock.deploy(ORDERS, handlers=handlers)
    lam.invoke(FunctionName=stack.outputs["LiveArn"], InvocationType="Event")
    lam.invoke(FunctionName="place-order-dev", InvocationType="Event")
    [record] = records("follow-ups-dev")  # the alias has no EventInvokeConfig
    assert record["responsePayload"] == "told"
    assert [attempt.elapsed for attempt in destmock.invocations[1].attempts] == [0, 60]


@mock_destinations({"orders": outcomes("registered")})
def test_a_handler_that_is_registered_already_serves_the_function_of_its_name(destmock, tmp_path):
    template = {"Resources": {"F": function(FunctionName="orders", Code="not/there", Timeout=9)}}
    (tmp_path / "t.json").write_text(json.dumps(template))
    destmock.deploy(tmp_path / "t.json")
    lam = boto3.client("lambda")
    assert json.load(lam.invoke(FunctionName="orders")["Payload"]) == "registered"
    assert lam.get_function_configuration(FunctionName="orders")["Timeout"] == 9


def test_a_handler_needs_no_code_whatever_its_runtime(deploy, lam):
    resources = {
        "Node": function(Code="no/such/directory", Runtime="nodejs22.x"),
        "Image": resource("AWS::Lambda::Function", Code={"ImageUri": "x"}, PackageType="Image", Role=ROLE),
    }
    stack = deploy(resources, handlers=dict.fromkeys(resources, outcomes(1)))
    for name in resources:
        assert lam.invoke(FunctionName=stack.resources[name])["Payload"].read() == b"1"


def test_an_unknown_handler_is_an_error_that_lists_the_functions(destmock):
    before = everything()
    with pytest.raises(
        ValueError, match=r"'Ordres' is no function .*PlaceOrder \(place-order-dev\), FollowUp$"
    ):
        destmock.deploy(ORDERS, handlers={"Ordres": outcomes(1)})
    with pytest.raises(TypeError, match="pass a callable"):
        destmock.deploy(ORDERS, handlers={"PlaceOrder": 1})
    assert everything() == before


# What is refused, before anything is made


def test_missing_code_names_the_resource_and_the_path(deploy, tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(f"F: Code is {tmp_path / 'src'}, which isn't")):
        deploy({"Q": resource("AWS::SQS::Queue"), "F": function(Code="src")})
    assert not any(everything().values())


def test_a_missing_asset_names_the_resource_and_the_path(destmock, tmp_path):
    for file in INVOICES.parent.glob("*.json"):
        (tmp_path / file.name).write_text(file.read_text())
    with pytest.raises(FileNotFoundError, match=r"its asset is .*asset\.[0-9a-f]{64}, which isn't there"):
        destmock.deploy(tmp_path / INVOICES.name)
    assert not any(everything().values())


def test_a_container_image_needs_a_handler(deploy):
    image = resource("AWS::Lambda::Function", Code={"ImageUri": "x"}, PackageType="Image", Role=ROLE)
    with pytest.raises(UnsupportedError, match=r"can't run container images: F; pass deploy\(handlers="):
        deploy({"F": image})


def test_unsupported_resources_are_listed(deploy):
    resources = {"Queue": resource("AWS::SQS::Queue"), "Graph": resource("AWS::AppSync::GraphQLApi")}
    resources["Thing"] = resource("Custom::Thing", ServiceToken="arn")
    with pytest.raises(UnsupportedError) as caught:
        deploy(resources)
    assert "Graph (AWS::AppSync::GraphQLApi), Thing (Custom::Thing)" in str(caught.value)
    assert "ignore_unsupported=True" in str(caught.value)
    assert not any(everything().values())


def test_ignored_resources_have_names_and_made_up_attributes(deploy, lam):
    variables = {"API": attribute("Graph", "GraphQLUrl"), "ID": {"Ref": "Graph"}}
    resources = {
        "Graph": resource("AWS::AppSync::GraphQLApi"),
        "F": function(Environment={"Variables": variables}),
    }
    stack = deploy(resources, ignore_unsupported=True, body={"Transform": "AWS::LanguageExtensions"})
    found = lam.get_function_configuration(FunctionName=stack.resources["F"])["Environment"]["Variables"]
    assert found == {"ID": stack.resources["Graph"], "API": f"{stack.resources['Graph']}.GraphQLUrl"}


def test_an_unsupported_resource_whose_condition_fails_is_none(deploy):
    graph = {**resource("AWS::AppSync::GraphQLApi"), "Condition": "No"}
    stack = deploy(
        {"Graph": graph, "Q": resource("AWS::SQS::Queue")},
        body={"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}},
    )
    assert set(stack.resources) == {"Q"}


def test_macros_are_refused(deploy):
    with pytest.raises(
        UnsupportedError, match="Transform AWS::LanguageExtensions; deploy with ignore_unsupp"
    ):
        deploy({"Q": resource("AWS::SQS::Queue")}, body={"Transform": ["AWS::LanguageExtensions"]})


PARAMETERS = {
    "Size": {"Type": "Number", "Default": 3},
    "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
    "Name": {"Type": "String", "AllowedPattern": "[a-z]+", "Default": "x"},
}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, r"Parameters: \[Stage\] must have values"),
        ({"Stage": "dev", "Stag": 1}, r"Parameters: \[Stag\] do not exist .* it has Size, Stage, Name"),
        ({"Stage": "test"}, "Parameter 'Stage' must be one of AllowedValues: dev, prod; it is 'test'"),
        ({"Stage": "dev", "Name": "X"}, r"Parameter 'Name' must match pattern \[a-z\]\+; it is 'X'"),
    ],
)
def test_parameters_that_do_not_fit(deploy, given, text):
    with pytest.raises(ValueError, match=text):
        deploy({"Q": resource("AWS::SQS::Queue")}, body={"Parameters": PARAMETERS}, parameters=given)


def test_parameters_of_systems_manager(deploy):
    kinds = {"Path": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/queue"}}
    queue = {"Q": resource("AWS::SQS::Queue", QueueName={"Ref": "Path"})}
    with pytest.raises(ValueError, match=r"Unable to fetch parameters \[/shop/queue\]"):
        deploy(queue, body={"Parameters": kinds})
    boto3.client("ssm").put_parameter(Name="/shop/queue", Value="orders", Type="String")
    assert deploy(queue, body={"Parameters": kinds}).resources["Q"].endswith("/orders")


def test_what_is_no_template(destmock, tmp_path):
    with pytest.raises(FileNotFoundError):
        destmock.deploy(tmp_path / "template.yaml")
    for text, problem in (
        ("[]", "no Resources"),
        ("Resources: {Q: {}}", "Q has no Type"),
        ("a: 1", "no Resources"),
    ):
        (tmp_path / "t.yaml").write_text(text)
        with pytest.raises(ValueError, match=problem):
            destmock.deploy(tmp_path / "t.yaml")


def test_what_sam_refuses(destmock, tmp_path):
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {InlineCode: x}}}\n"
    )
    with pytest.raises(ValueError, match=r"failed with: Invalid Serverless .* \[F\] is invalid"):
        destmock.deploy(tmp_path / "template.yaml")
    assert not any(everything().values())


def test_a_refused_destination_fails_the_stack_and_leaves_nothing(deploy):
    resources = {
        "Q": resource("AWS::SQS::Queue"),
        "F": function(),
        "Config": resource(
            "AWS::Lambda::EventInvokeConfig",
            FunctionName={"Ref": "F"},
            Qualifier="$LATEST",
            DestinationConfig={"OnFailure": {"Destination": {"Fn::Sub": "${Q.Arn}-gone"}}},
        ),
    }
    with pytest.raises(ClientError) as caught:
        deploy(resources, handlers={"F": outcomes(1)})
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert error["Message"].startswith(
        'Config (AWS::Lambda::EventInvokeConfig): Resource handler returned message: "'
    )
    assert "is invalid" in error["Message"]
    assert not any(everything().values())
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


def test_an_unknown_property_fails_the_stack(deploy):
    with pytest.raises(
        ClientError, match=r"F \(AWS::Lambda::Function\): Encountered unsupported property Tiemout"
    ):
        deploy({"F": function(Tiemout=3)})


@pytest.mark.parametrize(
    ("missing", "template", "extra"),
    [
        ("openapi_spec_validator", INVOICES, "templates"),
        ("openapi_spec_validator", THUMBNAILS, "sam"),
        ("samtranslator", THUMBNAILS, "sam"),
    ],
)
def test_what_is_missing_says_which_extra_to_install(missing, template, extra):
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import destmock\n"
        "with destmock.mock_destinations() as mock:\n"
        f"    mock.deploy({str(template)!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert re.search(rf"UnsupportedError: .* needs .*: pip install 'destmock\[{extra}\]'\n$", done.stderr)


def test_a_second_stack_of_the_same_name_is_refused(destmock):
    destmock.deploy(ORDERS)
    with pytest.raises(ClientError, match="Stack orders already exists"):
        destmock.deploy(ORDERS)
    assert destmock.deploy(THUMBNAILS).name == "thumbnails"


# Packaging


def test_globals_and_the_template_s_own_directory_hold_code(destmock, lam, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 'here'\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context):\n    return 'src'\n")
    for inherited, expected in (("", "here"), ("Globals: {Function: {CodeUri: src}}\n", "src")):
        (tmp_path / "template.yaml").write_text(
            f"Transform: AWS::Serverless-2016-10-31\n{inherited}"
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n"
            "    Properties: {Handler: app.handler, Runtime: python3.12}\n"
        )
        stack = destmock.deploy(tmp_path / "template.yaml", stack_name=f"s-{expected}")
        assert json.load(lam.invoke(FunctionName=stack.resources["F"])["Payload"]) == expected


def test_a_layer_that_sam_would_build(destmock, lam, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "shared.py").write_text("ANSWER = 42\n")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  Lib:\n    Type: AWS::Serverless::LayerVersion\n    Metadata: {BuildMethod: python3.12}\n"
        "    Properties: {ContentUri: lib}\n"
        "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.12\n"
        "      Handler: index.handler\n      Layers: [!Ref Lib]\n      InlineCode: |\n"
        "        import shared\n        def handler(event, context): return shared.ANSWER\n"
    )
    stack = destmock.deploy(tmp_path / "template.yaml")
    assert lam.invoke(FunctionName=stack.resources["F"])["Payload"].read() == b"42"


def test_packages_depend_on_nothing_but_names_and_contents(destmock, tmp_path):
    keys = []
    for copy in ("one", "two"):
        (tmp_path / copy).mkdir()
        for name in ("b.py", "a.py") if copy == "one" else ("a.py", "b.py"):
            (tmp_path / copy / name).write_text(name)
        (tmp_path / copy / "__pycache__").mkdir()
        (tmp_path / copy / "__pycache__" / f"{copy}.pyc").write_text(copy)
        template = {"Resources": {"F": function(Code=copy)}}
        (tmp_path / f"{copy}.json").write_text(json.dumps(template))
        destmock.deploy(tmp_path / f"{copy}.json")
        bucket = f"destmock-artifacts-{ACCOUNT}-us-east-1"
        keys += [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert len(keys) == 2
    assert keys[0] == keys[1]


# Stacks made through boto3


def test_create_stack_configures_destinations(create, lam, records):
    config = resource(
        "AWS::Lambda::EventInvokeConfig",
        FunctionName={"Ref": "F"},
        Qualifier="$LATEST",
        MaximumRetryAttempts="0",
        DestinationConfig={"OnSuccess": {"Destination": attribute("Q")}},
    )
    made = create({"Config": config, "F": function(), "Q": resource("AWS::SQS::Queue", QueueName="done")})
    lam.invoke(FunctionName=made["F"], InvocationType="Event", Payload=b'{"id": 7}')
    [record] = records("done")
    assert record["responsePayload"] == {"id": 7}
    assert made["Config"] == f"{made['F']}|$LATEST"


def test_an_update_replaces_or_changes_and_then_removes(create, change, lam):
    def config(**more):
        common = {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST"}
        return resource("AWS::Lambda::EventInvokeConfig", **common, **more)

    def configs():
        return lam.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]

    name = create({"F": function(), "Config": config(MaximumRetryAttempts=0)})["F"]
    assert [each["MaximumRetryAttempts"] for each in configs()] == [0]
    change({"F": function(Timeout=7), "Config": config(MaximumEventAgeInSeconds=60)})
    [found] = configs()
    assert (found.get("MaximumRetryAttempts"), found["MaximumEventAgeInSeconds"]) == (None, 60)
    assert lam.get_function_configuration(FunctionName=name)["Timeout"] == 7
    change({"F": function(Timeout=7)})
    assert configs() == []


def test_functions_versions_and_aliases_are_updated(create, change, lam):
    def alias(version, **more):
        given = {
            "FunctionName": {"Ref": "F"},
            "Name": "live",
            "FunctionVersion": attribute(version, "Version"),
        }
        return resource("AWS::Lambda::Alias", **given, **more)

    def versions(*names):
        return {
            name: {**resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}), "DependsOn": "F"}
            for name in names
        }

    tags = [{"Key": "a", "Value": "1"}]
    before = {"F": function(Tags=tags, ReservedConcurrentExecutions=5), **versions("V1"), "Live": alias("V1")}
    name = create(before)["F"]
    weights = {"AdditionalVersionWeights": [{"FunctionVersion": "1", "FunctionWeight": 0.25}]}
    code = {"ZipFile": "def handler(event, context):\n    return 2\n"}
    after = {"F": function(Code=code, Tags=[{"Key": "b", "Value": 2}]), **versions("V1", "V2")}
    change({**after, "Live": alias("V1")})
    change({**after, "Live": alias("V2", RoutingConfig=weights)})
    found = lam.get_function(FunctionName=name)
    assert found["Tags"] == {"b": "2"}
    assert "Concurrency" not in found
    live = lam.get_alias(FunctionName=name, Name="live")
    assert live["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.25}}
    assert lam.invoke(FunctionName=name)["Payload"].read() == b"2"


def test_settings_that_an_update_leaves_out_go_back_to_their_defaults(create, change, lam, sqs):
    dead = {"deadLetterTargetArn": attribute("D"), "maxReceiveCount": 3}
    queues = {"D": resource("AWS::SQS::Queue", MessageRetentionPeriod=60)}
    queues["Q"] = resource("AWS::SQS::Queue", DelaySeconds=5, RedrivePolicy=dead)
    target, variables = {"TargetArn": attribute("D")}, {"Variables": {"A": "b"}}
    made = create({**queues, "F": function(DeadLetterConfig=target, Environment=variables, Timeout=9)})
    change({"D": resource("AWS::SQS::Queue"), "Q": resource("AWS::SQS::Queue"), "F": function()})
    configuration = lam.get_function_configuration(FunctionName=made["F"])
    assert configuration["Timeout"] == 3
    assert "DeadLetterConfig" not in configuration
    assert "Environment" not in configuration
    attributes = sqs.get_queue_attributes(QueueUrl=made["Q"], AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "0"
    assert "RedrivePolicy" not in attributes


@pytest.mark.parametrize("updated", [True, False])
def test_a_stack_that_was_made_before_the_mock_began(updated):
    template = {"Resources": {"Q": resource("AWS::SQS::Queue", VisibilityTimeout=5)}}
    with mock_aws():
        cloudformation, sqs = boto3.client("cloudformation", "us-east-1"), boto3.client("sqs", "us-east-1")
        cloudformation.create_stack(StackName="early", TemplateBody=json.dumps(template))
        with mock_destinations():
            if updated:
                template["Resources"]["Q"]["Properties"]["VisibilityTimeout"] = 6
                cloudformation.update_stack(StackName="early", TemplateBody=json.dumps(template))
            cloudformation.delete_stack(StackName="early")
        assert "QueueUrls" not in sqs.list_queues()


def test_a_change_set_makes_the_same_resources(cloudformation, lam):
    settings = {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    config = resource("AWS::Lambda::EventInvokeConfig", **settings)
    body = json.dumps({"Resources": {"F": function(FunctionName="orders"), "Config": config}})
    given = {"StackName": "shop", "ChangeSetName": "first"}
    cloudformation.create_change_set(**given, ChangeSetType="CREATE", TemplateBody=body)
    cloudformation.execute_change_set(**given)
    assert lam.get_function_event_invoke_config(FunctionName="orders")["FunctionArn"].endswith("$LATEST")


def test_queues_topics_and_subscriptions_are_updated(create, change, sqs, sns):
    def subscription(**more):
        given = {"TopicArn": {"Ref": "T"}, "Protocol": "sqs", "Endpoint": attribute("Q")}
        return resource("AWS::SNS::Subscription", **given, **more)

    def topic(name):
        return resource("AWS::SNS::Topic", DisplayName=name)

    made = create(
        {
            "Q": resource("AWS::SQS::Queue", VisibilityTimeout=5),
            "T": topic("one"),
            "S": subscription(FilterPolicy={"a": ["b"]}, RawMessageDelivery="true"),
        }
    )
    changed = change(
        {"Q": resource("AWS::SQS::Queue", VisibilityTimeout="7"), "T": topic("two"), "S": subscription()}
    )
    assert changed == made
    attributes = sqs.get_queue_attributes(QueueUrl=made["Q"], AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"] == {"VisibilityTimeout": "7"}
    assert sns.get_topic_attributes(TopicArn=made["T"])["Attributes"]["DisplayName"] == "two"
    found = sns.get_subscription_attributes(SubscriptionArn=made["S"])["Attributes"]
    assert found["RawMessageDelivery"] == "false"
    assert not json.loads(found.get("FilterPolicy") or "{}")


def test_rules_and_log_groups_are_updated(create, change, logs):
    def rule(*targets):
        given = [{"Id": target, "Arn": attribute(target)} for target in targets]
        return resource("AWS::Events::Rule", EventPattern={"source": ["shop"]}, Targets=given)

    queues = {name: resource("AWS::SQS::Queue") for name in ("A", "B", "C")}
    made = create({**queues, "R": rule("A", "B"), "L": resource("AWS::Logs::LogGroup", RetentionInDays=7)})
    change({**queues, "R": rule("B", "C"), "L": resource("AWS::Logs::LogGroup")})
    targets = boto3.client("events").list_targets_by_rule(Rule=made["R"])["Targets"]
    assert sorted(target["Id"] for target in targets) == ["B", "C"]
    [group] = logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in group


def test_buckets_are_updated(create, change):
    def bucket(**more):
        return resource("AWS::S3::Bucket", BucketName="uploads", **more)

    def configured():
        answer = s3.get_bucket_notification_configuration(Bucket="uploads")
        return {key for key in answer if key != "ResponseMetadata"}

    s3, queue = boto3.client("s3"), {"Q": resource("AWS::SQS::Queue")}
    to_queue = [{"Event": "s3:ObjectRemoved:*", "Queue": attribute("Q")}]
    notifying = {"QueueConfigurations": to_queue}
    create({**queue, "B": bucket(NotificationConfiguration=notifying, Tags=[{"Key": "a", "Value": "b"}])})
    assert configured() == {"QueueConfigurations"}
    change({**queue, "B": bucket(VersioningConfiguration={"Status": "Enabled"})})
    assert configured() == set()
    assert s3.get_bucket_versioning(Bucket="uploads")["Status"] == "Enabled"
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket="uploads")


def test_a_bucket_s_events_reach_event_bridge(create, records):
    bridge = {"EventBridgeConfiguration": {"EventBridgeEnabled": "true"}}
    target = {"Id": "q", "Arn": attribute("Q")}
    create(
        {
            "B": resource("AWS::S3::Bucket", BucketName="uploads", NotificationConfiguration=bridge),
            "Q": resource("AWS::SQS::Queue", QueueName="seen"),
            "R": resource(
                "AWS::Events::Rule", EventPattern={"detail-type": ["Object Created"]}, Targets=[target]
            ),
        }
    )
    boto3.client("s3").put_object(Bucket="uploads", Key="a.txt", Body=b"")
    assert [event["detail"]["object"]["key"] for event in records("seen")] == ["a.txt"]


def test_managed_policies(create, change):
    def policy(action, *roles):
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
        }
        attached = [{"Ref": role} for role in roles]
        return resource("AWS::IAM::ManagedPolicy", PolicyDocument=document, Roles=attached)

    def attached():
        answer = iam.list_entities_for_policy(PolicyArn=made["P"])["PolicyRoles"]
        return {role["RoleName"] for role in answer}

    iam = boto3.client("iam")
    roles = {name: resource("AWS::IAM::Role", AssumeRolePolicyDocument={}) for name in ("A", "B")}
    made = create({**roles, "P": policy("s3:*", "A")})
    assert attached() == {made["A"]}
    change({**roles, "P": policy("sqs:*", "B")})
    assert attached() == {made["B"]}
    change(roles)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_cdk_s_notifications_leave_those_of_others_alone(create, change):
    """Without `Managed`, which is how CDK treats a bucket that it has only imported."""

    def notifications(queue):
        config = {"QueueConfigurations": [{"Events": ["s3:ObjectCreated:*"], "QueueArn": attribute(queue)}]}
        properties = {"BucketName": "uploads", "NotificationConfiguration": config, "Managed": "false"}
        return resource("Custom::S3BucketNotifications", ServiceToken="arn", **properties)

    def queues():
        answer = s3.get_bucket_notification_configuration(Bucket="uploads")
        return {each["QueueArn"].split("-")[-2] for each in answer.get("QueueConfigurations", [])}

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="uploads")
    own = {name: resource("AWS::SQS::Queue") for name in ("A", "B", "C")}
    create({**own, "First": notifications("A")})
    change({**own, "First": notifications("A"), "Second": notifications("B")})
    assert queues() == {"A", "B"}
    change({**own, "First": notifications("A"), "Second": notifications("C")})
    assert queues() == {"A", "C"}
    change({**own, "First": notifications("A")})
    assert queues() == {"A"}


def test_mappings_layers_and_urls(create, change, lam):
    def mapping(**more):
        given = {"FunctionName": {"Ref": "F"}, "EventSourceArn": attribute("Q")}
        return resource("AWS::Lambda::EventSourceMapping", **given, **more)

    url = resource("AWS::Lambda::Url", TargetFunctionArn={"Ref": "F"}, AuthType="NONE")
    base = {"F": function(), "Q": resource("AWS::SQS::Queue"), "Url": url}
    made = create({**base, "M": mapping(BatchSize="3")})
    changed = change({**base, "M": mapping(BatchSize=4, Enabled=False)})
    assert changed == made
    found = lam.get_event_source_mapping(UUID=made["M"])
    assert (found["BatchSize"], found["State"]) == (4, "Disabled")
    assert lam.get_function_url_config(FunctionName=made["F"])["AuthType"] == "NONE"
    change({"F": function(), "Q": base["Q"]})
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        lam.get_function_url_config(FunctionName=made["F"])


def test_intrinsic_functions_that_moto_gets_wrong(create, lam):
    resources = {
        "F": function(
            Layers=[{"Ref": "AWS::NoValue"}],
            Environment={"Variables": {"ARN": {"Fn::GetAtt": "Q.Arn"}, "NONE": {"Ref": "AWS::NoValue"}}},
        ),
        "Q": resource("AWS::SQS::Queue", QueueName="q"),
    }
    name = create(resources)["F"]
    configuration = lam.get_function_configuration(FunctionName=name)
    assert configuration["Environment"]["Variables"] == {"ARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}


def test_a_failed_create_stack_leaves_no_stack(create, cloudformation):
    config = resource("AWS::Lambda::EventInvokeConfig", FunctionName="nobody", Qualifier="$LATEST")
    outputs = {"Url": {"Value": {"Ref": "Q"}, "Export": {"Name": "url"}}}
    with pytest.raises(ClientError, match=r"Config \(AWS::Lambda::EventInvokeConfig\): Resource handler"):
        create({"Q": resource("AWS::SQS::Queue"), "Config": config}, Outputs=outputs)
    assert not any(everything().values())
    create({"Q": resource("AWS::SQS::Queue")}, Outputs=outputs)


def test_create_stack_skips_what_moto_does_not_know(create):
    with pytest.warns(UserWarning, match="Custom::Thing but it's not supported"):
        made = create(
            {"Thing": resource("Custom::Thing", ServiceToken="x"), "Q": resource("AWS::SQS::Queue")}
        )
    assert "Thing" not in made


def test_moto_s_cloudformation_is_as_before_afterwards():
    from moto.cloudformation import models, parsing

    def state():
        patched = (
            parsing.clean_json,
            parsing.ResourceMap.__init__,
            models.CloudFormationBackend.create_stack,
            models.Stack.parse_template,
            models.Stack._parse_template,
            models.ChangeSet._parse_template,
        )
        return dict(parsing.get_model_map()), patched, parsing.resource_class_from_type, parsing.NULL_MODELS

    before = state()
    with mock_destinations():
        with mock_destinations() as inner:
            inner.deploy(ORDERS)
            assert state() != before
        assert state() == before
        boto3.client("cloudformation").list_stacks()
        with mock_destinations() as inner:
            inner.deploy(ORDERS, stack_name="other", parameters={"Stage": "prod"})
        assert state() != before
    assert state() == before


def test_stacks_of_another_account(destmock):
    """The account of a role that was assumed, as moto keeps them apart."""
    role = {"RoleArn": "arn:aws:iam::111122223333:role/deployer", "RoleSessionName": "deploy"}
    given = boto3.client("sts").assume_role(**role)["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    body = json.dumps({"Resources": {"Q": resource("AWS::SQS::Queue", QueueName="theirs")}})
    boto3.client("cloudformation", **keys).create_stack(StackName="theirs", TemplateBody=body)
    assert boto3.client("sqs", **keys).list_queues()["QueueUrls"] == [
        "https://sqs.us-east-1.amazonaws.com/111122223333/theirs"
    ]
    assert "QueueUrls" not in boto3.client("sqs").list_queues()
