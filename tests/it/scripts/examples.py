"""Runs the examples of AWS's own service models for IAM, STS and Organizations, its paginators with pages of one item, and its
waiters.

Reads operations.json, a list of [service, operation] that are there; prints one line of JSON with what was wrong. boto3 parses
every answer by the model, so an answer of another shape shows here as well.
"""

import json
import sys

import boto3
import botocore.config
import botocore.exceptions
import botocore.loaders
from botocore import xform_name

import examples_organizations

CONFIG = botocore.config.Config(
    retries={"max_attempts": 0}, parameter_validation=False, s3={"addressing_style": "path"}
)
LOADER = botocore.loaders.Loader()
clients = {name: boto3.client(name, region_name="us-east-1", config=CONFIG) for name in ("iam", "sts", "s3", "organizations")}
wrong = []

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})
POLICY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
})

#: The examples in the order of a life: what they make, what they do with it, what they clear away.
STAGES = ("Create", "Upload", "Put", "Add", "Attach", "Enable", "Update", "Tag", "Set", "Get", "List", "Generate", "Simulate",
          "Assume", "Decode", "Untag", "Change", "Resync", "Deactivate", "Detach", "Remove", "Delete")

#: Operations whose examples cannot succeed, with what they meet instead; every other example must.
REFUSED = {
    "AddClientIDToOpenIDConnectProvider": "AccessDenied",  # of another account
    "AssumeRole": "AccessDenied",  # of another account's role, as root
    "AssumeRoleWithSAML": "I",  # InvalidIdentityToken or IDP…: the assertion is shortened
    "AssumeRoleWithWebIdentity": "I",  # the same
    "ChangePassword": "InvalidUserType",  # as root
    "CreateOpenIDConnectProvider": "ValidationError",  # the thumbprint is shortened
    "DecodeAuthorizationMessage": "InvalidAuthorizationMessageException",
    "DeleteAccessKey": "NoSuchEntity",
    "DeleteAccountAlias": "NoSuchEntity",
    "DeleteGroupPolicy": "NoSuchEntity",
    "DeleteLoginProfile": "NoSuchEntity",
    "DeleteRolePolicy": "NoSuchEntity",
    "DeleteSigningCertificate": "NoSuchEntity",
    "DeleteUserPolicy": "NoSuchEntity",
    "DeleteVirtualMFADevice": "NoSuchEntity",
    "GenerateOrganizationsAccessReport": "NoSuchEntity",  # of an organization that is not here
    "GenerateServiceLastAccessedDetails": "NoSuchEntity",  # of another account's policy
    "GetAccountPasswordPolicy": "NoSuchEntity",
    "GetLoginProfile": "NoSuchEntity",
    "ListPoliciesGrantingServiceAccess": "NoSuchEntity",  # of another account's user
    "RemoveRoleFromInstanceProfile": "NoSuchEntity",
    "GetOrganizationsAccessReport": "NoSuchEntity",  # somebody's job
    "GetServiceLastAccessedDetails": "NoSuchEntity",  # the same
    "GetServiceLastAccessedDetailsWithEntities": "NoSuchEntity",  # the same
    "GetSessionToken": "AccessDenied",  # with somebody's MFA device
    "UpdateAccessKey": "NoSuchEntity",
    "UpdateLoginProfile": "NoSuchEntity",
    "UpdateSigningCertificate": "NoSuchEntity",
    "UploadServerCertificate": "MalformedCertificate",  # words in the place of one
    "UploadSigningCertificate": "MalformedCertificate",  # the same
}


#: What makes the things that the other examples are about comes first.
OWN = {"CreateUser": "UserName", "CreateGroup": "GroupName", "CreateRole": "RoleName", "CreateInstanceProfile": "InstanceProfileName"}


def prepare(operation, parameters):
    """What an example takes for granted: the user, group, role and instance profile that it names."""
    iam = clients["iam"]
    makers = {
        "UserName": lambda name: iam.create_user(UserName=name),
        "GroupName": lambda name: iam.create_group(GroupName=name),
        "RoleName": lambda name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST),
        "InstanceProfileName": lambda name: iam.create_instance_profile(InstanceProfileName=name),
    }
    for name, make in makers.items():
        if name in parameters and OWN.get(operation) != name:
            try:
                make(parameters[name])
            except iam.exceptions.EntityAlreadyExistsException:
                pass


def stage(operation):
    return next((number for number, word in enumerate(STAGES) if operation.startswith(word)), len(STAGES))


def examples(operations):
    """Every example of an operation that is there; those of which AWS's documents are not documents get ours."""
    done, failed = [], {}
    for service in ("iam", "sts"):
        model = LOADER.load_service_model(service, "examples-1")["examples"]
        for operation in sorted(model, key=lambda name: (name not in OWN, stage(name), name)):
            if (service, operation) not in operations:
                continue
            for example in model[operation]:
                parameters = dict(example.get("input", {}))
                for name in parameters:
                    if name == "AssumeRolePolicyDocument":
                        parameters[name] = TRUST
                    elif name == "PolicyDocument":
                        parameters[name] = TRUST if operation == "UpdateAssumeRolePolicy" else POLICY
                call = f"{service}:{operation} {example['id']}"
                prepare(operation, parameters)
                try:
                    getattr(clients[service], xform_name(operation))(**parameters)
                    done.append(call)
                except botocore.exceptions.ClientError as error:
                    failed[call] = error
    for call, error in failed.items():
        operation = call.split(":")[1].split()[0]
        if not error.response["Error"]["Code"].startswith(REFUSED.get(operation, "nothing")):
            wrong.append(f"{call}: {error}")
    return len(done)


NAMES = ["page-a", "page-b", "page-c"]


def world():
    """Three of everything that lists show."""
    iam = clients["iam"]
    for name in NAMES:
        iam.create_user(UserName=name)
        iam.create_group(GroupName=name)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        policy = iam.create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]["Arn"]
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_user_to_group(GroupName="page-a", UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        iam.attach_group_policy(GroupName=name, PolicyArn=policy)
        if name != "page-a":
            iam.add_user_to_group(GroupName=name, UserName="page-a")
            iam.attach_user_policy(UserName="page-a", PolicyArn=policy)
            iam.attach_role_policy(RoleName="page-a", PolicyArn=policy)
            iam.attach_group_policy(GroupName="page-a", PolicyArn=policy)
        iam.put_user_policy(UserName="page-a", PolicyName=name, PolicyDocument=POLICY)
        iam.put_role_policy(RoleName="page-a", PolicyName=name, PolicyDocument=POLICY)
        iam.put_group_policy(GroupName="page-a", PolicyName=name, PolicyDocument=POLICY)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="page-a")
        tags = [{"Key": name, "Value": "x"}]
        iam.tag_user(UserName="page-a", Tags=tags)
        iam.tag_role(RoleName="page-a", Tags=tags)
        iam.tag_instance_profile(InstanceProfileName="page-a", Tags=tags)
        iam.tag_policy(PolicyArn=ARN, Tags=tags)
    for _ in range(2):
        iam.create_policy_version(PolicyArn=ARN, PolicyDocument=POLICY)
        iam.create_access_key(UserName="page-a")


ACCOUNT = clients["sts"].get_caller_identity()["Account"]
ARN = f"arn:aws:iam::{ACCOUNT}:policy/page-a"
PAGED = {
    "UserName": "page-a", "GroupName": "page-a", "RoleName": "page-a", "PolicyArn": ARN, "InstanceProfileName": "page-a",
    "PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:user/page-a",
    "PolicyInputList": [POLICY],
    "ActionNames": ["s3:ListBucket", "s3:GetObject", "iam:CreateUser"],
}
#: Lists on which there can be less than two items here, and lists that have a few thousand.
SHORT = {"ListAccountAliases", "ListMFADevices", "ListVirtualMFADevices", "ListSSHPublicKeys", "ListSigningCertificates",
         "ListServerCertificates", "ListMFADeviceTags", "ListOpenIDConnectProviderTags", "ListSAMLProviderTags",
         "ListServerCertificateTags", "GetContextKeysForCustomPolicy", "ListDelegationRequests"}
SCOPED = {"ListPolicies": {"Scope": "Local"}}


def paginators(service, operations, given, short):
    """Every list by pages of one item is the list itself; `given`: parameters of an operation, `short`: lists that may be so."""
    client, followed = clients[service], 0
    pages = LOADER.load_service_model(service, "paginators-1")["pagination"]
    for operation, how in sorted(pages.items()):
        if (service, operation) not in operations or "limit_key" not in how:
            continue
        shape = client.meta.service_model.operation_model(operation).input_shape
        needed = given(operation, shape)
        if None in needed.values():
            if operation not in short:
                wrong.append(f"{operation}: nothing is known to ask for")
            continue
        paginator = client.get_paginator(xform_name(operation))
        keys = how["result_key"] if isinstance(how["result_key"], list) else [how["result_key"]]

        def items(**size):
            found, longest = [], 0
            for page in paginator.paginate(**needed, PaginationConfig=size):
                parts = [item for key in keys for item in page.get(key, [])]
                longest = max(longest, len(parts))
                found += parts
            return found, longest

        whole, _ = items()
        single, longest = items(PageSize=1)
        followed += 1
        if longest > 1:
            wrong.append(f"{operation}: {longest} items on a page of one")
        if sorted(map(repr, whole)) != sorted(map(repr, single)):
            wrong.append(f"{operation}: pages of one item lose or repeat some: {len(whole)} and {len(single)}")
        if len(whole) < 2 and operation not in short:
            wrong.append(f"{operation}: a list of {len(whole)} shows nothing of pages")
    return followed


def of_iam(operation, shape):
    """What a list of IAM is asked about."""
    needed = {name: PAGED.get(name) for name in shape.required_members}
    needed.update({name: PAGED[name] for name in ("UserName",) if name in shape.members and operation != "ListSSHPublicKeys"})
    return needed | SCOPED.get(operation, {})


def waiters():
    """What is there is found at once, what is not is given up."""
    iam, s3 = clients["iam"], clients["s3"]
    s3.create_bucket(Bucket="waited-for")
    s3.put_object(Bucket="waited-for", Key="key", Body=b"x")
    there = [
        (iam, "user_exists", {"UserName": "page-a"}, {"UserName": "none"}),
        (iam, "role_exists", {"RoleName": "page-a"}, {"RoleName": "none"}),
        (iam, "instance_profile_exists", {"InstanceProfileName": "page-a"}, {"InstanceProfileName": "none"}),
        (iam, "policy_exists", {"PolicyArn": ARN}, {"PolicyArn": ARN + "-none"}),
        (s3, "bucket_exists", {"Bucket": "waited-for"}, {"Bucket": "not-waited-for"}),
        (s3, "bucket_not_exists", {"Bucket": "not-waited-for"}, {"Bucket": "waited-for"}),
        (s3, "object_exists", {"Bucket": "waited-for", "Key": "key"}, {"Bucket": "waited-for", "Key": "none"}),
        (s3, "object_not_exists", {"Bucket": "waited-for", "Key": "none"}, {"Bucket": "waited-for", "Key": "key"}),
    ]
    for client, name, good, bad in there:
        brief = {"Delay": 0.01, "MaxAttempts": 2}
        try:
            client.get_waiter(name).wait(**good, WaiterConfig=brief)
        except botocore.exceptions.WaiterError as error:
            wrong.append(f"{name}: {error}")
        try:
            client.get_waiter(name).wait(**bad, WaiterConfig=brief)
            wrong.append(f"{name} sees what is not so")
        except botocore.exceptions.WaiterError as error:
            if "Max attempts exceeded" not in str(error):
                wrong.append(f"{name}: {error}")
    return len(there)


def main():
    operations = {tuple(row) for row in json.load(open("operations.json"))}
    world()
    followed = paginators("iam", operations, of_iam, SHORT)
    told = {"waiters": waiters(), "examples": examples(operations)}
    ran, given = examples_organizations.run(LOADER.load_service_model("organizations", "examples-1")["examples"], CONFIG, wrong)
    told["examples"] += ran
    followed += paginators("organizations", operations, given, examples_organizations.SHORT)
    print(json.dumps({**told, "paginators": followed, "wrong": wrong}))


if __name__ == "__main__":
    sys.exit(main())
