use super::*;

const IDENTITY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A1","Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}]}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}"#;
const BUCKET: &str = r#"{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"two words","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;

#[test]
fn good_documents_pass() {
    assert!(check_identity(IDENTITY).is_ok());
    assert!(check_boundary(IDENTITY).is_ok());
    assert!(check_session(IDENTITY).is_ok());
    assert!(check_scp(IDENTITY).is_ok());
    assert!(check_trust(TRUST).is_ok());
    assert_eq!(check_bucket(BUCKET, "b").map(|_| ()), Ok(()));
    let rcp = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}"#;
    assert!(check_rcp(rcp).is_ok());
    assert!(
        check_inline(r#"{"Statement":{"Effect":"Allow","Action":["*"],"Resource":["*"]}}"#).is_ok()
    );
}

/// One edit to a good document, AWS's sentence, a word of our hint.
#[test]
fn identity_policies_are_refused_with_awss_sentence() {
    let rows = [
        (
            r#""Version":"2012-10-17","#,
            "",
            "Policy document must be version 2012-10-17 or greater.",
            "absent",
        ),
        (
            "2012-10-17",
            "2008-10-17",
            "Policy document must be version 2012-10-17 or greater.",
            "2008",
        ),
        (
            "2012-10-17",
            "2024-01-01",
            "Syntax errors in policy.",
            "version of the language",
        ),
        (
            "}]}",
            "},]}",
            "This policy contains invalid Json",
            "trailing comma",
        ),
        (
            "}]}",
            "}]",
            "This policy contains invalid Json",
            "never closed",
        ),
        (
            "{\"Version\"",
            "{ # x\n\"Version\"",
            "This policy contains invalid Json",
            "comments",
        ),
        (
            "\"Allow\"",
            "\u{201c}Allow\u{201d}",
            "This policy contains invalid Json",
            "typographic",
        ),
        (
            "\"Sid\":\"A1\",",
            "\"Sid\":\"A1\",\"Sid\":\"A2\",",
            "This policy contains invalid Json",
            "twice",
        ),
        ("Allow", "allow", "Syntax errors in policy.", "`allow`"),
        (
            "Effect",
            "Efect",
            "Syntax errors in policy.",
            "did you mean `Effect`",
        ),
        (
            "A1",
            "A 1",
            "Statement IDs (SID) must be alpha-numeric.",
            "A 1",
        ),
        (
            r#""Resource":"arn:aws:s3:::b/*""#,
            r#""NotAction":"a:b""#,
            "Syntax errors in policy.",
            "exclude",
        ),
        (
            r#","Resource":"arn:aws:s3:::b/*""#,
            "",
            "Policy statement must contain resources.",
            "Resource",
        ),
        (
            r#""Action":"s3:Get*","#,
            "",
            "Syntax errors in policy.",
            "`Action` is missing",
        ),
        (
            r#""s3:Get*""#,
            "[]",
            "Policy statement must contain actions.",
            "empty",
        ),
        (
            "s3:Get*",
            "GetObject",
            "Actions/Conditions must be prefaced by a vendor",
            "GetObject",
        ),
        (
            "s3:Get*",
            "s3:Get,s3:Put",
            "Syntax errors in policy.",
            "list",
        ),
        (
            "s3:Get*",
            "arn:aws:s3:::b",
            "Syntax errors in policy.",
            "under Resource",
        ),
        (
            "s3:Get*",
            "s3:Get Object",
            "Syntax errors in policy.",
            "white space",
        ),
        (
            "arn:aws:s3:::b/*",
            "s3:GetObject",
            "Resource s3:GetObject must be in ARN format",
            "under Action",
        ),
        (
            "arn:aws:s3:::b/*",
            "111122223333",
            "Resource 111122223333 must be in ARN format",
            "under Principal",
        ),
        (
            r#"{"Version""#,
            r#"{"PolicyDocument":1,"Version""#,
            "Syntax errors in policy.",
            "what stands inside",
        ),
        (
            "arn:aws:s3:::b/*",
            "b",
            "Resource b must be in ARN format or \"*\".",
            "arn:aws:s3:::b",
        ),
        (
            "arn:aws:s3:::b/*",
            "arn:was:s3:::b",
            "Partition \"was\" is not valid",
            "aws",
        ),
        (
            "arn:aws:s3:::b/*",
            "arn:aws:iam::11111111111:role/x",
            "Syntax errors in policy.",
            "twelve digits",
        ),
        (
            r#""Sid":"A1","#,
            r#""Principal":"*","#,
            "Policy document should not specify a principal.",
            "Principal",
        ),
        (
            r#""Sid":"A1","#,
            r#""Condition":{"StringEqual":{"aws:a":"b"}},"#,
            "Syntax errors in policy.",
            "StringEqual",
        ),
        (
            r#""Sid":"A1","#,
            r#""Condition":{"StringEquals":{"a":"b"}},"#,
            "Actions/Conditions must be prefaced",
            "condition key",
        ),
        (
            r#""Sid":"A1","#,
            r#""Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}},"#,
            "Syntax errors in policy.",
            "CIDR",
        ),
        (
            r#""Sid":"A1","#,
            r#""Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}},"#,
            "Syntax errors in policy.",
            "date",
        ),
        (
            r#""Sid":"A1","#,
            r#""Condition":{"NumericLessThan":{"aws:x":"1e3"}},"#,
            "Syntax errors in policy.",
            "number",
        ),
        (
            "A1",
            "\u{4e00}",
            "The specified value for policyDocument is invalid.",
            "outside",
        ),
    ];
    for (from, to, sentence, hint) in rows {
        let text = IDENTITY.replacen(from, to, 1);
        let error = check_identity(&text).expect_err(&text);
        assert!(error.sentence.starts_with(sentence), "{text}: {error}");
        assert!(error.hint.contains(hint), "{text}: {error}");
    }
    let twice = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    assert_eq!(
        check_identity(twice).expect_err("twice").sentence,
        "Statement IDs (SID) in a single policy must be unique."
    );
    for text in [
        "",
        "x",
        "[]",
        "{}",
        r#"{"Version":"2012-10-17","Statement":[]}"#,
    ] {
        assert_eq!(
            check_identity(text).expect_err(text).sentence,
            "Syntax errors in policy.",
            "{text}"
        );
    }
}

#[test]
fn trust_policies_are_refused_with_awss_sentence() {
    let rows = [
        (
            r#""Action""#,
            r#""Resource":"*","Action""#,
            "Has prohibited field Resource",
            "role itself",
        ),
        (
            r#""Principal""#,
            r#""NotPrincipal""#,
            "Has prohibited field NotPrincipal",
            "Principal",
        ),
        (
            r#""Principal":{"AWS":"111111111111"},"#,
            "",
            "AssumeRole policy must contain principals",
            "nobody",
        ),
        (
            "sts:AssumeRole",
            "s3:GetObject",
            "AssumeRole policy may only specify STS AssumeRole actions.",
            "permissions policy",
        ),
        (
            "111111111111",
            "11111111111",
            "Invalid principal in policy: \"AWS\":\"11111111111\"",
            "has 11",
        ),
        (
            "111111111111",
            "arn:aws:iam::111111111111:user/*",
            "Invalid principal in policy: \"AWS\":",
            "wildcards",
        ),
        (
            "111111111111",
            "arn:aws:iam::111111111111:group/G",
            "Invalid principal in policy",
            "group",
        ),
        (
            "111111111111",
            "arn:aws:s3:::b",
            "Invalid principal in policy",
            "Resource",
        ),
        (
            r#"{"AWS":"111111111111"}"#,
            r#""lambda.amazonaws.com""#,
            "Syntax errors in policy.",
            r#"{"Service": "lambda.amazonaws.com"}"#,
        ),
        (
            "111111111111",
            "ec2.amazonaws.com",
            "Invalid principal in policy",
            "Service",
        ),
        (
            r#"{"AWS":"111111111111"}"#,
            r#"{"Service":"*"}"#,
            "Invalid principal in policy: \"Service\":\"*\"",
            "lambda.amazonaws.com",
        ),
        (
            r#"{"AWS":"111111111111"}"#,
            "{}",
            "Invalid principal in policy",
            "nobody",
        ),
    ];
    for (from, to, sentence, hint) in rows {
        let text = TRUST.replacen(from, to, 1);
        let error = check_trust(&text).expect_err(&text);
        assert!(error.sentence.starts_with(sentence), "{text}: {error}");
        assert!(error.hint.contains(hint), "{text}: {error}");
    }
}

#[test]
fn bucket_policies_are_refused_with_s3s_sentence() {
    let rows = [
        (
            "}]}",
            "}",
            "Policies must be valid JSON and the first byte must be '{'",
            "never closed",
        ),
        (
            r#""Principal":"*","#,
            "",
            "Missing required field Principal",
            "nobody",
        ),
        (
            r#""Effect":"Allow","#,
            "",
            "Missing required field Effect",
            "Effect",
        ),
        (
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::other/*",
            "Policy has invalid resource",
            "`other`",
        ),
        (
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::B/*",
            "Policy has invalid resource",
            "lower case",
        ),
        (
            "arn:aws:s3:::b/*",
            "b/*",
            "Policy has invalid resource",
            "ARN",
        ),
        (
            "s3:GetObject",
            "ec2:Run",
            "Policy has invalid action",
            "ec2:Run",
        ),
        (
            "s3:GetObject",
            "s3:ListObjects",
            "Policy has invalid action",
            "no action `s3:ListObjects`",
        ),
        (
            "arn:aws:s3:::b/*",
            "*",
            "Policy has invalid resource",
            "arn:aws:s3:::b/*",
        ),
        (
            r#""Principal":"*""#,
            r#""NotPrincipal":{"AWS":"*"}"#,
            "Allow with NotPrincipal is not allowed.",
            "everybody",
        ),
        (
            r#""*""#,
            r#"{"CanonicalUser":"12"}"#,
            "Invalid principal in policy: \"CanonicalUser\":\"12\"",
            "64",
        ),
    ];
    for (from, to, sentence, hint) in rows {
        let text = BUCKET.replacen(from, to, 1);
        let error = check_bucket(&text, "b").expect_err(&text);
        assert!(error.sentence.starts_with(sentence), "{text}: {error}");
        assert!(error.hint.contains(hint), "{text}: {error}");
    }
    assert!(check_bucket(&" ".repeat(30_000), "b").is_err());
}

/// Each action of a statement must meet one of its resources: `Action does not apply to any resource(s) in statement`, recorded in
/// github.com/ministryofjustice/modernisation-platform/pull/10762 and github.com/aws-amplify/docs/issues/7799.
#[test]
fn an_action_of_a_bucket_policy_meets_one_of_its_resources() {
    const BUCKET_ONLY: &str = r#""arn:aws:s3:::b""#;
    const OBJECTS_ONLY: &str = r#""arn:aws:s3:::b/*""#;
    let written = |actions: &str, resources: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Principal":"*","Action":[{actions}],"Resource":[{resources}]}}}}"#
        );
        check_bucket(&text, "b").map(|_| ())
    };
    for (actions, resources, hint) in [
        (r#""s3:GetObject""#, BUCKET_ONLY, "works on objects"),
        (r#""S3:getobject""#, BUCKET_ONLY, "works on objects"),
        (r#""s3:ListBucket""#, OBJECTS_ONLY, "works on the bucket"),
        (
            r#""s3:PutObject","s3:ListBucket""#,
            OBJECTS_ONLY,
            "`s3:ListBucket` works on the bucket",
        ),
        (
            r#""s3:ListBucket","s3:PutObject""#,
            BUCKET_ONLY,
            "`s3:PutObject` works on objects",
        ),
        (
            r#""s3:*","s3:PutObject""#,
            BUCKET_ONLY,
            "`s3:PutObject` works on objects",
        ),
        (
            r#""s3:GetBucketPolicy""#,
            r#""arn:aws:s3:::b/${aws:username}/*""#,
            "works on the bucket",
        ),
        (
            r#""s3:ListBucket""#,
            r#""arn:aws:s3:::b/", "arn:aws:s3:::b/a""#,
            "works on the bucket",
        ),
        (
            r#""s3:ListAllMyBuckets""#,
            r#""arn:aws:s3:::b", "arn:aws:s3:::b/*""#,
            "identity policy",
        ),
    ] {
        let error = written(actions, resources).expect_err(actions);
        assert_eq!(
            error.sentence, "Action does not apply to any resource(s) in statement",
            "{actions} {resources}"
        );
        assert!(error.hint.contains(hint), "{error}");
    }
    for (actions, resources) in [
        (
            r#""s3:GetObject","s3:ListBucket""#,
            r#""arn:aws:s3:::b", "arn:aws:s3:::b/*""#,
        ),
        // A star reaches over the slash, and a variable can hold one.
        (r#""s3:GetObject","s3:ListBucket""#, r#""arn:aws:s3:::b*""#),
        (r#""s3:GetObject","s3:ListBucket""#, r#""arn:aws:s3:::*""#),
        (r#""s3:GetObject""#, r#""arn:aws:s3:::*/a""#),
        (r#""s3:GetObject""#, r#""arn:aws:s3:::b/${aws:username}""#),
        // Of an action with a wildcard nothing is said.
        (r#""s3:*""#, BUCKET_ONLY),
        (r#""s3:*""#, OBJECTS_ONLY),
        (r#""*""#, OBJECTS_ONLY),
        (r#""s3:GetObject*""#, BUCKET_ONLY),
        (r#""s3:ListBucket*""#, OBJECTS_ONLY),
        (
            r#""s3:AbortMultipartUpload","s3:ListMultipartUploadParts","s3:GetObjectVersion","s3:BypassGovernanceRetention""#,
            OBJECTS_ONLY,
        ),
        (
            r#""s3:ListBucketVersions","s3:ListBucketMultipartUploads","s3:GetBucketLocation","s3:PutLifecycleConfiguration""#,
            BUCKET_ONLY,
        ),
    ] {
        assert_eq!(written(actions, resources), Ok(()), "{actions} {resources}");
    }
    // What is excepted need not be met.
    for statement in [
        r#""NotAction":"s3:GetObject","Resource":"arn:aws:s3:::b""#,
        r#""Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/public/*""#,
        r#""Action":"s3:GetObject","NotResource":"arn:aws:s3:::b""#,
    ] {
        let text = format!(r#"{{"Statement":{{"Effect":"Deny","Principal":"*",{statement}}}}}"#);
        assert_eq!(check_bucket(&text, "b").map(|_| ()), Ok(()), "{text}");
    }
}

#[test]
fn size_leaves_out_space_between_strings_only() {
    assert_eq!(size("{ \"a b\" :\n1 }"), 9);
    assert_eq!(size(r#"{"a\" b": 1}"#), 11);
}

#[test]
fn a_document_inside_a_string_is_told_as_such() {
    let text = format!("{:?}", IDENTITY);
    let error = check_identity(&text).expect_err("a string");
    assert!(error.hint.contains("inside a string"), "{error}");
}

/// Sending the external id is the caller's affair in AWS as well: its own policies have such conditions.
#[test]
fn an_external_id_may_stand_in_an_identity_policy() {
    let text = IDENTITY.replacen(
        r#""Sid":"A1","#,
        r#""Condition":{"StringEquals":{"sts:ExternalId":"b"}},"#,
        1,
    );
    assert!(check_identity(&text).is_ok());
}
