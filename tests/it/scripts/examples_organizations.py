"""The examples of AWS's service model of Organizations, in an order in which they can succeed, for examples.py.

An example names an organization that is not here: its ids stand for what is made beforehand. It ends with several of everything
that lists show.
"""

import json

import boto3
import botocore.exceptions
from botocore import xform_name

SCP = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]})

#: Operations of examples in the order of their lives; those of the account that is invited stand with its handshake.
ORDER = [
    "CreateOrganization", "DescribeOrganization", "EnableAllFeatures", "ListRoots", "EnablePolicyType", "CreateAccount",
    "DescribeCreateAccountStatus", "ListCreateAccountStatus", "DescribeAccount", "ListAccounts", "CreateOrganizationalUnit",
    "DescribeOrganizationalUnit", "UpdateOrganizationalUnit", "ListOrganizationalUnitsForParent", "MoveAccount",
    "ListAccountsForParent", "ListChildren", "ListParents", "CreatePolicy", "DescribePolicy", "UpdatePolicy", "ListPolicies",
    "AttachPolicy", "ListPoliciesForTarget", "ListTargetsForPolicy", "DetachPolicy", "DeletePolicy", "DisablePolicyType",
    "InviteAccountToOrganization", "DescribeHandshake", "ListHandshakesForOrganization", "CancelHandshake", "DeclineHandshake",
    "AcceptHandshake", "ListHandshakesForAccount", "LeaveOrganization", "RemoveAccountFromOrganization", "DeleteOrganizationalUnit",
]

#: Examples that cannot succeed where another has: an organization has one set of features.
REFUSED = {
    "to-create-a-new-organization-with-consolidated-billing-features-only": "AlreadyInOrganizationException",
    "to-enable-all-features-in-an-organization": "HandshakeConstraintViolationException",
}

#: Lists that have one item at most here: one root, one parent, no invitation of who manages, no policies that are not enforced.
SHORT = {"ListRoots", "ListParents", "ListHandshakesForAccount", "ListAccountsWithInvalidEffectivePolicy",
         "ListEffectivePolicyValidationErrors"}

#: The examples' ids of a root, a unit, a policy, a handshake, a request.
ROOT, UNIT, POLICY = "r-examplerootid111", "ou-examplerootid111-exampleouid111", "p-examplepolicyid111"
HANDSHAKE, REQUEST = "h-examplehandshakeid111", "car-exampleaccountcreationrequestid"


class Stage:
    """The organization that the examples are about, with what stands for what they name."""

    def __init__(self, config, wrong):
        self.config, self.wrong, self.ids, self.ran = config, wrong, {}, 0
        self.client, self.invited = self.as_root("organizations"), None

    def as_root(self, service, keys=None):
        given = keys and {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys.get("SessionToken"),
        }
        return boto3.client(service, region_name="us-east-1", config=self.config, **(given or {}))

    def account(self, name, email):
        """A new member account's id, and that of the request."""
        request = self.client.create_account(AccountName=name, Email=email)["CreateAccountStatus"]["Id"]
        return self.client.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]["AccountId"], request

    def within(self, account):
        """A client of Organizations in a member account, of an administrator there."""
        iam, role = self.as_root("iam"), f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        iam.create_user(UserName="visitor")
        key = iam.create_access_key(UserName="visitor")["AccessKey"]
        allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}]}
        iam.put_user_policy(UserName="visitor", PolicyName="in", PolicyDocument=json.dumps(allowed))
        keys = self.as_root("sts", key).assume_role(RoleArn=role, RoleSessionName="visitor")["Credentials"]
        return self.as_root("organizations", keys)

    def invite(self, email):
        handshake = self.client.invite_account_to_organization(Target={"Id": email, "Type": "EMAIL"})["Handshake"]
        self.ids[HANDSHAKE] = handshake["Id"]

    def before(self, operation):
        """What an operation's example takes for granted, and is not there yet."""
        if operation == "EnablePolicyType":
            self.ids[ROOT] = self.client.list_roots()["Roots"][0]["Id"]
        elif operation == "DescribeCreateAccountStatus":
            self.ids["333333333333"], self.ids[REQUEST] = self.account("Three", "three@example.com")
            self.ids["444444444444"], _ = self.account("Four", "four@example.com")
            self.ids["555555555555"], _ = self.account("Five", "five@example.com")
        elif operation == "DetachPolicy":
            # The other one of the two attachments.
            self.client.detach_policy(PolicyId=self.ids[POLICY], TargetId=self.ids["333333333333"])
        elif operation == "InviteAccountToOrganization":
            juan, _ = self.account("Juan", "juan@example.com")
            self.invited = self.within(juan)
            self.client.remove_account_from_organization(AccountId=juan)
        elif operation in ("DeclineHandshake", "AcceptHandshake"):
            self.invite("juan@example.com")
        elif operation == "DeleteOrganizationalUnit":
            for account in self.client.list_accounts_for_parent(ParentId=self.ids[UNIT])["Accounts"]:
                self.client.remove_account_from_organization(AccountId=account["Id"])

    def after(self, operation, answer):
        """What an example has made."""
        if operation == "CreateOrganizationalUnit":
            self.ids[UNIT] = answer["OrganizationalUnit"]["Id"]
        elif operation == "CreatePolicy":
            self.ids[POLICY] = answer["Policy"]["PolicySummary"]["Id"]
        elif operation == "InviteAccountToOrganization":
            self.ids[HANDSHAKE] = answer["Handshake"]["Id"]

    def run(self, operation, example):
        parameters = dict(example.get("input") or {})
        for name, value in parameters.items():
            parameters[name] = self.ids.get(value, value) if isinstance(value, str) else value
        if "Content" in parameters:
            # The examples' documents are no documents.
            parameters["Content"] = SCP
        theirs = operation in ("DeclineHandshake", "AcceptHandshake", "ListHandshakesForAccount", "LeaveOrganization")
        expected = REFUSED.get(example["id"], "")
        try:
            self.after(operation, getattr(self.invited if theirs else self.client, xform_name(operation))(**parameters))
            self.ran, met = self.ran + 1, ""
        except botocore.exceptions.ClientError as error:
            met = error.response["Error"]["Code"]
            if met != expected:
                self.wrong.append(f"organizations:{operation} {example['id']}: {error}")
        if expected and not met:
            self.wrong.append(f"organizations:{operation} {example['id']}: not refused")

    def lists(self):
        """Two of everything that lists show; returns what lists are asked about."""
        root, policies = self.ids[ROOT], []
        self.client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        four, _ = self.account("Six", "six@example.com")
        unit = self.client.create_organizational_unit(ParentId=root, Name="First")["OrganizationalUnit"]["Id"]
        self.client.create_organizational_unit(ParentId=root, Name="Second")
        for name in ("first", "second"):
            policy = self.client.create_policy(Content=SCP, Description="", Name=name, Type="SERVICE_CONTROL_POLICY")
            policies.append(policy["Policy"]["PolicySummary"]["Id"])
            for target in (four, unit):
                self.client.attach_policy(PolicyId=policies[-1], TargetId=target)
            service = f"{name}.amazonaws.com"
            self.client.enable_aws_service_access(ServicePrincipal=service)
            self.client.register_delegated_administrator(AccountId=four, ServicePrincipal=service)
        other, _ = self.account("Seven", "seven@example.com")
        self.client.register_delegated_administrator(AccountId=other, ServicePrincipal="first.amazonaws.com")
        asked = {
            "ParentId": root, "ChildId": four, "AccountId": four, "TargetId": four, "PolicyId": policies[0], "ChildType": "ACCOUNT",
            "Filter": "SERVICE_CONTROL_POLICY",
        }

        def given(operation, shape):
            # Of the kinds of policy that these are about there is none.
            return {name: asked.get(name) for name in shape.required_members}

        return given


def run(examples, config, wrong):
    """Runs all examples; returns how many succeeded, and what lists are asked about."""
    stage = Stage(config, wrong)
    left_out = set(examples) - set(ORDER)
    if left_out:
        wrong.append(f"examples of {sorted(left_out)} are not run")
    for operation in ORDER:
        stage.before(operation)
        for example in examples[operation]:
            stage.run(operation, example)
    return stage.ran, stage.lists()
