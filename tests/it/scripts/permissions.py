"""Every permission both ways: each operation of IAM and STS, called by a user with exactly what AWS's reference asks for, and
with each part of it missing.

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


def check(service, operation, actions, keys):
    """`actions`: pairs of an action and the patterns of its resources."""
    global compared
    shape = model.session.get_service_model(service).operation_model(operation).input_shape
    parameters = model.example(shape) if shape else {}
    parameters.update({name: value for name, value in VALUES.items() if name in parameters})
    where = f"{service}:{operation}"

    def statement(action, resources):
        return {"Effect": "Allow", "Action": action, "Resource": resources or "*"}

    allow([statement(action, patterns) for action, patterns in actions])
    compared += 1
    status, code, message = outcome(service, operation, parameters, keys)
    if code.startswith("AccessDenied") and "not authorized to perform" in message or status >= 500:
        wrong.append(f"{where}: denied to a user with {actions}: {status} {code} {message}")
    for action, patterns in actions:
        others = [statement(other, held) for other, held in actions if other != action]
        cases = [("without", [{"Effect": "Allow", "NotAction": action, "Resource": "*"}])]
        elsewhere = ["arn:aws:s3:::elsewhere/*"] if not patterns else [f"arn:aws:iam::{ACCOUNT}:elsewhere/*"]
        cases.append(("on other resources than", [*others, statement(action, elsewhere)]))
        for how, statements in cases:
            allow(statements)
            compared += 1
            _, code, message = outcome(service, operation, parameters, keys)
            sentence = f"User: {arn('user/caller')} is not authorized to perform: {action}"
            reason = f"because no identity-based policy allows the {action} action"
            if not code.startswith("AccessDenied") or not message.startswith(sentence) or reason not in message:
                wrong.append(f"{where}: not denied to a user {how} {action} {patterns}: {code} {message}")


def main():
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=json.dumps(trust))
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
            check(service, operation, filled, keys)
    left_out = sorted(name for name in LEFT_OUT if not any(name == row[1] for row in reference))
    print(json.dumps({"compared": compared, "wrong": wrong, "unknown": left_out}))


if __name__ == "__main__":
    sys.exit(main())
