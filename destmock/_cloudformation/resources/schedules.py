"""The resources of EventBridge Scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._cloudformation.resources.api import check_known
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind


class Schedule:
    type = "AWS::Scheduler::Schedule"
    attributes = ("Arn",)
    identity = ("Name", "GroupName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        name = str(properties.get("Name", name))
        answer = api.call("scheduler", "create_schedule", **{**properties, "Name": name})
        return Made(name, {"Arn": answer["ScheduleArn"]})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        api.call("scheduler", "update_schedule", **{**properties, "Name": made.id})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("scheduler", "delete_schedule", Name=made.id, GroupName=properties.get("GroupName"))


class ScheduleGroup:
    type = "AWS::Scheduler::ScheduleGroup"
    attributes = ("Arn", "CreationDate", "LastModificationDate", "State")
    identity = ("Name",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        name = str(properties.get("Name", name))
        api.call("scheduler", "create_schedule_group", **{**properties, "Name": name})
        return self._made(api, name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        """Only the tags can change."""
        check_known(properties, {"Name", "Tags"})
        arn = made.attributes["Arn"]
        gone = [tag["Key"] for tag in before.get("Tags", [])]
        if gone:
            api.call("scheduler", "untag_resource", ResourceArn=arn, TagKeys=gone)
        if properties.get("Tags"):
            api.call("scheduler", "tag_resource", ResourceArn=arn, Tags=properties["Tags"])
        return self._made(api, made.id)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("scheduler", "delete_schedule_group", Name=made.id)

    def _made(self, api: Api, name: str) -> Made:
        group = api.call("scheduler", "get_schedule_group", Name=name)
        dates = {each: group[each].isoformat() for each in ("CreationDate", "LastModificationDate")}
        return Made(name, {"Arn": group["Arn"], "State": group["State"], **dates})


KINDS: tuple[Kind, ...] = (Schedule(), ScheduleGroup())
