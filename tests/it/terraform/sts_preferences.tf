# Which regions the global endpoint's tokens are good in. Terraform cannot take the setting back.

resource "aws_iam_security_token_service_preferences" "production" {
  provider                      = aws.production
  global_endpoint_token_version = "v${var.revision}Token"
}
