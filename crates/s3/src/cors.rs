//! A bucket's CORS rules: written by S3's rules, kept in its row, enforced by the gate (`twinlock_gate`'s `cors`).

use twinlock_directory::CorsRule;
use twinlock_gate::{Action, Fault};
use twinlock_shapes::s3::{
    CORSRule, DeleteBucketCorsInput, DeleteBucketCorsOutput, GetBucketCorsInput,
    GetBucketCorsOutput, PutBucketCorsInput, PutBucketCorsOutput,
};

use crate::sub_resource::{absent, bucket_change, bucket_operation, bucket_read, malformed_xml};

/// Rules of one bucket.
const RULES_MAX: usize = 100;
/// Characters of a rule's name.
const ID_CHARS_MAX: usize = 255;
/// Bytes of all rules together: S3's limit for the document.
const RULES_BYTES_MAX: usize = 64 * 1024;
/// The methods that a page can be allowed.
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

bucket_operation! {
    /// Shows the rules.
    GetBucketCors(GetBucketCorsInput) -> GetBucketCorsOutput,
    Action::new("s3:GetBucketCORS", &["bucket"], &[])
}

bucket_read!(GetBucketCors, |found, _, _| {
    if found.bucket.cors.is_empty() {
        return Err(absent(
            found,
            "NoSuchCORSConfiguration",
            "The CORS configuration does not exist",
        ));
    }
    Ok(GetBucketCorsOutput {
        cors_rules: found.bucket.cors.iter().map(shown).collect(),
    })
});

bucket_operation! {
    /// Replaces the rules.
    PutBucketCors(PutBucketCorsInput) -> PutBucketCorsOutput,
    Action::new("s3:PutBucketCORS", &["bucket"], &[])
}

bucket_change!(PutBucketCors, |row, input, _, _| {
    let rules = &input.cors_configuration.cors_rules;
    if rules.is_empty() {
        return Err(malformed_xml());
    }
    if rules.len() > RULES_MAX {
        return Err(invalid(format!(
            "The number of CORS rules should not exceed allowed limit of {RULES_MAX} rules."
        )));
    }
    row.cors = rules.iter().map(kept).collect::<Result<_, _>>()?;
    if row.cors.iter().map(size).sum::<usize>() > RULES_BYTES_MAX {
        return Err(malformed_xml());
    }
    Ok(PutBucketCorsOutput::default())
});

bucket_operation! {
    /// Removes the rules; without any, no page of another origin is let in.
    DeleteBucketCors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput,
    Action::new("s3:PutBucketCORS", &["bucket"], &[])
}

bucket_change!(DeleteBucketCors, |row, _, _, _| {
    row.cors.clear();
    Ok(DeleteBucketCorsOutput::default())
});

fn invalid(message: String) -> Fault {
    Fault::new("InvalidRequest", 400, message)
}

/// A rule as it is kept, if S3 would take it.
fn kept(rule: &CORSRule) -> Result<CorsRule, Fault> {
    let too_long = rule
        .id
        .as_ref()
        .is_some_and(|id| id.chars().count() > ID_CHARS_MAX);
    if rule.allowed_methods.is_empty() || rule.allowed_origins.is_empty() || too_long {
        return Err(malformed_xml());
    }
    let methods = &rule.allowed_methods;
    if let Some(method) = methods.iter().find(|m| !METHODS.contains(&m.as_str())) {
        return Err(invalid(format!(
            "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
        )));
    }
    let stars = |text: &&String| text.matches('*').count() > 1;
    for (name, texts) in [
        ("AllowedOrigin", &rule.allowed_origins),
        ("AllowedHeader", &rule.allowed_headers),
    ] {
        if let Some(text) = texts.iter().find(stars) {
            return Err(invalid(format!(
                "{name} \"{text}\" can not have more than one wildcard."
            )));
        }
    }
    if let Some(header) = rule.expose_headers.iter().find(|h| h.contains('*')) {
        return Err(invalid(format!(
            "ExposeHeader \"{header}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
        )));
    }
    if rule.max_age_seconds.is_some_and(|seconds| seconds < 0) {
        return Err(malformed_xml());
    }
    Ok(CorsRule {
        id: rule.id.clone(),
        allowed_headers: rule.allowed_headers.clone(),
        allowed_methods: rule.allowed_methods.clone(),
        allowed_origins: rule.allowed_origins.clone(),
        expose_headers: rule.expose_headers.clone(),
        max_age_s: rule.max_age_seconds,
    })
}

fn shown(rule: &CorsRule) -> CORSRule {
    CORSRule {
        id: rule.id.clone(),
        allowed_headers: rule.allowed_headers.clone(),
        allowed_methods: rule.allowed_methods.clone(),
        allowed_origins: rule.allowed_origins.clone(),
        expose_headers: rule.expose_headers.clone(),
        max_age_seconds: rule.max_age_s,
    }
}

fn size(rule: &CorsRule) -> usize {
    let lists = [
        &rule.allowed_headers,
        &rule.allowed_methods,
        &rule.allowed_origins,
        &rule.expose_headers,
    ];
    lists.into_iter().flatten().map(String::len).sum()
}

#[cfg(test)]
mod tests;
