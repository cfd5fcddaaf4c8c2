"""What the tests of `destmock run` share."""

import destmock._cli.run  # noqa: F401 - what a test with pytester is first to import is forgotten after it

ARN = "arn:aws:lambda:us-east-1:123456789012:function"


#: Its function deletes the queue that it is told of, and fails; `Stage` has to be given.
SHOP = """
    Parameters:
      Stage: {Type: String, Default: dev}
    Resources:
      Orders:
        Type: AWS::Lambda::Function
        Properties:
          FunctionName: !If [Production, production-orders, shop-orders]
          Role: arn:aws:iam::123456789012:role/any
          Handler: index.handler
          Runtime: python3.12
          Code:
            ZipFile: |
              import boto3
              def handler(event, context):
                  sqs = boto3.client("sqs")
                  if "queue" in event:
                      sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=event["queue"])["QueueUrl"])
                      raise ValueError("gone")
                  return "done"
      Failed:
        Type: AWS::SQS::Queue
        Properties: {QueueName: failed-orders}
      Config:
        Type: AWS::Lambda::EventInvokeConfig
        Properties:
          FunctionName: !Ref Orders
          Qualifier: $LATEST
          MaximumRetryAttempts: 0
          DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
      Live:
        Type: AWS::Lambda::Alias
        Properties: {FunctionName: !Ref Orders, FunctionVersion: $LATEST, Name: live}
    Conditions:
      Production: !Equals [!Ref Stage, production]
"""
