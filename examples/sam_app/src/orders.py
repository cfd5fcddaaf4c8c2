"""The code that the template deploys."""

STOCK = {"lamp": 3}


def place(event, context):
    sku, quantity = event["sku"], event["quantity"]
    if quantity > STOCK[sku]:
        raise ValueError(f"only {STOCK[sku]} left of {sku}")
    return {"placed": event["id"]}
