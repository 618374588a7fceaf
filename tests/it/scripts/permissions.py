"""Every permission both ways: each operation of IAM and STS, called by a user with exactly what AWS's reference asks for, and
with each part of it missing. First with what the operation requires only, then with what it takes besides and asks more for: tags,
a source identity, a boundary.

Reads reference.json: for each operation its service, name, the actions that AWS's service authorisation reference asks for, and for
each action the patterns of its resource types' ARNs (none: it has no resource type). Prints one line of JSON with what was wrong.

For each operation and each of its actions:
- all actions, on resources of their types only: not denied;
- everything but this action: denied, in AWS's sentence;
- this action on resources of no such type only: denied.
"""

import json
import os
import sys

import boto3
import botocore.config
import botocore.credentials

import model

ROOT = model.CREDENTIALS
CONFIG = botocore.config.Config(retries={"max_attempts": 0})
iam = boto3.client("iam", region_name="us-east-1", config=CONFIG)
ACCOUNT = boto3.client("sts", region_name="us-east-1", config=CONFIG).get_caller_identity()["Account"]


def arn(rest):
    return f"arn:aws:iam::{ACCOUNT}:{rest}"


#: Values that say of which account something is; of another account's nobody could be allowed anything.
VALUES = {
    "PolicyArn": arn("policy/none"),
    "PolicySourceArn": arn("user/none"),
    "PermissionsBoundary": arn("policy/none"),
    "RoleArn": arn("role/trusting"),
    "OpenIDConnectProviderArn": arn("oidc-provider/none.example.com"),
    "SAMLProviderArn": arn("saml-provider/none"),
    "SerialNumber": arn("mfa/none"),
    "EntityArn": arn("delegation-request/dr-0123456789abcdef"),
    "TemplateArn": "arn:aws:iam::aws:role-template/none",
    "DeletionTaskId": "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/none",
    "AWSServiceName": "ecs.amazonaws.com",
    "AuthenticationCode1": "123456",
    "AuthenticationCode2": "654321",
    "Arn": arn("user/none"),
    "EntityPath": "o-abcdefghij/r-abcd/ou-abcd-abcdefgh",
    "Name": "somebody",
    "VersionId": "v1",
    "Url": "https://none.example.com",
    "UserName": "caller",
}

#: Why an operation is left out.
LEFT_OUT = {
    "GetCallerIdentity": "needs nothing",
    "GetSessionToken": "needs nothing",
    "AssumeRoleWithSAML": "is not signed",
    "AssumeRoleWithWebIdentity": "is not signed",
    "AssumeRoot": "is about another account",
    "GetDelegatedAccessToken": "is for partners",
    "ChangePassword": "is allowed to nobody but the user itself",
    "GetRoleTemplateVersion": "is about what belongs to AWS",
    "DeleteUser": "would end the test",
    "GetAccessKeyLastUsed": "is asked on the key's user, and of nobody's key denied to everyone, in a sentence of its own",
}

wrong = []
compared = 0


def allow(statements):
    document = {"Version": "2012-10-17", "Statement": statements}
    iam.put_user_policy(UserName="caller", PolicyName="exactly", PolicyDocument=json.dumps(document))


def outcome(service, operation, parameters, keys):
    model.CREDENTIALS = keys
    try:
        return model.send(service, operation, parameters)
    finally:
        model.CREDENTIALS = ROOT


def statement(action, resources, condition=None):
    allowed = {"Effect": "Allow", "Action": action, "Resource": resources or "*"}
    return {**allowed, "Condition": condition} if condition else allowed


def denied(service, code, message):
    """The sentence of a denial; nothing if it was none."""
    if service == "organizations" and message:
        told = json.loads(message)
        message = told.get("Message") or told.get("message") or ""
    return message if code.startswith("AccessDenied") and "not authorized to perform" in message else ""


def check(service, operation, parameters, actions, keys, must=""):
    """`actions`: pairs of an action and the patterns of its resources; `must`: the code that the allowed call must meet."""
    global compared
    where = f"{service}:{operation}"
    for action, patterns in actions:
        others = [statement(other, held) for other, held in actions if other != action]
        cases = [("without", [{"Effect": "Allow", "NotAction": action, "Resource": "*"}])]
        elsewhere = ["arn:aws:s3:::elsewhere/*"] if not patterns else [f"arn:aws:iam::{ACCOUNT}:elsewhere/*"]
        cases.append(("on other resources than", [*others, statement(action, elsewhere)]))
        for how, statements in cases:
            allow(statements)
            compared += 1
            _, code, message = outcome(service, operation, parameters, keys)
            told = denied(service, code, message)
            sentence = f"User: {arn('user/caller')} is not authorized to perform: {action} "
            reason = f"because no identity-based policy allows the {action} action"
            if not told.startswith(sentence) or reason not in told:
                wrong.append(f"{where}: not denied to a user {how} {action} {patterns}: {code} {message}")
    allow([statement(action, patterns) for action, patterns in actions])
    compared += 1
    status, code, message = outcome(service, operation, parameters, keys)
    if denied(service, code, message) or status >= 500 or must is not None and code != must:
        wrong.append(f"{where}: denied to a user with {actions}: {status} {code} {message}")


def required(service, operation):
    """The parameters that an operation cannot do without."""
    shape = model.session.get_service_model(service).operation_model(operation).input_shape
    parameters = model.example(shape) if shape else {}
    return {**parameters, **{name: value for name, value in VALUES.items() if name in parameters}}


TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]})
SCP = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]})
TAGS = [{"Key": "team", "Value": "blue"}]
TAGGED = arn("role/tagged")


def of_organizations(rest):
    return [f"arn:aws:organizations::{ACCOUNT}:{rest}"]


#: What asks for more when it is given more: the parameters, the actions with their resources, and the code that the allowed call
#: meets, which is none unless the value is none.
OPTIONAL = [
    ("iam", "CreateUser", {"UserName": "blue"}, "iam:CreateUser", "iam:TagUser", [arn("user/*")], ""),
    ("iam", "CreateRole", {"RoleName": "blue", "AssumeRolePolicyDocument": json.dumps(TRUST)}, "iam:CreateRole", "iam:TagRole", [arn("role/*")], ""),
    ("iam", "CreatePolicy", {"PolicyName": "blue", "PolicyDocument": POLICY}, "iam:CreatePolicy", "iam:TagPolicy", [arn("policy/*")], ""),
    ("iam", "CreateInstanceProfile", {"InstanceProfileName": "blue"}, "iam:CreateInstanceProfile", "iam:TagInstanceProfile", [arn("instance-profile/*")], ""),
    ("iam", "CreateVirtualMFADevice", {"VirtualMFADeviceName": "blue"}, "iam:CreateVirtualMFADevice", "iam:TagMFADevice", [arn("mfa/*")], ""),
    ("iam", "CreateOpenIDConnectProvider", {"Url": "https://blue.example.com"}, "iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", [arn("oidc-provider/*")], ""),
    ("iam", "CreateSAMLProvider", {"Name": "blue", "SAMLMetadataDocument": "x" * 1000}, "iam:CreateSAMLProvider", "iam:TagSAMLProvider", [arn("saml-provider/*")], None),
    ("iam", "UploadServerCertificate", {"ServerCertificateName": "blue", "CertificateBody": "x", "PrivateKey": "x"}, "iam:UploadServerCertificate", "iam:TagServerCertificate", [arn("server-certificate/*")], None),
    ("sts", "AssumeRole", {"RoleArn": TAGGED, "RoleSessionName": "blue"}, "sts:AssumeRole", "sts:TagSession", [TAGGED], ""),
    ("sts", "GetFederationToken", {"Name": "blue"}, "sts:GetFederationToken", "sts:TagSession", [f"arn:aws:sts::{ACCOUNT}:federated-user/blue"], ""),
    ("sts", "GetWebIdentityToken", {"Audience": ["https://blue.example.com"], "SigningAlgorithm": "ES384"}, "sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken", [], ""),
    ("organizations", "CreateAccount", {"Email": "blue@example.com", "AccountName": "blue"}, "organizations:CreateAccount", "organizations:TagResource", of_organizations("account/o-*/*"), ""),
    ("organizations", "CreateOrganizationalUnit", {"ParentId": "ROOT", "Name": "blue"}, "organizations:CreateOrganizationalUnit", "organizations:TagResource", of_organizations("ou/o-*/ou-*"), ""),
    ("organizations", "CreatePolicy", {"Type": "SERVICE_CONTROL_POLICY", "Name": "blue", "Description": "", "Content": SCP}, "organizations:CreatePolicy", "organizations:TagResource", of_organizations("policy/o-*/*/p-*"), ""),
    ("organizations", "InviteAccountToOrganization", {"Target": {"Id": "111111111111", "Type": "ACCOUNT"}}, "organizations:InviteAccountToOrganization", "organizations:TagResource", of_organizations("account/o-*/*"), ""),
]


def optional(keys):
    """With tags and without, a source identity, a boundary."""
    global compared
    organizations = boto3.client("organizations", region_name="us-east-1", config=CONFIG)
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    iam.enable_outbound_web_identity_federation()
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Action": actions}]}
    iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=json.dumps(trust))
    for service, operation, parameters, own, tag, patterns, must in OPTIONAL:
        if parameters.get("ParentId"):
            parameters = {**parameters, "ParentId": root}
        first = {
            "organizations:CreateAccount": [],
            "organizations:CreateOrganizationalUnit": of_organizations("root/o-*/r-*"),
        }.get(own, patterns)
        check(service, operation, {**parameters, "Tags": TAGS}, [(own, first), (tag, patterns)], keys, must)
    named = {"RoleArn": TAGGED, "RoleSessionName": "blue", "SourceIdentity": "blue"}
    check("sts", "AssumeRole", named, [("sts:AssumeRole", [TAGGED]), ("sts:SetSourceIdentity", [TAGGED])], keys)

    # The role's side has to agree to tags and to a source identity as well.
    allow([statement("sts:*", [])])
    for more, action in (({"Tags": TAGS}, "sts:TagSession"), ({"SourceIdentity": "blue"}, "sts:SetSourceIdentity")):
        compared += 1
        parameters = {"RoleArn": arn("role/trusting"), "RoleSessionName": "blue", **more}
        _, code, message = outcome("sts", "AssumeRole", parameters, keys)
        if f"is not authorized to perform: {action} " not in denied("sts", code, message):
            wrong.append(f"sts:AssumeRole: not denied by a trust policy without {action}: {code} {message}")

    # A boundary is a condition of the permission, also where none is sent.
    for name in ("wide", "narrow"):
        iam.create_policy(PolicyName=name, PolicyDocument=POLICY)
    condition = {"StringEquals": {"iam:PermissionsBoundary": arn("policy/narrow")}}
    for operation, entity, parameters in (
        ("CreateUser", "user", {"UserName": "bound"}),
        ("CreateRole", "role", {"RoleName": "bound", "AssumeRolePolicyDocument": json.dumps(TRUST)}),
    ):
        action = f"iam:{operation}"
        allow([statement(action, [arn(f"{entity}/*")], condition)])
        for boundary, good in ((None, False), ("wide", False), ("narrow", True)):
            compared += 1
            given = {"PermissionsBoundary": arn(f"policy/{boundary}")} if boundary else {}
            status, code, message = outcome("iam", operation, {**parameters, **given}, keys)
            told = denied("iam", code, message)
            if good != (status == 200) or not good and f"no identity-based policy allows the {action} action" not in told:
                wrong.append(f"{action} with the boundary {boundary}: {status} {code} {message}")


def main():
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    keys = botocore.credentials.Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    reference = json.load(open("reference.json"))
    for service, operation, actions in reference:
        if operation not in LEFT_OUT:
            filled = [
                (action, [pattern.replace("${Account}", ACCOUNT).replace("${Partition}", "aws") for pattern in patterns])
                for action, patterns in actions
            ]
            check(service, operation, required(service, operation), filled, keys, None)
    optional(keys)
    left_out = sorted(name for name in LEFT_OUT if not any(name == row[1] for row in reference))
    print(json.dumps({"compared": compared, "wrong": wrong, "unknown": left_out}))


if __name__ == "__main__":
    sys.exit(main())
