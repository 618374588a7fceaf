# What an identity has and nothing besides: the exclusive lists, and the attachments of one policy wherever it is.

resource "aws_iam_policy" "shared" {
  provider = aws.development
  name     = "shared"
  policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }] })
}

resource "aws_iam_user" "ann" {
  provider = aws.development
  name     = "Ann${var.revision}"
}

resource "aws_iam_group" "auditors" {
  provider = aws.development
  name     = "Auditors"
}

resource "aws_iam_role" "auditor" {
  provider = aws.development
  name     = "Auditor"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_user.ann.arn } }]
  })
}

# Attached here and nowhere else.
resource "aws_iam_policy_attachment" "shared" {
  provider   = aws.development
  name       = "shared"
  policy_arn = aws_iam_policy.shared.arn
  users      = [aws_iam_user.ann.name]
  groups     = var.revision == 1 ? [aws_iam_group.auditors.name] : []
  roles      = [aws_iam_role.auditor.name]
}

resource "aws_iam_user_policy" "ann" {
  provider = aws.development
  name     = "own"
  user     = aws_iam_user.ann.name
  policy   = aws_iam_policy.shared.policy
}

resource "aws_iam_user_policies_exclusive" "ann" {
  provider     = aws.development
  user_name    = aws_iam_user.ann.name
  policy_names = [aws_iam_user_policy.ann.name]
}

resource "aws_iam_user_policy_attachments_exclusive" "ann" {
  provider    = aws.development
  user_name   = aws_iam_user.ann.name
  policy_arns = [aws_iam_policy_attachment.shared.policy_arn]
}

resource "aws_iam_group_policies_exclusive" "auditors" {
  provider     = aws.development
  group_name   = aws_iam_group.auditors.name
  policy_names = []
}

resource "aws_iam_group_policy_attachments_exclusive" "developers" {
  provider    = aws.development
  group_name  = aws_iam_group.developers.name
  policy_arns = [aws_iam_group_policy_attachment.developers.policy_arn]
}
