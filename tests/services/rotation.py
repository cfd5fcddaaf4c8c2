"""A function that rotates secrets, for the tests that have one."""

ARN = "arn:aws:lambda:us-east-1:123456789012:function:rotate"


def rotation(secrets, failing=None):
    """A rotation function as AWS's template has it, and the steps it has seen."""
    steps = []

    def handler(event, context):
        steps.append(event)
        secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
        if step == failing:
            raise RuntimeError(step)
        if step == "createSecret":
            secrets.put_secret_value(
                SecretId=secret, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
        if step == "finishSecret":
            versions = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
            current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
            secrets.update_secret_version_stage(
                SecretId=secret,
                VersionStage="AWSCURRENT",
                MoveToVersionId=token,
                RemoveFromVersionId=current,
            )

    return handler, steps
