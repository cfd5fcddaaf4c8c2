"""AWS IoT's attachments: a principal is bound to a policy or to a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._cloudformation.resources.kinds import Made

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind, Properties


class _Attachment:
    """Made by one operation, deleted by another, both with all of its properties; a change makes another."""

    attributes = ()
    identity = None

    def __init__(self, resource_type: str, attach: str, detach: str) -> None:
        self.type = resource_type
        self._attach = attach
        self._detach = detach

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        api.call("iot", self._attach, **_given(properties))
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("iot", self._detach, **_given(properties))


def _given(properties: Properties) -> Properties:
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


KINDS: tuple[Kind, ...] = (
    _Attachment("AWS::IoT::PolicyPrincipalAttachment", "attach_principal_policy", "detach_principal_policy"),
    _Attachment("AWS::IoT::ThingPrincipalAttachment", "attach_thing_principal", "detach_thing_principal"),
)
