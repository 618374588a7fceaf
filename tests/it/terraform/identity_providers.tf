# Identity providers.

resource "aws_iam_openid_connect_provider" "ci" {
  provider        = aws.production
  url             = "https://token.ci.example.com"
  client_id_list  = ["sts.amazonaws.com", "revision-${var.revision}"]
  thumbprint_list = ["990f4193972f2becf12ddeda5237f9c952f20d9${var.revision}"]
  tags            = { revision = var.revision }
}

resource "aws_iam_saml_provider" "corporate" {
  provider               = aws.production
  name                   = "corporate"
  tags                   = { revision = var.revision }
  saml_metadata_document = <<-METADATA
    <?xml version="1.0" encoding="UTF-8"?>
    <EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/revision/${var.revision}">
      <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        <KeyDescriptor use="signing">
          <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
            <X509Data><X509Certificate>${join("", slice(split("\n", trimspace(file("certificate.pem"))), 1, length(split("\n", trimspace(file("certificate.pem")))) - 1))}</X509Certificate></X509Data>
          </KeyInfo>
        </KeyDescriptor>
        <NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>
        <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/>
      </IDPSSODescriptor>
    </EntityDescriptor>
  METADATA
}

resource "aws_iam_role" "ci" {
  provider = aws.production
  name     = "Ci"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = aws_iam_openid_connect_provider.ci.arn }
      Condition = { StringEquals = { "token.ci.example.com:sub" = "repository" } }
    }]
  })
}
