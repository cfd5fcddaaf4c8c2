"""The functions that a command finds once its files are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: In an ARN, these come before the function's name.
_BEFORE_NAME = 6


def function_names(lam: Any) -> list[str]:
    """The names of all functions, in the order of the alphabet."""
    pages = lam.get_paginator("list_functions").paginate()
    return sorted(each["FunctionName"] for page in pages for each in page["Functions"])


def to_try(lam: Any, names: Sequence[str], registered: Iterable[str]) -> str | None:
    """The function to try first: one with an event-invoke-config, else the first one registered.

    Functions that are destinations come last. If only an alias or a version has the configuration, that is
    the one to try. `registered`: functions with handlers, by name or ARN.
    """
    settings = {
        name: lam.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
        for name in names
    }
    destinations = {
        _name_of(each["Destination"])
        for configs in settings.values()
        for config in configs
        for each in config.get("DestinationConfig", {}).values()
        if ":function:" in each.get("Destination", "")
    }
    order = [_name_of(each) for each in registered]
    candidates = [*(name for name in order if name in settings), *names]
    if not candidates:
        return None
    found = min(candidates, key=lambda name: (not settings[name], name in destinations))
    qualifiers = [_qualifier_of(config["FunctionArn"]) for config in settings[found]]
    return found if not qualifiers or "$LATEST" in qualifiers else f"{found}:{qualifiers[0]}"


def _name_of(function: str) -> str:
    return function.split(":")[_BEFORE_NAME] if function.startswith("arn:") else function


def _qualifier_of(arn: str) -> str:
    return arn.split(":")[_BEFORE_NAME + 1]
