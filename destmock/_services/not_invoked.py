"""Functions that services of moto's keep and never invoke: a warning names each, once.

When such a service would invoke one can't be known here, so the warning comes when the function is set: by a
rule of AWS Config or SES, an API of AppSync, a distribution of CloudFront, and so on. What Cognito would have
invoked is told when it would have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from destmock._engine.active import active
from destmock._services import cognito
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable

_COGNITO = "cognito-idp"
#: By moto's name of a service, the operations that set functions.
SETTING = {
    _COGNITO: (),
    "appsync": ("CreateGraphqlApi", "UpdateGraphqlApi"),
    "cloudfront": ("CreateDistribution", "CreateDistributionWithTags", "UpdateDistribution"),
    "config": ("PutConfigRule",),
    "kinesisanalyticsv2": ("CreateApplication",),
    "lexv2-models": ("CreateBotAlias", "UpdateBotAlias"),
    "ses": ("CreateReceiptRule", "UpdateReceiptRule"),
    "ssm": ("RegisterTaskWithMaintenanceWindow",),
    "transfer": ("CreateServer",),
}
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w$-]+(?::[\w$-]+)?", re.ASCII)
#: What the names of CloudFront's operations end with.
_VERSION = re.compile(r"\d{4}_\d\d_\d\d$")
_NOT_INVOKED = "destmock keeps what {} sets, but nothing invokes {} for it: the test can invoke it itself"
_REFUSED = 400


def followed(response: Any, action: str, call: Callable[[Any], Any]) -> Any:
    """Answer a request to one of these services, and warn of what it sets or would have invoked."""
    action = _VERSION.sub("", action)
    if response.service_name == _COGNITO:
        cognito.called(action, response.body, response.backend.user_pools)
    answer = call(response)
    if action in SETTING[response.service_name] and answer[0] < _REFUSED:
        _warn(action, f"{response.body!r} {response.querystring}")
    return answer


def _warn(action: str, request: str) -> None:
    for function in dict.fromkeys(_FUNCTION.findall(request)):
        active[-1].part(Warned).once(_NOT_INVOKED.format(action, function))
