"""A delivery stream's settings, and what its function answers."""

import base64

from tests.services.places import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
WORK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"
BUCKET = "arn:aws:s3:::landed"


def processing(arn=WORK, *others, enabled=True, **settings):
    given = {"LambdaArn": arn, **settings}
    parameters = [{"ParameterName": name, "ParameterValue": value} for name, value in given.items()]
    processors = [{"Type": "Lambda", "Parameters": parameters}, *({"Type": each} for each in others)]
    return {"Enabled": enabled, "Processors": processors}


def answer(event, result=lambda data: "Ok", data=bytes.upper):
    """A function's answer, with each record's result."""
    given = [(each["recordId"], base64.b64decode(each["data"])) for each in event["records"]]
    return {
        "records": [
            {"recordId": number, "result": result(found), "data": base64.b64encode(data(found)).decode()}
            for number, found in given
        ]
    }
