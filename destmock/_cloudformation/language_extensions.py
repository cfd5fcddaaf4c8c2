"""The transform `AWS::LanguageExtensions`: loops, lengths, defaults, and attributes that are expressions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-languageextensions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = "AWS::LanguageExtensions"
_LOOP, _LENGTH = "Fn::ForEach::", "Fn::Length"
#: The sections that may have loops.
_SECTIONS = ("Conditions", "Resources", "Outputs")
_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy")
_FAILED = f"Transform {NAME} failed with: "
#: What a loop is made of: its variable, its values, and what is made of each.
_PARTS = 3


def extended(
    body: Mapping[str, Any], parameters: Mapping[str, str], pseudo: Mapping[str, str]
) -> dict[str, Any]:
    """The template that the transform makes. `parameters` may leave out those with a default.

    Raises `ExtensionError` for a loop that is none, or whose values can't be known before there is a stack.
    """
    declared = body.get("Parameters") or {}
    defaults = {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}
    transform = _Transform(body.get("Mappings") or {}, {**pseudo, **defaults, **parameters})
    found = {name: transform.applied(part, {}) if name in _SECTIONS else part for name, part in body.items()}
    for resource in found.get("Resources", {}).values():
        transform.resolve_attributes(resource)
    asked = body["Transform"]
    others = [] if isinstance(asked, str) else [one for one in asked if one != NAME]
    without = {name: part for name, part in found.items() if name != "Transform"}
    return {"Transform": others, **without} if others else without


class ExtensionError(ValueError):
    """What the transform refuses."""


class _Transform:
    """The values that are known before there is a stack: those of mappings and parameters."""

    def __init__(self, mappings: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self._mappings = mappings
        self._values = values

    def applied(self, node: Any, loops: Mapping[str, str]) -> Any:
        """What becomes of a part of the template, inside loops with these variables."""
        if isinstance(node, list):
            return [self.applied(one, loops) for one in node]
        if not isinstance(node, dict):
            return _substituted(node, loops) if isinstance(node, str) else node
        if len(node) == 1:
            [(function, given)] = node.items()
            if function == "Ref" and given in loops:
                return loops[given]
            if function == _LENGTH or (function == "Fn::FindInMap" and len(given) > _PARTS):
                return self._called(function, self.applied(given, loops))
        found: dict[str, Any] = {}
        for name, part in node.items():
            made = (
                self._looped(name, part, loops)
                if name.startswith(_LOOP)
                else {_substituted(name, loops): self.applied(part, loops)}
            )
            _add(made, found, name)
        return found

    def _called(self, function: str, given: Any) -> Any:
        """The value of a function that only this transform has, or has all of."""
        return len(self._listed(given, function)) if function == _LENGTH else self._known({function: given})

    def _looped(self, name: str, loop: Any, loops: Mapping[str, str]) -> dict[str, Any]:
        if not isinstance(loop, list) or len(loop) != _PARTS or not isinstance(loop[2], dict):
            text = "Fn::ForEach layout is incorrect"
            raise _failed(text)
        variable, values, made = loop
        if not isinstance(variable, str) or variable in loops or variable in self._values:
            text = f"the variable {variable!r} of {name} is no name, or has a meaning already"
            raise _failed(text)
        found: dict[str, Any] = {}
        for value in self._listed(self.applied(values, loops), name):
            _add(self.applied(made, {**loops, variable: self._text(value, name)}), found, name)
        return found

    def _listed(self, expression: Any, wanted_by: str) -> list[Any]:
        """The values of a list that a loop or a length wants."""
        found = self._known(expression)
        if isinstance(found, str) and not isinstance(expression, str):
            found = found.split(",") if found else []
        if not isinstance(found, list):
            text = f"{wanted_by} could not be resolved: {expression!r} is no list that is known yet"
            raise _failed(text)
        return found

    def _text(self, expression: Any, wanted_by: str) -> str:
        found = self._known(expression)
        if isinstance(found, (dict, list)):
            text = f"{wanted_by} could not be resolved: {expression!r} is no text that is known yet"
            raise _failed(text)
        return str(found)

    def _known(self, expression: Any) -> Any:
        """The value of a reference, a look-up in a mapping or a split text; anything else is itself."""
        if not isinstance(expression, dict) or len(expression) != 1:
            return expression
        [(function, given)] = expression.items()
        if function == "Ref" and given in self._values:
            return self._values[given]
        if function == "Fn::Split":
            return self._text(given[1], function).split(given[0])
        if function == "Fn::FindInMap":
            found: Any = self._mappings
            for key in given[:_PARTS]:
                found = found.get(self._text(key, function)) if isinstance(found, Mapping) else None
            if found is None and len(given) > _PARTS:
                return self._known(given[_PARTS].get("DefaultValue"))
            return expression if found is None else found
        return expression

    def resolve_attributes(self, resource: Any) -> None:
        """A resource's policies may be expressions; without a value, they aren't there."""
        for attribute in _ATTRIBUTES if isinstance(resource, dict) else ():
            if resource.get(attribute) == {"Ref": "AWS::NoValue"}:
                del resource[attribute]
            elif attribute in resource:
                resource[attribute] = self._text(resource[attribute], attribute)


def _add(made: Mapping[str, Any], found: dict[str, Any], maker: str) -> None:
    for name, part in made.items():
        if name in found:
            text = f"{maker} makes {name}, which is there already"
            raise _failed(text)
        found[name] = part


def _substituted(text: str, loops: Mapping[str, str]) -> str:
    """`&{Name}` leaves out of the value what no logical id may have."""
    for name, value in loops.items():
        letters = "".join(letter for letter in value if letter.isascii() and letter.isalnum())
        text = text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", letters)
    return text


def _failed(why: str) -> ExtensionError:
    return ExtensionError(f"{_FAILED}{why}.")
