"""SAM: the transform that AWS runs on a template with `Transform: AWS::Serverless-2016-10-31`."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping


class _ManagedPolicies:
    """The ARN of whichever of AWS's policies a template names: IAM isn't simulated."""

    def __init__(self, partition: str) -> None:
        self._partition = partition

    def get(self, name: str) -> str | None:
        return None if name.startswith("arn:") else f"arn:{self._partition}:iam::aws:policy/{name}"


def transform(
    body: Mapping[str, Any], parameters: Mapping[str, str], session: Any, partition: str
) -> dict[str, Any]:
    """The CloudFormation template that SAM makes of one of its own.

    `session`: a boto3 session, of which the translator asks the region. Raises `ValueError`, with AWS's
    text, for a template that SAM refuses, and `UnsupportedError` when the translator isn't installed.
    """
    try:
        translator = import_module("samtranslator.translator.translator")
        parser = import_module("samtranslator.parser.parser")
        arns = import_module("samtranslator.translator.arn_generator")
        exceptions = import_module("samtranslator.model.exceptions")
    except ModuleNotFoundError as error:
        message = f"a SAM template needs {error.name}: pip install 'destmock[sam]'"
        raise UnsupportedError(message) from error
    # The translator keeps its session's region there.
    with patch.object(arns.ArnGenerator, "BOTO_SESSION_REGION_NAME", None):
        try:
            made: dict[str, Any] = translator.Translator(
                None, parser.Parser(), boto_session=session
            ).translate(
                copy.deepcopy(dict(body)),
                dict(parameters),
                get_managed_policy_map=lambda: _ManagedPolicies(partition),
            )
        except exceptions.InvalidDocumentException as error:
            message = f"Transform AWS::Serverless-2016-10-31 failed with: {_explained(error)}"
            raise ValueError(message) from error
    return made


def _explained(error: Any) -> str:
    causes = " ".join(cause.message for cause in error.causes)
    return f"{error.message} {causes}"
