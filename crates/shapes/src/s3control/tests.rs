use http::Method;
use twinlock_wire::body::Body;
use twinlock_wire::rest::{FromRest, RestRequest, ToRest};

use super::*;

#[test]
fn paths_lead_to_operations() {
    let (operation, labels) =
        route(&Method::GET, "/v20180820/tags/arn:aws:s3:::photos").expect("known");
    assert_eq!(operation.name, "ListTagsForResource");
    assert_eq!(
        labels,
        [("resourceArn".to_owned(), "arn:aws:s3:::photos".to_owned())]
    );
    let (operation, _) = route(&Method::GET, "/v20180820/accesspoint/a/policy").expect("known");
    assert_eq!(operation.name, "GetAccessPointPolicy");
    let (operation, _) =
        route(&Method::PUT, "/v20180820/configuration/publicAccessBlock").expect("known");
    assert_eq!(operation.name, "PutPublicAccessBlock");
    let fault = route(&Method::PATCH, "/v20180820/jobs").map_err(|fault| fault.status);
    assert_eq!(fault.map(|_| ()), Err(405));
    assert!(route(&Method::GET, "/other").is_err());
}

#[test]
fn tags_are_read_and_written() {
    let mut request = RestRequest {
        labels: vec![("resourceArn".into(), "arn:aws:s3:::photos".into())],
        ..RestRequest::default()
    };
    request.headers.insert(
        "x-amz-account-id",
        http::HeaderValue::from_static("123456789012"),
    );
    let body = "<TagResourceRequest xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\"><Tags><Tag><Key>a</Key>\
                <Value>b</Value></Tag></Tags></TagResourceRequest>";
    request.body = Body::from(body.as_bytes().to_vec());
    let input = TagResourceInput::from_rest(request).expect("good");
    assert_eq!(input.resource_arn, "arn:aws:s3:::photos");
    assert_eq!(input.tags.first().map(|t| t.key.as_str()), Some("a"));
    let request = RestRequest {
        labels: vec![("resourceArn".into(), "r".into())],
        query: vec![
            ("tagKeys".into(), "a".into()),
            ("tagKeys".into(), "b".into()),
        ],
        ..RestRequest::default()
    };
    let fault = UntagResourceInput::from_rest(request).expect_err("no account");
    assert_eq!(fault.code, "InvalidRequest");
    let output = ListTagsForResourceOutput { tags: input.tags }.to_rest();
    let Body::Full(bytes) = output.into_body() else {
        panic!("no body");
    };
    assert!(String::from_utf8_lossy(&bytes).ends_with(
        "<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></ListTagsForResourceResult>"
    ));
}
