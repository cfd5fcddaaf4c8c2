// An application for CDK. `node app.js` writes what `cdk synth` does; cdk.out beside it was written so, but for
// the code of CDK's own functions, which isn't needed.
const path = require('path');
const cdk = require('aws-cdk-lib');
const lambda = cdk.aws_lambda, sqs = cdk.aws_sqs, sns = cdk.aws_sns, s3 = cdk.aws_s3, events = cdk.aws_events, cr = cdk.custom_resources;
const dest = cdk.aws_lambda_destinations, sources = cdk.aws_lambda_event_sources, cw = cdk.aws_cloudwatch, triggers = cdk.triggers;
const targets = cdk.aws_events_targets, s3n = cdk.aws_s3_notifications;
const app = new cdk.App({ analyticsReporting: false, context: { 'aws:cdk:enable-path-metadata': true } });
const code = () => lambda.Code.fromAsset(path.join(__dirname, 'code'));
const python = { runtime: lambda.Runtime.PYTHON_3_12 };

class Shared extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    this.failures = new sqs.Queue(this, 'Failures', { retentionPeriod: cdk.Duration.days(14) });
    new cw.Alarm(this, 'Failed', {
      metric: this.failures.metricApproximateNumberOfMessagesVisible(), threshold: 0, evaluationPeriods: 1,
      comparisonOperator: cw.ComparisonOperator.GREATER_THAN_THRESHOLD,
    });
  }
}

class Seeds extends cdk.NestedStack {
  constructor(scope, id) {
    super(scope, id);
    this.table = new cdk.aws_dynamodb.Table(this, 'Prices', {
      partitionKey: { name: 'sku', type: cdk.aws_dynamodb.AttributeType.STRING }, removalPolicy: cdk.RemovalPolicy.DESTROY,
    });
    this.reprice = new lambda.Function(this, 'Reprice', { ...python, code: code(), handler: 'shop.reprice' });
  }
}

class Shop extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const seeds = new Seeds(this, 'Seeds');
    const orders = new lambda.Function(this, 'Orders', {
      ...python, code: code(), handler: 'shop.place_order', onFailure: new dest.SqsDestination(props.failures), retryAttempts: 1,
      environment: { PRICES: seeds.table.tableName },
    });
    seeds.table.grantReadWriteData(orders);
    const work = new sqs.Queue(this, 'Work', { deadLetterQueue: { queue: props.failures, maxReceiveCount: 5 } });
    const packing = new lambda.Function(this, 'Packing', { ...python, code: code(), handler: 'shop.pack' });
    packing.addEventSource(new sources.SqsEventSource(work, { batchSize: 5, reportBatchItemFailures: true }));
    const uploads = new s3.Bucket(this, 'Uploads', { removalPolicy: cdk.RemovalPolicy.DESTROY, autoDeleteObjects: true });
    uploads.addEventNotification(s3.EventType.OBJECT_CREATED, new s3n.LambdaDestination(orders));
    new events.Rule(this, 'Nightly', { schedule: events.Schedule.rate(cdk.Duration.days(1)), targets: [new targets.SqsQueue(work)] });

    const onEvent = new lambda.Function(this, 'OnEvent', { ...python, code: code(), handler: 'provider.on_event' });
    const isComplete = new lambda.Function(this, 'IsComplete', { ...python, code: code(), handler: 'provider.is_complete' });
    const provider = new cr.Provider(this, 'Provider', { onEventHandler: onEvent, isCompleteHandler: isComplete });
    const licence = new cdk.CustomResource(this, 'Licence', { serviceToken: provider.serviceToken, resourceType: 'Custom::Licence', properties: { Plan: 'gold', Seats: 3 } });
    const parameter = new cr.AwsCustomResource(this, 'Price', {
      onUpdate: { service: 'DynamoDB', action: 'putItem', parameters: { TableName: seeds.table.tableName, Item: { sku: { S: 'lamp' }, price: { N: '7' } } }, physicalResourceId: cr.PhysicalResourceId.of('lamp') },
      onDelete: { service: 'DynamoDB', action: 'deleteItem', parameters: { TableName: seeds.table.tableName, Key: { sku: { S: 'lamp' } } } },
      policy: cr.AwsCustomResourcePolicy.fromSdkCalls({ resources: cr.AwsCustomResourcePolicy.ANY_RESOURCE }), installLatestAwsSdk: false,
    });
    const who = new cr.AwsCustomResource(this, 'Who', {
      onUpdate: { service: 'STS', action: 'getCallerIdentity', physicalResourceId: cr.PhysicalResourceId.fromResponse('Account') },
      policy: cr.AwsCustomResourcePolicy.fromSdkCalls({ resources: cr.AwsCustomResourcePolicy.ANY_RESOURCE }), installLatestAwsSdk: false,
    });
    const trigger = new triggers.TriggerFunction(this, 'Migrate', { ...python, code: code(), handler: 'provider.migrate', environment: { PRICES: seeds.table.tableName } });
    trigger.executeAfter(parameter);
    seeds.table.grantReadWriteData(trigger);
    new cdk.CfnOutput(this, 'LicenceKey', { value: licence.getAttString('Key') });
    new cdk.CfnOutput(this, 'Account', { value: who.getResponseField('Account') });
    new cdk.CfnOutput(this, 'OrdersName', { value: orders.functionName });
    new cdk.CfnOutput(this, 'WorkUrl', { value: work.queueUrl });
    new cdk.CfnOutput(this, 'PricesName', { value: seeds.table.tableName });
    new cdk.CfnOutput(this, 'RepriceName', { value: seeds.reprice.functionName });
    new cdk.CfnOutput(this, 'UploadsName', { value: uploads.bucketName });
  }
}
const shared = new Shared(app, 'Zentral');
new Shop(app, 'Shop', { failures: shared.failures });
