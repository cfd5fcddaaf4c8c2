"""SAM: the transform that AWS runs on a template with `Transform: AWS::Serverless-2016-10-31`."""

from __future__ import annotations

import contextlib
import copy
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3

from destmock._cloudformation.templates import SERVERLESS
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _ManagedPolicies:
    """Gives an ARN to any policy of AWS's that a template names, unchecked: IAM isn't simulated."""

    def __init__(self, partition: str) -> None:
        self._partition = partition

    def get(self, name: str) -> str | None:
        return None if name.startswith("arn:") else f"arn:{self._partition}:iam::aws:policy/{name}"


def transform(
    body: Mapping[str, Any], parameters: Mapping[str, str], region: str, partition: str
) -> dict[str, Any]:
    """The CloudFormation template that SAM makes of a SAM template.

    Raises `ValueError`, with AWS's text, for a template that SAM refuses, and `UnsupportedError` when the
    translator isn't installed.
    """
    try:
        translator = import_module("samtranslator.translator.translator")
        parser = import_module("samtranslator.parser.parser")
        exceptions = import_module("samtranslator.model.exceptions")
    except ModuleNotFoundError as error:
        message = "a SAM template needs aws-sam-translator: pip install it, or destmock with its extra sam"
        raise UnsupportedError(message) from error
    with _globals_kept():
        run = translator.Translator(None, parser.Parser(), boto_session=boto3.Session(region_name=region))
        try:
            made: dict[str, Any] = run.translate(
                copy.deepcopy(dict(body)),
                dict(parameters),
                get_managed_policy_map=lambda: _ManagedPolicies(partition),
            )
        except exceptions.InvalidDocumentException as error:
            causes = " ".join(cause.message for cause in error.causes)
            message = f"Transform {SERVERLESS} failed with: {error.message} {causes}"
            raise ValueError(message) from error
        finally:
            run.metrics.publish()  # to nobody; it logs a complaint otherwise
    return made


@contextlib.contextmanager
def _globals_kept() -> Iterator[None]:
    """While entered, the translator may change the region and metrics in its classes; both are put back."""
    arns = import_module("samtranslator.translator.arn_generator").ArnGenerator
    metrics = import_module("samtranslator.metrics.method_decorator").MetricsMethodWrapperSingleton
    with (
        patch.object(arns, "BOTO_SESSION_REGION_NAME", None),
        patch.object(metrics, "_METRICS_INSTANCE", metrics.get_instance()),
    ):
        yield
