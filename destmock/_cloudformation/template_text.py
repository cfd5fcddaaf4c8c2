"""A template's text: YAML with CloudFormation's short tags, or JSON.

This module is imported when the first template is read: yaml comes with the extra `templates`.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import yaml

from destmock._cloudformation.validation import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Short tags that don't stand for an `Fn::` function.
_PLAIN_TAGS = {"Ref": "Ref", "Condition": "Condition"}
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """A loader of destmock's own: tags added to yaml's loader would stay there. Dates stay text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - yaml's own way
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read(text: str) -> Any:
    """Parse a template's text. Raises `ValueError` when it is neither YAML nor JSON."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_object)
        except json.JSONDecodeError:  # the text may be YAML that begins with a brace
            pass
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        message = f"Template format error: YAML not well-formed. {error}"
        raise ValueError(message) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            _warn_of_key(name, "in one object")
    return dict(pairs)


def _warn_of_key(name: str, where: str) -> None:
    """A parser takes the last value of a key that is there twice; hardly anyone means to write it so."""
    message = f"the template has the key {name} twice ({where}); the last one counts"
    warnings.warn(message, stacklevel=2)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[Any]:
    """Make an object whose keys are all text, even those that look like numbers, e.g. account ids."""
    keys = [key.value for key, _ in node.value]
    for number, (key, _) in enumerate(node.value):
        if key.value in keys[:number]:
            _warn_of_key(key.value, f"again in line {key.start_mark.line + 1}")
        if key.tag != _MERGE:
            key.tag = _TEXT
    yield from loader.construct_yaml_map(node)


def _short(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    function = _PLAIN_TAGS.get(tag, f"Fn::{tag}")
    if tag not in _PLAIN_TAGS and function not in (*FUNCTIONS, "Fn::Length"):
        message = f"!{tag} is no short form of a function (line {node.start_mark.line + 1})"
        raise ValueError(message)
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {function: value}


_Loader.add_multi_constructor("!", _short)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
