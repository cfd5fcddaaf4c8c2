"""Deployed templates: what is there afterwards, and what is refused before anything is."""

import json
import re
from importlib.metadata import requires

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import NoHandlerError, Stack, UnsupportedError, mock_destinations, outcomes
from destmock._cloudformation.templates import _PACKAGES
from tests.cloudformation.deployed import (
    ACCOUNT,
    ORDERS,
    ROLE,
    TEMPLATES,
    THUMBNAILS,
    attribute,
    everything,
    function,
    resource,
)

INVOICES = TEMPLATES / "cdk.out" / "InvoiceStack.template.json"


def event_for(key):
    return json.dumps({"Records": [{"s3": {"object": {"key": key}}}]}).encode()


@pytest.fixture
def deploy(destmock, tmp_path):
    """Deploys a template that is written as JSON."""

    def run(resources, *, body=None, **options):
        path = tmp_path / "shop.json"
        path.write_text(json.dumps({"Resources": resources, **(body or {})}))
        return destmock.deploy(path, **options)

    return run


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


def test_the_functions_beside_a_container_image_may_be_deployed(deploy, lam):
    """The one with the image is there, to be referred to; who invokes it is told what is missing."""
    image = resource("AWS::Lambda::Function", Code={"ImageUri": "x:1"}, PackageType="Image", Role=ROLE)
    variables = {"Other": {"Ref": "F"}}
    resources = {"F": image, "G": function(Environment={"Variables": variables})}
    stack = deploy(resources, ignore_unsupported=True)
    other = lam.get_function_configuration(FunctionName=stack.resources["G"])["Environment"]["Variables"]
    assert other["Other"] == stack.resources["F"]
    assert lam.get_function(FunctionName=other["Other"])["Code"]["ImageUri"] == "x:1"
    lam.invoke(FunctionName=stack.resources["G"])
    with pytest.raises(NoHandlerError, match="its code is a container image"):
        lam.invoke(FunctionName=other["Other"])


def test_unsupported_resources_are_listed(deploy):
    resources = {"Queue": resource("AWS::SQS::Queue"), "Graph": resource("AWS::Kendra::Index")}
    resources["Thing"] = resource("Custom::Thing", ServiceToken="arn")
    with pytest.raises(UnsupportedError) as caught:
        deploy(resources)
    listed = "Graph (AWS::Kendra::Index), Thing (Custom::Thing whose function can't run here)"
    assert listed in str(caught.value)
    assert "ignore_unsupported=True" in str(caught.value)
    assert not any(everything().values())


@pytest.mark.filterwarnings("ignore:.* goes without")
def test_ignored_resources_have_names_and_made_up_attributes(deploy, lam):
    variables = {"API": attribute("Graph", "Arn"), "ID": {"Ref": "Graph"}}
    resources = {
        "Graph": resource("AWS::Kendra::Index"),
        "F": function(Environment={"Variables": variables}),
    }
    stack = deploy(resources, ignore_unsupported=True, body={"Transform": "AWS::LanguageExtensions"})
    found = lam.get_function_configuration(FunctionName=stack.resources["F"])["Environment"]["Variables"]
    assert found == {"ID": stack.resources["Graph"], "API": f"{stack.resources['Graph']}.Arn"}


def test_an_unsupported_resource_whose_condition_fails_is_none(deploy):
    graph = {**resource("AWS::Kendra::Index"), "Condition": "No"}
    stack = deploy(
        {"Graph": graph, "Q": resource("AWS::SQS::Queue")},
        body={"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}},
    )
    assert set(stack.resources) == {"Q"}


def test_macros_are_refused(deploy):
    with pytest.raises(
        UnsupportedError, match="Transform AWS::CodeDeployBlueGreen; deploy with ignore_unsupp"
    ):
        deploy({"Q": resource("AWS::SQS::Queue")}, body={"Transform": ["AWS::CodeDeployBlueGreen"]})


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
def test_what_is_missing_says_which_extra_to_install(forks, tmp_path, missing, template, extra):
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import destmock\n"
        "with destmock.mock_destinations() as mock:\n"
        f"    mock.deploy({str(template)!r})\n"
    )
    (tmp_path / "program.py").write_text(program)
    done = forks.run(tmp_path / "program.py", cwd=tmp_path)
    told = rf"UnsupportedError: .* needs .*: pip install .*, or destmock with its extra {extra}\n$"
    assert re.search(told, done.stderr)


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


def test_the_code_of_a_function_that_sam_would_build_lies_at_the_root(destmock, lam, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): return 42\n")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  F:\n    Type: AWS::Serverless::Function\n    Metadata: {BuildMethod: python3.12}\n"
        "    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.12}\n"
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


def test_what_is_to_be_installed_is_what_the_extras_bring():
    wanted = {}
    for each in requires("destmock"):
        requirement, _, condition = each.partition(";")
        name = re.match(r"[\w.\[\]-]+", requirement)[0].lower()
        for extra in re.findall(r"extra == [\"'](\w+)[\"']", condition):
            wanted.setdefault(extra, set()).add(name)
    assert wanted["server"] == {"moto[server]"}
    assert wanted["templates"] == {*_PACKAGES["templates"].lower().split()}
    assert wanted["sam"] - {"destmock[templates]"} | wanted["templates"] == {
        *_PACKAGES["sam"].lower().split()
    }
