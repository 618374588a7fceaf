# An organization that Production manages.

resource "aws_organizations_organization" "acme" {
  provider                      = aws.production
  feature_set                   = "ALL"
  enabled_policy_types          = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
  aws_service_access_principals = var.revision == 1 ? ["iam.amazonaws.com", "config.amazonaws.com"] : ["iam.amazonaws.com", "config.amazonaws.com", "sso.amazonaws.com"]
}

resource "aws_organizations_organizational_unit" "workloads" {
  provider  = aws.production
  name      = "Workloads ${var.revision}"
  parent_id = aws_organizations_organization.acme.roots[0].id
  tags      = { revision = var.revision }
}

# Destroying it makes it leave the organization: a closed account stays in its unit for good, as on AWS, and the unit with it.
resource "aws_organizations_account" "sandbox" {
  provider  = aws.production
  name      = "Sandbox"
  email     = "sandbox@example.com"
  parent_id = aws_organizations_organizational_unit.workloads.id
  tags      = { revision = var.revision }
}

resource "aws_organizations_policy" "guard" {
  provider = aws.production
  name     = "guard"
  type     = "SERVICE_CONTROL_POLICY"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Guard${var.revision}", Effect = "Deny", Action = "s3:DeleteBucket", Resource = "*" }]
  })
  depends_on = [aws_organizations_organization.acme]
}

resource "aws_organizations_policy_attachment" "guard" {
  provider  = aws.production
  policy_id = aws_organizations_policy.guard.id
  target_id = aws_organizations_organizational_unit.workloads.id
}
