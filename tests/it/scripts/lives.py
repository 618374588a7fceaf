"""Every operation of IAM, STS and Organizations in an order in which each can succeed, for permissions.py to ask who may."""

import base64
import hashlib
import hmac
import json
import struct
import time

import exactly
import saml_idp

TAGS = [{"Key": "team", "Value": "blue"}]
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]})
SCP = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]})

#: Operations that are not called so, and why.
LEFT_OUT = {
    ("sts", "GetCallerIdentity"): "needs nothing",
    ("sts", "GetSessionToken"): "needs nothing",
    ("sts", "AssumeRoleWithSAML"): "is not signed",
    ("sts", "AssumeRoleWithWebIdentity"): "is not signed",
}


def trust(account):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}]})


def codes(seed, ahead):
    """Two consecutive codes of a device, so many half minutes from now."""

    def code(step):
        digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
        offset = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    step = int(time.time()) // 30 + ahead
    return {"AuthenticationCode1": code(step), "AuthenticationCode2": code(step + 1)}


class Life:
    """A service's operations, called in the account of a matrix."""

    def __init__(self, matrix, service):
        self.matrix, self.service = matrix, service

    def __call__(self, operation, resources=(), more=None, code="", **parameters):
        return self.matrix.exactly(self.service, operation, list(resources), more, code, **parameters)


def iam(matrix):
    do = Life(matrix, "iam")

    def its(rest):
        return f"arn:aws:iam::{matrix.account}:{rest}"

    passwords(do, its)
    users(do, its)
    credentials(do, its)
    devices(do, its)
    groups(do, its)
    policies(do, its, matrix.account)
    roles(do, its, matrix.account)
    providers(do, its)
    reports(do, its)
    absent(do, its)


def passwords(do, its):
    caller = its("user/caller")
    do("UpdateAccountPasswordPolicy", MinimumPasswordLength=9)
    do("GetAccountPasswordPolicy")
    do("CreateLoginProfile", [caller], UserName="caller", Password="a first password")
    do("GetLoginProfile", [caller], UserName="caller")
    do("UpdateLoginProfile", [caller], UserName="caller", Password="another password")
    do("ChangePassword", [caller], OldPassword="another password", NewPassword="a third password")
    do("DeleteLoginProfile", [caller], UserName="caller")
    do("DeleteAccountPasswordPolicy")
    do("CreateAccountAlias", AccountAlias="exactly-this-account")
    do("ListAccountAliases")
    do("DeleteAccountAlias", AccountAlias="exactly-this-account")
    do("GetAccountSummary")
    do("SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v2Token")


def users(do, its):
    ann = its("user/people/ann")
    do("CreateUser", [ann], UserName="ann", Path="/people/")
    do("GetUser", [ann], UserName="ann")
    do("ListUsers")
    do("TagUser", [ann], UserName="ann", Tags=TAGS)
    do("ListUserTags", [ann], UserName="ann")
    do("UntagUser", [ann], UserName="ann", TagKeys=["team"])
    do("PutUserPermissionsBoundary", [ann], UserName="ann", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    do("DeleteUserPermissionsBoundary", [ann], UserName="ann")
    do("PutUserPolicy", [ann], UserName="ann", PolicyName="own", PolicyDocument=POLICY)
    do("GetUserPolicy", [ann], UserName="ann", PolicyName="own")
    do("ListUserPolicies", [ann], UserName="ann")
    do("DeleteUserPolicy", [ann], UserName="ann", PolicyName="own")
    # Under its new name it is another resource, which the caller must be allowed, too.
    do("UpdateUser", [ann, its("user/people/anna")], UserName="ann", NewUserName="anna")
    do("DeleteUser", [its("user/people/anna")], UserName="anna")


def credentials(do, its):
    do.matrix.admin.create_user(UserName="bob")
    bob, name = [its("user/bob")], {"UserName": "bob"}
    key = do("CreateAccessKey", bob, **name)["AccessKey"]["AccessKeyId"]
    do("ListAccessKeys", bob, **name)
    do("UpdateAccessKey", bob, AccessKeyId=key, Status="Inactive", **name)
    do("GetAccessKeyLastUsed", bob, AccessKeyId=key)
    do("DeleteAccessKey", bob, AccessKeyId=key, **name)
    body, secret = saml_idp.pair()
    made = do("UploadSigningCertificate", bob, CertificateBody=body, **name)["Certificate"]["CertificateId"]
    do("ListSigningCertificates", bob, **name)
    do("UpdateSigningCertificate", bob, CertificateId=made, Status="Inactive", **name)
    do("DeleteSigningCertificate", bob, CertificateId=made, **name)
    made = do("UploadSSHPublicKey", bob, SSHPublicKeyBody=saml_idp.ssh_line(), **name)["SSHPublicKey"]["SSHPublicKeyId"]
    do("GetSSHPublicKey", bob, SSHPublicKeyId=made, Encoding="SSH", **name)
    do("ListSSHPublicKeys", bob, **name)
    do("UpdateSSHPublicKey", bob, SSHPublicKeyId=made, Status="Inactive", **name)
    do("DeleteSSHPublicKey", bob, SSHPublicKeyId=made, **name)
    made = do("CreateServiceSpecificCredential", bob, ServiceName="codecommit.amazonaws.com", **name)
    made = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    do("ListServiceSpecificCredentials", bob, **name)
    do("ResetServiceSpecificCredential", bob, ServiceSpecificCredentialId=made, **name)
    do("UpdateServiceSpecificCredential", bob, ServiceSpecificCredentialId=made, Status="Inactive", **name)
    do("DeleteServiceSpecificCredential", bob, ServiceSpecificCredentialId=made, **name)
    www, named = its("server-certificate/web/www"), {"ServerCertificateName": "www"}
    do("UploadServerCertificate", [www], Path="/web/", CertificateBody=body, PrivateKey=secret, **named)
    do("GetServerCertificate", [www], **named)
    do("ListServerCertificates")
    do("TagServerCertificate", [www], Tags=TAGS, **named)
    do("ListServerCertificateTags", [www], **named)
    do("UntagServerCertificate", [www], TagKeys=["team"], **named)
    do("UpdateServerCertificate", [www, its("server-certificate/web/www2")], NewServerCertificateName="www2", **named)
    do("DeleteServerCertificate", [its("server-certificate/web/www2")], ServerCertificateName="www2")


def devices(do, its):
    bob, name, phone = [its("user/bob")], {"UserName": "bob"}, its("mfa/phone")
    made = do("CreateVirtualMFADevice", [phone], VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = made["Base32StringSeed"].decode() if isinstance(made["Base32StringSeed"], bytes) else made["Base32StringSeed"]
    device = {"SerialNumber": phone}
    do("ListVirtualMFADevices")
    do("EnableMFADevice", bob, **name, **device, **codes(seed, -1))
    do("ListMFADevices", bob, **name)
    do("GetMFADevice", bob, **name, **device)
    do("TagMFADevice", [phone], Tags=TAGS, **device)
    do("ListMFADeviceTags", [phone], **device)
    do("UntagMFADevice", [phone], TagKeys=["team"], **device)
    do("ResyncMFADevice", bob, **name, **device, **codes(seed, 3))
    do("DeactivateMFADevice", bob, **name, **device)
    do("DeleteVirtualMFADevice", [phone], **device)


def groups(do, its):
    team, name = [its("group/team")], {"GroupName": "team"}
    do("CreateGroup", team, **name)
    do("GetGroup", team, **name)
    do("ListGroups")
    do("AddUserToGroup", team, UserName="bob", **name)
    do("ListGroupsForUser", [its("user/bob")], UserName="bob")
    do("RemoveUserFromGroup", team, UserName="bob", **name)
    do("PutGroupPolicy", team, PolicyName="own", PolicyDocument=POLICY, **name)
    do("GetGroupPolicy", team, PolicyName="own", **name)
    do("ListGroupPolicies", team, **name)
    do("DeleteGroupPolicy", team, PolicyName="own", **name)
    do("UpdateGroup", [*team, its("group/teams")], NewGroupName="teams", **name)
    do("DeleteGroup", [its("group/teams")], GroupName="teams")


def policies(do, its, account):
    arn = its("policy/apps/reads")
    policy, which = [arn], {"PolicyArn": arn}
    do("CreatePolicy", policy, PolicyName="reads", Path="/apps/", PolicyDocument=POLICY)
    do("GetPolicy", policy, **which)
    do("ListPolicies")
    do("CreatePolicyVersion", policy, PolicyDocument=POLICY, **which)
    do("GetPolicyVersion", policy, VersionId="v2", **which)
    do("ListPolicyVersions", policy, **which)
    do("SetDefaultPolicyVersion", policy, VersionId="v2", **which)
    do("DeletePolicyVersion", policy, VersionId="v1", **which)
    do("TagPolicy", policy, Tags=TAGS, **which)
    do("ListPolicyTags", policy, **which)
    do("UntagPolicy", policy, TagKeys=["team"], **which)
    admin = do.matrix.admin
    admin.create_group(GroupName="crew")
    admin.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(account))
    for kind, name in (("User", "bob"), ("Group", "crew"), ("Role", "worker")):
        entity, named = [its(f"{kind.lower()}/{name}")], {f"{kind}Name": name}
        do(f"Attach{kind}Policy", entity, **named, **which)
        do(f"ListAttached{kind}Policies", entity, **named)
        do("ListEntitiesForPolicy", policy, **which)
        do(f"Detach{kind}Policy", entity, **named, **which)
    do("DeletePolicy", policy, **which)


def roles(do, its, account):
    role, name = [its("role/apps/app")], {"RoleName": "app"}
    do("CreateRole", role, Path="/apps/", AssumeRolePolicyDocument=trust(account), **name)
    do("GetRole", role, **name)
    do("ListRoles")
    do("UpdateRole", role, MaxSessionDuration=7200, **name)
    do("UpdateRoleDescription", role, Description="second", **name)
    do("UpdateAssumeRolePolicy", role, PolicyDocument=trust(account), **name)
    do("TagRole", role, Tags=TAGS, **name)
    do("ListRoleTags", role, **name)
    do("UntagRole", role, TagKeys=["team"], **name)
    do("PutRolePermissionsBoundary", role, PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess", **name)
    do("DeleteRolePermissionsBoundary", role, **name)
    do("PutRolePolicy", role, PolicyName="own", PolicyDocument=POLICY, **name)
    do("GetRolePolicy", role, PolicyName="own", **name)
    do("ListRolePolicies", role, **name)
    do("DeleteRolePolicy", role, PolicyName="own", **name)
    profile, named = [its("instance-profile/apps/machine")], {"InstanceProfileName": "machine"}
    do("CreateInstanceProfile", profile, Path="/apps/", **named)
    do("GetInstanceProfile", profile, **named)
    do("ListInstanceProfiles")
    do("AddRoleToInstanceProfile", profile, {"iam:PassRole": role}, **named, **name)
    do("ListInstanceProfilesForRole", role, **name)
    do("RemoveRoleFromInstanceProfile", profile, **named, **name)
    do("TagInstanceProfile", profile, Tags=TAGS, **named)
    do("ListInstanceProfileTags", profile, **named)
    do("UntagInstanceProfile", profile, TagKeys=["team"], **named)
    do("DeleteInstanceProfile", profile, **named)
    do("DeleteRole", role, **name)
    linked = [its("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")]
    do("CreateServiceLinkedRole", linked, AWSServiceName="ecs.amazonaws.com")
    task = do("DeleteServiceLinkedRole", linked, RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
    do("GetServiceLinkedRoleDeletionStatus", linked, DeletionTaskId=task)


def providers(do, its):
    oidc = its("oidc-provider/ci.example.com")
    provider, which = [oidc], {"OpenIDConnectProviderArn": oidc}
    do("CreateOpenIDConnectProvider", provider, Url="https://ci.example.com", ThumbprintList=["a" * 40])
    do("GetOpenIDConnectProvider", provider, **which)
    do("ListOpenIDConnectProviders")
    do("AddClientIDToOpenIDConnectProvider", provider, ClientID="ci", **which)
    do("RemoveClientIDFromOpenIDConnectProvider", provider, ClientID="ci", **which)
    do("UpdateOpenIDConnectProviderThumbprint", provider, ThumbprintList=["b" * 40], **which)
    do("TagOpenIDConnectProvider", provider, Tags=TAGS, **which)
    do("ListOpenIDConnectProviderTags", provider, **which)
    do("UntagOpenIDConnectProvider", provider, TagKeys=["team"], **which)
    do("DeleteOpenIDConnectProvider", provider, **which)
    saml = its("saml-provider/corporate")
    provider, which, metadata = [saml], {"SAMLProviderArn": saml}, saml_idp.metadata("exactly")
    do("CreateSAMLProvider", provider, Name="corporate", SAMLMetadataDocument=metadata)
    do("GetSAMLProvider", provider, **which)
    do("ListSAMLProviders")
    do("UpdateSAMLProvider", provider, SAMLMetadataDocument=metadata, **which)
    do("TagSAMLProvider", provider, Tags=TAGS, **which)
    do("ListSAMLProviderTags", provider, **which)
    do("UntagSAMLProvider", provider, TagKeys=["team"], **which)
    do("DeleteSAMLProvider", provider, **which)
    do("EnableOutboundWebIdentityFederation")
    do("GetOutboundWebIdentityFederationInfo")


def reports(do, its):
    bob, arn = [its("user/bob")], its("user/bob")
    do("GenerateCredentialReport")
    do("GetCredentialReport")
    do.matrix.admin.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=POLICY.replace("s3:ListBucket", "iam:GetUser"))
    job = do("GenerateServiceLastAccessedDetails", bob, Arn=arn)["JobId"]
    do("GetServiceLastAccessedDetails", JobId=job)
    do("GetServiceLastAccessedDetailsWithEntities", JobId=job, ServiceNamespace="iam")
    do("ListPoliciesGrantingServiceAccess", bob, Arn=arn, ServiceNamespaces=["iam"])
    do("GetAccountAuthorizationDetails")
    do("SimulatePrincipalPolicy", bob, PolicySourceArn=arn, ActionNames=["iam:GetUser"])
    do("SimulateCustomPolicy", PolicyInputList=[POLICY], ActionNames=["iam:GetUser"])
    do("GetContextKeysForPrincipalPolicy", bob, PolicySourceArn=arn)
    do("GetContextKeysForCustomPolicy", PolicyInputList=[POLICY])


def absent(do, its):
    """Of AWS's partners and templates: what is asked for, though nothing of it is here."""
    request = its("delegation-request/dr-0123456789abcdef")
    which = {"DelegationRequestId": "dr-0123456789abcdef"}
    for operation in ("AcceptDelegationRequest", "AssociateDelegationRequest", "RejectDelegationRequest", "SendDelegationToken", "GetDelegationRequest"):
        do(operation, [request], code="NoSuchEntity", **which)
    do("ListDelegationRequests")
    do("GetHumanReadableSummary", [request], code="NoSuchEntity", EntityArn=request)
    template = {"PolicyTemplateArn": "arn:aws:iam::aws:policy-template/none"}
    wanted = {"Description": "d", "RequestorWorkflowId": "exactly", "SessionDuration": 3600, "Permissions": template}
    wanted["NotificationChannel"] = its("exactly").replace(":iam::", ":sns:us-east-1:")
    # It has no id before it is made.
    do("CreateDelegationRequest", [its("delegation-request/*")], code="InvalidInput", **wanted)
    template = "arn:aws:iam::aws:role-template/ecs.amazonaws.com/none:1"
    do("GetRoleTemplateVersion", [template], code="NoSuchEntity", TemplateArn=template)
    do("GetAccountProperties")
    do("PutAccountProperties", code="InvalidInput", Properties={"RoleManager/Enabled": "true"})


def sts(matrix):
    do = Life(matrix, "sts")
    account = matrix.account
    role = f"arn:aws:iam::{account}:role/worker"
    do("AssumeRole", [role], RoleArn=role, RoleSessionName="exactly")
    do("GetFederationToken", [f"arn:aws:sts::{account}:federated-user/exactly"], Name="exactly")
    do("GetAccessKeyInfo", AccessKeyId=matrix.key["AccessKeyId"])
    do("GetDelegatedAccessToken", code="NotImplemented", TradeInToken="exactly")
    do("DecodeAuthorizationMessage", code="InvalidAuthorizationMessageException", EncodedMessage="exactly")
    do("GetWebIdentityToken", Audience=["https://exactly.example.com"], SigningAlgorithm="ES384")
    # A door that is open while its switch is on.
    Life(matrix, "iam")("DisableOutboundWebIdentityFederation")


def organizations(matrix):
    do = Life(matrix, "organizations")
    account = matrix.account
    linked = f"arn:aws:iam::{account}:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations"
    do("CreateOrganization", more={"iam:CreateServiceLinkedRole": [linked]}, FeatureSet="CONSOLIDATED_BILLING")
    do("DeleteOrganization")
    made = exactly.client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
    here = made["Organization"]["Id"]
    do("DescribeOrganization")
    asked = do("EnableAllFeatures")["Handshake"]["Id"]
    exactly.client("organizations").accept_handshake(HandshakeId=asked)

    def its(kind, rest):
        return f"arn:aws:organizations::{account}:{kind}/{here}/{rest}"

    root = do("ListRoots")["Roots"][0]["Id"]
    at_root = its("root", root)
    unit = do("CreateOrganizationalUnit", [at_root], ParentId=root, Name="Work")["OrganizationalUnit"]["Id"]
    in_unit = its("ou", unit)
    do("DescribeOrganizationalUnit", [in_unit], OrganizationalUnitId=unit)
    do("UpdateOrganizationalUnit", [in_unit], OrganizationalUnitId=unit, Name="Works")
    do("ListOrganizationalUnitsForParent", [at_root], ParentId=root)
    request = do("CreateAccount", Email="member@example.com", AccountName="Member")["CreateAccountStatus"]["Id"]
    member = do("DescribeCreateAccountStatus", CreateAccountRequestId=request)["CreateAccountStatus"]["AccountId"]
    do("ListCreateAccountStatus")
    of_member = its("account", member)
    do("DescribeAccount", [of_member], AccountId=member)
    do("ListAccounts")
    do("MoveAccount", [of_member, at_root, in_unit], AccountId=member, SourceParentId=root, DestinationParentId=unit)
    do("ListAccountsForParent", [in_unit], ParentId=unit)
    do("ListChildren", [in_unit], ParentId=unit, ChildType="ACCOUNT")
    do("ListParents", [of_member], ChildId=member)

    kind = {"PolicyType": "SERVICE_CONTROL_POLICY"}
    do("EnablePolicyType", [at_root], RootId=root, **kind)
    # It has no id before it is made.
    named = {"Name": "guard", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": SCP}
    policy = do("CreatePolicy", [its("policy", "service_control_policy/p-*")], **named)["Policy"]["PolicySummary"]["Id"]
    guard = its("policy", f"service_control_policy/{policy}")
    do("DescribePolicy", [guard], PolicyId=policy)
    do("UpdatePolicy", [guard], PolicyId=policy, Description="second")
    do("ListPolicies", Filter="SERVICE_CONTROL_POLICY")
    for target, arn in ((root, at_root), (unit, in_unit), (member, of_member)):
        do("AttachPolicy", [guard, arn], PolicyId=policy, TargetId=target)
        do("ListPoliciesForTarget", [arn], TargetId=target, Filter="SERVICE_CONTROL_POLICY")
        do("ListTargetsForPolicy", [guard], PolicyId=policy)
        do("DetachPolicy", [guard, arn], PolicyId=policy, TargetId=target)
    for what, arn in ((root, at_root), (unit, in_unit), (member, of_member), (policy, guard)):
        do("TagResource", [arn], ResourceId=what, Tags=TAGS)
        do("ListTagsForResource", [arn], ResourceId=what)
        do("UntagResource", [arn], ResourceId=what, TagKeys=["team"])
    do("DeletePolicy", [guard], PolicyId=policy)
    do("DisablePolicyType", [at_root], RootId=root, **kind)
    none = "EffectivePolicyNotFoundException"
    tags = {"PolicyType": "TAG_POLICY"}
    do("DescribeEffectivePolicy", [of_member], code=none, TargetId=member, **tags)
    do("ListAccountsWithInvalidEffectivePolicy", code=none, **tags)
    do("ListEffectivePolicyValidationErrors", [of_member], code=none, AccountId=member, **tags)

    service = {"ServicePrincipal": "config.amazonaws.com"}
    do("EnableAWSServiceAccess", **service)
    do("ListAWSServiceAccessForOrganization")
    do("RegisterDelegatedAdministrator", [of_member], AccountId=member, **service)
    do("ListDelegatedAdministrators")
    do("ListDelegatedServicesForAccount", [of_member], AccountId=member)
    do("DeregisterDelegatedAdministrator", [of_member], AccountId=member, **service)
    content = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{member}:root"}, "Action": "organizations:ListAccounts", "Resource": "*",
    }]}
    do("PutResourcePolicy", [its("resourcepolicy", "rp-*")], Content=json.dumps(content))
    do("DescribeResourcePolicy")
    do("DeleteResourcePolicy")
    over_members(matrix, f"{here}/{root}/{unit}", member, its)
    transfers(do, its, member)
    do("CreateGovCloudAccount", code="ConstraintViolationException", Email="gov@example.com", AccountName="Gov")

    invited = elsewhere(matrix, do, its, member)
    do("ListHandshakesForOrganization")
    request = do("CreateAccount", Email="closed@example.com", AccountName="Closed")["CreateAccountStatus"]["Id"]
    closed = do("DescribeCreateAccountStatus", CreateAccountRequestId=request)["CreateAccountStatus"]["AccountId"]
    do("CloseAccount", [its("account", closed)], AccountId=closed)
    do("RemoveAccountFromOrganization", [its("account", invited)], AccountId=invited)
    do("DeleteOrganizationalUnit", [in_unit], OrganizationalUnitId=unit)
    do("DisableAWSServiceAccess", **service)


def over_members(matrix, path, member, its):
    """What IAM and STS do for an organization; `path`: of a unit."""
    do = Life(matrix, "iam")
    exactly.client("organizations").enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    do("EnableOrganizationsRootCredentialsManagement")
    do("EnableOrganizationsRootSessions")
    do("ListOrganizationsFeatures")
    task = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
    Life(matrix, "sts")("AssumeRoot", [f"arn:aws:iam::{member}:root"], TargetPrincipal=member, TaskPolicyArn=task)
    do("DisableOrganizationsRootSessions")
    do("DisableOrganizationsRootCredentialsManagement")

    # The report tells what these tell, of the unit and of the policies on it.
    _, root, below = path.split("/")
    admin = exactly.client("organizations")
    admin.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    guard = admin.create_policy(Type="SERVICE_CONTROL_POLICY", Name="reported", Description="", Content=SCP)["Policy"]["PolicySummary"]
    admin.attach_policy(PolicyId=guard["Id"], TargetId=below)
    unit = its("ou", below)
    asked = {
        "organizations:ListRoots": [],
        "organizations:ListParents": [unit],
        "organizations:ListChildren": [unit],
        "organizations:ListPoliciesForTarget": [unit],
        "organizations:ListTargetsForPolicy": [guard["Arn"]],
        "organizations:DescribePolicy": [guard["Arn"]],
    }
    report = f"arn:aws:iam::{matrix.account}:access-report/{path}"
    job = do("GenerateOrganizationsAccessReport", [report], asked, EntityPath=path, OrganizationsPolicyId=guard["Id"])["JobId"]
    do("GetOrganizationsAccessReport", JobId=job)
    admin.detach_policy(PolicyId=guard["Id"], TargetId=below)


def transfers(do, its, member):
    """Of billing, which is not here."""
    kind, none = {"Type": "BILLING"}, "ResponsibilityTransferNotFoundException"
    do("ListInboundResponsibilityTransfers", **kind)
    do("ListOutboundResponsibilityTransfers", **kind)
    target = {"Target": {"Id": member, "Type": "ACCOUNT"}, "StartTimestamp": 1800000000, "SourceName": "exactly"}
    do("InviteOrganizationToTransferResponsibility", [its("account", member)], code="ConstraintViolationException", **kind, **target)
    transfer = [its("transfer", "billing/inbound/rt-12345678")]
    do("DescribeResponsibilityTransfer", transfer, code=none, Id="rt-12345678")
    do("UpdateResponsibilityTransfer", transfer, code=none, Id="rt-12345678", Name="exactly")
    do("TerminateResponsibilityTransfer", transfer, code=none, Id="rt-12345678")


def elsewhere(matrix, do, its, member):
    """The other side of handshakes: a user with the same name in the member account, which leaves and comes back; its id."""
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    admin = exactly.client("iam", visitor(role))
    there = exactly.Matrix(admin, member, matrix.reference)
    do_there = Life(there, "organizations")
    do_there("LeaveOrganization")

    def invite():
        target = {"Id": member, "Type": "ACCOUNT"}
        answer = do("InviteAccountToOrganization", [its("account", member)], Target=target)["Handshake"]
        return answer["Id"], answer["Arn"]

    handshake, arn = invite()
    do("DescribeHandshake", [arn], HandshakeId=handshake)
    do("CancelHandshake", [arn], HandshakeId=handshake)
    handshake, arn = invite()
    do_there("ListHandshakesForAccount")
    do_there("DeclineHandshake", [arn], HandshakeId=handshake)
    handshake, arn = invite()
    linked = f"arn:aws:iam::{member}:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations"
    do_there("AcceptHandshake", [arn], {"iam:CreateServiceLinkedRole": [linked]}, HandshakeId=handshake)
    matrix.wrong += there.wrong
    matrix.compared += there.compared
    matrix.called |= there.called
    return member


def visitor(role):
    """The keys of an administrator of the member account."""
    exactly.client("iam").create_user(UserName="visitor")
    key = exactly.client("iam").create_access_key(UserName="visitor")["AccessKey"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}]}
    exactly.client("iam").put_user_policy(UserName="visitor", PolicyName="in", PolicyDocument=json.dumps(allowed))
    return exactly.client("sts", key).assume_role(RoleArn=role, RoleSessionName="visitor")["Credentials"]
