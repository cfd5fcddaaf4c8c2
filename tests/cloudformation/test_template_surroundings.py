"""What a template relies on that isn't in it, and what it has that isn't simulated."""

import io
import json
import re
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import NoHandlerError, UnsupportedError, mock_destinations, outcomes

SAM = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: index.handler}}
Conditions: {Never: !Equals [a, b]}
Resources:
"""
CODE = "InlineCode: 'def handler(event, context): return 1'"
FUNCTION = f"  F: {{Type: AWS::Serverless::Function, Properties: {{{CODE}, "
POWERTOOLS = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:7"


@pytest.fixture
def deploy(destmock, tmp_path):
    """Deploys a template's text."""

    def run(text, **options):
        path = tmp_path / "shop.yaml"
        path.write_text(text)
        return destmock.deploy(path, **options)

    return run


def runs(lam, stack):
    return lam.invoke(FunctionName=stack.resources["F"])["Payload"].read() == b"1"


# Resources that aren't simulated


API = (
    "  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop, BodyS3Location: {Bucket: a, Key: b}}}\n"
)
NESTED = "  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./nested.yaml}}\n"
APPLICATION = "  Nested: {Type: AWS::Serverless::Application, Properties: {Location: ./nested.yaml}}\n"
IN_REPOSITORY = (
    "  Nested: {Type: AWS::Serverless::Application, Properties: "
    "{Location: {ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/x', SemanticVersion: 1}}}\n"
)


@pytest.mark.parametrize(
    ("resources", "named"),
    [
        (
            f"{API}{FUNCTION}}}}}\n",
            "Api (AWS::ApiGateway::RestApi with BodyS3Location or CloneFrom)",
        ),
        (
            f"{NESTED}{FUNCTION}}}}}\n",
            "Nested (AWS::CloudFormation::Stack of the local template ./nested.yaml)",
        ),
        (f"{APPLICATION}{FUNCTION}}}}}\n", "Nested (AWS::CloudFormation::Stack of"),
        (f"{IN_REPOSITORY}{FUNCTION}}}}}\n", "Nested (AWS::CloudFormation::Stack of"),
    ],
    ids=["API in a bucket", "nested stack", "application", "application in a repository"],
)
def test_what_is_not_simulated_is_listed_or_ignored(deploy, lam, resources, named):
    with pytest.raises(UnsupportedError) as caught:
        deploy(SAM + resources)
    assert named in str(caught.value)
    with pytest.warns(UserWarning, match=f"goes without .*{re.escape(named)}"):
        stack = deploy(SAM + resources, ignore_unsupported=True)
    assert runs(lam, stack)
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []
    boto3.client("cloudformation").delete_stack(StackName=stack.name)
    assert lam.list_functions()["Functions"] == []


@pytest.mark.filterwarnings("ignore:.* goes without")
def test_outputs_of_an_ignored_nested_stack_are_made_up(deploy, lam):
    variables = "Environment: {Variables: {TABLE: !GetAtt Nested.Outputs.Table}}"
    stack = deploy(f"{SAM}{APPLICATION}{FUNCTION}{variables}}}}}\n", ignore_unsupported=True)
    found = lam.get_function_configuration(FunctionName=stack.resources["F"])["Environment"]["Variables"]
    assert found == {"TABLE": f"{stack.resources['Nested']}.Outputs.Table"}


def test_a_nested_stack_in_s3_is_made(deploy):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="templates")
    nested = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "inner"}}}}
    s3.put_object(Bucket="templates", Key="nested.json", Body=json.dumps(nested))
    url = "https://templates.s3.amazonaws.com/nested.json"
    deploy(f"Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: '{url}'}}}}}}")
    [queue] = boto3.client("sqs").list_queues()["QueueUrls"]
    assert queue.endswith("/inner")


# Conditions and names


def test_code_of_what_the_stack_will_not_have_need_not_be_there(deploy, lam):
    off = (
        "  G: {Type: AWS::Serverless::Function, Condition: Never, Properties: {CodeUri: gone}}\n"
        "  I: {Type: AWS::Serverless::Function, Condition: Never, Properties: {PackageType: Image}}\n"
        "  L: {Type: AWS::Serverless::LayerVersion, Condition: Never, Properties: {ContentUri: gone}}\n"
        "  M: {Type: AWS::Lambda::LayerVersion, Condition: Never, Properties: {Content: gone}}\n"
    )
    stack = deploy(f"{SAM}{off}{FUNCTION}}}}}\n")
    assert set(stack.resources) == {"F", "FRole"}
    assert runs(lam, stack)


def test_a_path_may_be_an_expression(deploy, lam, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "index.py").write_text("def handler(event, context): return 1\n")
    function = "  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: !Sub 'src'}}\n"
    assert runs(lam, deploy(SAM + function))


def test_the_stack_s_name_is_known_before_there_is_a_stack(deploy, lam):
    function = FUNCTION + "FunctionName: !Sub '${AWS::StackName}-f'}}\n"
    off = "  G: {Type: AWS::Serverless::Function, Condition: Other, Properties: {CodeUri: gone}}\n"
    text = (SAM + off + function).replace(
        "{Never:", "{Other: !Not [!Equals [!Ref AWS::StackName, app]], Never:"
    )
    stack = deploy(text, stack_name="app", handlers={"app-f": outcomes("given")})
    assert stack.resources["F"] == "app-f"
    assert lam.invoke(FunctionName="app-f")["Payload"].read() == b'"given"'


def test_a_name_with_the_stack_s_id_is_not_known_before(deploy, lam):
    function = FUNCTION + "FunctionName: !Join ['-', ['f', !Select [2, !Split ['/', !Ref AWS::StackId]]]]}}\n"
    with pytest.raises(ValueError, match=r"no function of .*, which has F$"):
        deploy(SAM + function, handlers={"f": outcomes(1)})
    assert runs(lam, deploy(SAM + function))


def test_what_moto_has_no_physical_id_for(deploy):
    stack = deploy(
        "Resources:\n"
        "  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}\n"
        "  All: {Type: AWS::Events::Archive, Properties: {SourceArn: !GetAtt Bus.Arn, ArchiveName: all}}\n"
        "  Rule: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Bus, EventPattern: {a: [b]}}}\n"
        "  Lamp: {Type: AWS::IoT::Thing}\n"
        "Outputs: {Bus: {Value: !Ref Bus}, All: {Value: !Ref All}, Lamp: {Value: !Ref Lamp}}\n"
    )
    events = boto3.client("events")
    assert (stack.outputs["Bus"], stack.resources["Bus"]) == ("orders", "orders")
    assert stack.outputs["All"] == stack.resources["All"] == "all"
    [lamp] = boto3.client("iot").list_things()["things"]
    assert stack.outputs["Lamp"] == stack.resources["Lamp"] == lamp["thingName"]
    rules = [rule["Name"] for rule in events.list_rules(EventBusName="orders")["Rules"]]
    assert rules == ["Events-Archive-all", stack.resources["Rule"]]
    boto3.client("cloudformation").delete_stack(StackName=stack.name)
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]


def test_what_moto_has_no_physical_id_for_keeps_it_in_an_update(deploy):
    text = (
        "Resources:\n"
        "  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}\n"
        "  All: {Type: AWS::Events::Archive, Properties: "
        "{SourceArn: !GetAtt Bus.Arn, ArchiveName: all, Description: one}}\n"
    )
    stack, cloudformation = deploy(text), boto3.client("cloudformation")
    cloudformation.update_stack(StackName=stack.name, TemplateBody=text.replace("one", "two"))
    found = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId="All")
    assert found["StackResourceDetail"]["PhysicalResourceId"] == "all"
    assert boto3.client("events").describe_archive(ArchiveName="all")["Description"] == "two"


# Layers of other accounts


def test_a_public_layer_brings_nothing(deploy, lam):
    """The test's own environment has its packages, or has not."""
    stack = deploy(f"{SAM}{FUNCTION}Layers: ['{POWERTOOLS}']}}}}\n")
    assert runs(lam, stack)
    [layer] = lam.get_function_configuration(FunctionName=stack.resources["F"])["Layers"]
    assert layer["Arn"] == POWERTOOLS


def test_a_layer_of_one_s_own_that_is_not_there_is_refused(deploy):
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:shared:1"
    with pytest.raises(ClientError, match="One or more LayerVersion does not exist"):
        deploy(f"{SAM}{FUNCTION}Layers: ['{arn}']}}}}\n")


def test_a_layer_that_another_account_has_published_counts(deploy, lam):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("python/shared.py", "ANSWER = 1\n")
    given = boto3.client("sts").assume_role(
        RoleArn="arn:aws:iam::111122223333:role/any", RoleSessionName="layers"
    )["Credentials"]
    theirs = boto3.client(
        "lambda",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    content = {"ZipFile": archive.getvalue()}
    arn = theirs.publish_layer_version(LayerName="shared", Content=content)["LayerVersionArn"]
    code = 'InlineCode: "import shared\\ndef handler(event, context): return shared.ANSWER"'
    function = FUNCTION.replace(CODE, code) + f"Layers: ['{arn}']}}}}\n"
    assert runs(lam, deploy(SAM + function))


# Packages of stacks that fail


def test_a_failed_deployment_leaves_an_earlier_one_s_package(deploy, destmock, tmp_path, lam):
    (tmp_path / "index.py").write_text("def handler(event, context): return 1\n")
    function = "  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: index.py}}\n"
    s3, bucket = boto3.client("s3"), "destmock-artifacts-123456789012-us-east-1"
    deploy(SAM + function)
    before = s3.list_objects_v2(Bucket=bucket)["Contents"]
    with pytest.raises(ClientError):
        deploy(
            f"{SAM}{function}  Q: {{Type: AWS::SQS::Queue, Properties: {{Nope: 1}}}}\n", stack_name="other"
        )
    assert s3.list_objects_v2(Bucket=bucket)["Contents"] == before


# Dynamic references and networks


def test_dynamic_references(deploy, lam):
    ssm, secrets = boto3.client("ssm"), boto3.client("secretsmanager")
    ssm.put_parameter(Name="/stage", Value="test", Type="String")
    ssm.put_parameter(Name="/stage", Value="prod", Type="String", Overwrite=True)
    arn = secrets.create_secret(Name="database", SecretString='{"user": "ada"}')["ARN"]
    variables = {
        "OLD": "{{resolve:ssm:/stage:1}}",
        "NEW": "is-{{resolve:ssm:/stage}}",
        "USER": "{{resolve:secretsmanager:database:SecretString:user}}",
        "ALL": "{{resolve:secretsmanager:database}}",
        "STAGE": f"{{{{resolve:secretsmanager:{arn}:SecretString:user:AWSCURRENT}}}}",
    }
    stack = deploy(f"{SAM}{FUNCTION}Environment: {{Variables: {json.dumps(variables)}}}}}}}\n")
    found = lam.get_function_configuration(FunctionName=stack.resources["F"])["Environment"]["Variables"]
    assert found == {"OLD": "test", "NEW": "is-prod", "USER": "ada", "ALL": '{"user": "ada"}', "STAGE": "ada"}


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("ssm:/none", "ParameterNotFound"),
        ("secretsmanager:none", "ResourceNotFoundException"),
        ("vault:x", "unknown service vault"),
    ],
)
def test_a_dynamic_reference_to_nothing(deploy, reference, problem):
    with pytest.raises(ClientError, match=rf"\{{\{{resolve:{reference}\}}\}}.*{problem}"):
        deploy(f"{SAM}{FUNCTION}Description: '{{{{resolve:{reference}}}}}'}}}}\n")


@pytest.mark.parametrize(
    ("given", "blocks"),
    [
        ("[10.0.0.0/16, 3, 8]", "10.0.0.0/24,10.0.1.0/24,10.0.2.0/24"),
        ("[10.0.0.0/24, 2, '6']", "10.0.0.0/26,10.0.0.64/26"),
        ("['2001:db8::/56', 2, 64]", "2001:db8::/64,2001:db8:0:1::/64"),
    ],
)
def test_the_blocks_of_a_network(deploy, given, blocks):
    output = f"Outputs: {{Blocks: {{Value: !Join [',', !Cidr {given}]}}}}\n"
    assert deploy("Resources: {Q: {Type: AWS::SQS::Queue}}\n" + output).outputs["Blocks"] == blocks


# Functions that can't run


@pytest.mark.parametrize(
    ("runtime", "why"),
    [
        ("python2.7", "its runtime is python2.7, which is no Python runtime that destmock knows"),
        ("pyton3.12", "its runtime is pyton3.12, which is no Python runtime that destmock knows"),
        ("ruby3.3", "its runtime is ruby3.3, and destmock runs Python only"),
    ],
)
def test_a_runtime_that_is_not_python_3(deploy, lam, runtime, why):
    stack = deploy(f"{SAM}{FUNCTION}Runtime: {runtime}}}}}\n")
    with pytest.raises(NoHandlerError, match=why):
        lam.invoke(FunctionName=stack.resources["F"])


@mock_destinations
def test_a_function_without_code_is_refused():
    boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    settings = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/any", "Runtime": "python3.12"}
    with pytest.raises(
        ClientError, match=r"InvalidParameterValue.*Please provide a source for function code"
    ):
        boto3.client("lambda").create_function(**settings, Handler="a.b", Code={})


@pytest.mark.filterwarnings("ignore:.* goes without")
def test_a_container_image_that_is_yet_to_be_built_may_be_deployed(deploy, lam):
    settings = f"{{Runtime: python3.12, Handler: index.handler, {CODE}}}"
    template = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  I: {{Type: AWS::Serverless::Function, Properties: {{PackageType: Image}}, Metadata: {{Dockerfile: D}}}}
  F: {{Type: AWS::Serverless::Function, Properties: {settings}}}
"""
    with pytest.raises(UnsupportedError, match="can't run container images: I;"):
        deploy(template)
    stack = deploy(template, ignore_unsupported=True)
    assert runs(lam, stack)
    with pytest.raises(NoHandlerError, match="its code is a container image"):
        lam.invoke(FunctionName=stack.resources["I"])
