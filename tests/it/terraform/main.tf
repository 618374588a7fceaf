# Everything that Terraform's AWS provider manages of IAM and S3 and that Twinlock has, over two accounts.
# The endpoint comes from AWS_ENDPOINT_URL, as for every client. `revision` changes what can be changed in place, so that an
# update follows the first apply.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "production" { type = object({ key = string, secret = string }) }
variable "development" { type = object({ key = string, secret = string }) }
variable "revision" { type = number }

provider "aws" {
  alias             = "production"
  region            = "us-east-1"
  access_key        = var.production.key
  secret_key        = var.production.secret
  s3_use_path_style = true
  max_retries       = 2
  default_tags { tags = { managed-by = "terraform" } }
}

provider "aws" {
  alias             = "development"
  region            = "us-east-1"
  access_key        = var.development.key
  secret_key        = var.development.secret
  s3_use_path_style = true
  max_retries       = 2
}

data "aws_caller_identity" "production" { provider = aws.production }
data "aws_caller_identity" "development" { provider = aws.development }

# ---- Production: roles, policies, boundary, instance profile ----

data "aws_iam_policy_document" "trust" {
  provider = aws.production
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.john.arn, "arn:aws:iam::${data.aws_caller_identity.development.account_id}:root"]
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = ["revision-${var.revision}"]
    }
  }
}

resource "aws_iam_policy" "app" {
  provider    = aws.production
  name        = "read-write-app-bucket"
  path        = "/apps/"
  description = "Reads and writes one bucket"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Objects${var.revision}"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${aws_s3_bucket.app.arn}/*"
    }]
  })
  tags = { revision = var.revision }
}

resource "aws_iam_role" "update_app" {
  provider             = aws.production
  name                 = "UpdateApp"
  path                 = "/apps/"
  description          = "revision ${var.revision}"
  max_session_duration = 3600 * (var.revision + 1)
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.revision == 1 ? "arn:aws:iam::aws:policy/PowerUserAccess" : null
  tags                 = { revision = var.revision, Team = "app" }
}

resource "aws_iam_role_policy" "inline" {
  provider = aws.production
  name     = "lists"
  role     = aws_iam_role.update_app.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "List${var.revision}", Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.app.arn }]
  })
}

resource "aws_iam_role_policy_attachment" "app" {
  provider   = aws.production
  role       = aws_iam_role.update_app.name
  policy_arn = aws_iam_policy.app.arn
}

resource "aws_iam_role" "machine" {
  provider              = aws.production
  name                  = "Machine"
  force_detach_policies = true
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policies_exclusive" "machine" {
  provider     = aws.production
  role_name    = aws_iam_role.machine.name
  policy_names = []
}

resource "aws_iam_role_policy_attachments_exclusive" "machine" {
  provider    = aws.production
  role_name   = aws_iam_role.machine.name
  policy_arns = []
}

resource "aws_iam_instance_profile" "machine" {
  provider = aws.production
  name     = "machine"
  role     = aws_iam_role.machine.name
  tags     = { revision = var.revision }
}

resource "aws_iam_service_linked_role" "ecs" {
  provider         = aws.production
  aws_service_name = "ecs.amazonaws.com"
  description      = "revision ${var.revision}"
  tags             = { revision = var.revision }
}

resource "aws_iam_account_alias" "production" {
  provider      = aws.production
  account_alias = "acme-production-${var.revision}"
}

# ---- Production: S3 ----

resource "aws_s3_bucket" "app" {
  provider      = aws.production
  bucket        = "productionapp-terraform"
  force_destroy = true
  tags          = { revision = var.revision }
}

resource "aws_s3_bucket_versioning" "app" {
  provider = aws.production
  bucket   = aws_s3_bucket.app.id
  versioning_configuration { status = var.revision == 1 ? "Enabled" : "Suspended" }
}

resource "aws_s3_bucket_public_access_block" "app" {
  provider                = aws.production
  bucket                  = aws_s3_bucket.app.id
  block_public_acls       = true
  block_public_policy     = var.revision == 1
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "app" {
  provider = aws.production
  bucket   = aws_s3_bucket.app.id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "app" {
  provider = aws.production
  bucket   = aws_s3_bucket.app.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket_policy" "app" {
  provider = aws.production
  bucket   = aws_s3_bucket.app.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Role${var.revision}"
      Effect    = "Allow"
      Principal = { AWS = aws_iam_role.update_app.arn }
      Action    = ["s3:GetObject"]
      Resource  = "${aws_s3_bucket.app.arn}/*"
    }]
  })
}

resource "aws_s3_object" "page" {
  provider     = aws.production
  bucket       = aws_s3_bucket.app.id
  key          = "pages/index.html"
  content      = "<h1>revision ${var.revision}</h1>"
  content_type = "text/html"
  tags         = { revision = var.revision }
}

# ---- Development: people ----

resource "aws_iam_user" "john" {
  provider      = aws.development
  name          = "John"
  path          = "/people/"
  force_destroy = true
  tags          = { revision = var.revision }
}

resource "aws_iam_user" "sri" {
  provider             = aws.development
  name                 = "Sri"
  permissions_boundary = var.revision == 1 ? null : "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_access_key" "john" {
  provider = aws.development
  user     = aws_iam_user.john.name
  status   = var.revision == 1 ? "Active" : "Inactive"
}

resource "aws_iam_user_login_profile" "sri" {
  provider                = aws.development
  user                    = aws_iam_user.sri.name
  password_length         = 20
  password_reset_required = true
}

resource "aws_iam_user_policy" "john" {
  provider = aws.development
  name     = "assume"
  user     = aws_iam_user.john.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Assume${var.revision}", Effect = "Allow", Action = "sts:AssumeRole", Resource = "*" }]
  })
}

resource "aws_iam_user_policy_attachment" "sri" {
  provider   = aws.development
  user       = aws_iam_user.sri.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_group" "developers" {
  provider = aws.development
  name     = "Developers"
  path     = var.revision == 1 ? "/" : "/teams/"
}

resource "aws_iam_group_policy" "developers" {
  provider = aws.development
  name     = "assume"
  group    = aws_iam_group.developers.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Assume${var.revision}", Effect = "Allow", Action = "sts:AssumeRole", Resource = aws_iam_role.update_app.arn }]
  })
}

resource "aws_iam_group_policy_attachment" "developers" {
  provider   = aws.development
  group      = aws_iam_group.developers.name
  policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_group_membership" "developers" {
  provider = aws.development
  name     = "developers"
  group    = aws_iam_group.developers.name
  users    = [aws_iam_user.john.name]
}

resource "aws_iam_group" "testers" {
  provider = aws.development
  name     = "Testers"
}

resource "aws_iam_user_group_membership" "sri" {
  provider = aws.development
  user     = aws_iam_user.sri.name
  groups   = [aws_iam_group.testers.name]
}

data "aws_iam_principal_policy_simulation" "john" {
  provider          = aws.development
  action_names      = ["sts:AssumeRole"]
  policy_source_arn = aws_iam_user.john.arn
  resource_arns     = [aws_iam_role.update_app.arn]
  context {
    key    = "sts:ExternalId"
    type   = "string"
    values = ["revision-${var.revision}"]
  }
  depends_on = [aws_iam_user_policy.john]
}

output "john_may" { value = data.aws_iam_principal_policy_simulation.john.all_allowed }
