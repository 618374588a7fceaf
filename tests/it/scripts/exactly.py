"""Who may do exactly what: each operation called by a user who has precisely the actions on precisely the resources that AWS's
service authorisation reference asks for, and by users who have all the world but one of them.

A `Matrix` makes the calls; lives.py has them in an order in which each can succeed. reference.json holds, for each operation, its
service, its name and the actions that the reference asks for, each with the patterns of its resource types' ARNs (none: it has no
resource type).
"""

import json
import re

import boto3
import botocore.config
import botocore.exceptions
from botocore import xform_name

CONFIG = botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False)


def client(service, key=None):
    """Root's client, or that of whoever has this access key."""
    given = {} if key is None else {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    if key and "SessionToken" in key:
        given["aws_session_token"] = key["SessionToken"]
    return boto3.client(service, region_name="us-east-1", config=CONFIG, **given)


def everything_but(action, resource=None):
    """All the world without an action, or without it on one resource."""
    statements = [{"Effect": "Allow", "NotAction": action, "Resource": "*"}]
    if resource is not None:
        statements.append({"Effect": "Allow", "Action": action, "NotResource": resource})
    return statements


class Matrix:
    """The user `caller` of one account, whose one policy is put anew for every call by `admin`, a client of IAM."""

    #: How a service says that it may not do for the caller what the caller may not do.
    DEPENDENCY = ("AccessDeniedForDependencyException", "iam:CreateServiceLinkedRole")

    def __init__(self, admin, account, reference):
        self.admin, self.account, self.reference = admin, account, reference
        self.wrong, self.compared, self.called = [], 0, set()
        self.arn = f"arn:aws:iam::{account}:user/caller"
        admin.create_user(UserName="caller")
        self.key = admin.create_access_key(UserName="caller")["AccessKey"]
        self.clients = {service: client(service, self.key) for service in ("iam", "sts", "organizations")}

    def allow(self, statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.admin.put_user_policy(UserName="caller", PolicyName="exactly", PolicyDocument=document)

    def call(self, service, operation, parameters):
        """The answer and no code, or no answer, the code and the message."""
        self.compared += 1
        try:
            return getattr(self.clients[service], xform_name(operation))(**parameters), "", ""
        except botocore.exceptions.ClientError as error:
            return None, error.response["Error"]["Code"], error.response["Error"].get("Message", "")

    def expected(self, service, operation, held):
        """Holds what a call is about to be given against the reference: its actions, and of each the kind of its resources."""
        where = f"{service}:{operation}"
        known = self.reference.get((service, operation))
        if known is None:
            self.wrong.append(f"{where}: is not in the reference")
            return
        if set(known) != set(held):
            self.wrong.append(f"{where}: the reference asks for {sorted(known)}, not for {sorted(held)}")
        for action, resources in held.items():
            patterns = [
                re.escape(pattern).replace(r"\*", ".*").replace(re.escape("${Account}"), r"\d{12}").replace(re.escape("${Partition}"), "aws")
                for pattern in known.get(action, [])
            ]
            for resource in resources:
                if not any(re.fullmatch(pattern, resource) for pattern in patterns):
                    self.wrong.append(f"{where}: {action} is no matter of {resource} by the reference: {known.get(action)}")
            if patterns and not resources:
                self.wrong.append(f"{where}: {action} has resources in the reference: {known.get(action)}")

    def denied(self, service, operation, parameters, action, how):
        _, code, message = self.call(service, operation, parameters)
        if (code, action) == self.DEPENDENCY:
            return
        sentence = f"User: {self.arn} is not authorized to perform: {action} "
        reason = f"because no identity-based policy allows the {action} action"
        if not code.startswith("AccessDenied") or not message.startswith(sentence) or reason not in message:
            self.wrong.append(f"{service}:{operation}: not denied to a user {how}: {code} {message}")

    def exactly(self, service, operation, resources, more=None, code="", besides=None, **parameters):
        """One operation both ways; returns its answer.

        `resources`: those of the action of its own name; `more`: other actions of the reference with theirs; `code`: what the
        allowed call meets, for the few operations that cannot succeed here; `besides`: actions that the reference does not name,
        since only some calls ask for them: with tags, a source identity.
        """
        self.called.add((service, operation))
        held = {f"{service}:{operation}": resources, **(more or {})}
        self.expected(service, operation, held)
        held |= besides or {}
        for action, on in held.items():
            self.allow(everything_but(action))
            self.denied(service, operation, parameters, action, f"without {action}")
            for resource in on:
                self.allow(everything_but(action, resource))
                self.denied(service, operation, parameters, action, f"without {action} on {resource}")
        self.allow([{"Effect": "Allow", "Action": action, "Resource": on or "*"} for action, on in held.items()])
        answer, met, message = self.call(service, operation, parameters)
        if met != code:
            self.wrong.append(f"{service}:{operation}: {met} to a user with {held}: {message}")
        return answer
