"""IAM's managed policies: moto's can't be deleted with a stack while they are attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

#: Property -> the middle of the call's name, its parameter, and the key of the attached ones in the listing.
_ATTACHED = {
    "Groups": ("group", "GroupName", "PolicyGroups"),
    "Roles": ("role", "RoleName", "PolicyRoles"),
    "Users": ("user", "UserName", "PolicyUsers"),
}


class ManagedPolicy:
    type = "AWS::IAM::ManagedPolicy"
    attributes = ("PolicyArn",)
    identity = ("Description", "ManagedPolicyName", "Path")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        arn = api.call(
            "iam",
            "create_policy",
            PolicyName=properties.get("ManagedPolicyName", name),
            PolicyDocument=properties["PolicyDocument"],
            Description=properties.get("Description"),
            Path=properties.get("Path"),
        )["Policy"]["Arn"]
        self._attach(api, arn, properties)
        return Made(arn, {"PolicyArn": arn})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        document = properties["PolicyDocument"]
        if document != before["PolicyDocument"]:
            self._delete_versions(api, made)
            api.call(
                "iam", "create_policy_version", PolicyArn=made.id, PolicyDocument=document, SetAsDefault=True
            )
        self._detach(api, made)
        self._attach(api, made.id, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._detach(api, made)
        self._delete_versions(api, made)
        api.call("iam", "delete_policy", PolicyArn=made.id)

    @staticmethod
    def _attach(api: Api, arn: str, properties: Properties) -> None:
        for key, (kind, parameter, _) in _ATTACHED.items():
            for name in properties.get(key, []):
                api.call("iam", f"attach_{kind}_policy", PolicyArn=arn, **{parameter: name})

    @staticmethod
    def _detach(api: Api, made: Made) -> None:
        attached = api.call("iam", "list_entities_for_policy", PolicyArn=made.id)
        for kind, parameter, listed in _ATTACHED.values():
            for each in attached.get(listed, []):
                api.call("iam", f"detach_{kind}_policy", PolicyArn=made.id, **{parameter: each[parameter]})

    @staticmethod
    def _delete_versions(api: Api, made: Made) -> None:
        """Delete all versions but the one in force."""
        for version in api.call("iam", "list_policy_versions", PolicyArn=made.id)["Versions"]:
            if not version["IsDefaultVersion"]:
                number = version["VersionId"]
                api.call("iam", "delete_policy_version", PolicyArn=made.id, VersionId=number)


KINDS: tuple[Kind, ...] = (ManagedPolicy(),)
