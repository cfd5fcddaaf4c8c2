"""What things cost."""

PRICES = {"lamp": 40, "chair": 90}


def price(order):
    return sum(PRICES[item] for item in order.split())
