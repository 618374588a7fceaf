# The account's password policy. The users' passwords that Terraform makes must obey it, so they come after it.

resource "aws_iam_account_password_policy" "development" {
  provider                       = aws.development
  minimum_password_length        = 12 + var.revision
  require_lowercase_characters   = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_symbols                = true
  allow_users_to_change_password = true
  password_reuse_prevention      = 3
  max_password_age               = 90
  hard_expiry                    = false
}
