# Who else may manage the organization, its other kind of policy, and every data source of Organizations.

resource "aws_iam_organizations_features" "acme" {
  provider         = aws.production
  enabled_features = var.revision == 1 ? ["RootCredentialsManagement"] : ["RootCredentialsManagement", "RootSessions"]
  depends_on       = [aws_organizations_organization.acme]
}

resource "aws_organizations_delegated_administrator" "sandbox" {
  provider          = aws.production
  account_id        = aws_organizations_account.sandbox.id
  service_principal = "config.amazonaws.com"
}

resource "aws_organizations_resource_policy" "acme" {
  provider = aws.production
  content = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Read${var.revision}"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${aws_organizations_account.sandbox.id}:root" }
      Action    = ["organizations:ListAccounts", "organizations:DescribeOrganization"]
      Resource  = "*"
    }]
  })
  tags = { revision = var.revision }
}

resource "aws_organizations_policy" "perimeter" {
  provider    = aws.production
  name        = "perimeter ${var.revision}"
  description = "revision ${var.revision}"
  type        = "RESOURCE_CONTROL_POLICY"
  content = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "*"
      Condition = { StringNotEqualsIfExists = { "aws:PrincipalOrgID" = aws_organizations_organization.acme.id } }
    }]
  })
  tags = { revision = var.revision }
}

resource "aws_organizations_policy_attachment" "perimeter" {
  provider  = aws.production
  policy_id = aws_organizations_policy.perimeter.id
  target_id = var.revision == 1 ? aws_organizations_account.sandbox.id : aws_organizations_organizational_unit.workloads.id
}

data "aws_organizations_delegated_administrators" "all" {
  provider   = aws.production
  depends_on = [aws_organizations_delegated_administrator.sandbox]
}

data "aws_organizations_delegated_services" "sandbox" {
  provider   = aws.production
  account_id = aws_organizations_delegated_administrator.sandbox.account_id
}

data "aws_organizations_organization" "acme" {
  provider   = aws.production
  depends_on = [aws_organizations_account.sandbox]
}

data "aws_organizations_organizational_unit" "workloads" {
  provider  = aws.production
  parent_id = aws_organizations_organization.acme.roots[0].id
  name      = aws_organizations_organizational_unit.workloads.name
}

data "aws_organizations_organizational_unit_child_accounts" "workloads" {
  provider  = aws.production
  parent_id = aws_organizations_account.sandbox.parent_id
}

data "aws_organizations_organizational_unit_descendant_accounts" "all" {
  provider   = aws.production
  parent_id  = aws_organizations_organization.acme.roots[0].id
  depends_on = [aws_organizations_account.sandbox]
}

data "aws_organizations_organizational_unit_descendant_organizational_units" "all" {
  provider   = aws.production
  parent_id  = aws_organizations_organization.acme.roots[0].id
  depends_on = [aws_organizations_organizational_unit.workloads]
}

data "aws_organizations_organizational_units" "all" {
  provider   = aws.production
  parent_id  = aws_organizations_organization.acme.roots[0].id
  depends_on = [aws_organizations_organizational_unit.workloads]
}

data "aws_organizations_policies" "controls" {
  provider   = aws.production
  filter     = "SERVICE_CONTROL_POLICY"
  depends_on = [aws_organizations_policy.guard]
}

data "aws_organizations_policies_for_target" "workloads" {
  provider  = aws.production
  target_id = aws_organizations_policy_attachment.guard.target_id
  filter    = "SERVICE_CONTROL_POLICY"
}

data "aws_organizations_policy" "guard" {
  provider  = aws.production
  policy_id = aws_organizations_policy.guard.id
}

data "aws_organizations_resource_tags" "workloads" {
  provider    = aws.production
  resource_id = aws_organizations_organizational_unit.workloads.id
}

output "organization_read_back" {
  value = {
    administrators = toset(data.aws_organizations_delegated_administrators.all.delegated_administrators[*].id) == toset([aws_organizations_account.sandbox.id])
    services       = toset(data.aws_organizations_delegated_services.sandbox.delegated_services[*].service_principal) == toset(["config.amazonaws.com"])
    organization   = contains(data.aws_organizations_organization.acme.accounts[*].id, aws_organizations_account.sandbox.id)
    unit           = data.aws_organizations_organizational_unit.workloads.arn == aws_organizations_organizational_unit.workloads.arn
    children       = toset(data.aws_organizations_organizational_unit_child_accounts.workloads.accounts[*].email) == toset([aws_organizations_account.sandbox.email])
    descendants    = length(data.aws_organizations_organizational_unit_descendant_accounts.all.accounts) == 2
    units_below    = toset(data.aws_organizations_organizational_unit_descendant_organizational_units.all.children[*].id) == toset([aws_organizations_organizational_unit.workloads.id])
    units          = toset(data.aws_organizations_organizational_units.all.children[*].id) == toset([aws_organizations_organizational_unit.workloads.id])
    policies       = toset(data.aws_organizations_policies.controls.ids) == toset(["p-FullAWSAccess", aws_organizations_policy.guard.id])
    on_target      = contains(data.aws_organizations_policies_for_target.workloads.ids, aws_organizations_policy.guard.id)
    policy         = data.aws_organizations_policy.guard.content == aws_organizations_policy.guard.content
    tags           = data.aws_organizations_resource_tags.workloads.tags.revision == tostring(var.revision)
  }
}
