"""How the tests of deployed code make, deploy and invoke it."""

import contextlib
import io
import json
import zipfile

import boto3

COUNTS = "calls = 0\ndef handle(event, context):\n    global calls\n    calls += 1\n"


def zipped(files):
    """A zip of a handler.py with the given source, or of several files; equal files make equal zips."""
    if isinstance(files, str):
        files = {"handler.py": files}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name), content)
    return archive.getvalue()


def returns(expression):
    return f"def handle(event, context):\n    return {expression}\n"


def invoke(lam, name="orders", payload=b"{}", **others):
    """The parsed result of a synchronous invocation."""
    return json.loads(lam.invoke(FunctionName=name, Payload=payload, **others)["Payload"].read())


def send(lam, name="orders", payload=b"{}"):
    lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def role():
    iam = boto3.client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="lambda", AssumeRolePolicyDocument="{}")
    return iam.get_role(RoleName="lambda")["Role"]["Arn"]


def deploy(files, name="orders", **others):
    """Makes a function of some files with `create_function`."""
    code = files if isinstance(files, bytes) else zipped(files)
    defaults = {"Runtime": "python3.13", "Handler": "handler.handle", "Code": {"ZipFile": code}}
    return boto3.client("lambda").create_function(FunctionName=name, Role=role(), **{**defaults, **others})
