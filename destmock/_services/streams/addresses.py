"""Where DynamoDB's streams are called: newer versions of boto3 put the account into the host's name.

moto knows ``streams.dynamodb.us-east-1.amazonaws.com`` only. boto3 1.44 calls
``123456789012.streams-ddb.us-east-1.amazonaws.com`` where it knows the account.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto import backend_index
from moto.dynamodbstreams import urls

from destmock._isolation.moto_calls import Routes
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from re import Pattern

_SERVICE = "dynamodbstreams"
_OF_AN_ACCOUNT = r"https?://[0-9]+\.streams-ddb\.(.+)\.amazonaws.com"


def _known_by_moto(known: list[tuple[str, Pattern[str]]]) -> Routes:
    return Routes([*known, (_SERVICE, re.compile(_OF_AN_ACCOUNT))])


def _of_the_service(bases: list[str]) -> list[str]:
    return [*bases, _OF_AN_ACCOUNT]


PATCHES = (
    Patch(backend_index, "backend_url_patterns", _known_by_moto),
    Patch(urls, "url_bases", _of_the_service),
)
