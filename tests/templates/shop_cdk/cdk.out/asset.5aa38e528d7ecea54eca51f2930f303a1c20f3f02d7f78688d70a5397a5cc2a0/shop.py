def place_order(event, context):
    raise ValueError("out of stock")


def pack(event, context):
    return {"batchItemFailures": []}


def reprice(event, context):
    return 7
