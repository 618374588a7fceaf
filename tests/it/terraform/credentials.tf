# Certificates and keys of users and of the account.

resource "aws_iam_user_ssh_key" "john" {
  provider   = aws.development
  username   = aws_iam_user.john.name
  encoding   = "SSH"
  public_key = trimspace(file("ssh.pub"))
  status     = var.revision == 1 ? "Active" : "Inactive"
}

resource "aws_iam_signing_certificate" "john" {
  provider         = aws.development
  user_name        = aws_iam_user.john.name
  certificate_body = file("certificate.pem")
  status           = var.revision == 1 ? "Active" : "Inactive"
}

resource "aws_iam_server_certificate" "www" {
  provider         = aws.production
  name             = "www"
  path             = "/web/"
  certificate_body = file("certificate.pem")
  private_key      = file("key.pem")
  tags             = { revision = var.revision }
}

resource "aws_iam_service_specific_credential" "john" {
  provider     = aws.development
  user_name    = aws_iam_user.john.name
  service_name = "codecommit.amazonaws.com"
  status       = var.revision == 1 ? "Active" : "Inactive"
}
