"""What comes in from outside, and what lies in the queue."""

from typing import Literal

from pydantic import BaseModel, Field


class Return(BaseModel):
    """A customer sends something back."""

    order_id: str = Field(pattern="^o-[0-9]+$")
    customer: str
    cents: int = Field(gt=0)
    reason: Literal["broken", "late", "unwanted"] = "unwanted"


class Payment(BaseModel):
    """Money that is to go back to a customer."""

    order_id: str
    customer: str
    cents: int
