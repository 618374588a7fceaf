"""Every permission both ways: each operation of IAM, STS and Organizations, called by a user with exactly what AWS's reference asks
for, and with each part of it missing. Then again with what operations take besides and ask more for: tags, a source identity, a
boundary.

Reads reference.json (see exactly.py). Prints one line of JSON: how many calls were compared, and what was wrong.
"""

import json
import sys

import exactly
import lives
import saml_idp


def with_tags(matrix, root, unit):
    """What makes something asks for tagging it as well."""
    account = matrix.account

    def its(rest):
        return [f"arn:aws:iam::{account}:{rest}"]

    def of_organizations(rest):
        return [f"arn:aws:organizations::{account}:{rest}"]

    def tagged(service, operation, resources, action, on=None, **parameters):
        besides = {action: resources if on is None else on}
        matrix.exactly(service, operation, resources, besides=besides, Tags=lives.TAGS, **parameters)

    trust = lives.trust(account)
    metadata = saml_idp.metadata("tagged")
    certificate, key = saml_idp.pair()
    tagged("iam", "CreateUser", its("user/blue"), "iam:TagUser", UserName="blue")
    tagged("iam", "CreateRole", its("role/blue"), "iam:TagRole", RoleName="blue", AssumeRolePolicyDocument=trust)
    tagged("iam", "CreatePolicy", its("policy/blue"), "iam:TagPolicy", PolicyName="blue", PolicyDocument=lives.POLICY)
    tagged("iam", "CreateInstanceProfile", its("instance-profile/blue"), "iam:TagInstanceProfile", InstanceProfileName="blue")
    tagged("iam", "CreateVirtualMFADevice", its("mfa/blue"), "iam:TagMFADevice", VirtualMFADeviceName="blue")
    oidc = its("oidc-provider/blue.example.com")
    tagged("iam", "CreateOpenIDConnectProvider", oidc, "iam:TagOpenIDConnectProvider", Url="https://blue.example.com")
    tagged("iam", "CreateSAMLProvider", its("saml-provider/blue"), "iam:TagSAMLProvider", Name="blue", SAMLMetadataDocument=metadata)
    named = {"ServerCertificateName": "blue", "CertificateBody": certificate, "PrivateKey": key}
    tagged("iam", "UploadServerCertificate", its("server-certificate/blue"), "iam:TagServerCertificate", **named)
    named = {"RoleArn": its("role/tagged")[0], "RoleSessionName": "blue"}
    tagged("sts", "AssumeRole", its("role/tagged"), "sts:TagSession", **named)
    tagged("sts", "GetFederationToken", [f"arn:aws:sts::{account}:federated-user/blue"], "sts:TagSession", Name="blue")
    token = {"Audience": ["https://blue.example.com"], "SigningAlgorithm": "ES384"}
    tagged("sts", "GetWebIdentityToken", [], "sts:TagGetWebIdentityToken", **token)

    tag = "organizations:TagResource"
    # What is about to be made has no id yet.
    accounts, units = of_organizations("account/o-*/*"), of_organizations("ou/o-*/ou-*")
    tagged("organizations", "CreateAccount", [], tag, accounts, Email="blue@example.com", AccountName="blue")
    tagged("organizations", "CreateOrganizationalUnit", [root], tag, units, ParentId=unit, Name="blue")
    policy = {"Type": "SERVICE_CONTROL_POLICY", "Name": "blue", "Description": "", "Content": lives.SCP}
    tagged("organizations", "CreatePolicy", of_organizations("policy/o-*/service_control_policy/p-*"), tag, **policy)
    target = {"Id": "111111111111", "Type": "ACCOUNT"}
    invited = [root.replace(":root/", ":account/").rsplit("/", 1)[0] + "/111111111111"]
    tagged("organizations", "InviteAccountToOrganization", invited, tag, Target=target)


def by_trust(matrix):
    """The role's side has to agree to tags and to a source identity as well."""
    role = f"arn:aws:iam::{matrix.account}:role/tagged"
    named = {"RoleArn": role, "RoleSessionName": "blue", "SourceIdentity": "blue"}
    matrix.exactly("sts", "AssumeRole", [role], besides={"sts:SetSourceIdentity": [role]}, **named)
    matrix.allow([{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}])
    role = f"arn:aws:iam::{matrix.account}:role/worker"
    for more, action in (({"Tags": lives.TAGS}, "sts:TagSession"), ({"SourceIdentity": "blue"}, "sts:SetSourceIdentity")):
        parameters = {"RoleArn": role, "RoleSessionName": "blue", **more}
        _, code, message = matrix.call("sts", "AssumeRole", parameters)
        if code != "AccessDenied" or f"is not authorized to perform: {action} " not in message:
            matrix.wrong.append(f"sts:AssumeRole: not denied by a trust policy without {action}: {code} {message}")


def by_boundary(matrix):
    """A boundary is a condition of the permission, also where none is sent."""

    def its(rest):
        return f"arn:aws:iam::{matrix.account}:{rest}"

    for name in ("wide", "narrow"):
        matrix.admin.create_policy(PolicyName=name, PolicyDocument=lives.POLICY)
    condition = {"StringEquals": {"iam:PermissionsBoundary": its("policy/narrow")}}
    trust = {"AssumeRolePolicyDocument": lives.trust(matrix.account)}
    for kind, more in (("User", {}), ("Role", trust)):
        action = f"iam:Create{kind}"
        matrix.allow([{"Effect": "Allow", "Action": action, "Resource": its(f"{kind.lower()}/*"), "Condition": condition}])
        for boundary, good in ((None, False), ("wide", False), ("narrow", True)):
            given = {"PermissionsBoundary": its(f"policy/{boundary}")} if boundary else {}
            _, code, message = matrix.call("iam", f"Create{kind}", {f"{kind}Name": "bound", **more, **given})
            told = code == "AccessDenied" and f"no identity-based policy allows the {action} action" in message
            if good and code or not good and not told:
                matrix.wrong.append(f"{action} with the boundary {boundary}: {code} {message}")


def main():
    reference = {(service, name): dict(actions) for service, name, actions in json.load(open("reference.json"))}
    admin = exactly.client("iam")
    account = exactly.client("sts").get_caller_identity()["Account"]
    matrix = exactly.Matrix(admin, account, reference)
    lives.iam(matrix)
    lives.sts(matrix)
    lives.organizations(matrix)
    uncalled = sorted(set(reference) - matrix.called - set(lives.LEFT_OUT))
    matrix.wrong += [f"{service}:{name}: not called" for service, name in uncalled]

    root = exactly.client("organizations").list_roots()["Roots"][0]
    admin.enable_outbound_web_identity_federation()
    trust = json.loads(lives.trust(account))
    trust["Statement"][0]["Action"] = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    admin.create_role(RoleName="tagged", AssumeRolePolicyDocument=json.dumps(trust))
    with_tags(matrix, root["Arn"], root["Id"])
    by_trust(matrix)
    by_boundary(matrix)
    print(json.dumps({"compared": matrix.compared, "wrong": matrix.wrong}))


if __name__ == "__main__":
    sys.exit(main())
