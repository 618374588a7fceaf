# Every data source of IAM, read back from what the other files make.

data "aws_iam_access_keys" "john" {
  provider = aws.development
  user     = aws_iam_access_key.john.user
}

data "aws_iam_account_alias" "production" {
  provider   = aws.production
  depends_on = [aws_iam_account_alias.production]
}

data "aws_iam_group" "developers" {
  provider   = aws.development
  group_name = aws_iam_group_membership.developers.group
}

data "aws_iam_instance_profile" "machine" {
  provider = aws.production
  name     = aws_iam_instance_profile.machine.name
}

data "aws_iam_instance_profiles" "machine" {
  provider   = aws.production
  role_name  = aws_iam_role.machine.name
  depends_on = [aws_iam_instance_profile.machine]
}

data "aws_iam_openid_connect_provider" "ci" {
  provider = aws.production
  url      = "https://${aws_iam_openid_connect_provider.ci.url}"
}

data "aws_iam_policy" "app" {
  provider = aws.production
  arn      = aws_iam_policy.app.arn
}

data "aws_iam_policy" "by_name" {
  provider    = aws.production
  name        = aws_iam_policy.app.name
  path_prefix = "/apps/"
}

data "aws_iam_policy" "of_aws" {
  provider = aws.production
  name     = "ReadOnlyAccess"
}

data "aws_iam_role" "update_app" {
  provider = aws.production
  name     = aws_iam_role.update_app.name
}

data "aws_iam_roles" "apps" {
  provider    = aws.production
  name_regex  = "^Update"
  path_prefix = "/apps/"
  depends_on  = [aws_iam_role.update_app]
}

data "aws_iam_saml_provider" "corporate" {
  provider = aws.production
  arn      = aws_iam_saml_provider.corporate.arn
}

data "aws_iam_server_certificate" "www" {
  provider    = aws.production
  name        = aws_iam_server_certificate.www.name
  path_prefix = "/web/"
}

data "aws_iam_session_context" "role" {
  provider = aws.production
  arn      = "arn:aws:sts::${data.aws_caller_identity.production.account_id}:assumed-role/${aws_iam_role.update_app.name}/session"
}

data "aws_iam_user" "john" {
  provider  = aws.development
  user_name = aws_iam_user.john.name
}

data "aws_iam_user_ssh_key" "john" {
  provider          = aws.development
  username          = aws_iam_user.john.name
  ssh_public_key_id = aws_iam_user_ssh_key.john.ssh_public_key_id
  encoding          = "SSH"
}

data "aws_iam_users" "people" {
  provider    = aws.development
  path_prefix = "/people/"
  depends_on  = [aws_iam_user.john]
}

# What was read is what was made.
output "read_back" {
  value = {
    access_keys       = toset(data.aws_iam_access_keys.john.access_keys[*].access_key_id) == toset([aws_iam_access_key.john.id])
    account_alias     = data.aws_iam_account_alias.production.account_alias == aws_iam_account_alias.production.account_alias
    group             = toset(data.aws_iam_group.developers.users[*].user_name) == toset([aws_iam_user.john.name])
    instance_profile  = data.aws_iam_instance_profile.machine.role_arn == aws_iam_role.machine.arn
    instance_profiles = data.aws_iam_instance_profiles.machine.names == toset([aws_iam_instance_profile.machine.name])
    oidc_provider     = data.aws_iam_openid_connect_provider.ci.arn == aws_iam_openid_connect_provider.ci.arn
    policy            = data.aws_iam_policy.app.policy == aws_iam_policy.app.policy
    policy_by_name    = data.aws_iam_policy.by_name.arn == aws_iam_policy.app.arn
    policy_of_aws     = data.aws_iam_policy.of_aws.arn == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    role              = data.aws_iam_role.update_app.max_session_duration == aws_iam_role.update_app.max_session_duration
    roles             = data.aws_iam_roles.apps.arns == toset([aws_iam_role.update_app.arn])
    saml_provider     = data.aws_iam_saml_provider.corporate.saml_metadata_document == aws_iam_saml_provider.corporate.saml_metadata_document
    certificate       = data.aws_iam_server_certificate.www.arn == aws_iam_server_certificate.www.arn
    session           = data.aws_iam_session_context.role.issuer_arn == aws_iam_role.update_app.arn
    user              = data.aws_iam_user.john.user_id == aws_iam_user.john.unique_id
    ssh_key           = data.aws_iam_user_ssh_key.john.fingerprint == aws_iam_user_ssh_key.john.fingerprint
    users             = data.aws_iam_users.people.names == toset([aws_iam_user.john.name])
  }
}
