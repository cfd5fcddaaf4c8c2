"""Where a stack goes: an account and a region, and boto3's clients for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import boto3

from destmock._aws.arn import FunctionRef
from destmock._functions.functions import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Place:
    """Where a stack goes: the default account, and a region."""

    def __init__(self, region: str | None) -> None:
        self._clients: dict[str, Any] = {}
        self.region: str = self._client("cloudformation", region).meta.region_name
        self.account: str = self.client("sts").get_caller_identity()["Account"]
        self.partition = partition_of(self.region)

    def client(self, service: str) -> Any:
        return self._client(service, self.region)

    def _client(self, service: str, region: str | None) -> Any:
        if service not in self._clients:
            create = cast("Callable[..., Any]", boto3.client)
            self._clients[service] = create(service, region_name=region)
        return self._clients[service]

    @property
    def bucket(self) -> str:
        """The bucket that packaged code goes to."""
        return f"destmock-artifacts-{self.account}-{self.region}"

    @property
    def pseudo(self) -> dict[str, str]:
        return {
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
        }

    def function(self, name: str) -> FunctionRef:
        return FunctionRef(self.partition, self.account, self.region, name)
