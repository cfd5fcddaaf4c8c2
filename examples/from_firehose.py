"""Firehose transforms clicks before they land in S3; what fails is kept below `failed/`."""

import base64
import json

import boto3

from destmock import mock_destinations


def clean(event, context):
    made = []
    for record in event["records"]:
        click = json.loads(base64.b64decode(record["data"]))
        click.pop("email", None)
        result = "Ok" if "page" in click else "ProcessingFailed"
        data = base64.b64encode(json.dumps(click).encode() + b"\n").decode()
        made.append({"recordId": record["recordId"], "result": result, "data": data})
    return {"records": made}


@mock_destinations(handlers={"clean": clean})
def main():
    lam, s3, firehose = boto3.client("lambda"), boto3.client("s3"), boto3.client("firehose")
    s3.create_bucket(Bucket="clicks")
    arn = lam.get_function(FunctionName="clean")["Configuration"]["FunctionArn"]
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": arn}]
    firehose.create_delivery_stream(
        DeliveryStreamName="clicks",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::clicks",
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "Prefix": "clean/",
            "ErrorOutputPrefix": "failed/",
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [{"Type": "Lambda", "Parameters": parameters}],
            },
        },
    )

    clicks = [{"page": "/", "email": "ann@example.com"}, {"email": "bob@example.com"}]
    records = [{"Data": json.dumps(click)} for click in clicks]
    firehose.put_record_batch(DeliveryStreamName="clicks", Records=records)

    for listed in s3.list_objects_v2(Bucket="clicks")["Contents"]:
        body = json.loads(s3.get_object(Bucket="clicks", Key=listed["Key"])["Body"].read())
        print(f"{listed['Key'].partition('/')[0]}: {body.get('errorCode', body)}")


if __name__ == "__main__":
    main()
