# MFA devices.

resource "aws_iam_virtual_mfa_device" "john" {
  provider                = aws.development
  virtual_mfa_device_name = "john"
  path                    = "/people/"
  tags                    = { revision = var.revision }
}
