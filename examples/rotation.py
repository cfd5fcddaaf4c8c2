"""Secrets Manager runs a rotation's four steps; one that fails leaves the secret as it was."""

import boto3

from destmock import mock_destinations


def rotate(event, context):
    secrets = boto3.client("secretsmanager")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "testSecret":
        pending = secrets.get_secret_value(SecretId=secret, VersionStage="AWSPENDING")["SecretString"]
        raise ConnectionError(f"the database does not take {pending!r}")


@mock_destinations(handlers={"rotate": rotate})
def main(destmock):
    lam, secrets = boto3.client("lambda"), boto3.client("secretsmanager")
    secrets.create_secret(Name="password", SecretString="old")

    secrets.rotate_secret(
        SecretId="password",
        RotationLambdaARN=lam.get_function(FunctionName="rotate")["Configuration"]["FunctionArn"],
        RotationRules={"AutomaticallyAfterDays": 30},
    )

    print(f"the secret is still {secrets.get_secret_value(SecretId='password')['SecretString']!r}")
    print(destmock.timeline().splitlines()[-1].strip())


if __name__ == "__main__":
    main()
