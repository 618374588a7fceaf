//! Links that a signed-in person hands on: a GET of S3, signed by the person's own session.
//!
//! Signing gives no right. Whoever follows the link comes through the door like everybody, as the session that signed, and is
//! authorised then: what the session may not do the link may not, and a session that has ended or was revoked signs for nothing. The
//! secret is derived, used and forgotten here; what leaves is the signature, and the sealed token, which is of no use without it.

use twinlock_directory::Millis;
use twinlock_wire::{signature::percent_encode, sigv4::Signer};

use crate::world::World;

/// The longest life of a link, in seconds: AWS's console gives no more than twelve hours.
pub const LINK_SECONDS_MAX: u64 = 12 * 60 * 60;

/// A link, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub url: String,
    /// The instant after which it opens nothing.
    pub expires: Millis,
}

impl World {
    /// The plain address of an object, path style, at the server's public address.
    pub fn object_url(&self, bucket: &str, key: &str) -> String {
        format!(
            "{}/{}/{}",
            self.settings.public_url.trim_end_matches('/'),
            percent_encode(bucket, false),
            percent_encode(key, true),
        )
    }

    /// A link that gets an object, signed by the session that `token` holds. It lives `seconds`, at most
    /// [`LINK_SECONDS_MAX`] and at most as long as the session. None: the session is over, or there is no such address.
    pub fn presigned_get(
        &self,
        (access_key_id, token): (&str, &str),
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        seconds: u64,
    ) -> Option<Link> {
        let opened = self.tokens.open(access_key_id, token)?;
        let now = self.clock.now();
        let left = opened.session.expires.checked_sub(now)? / 1000;
        let seconds = seconds.min(LINK_SECONDS_MAX).min(left);
        if seconds == 0 {
            return None;
        }
        let mut url = self.object_url(bucket, key);
        if let Some(version) = version_id {
            url.push_str("?versionId=");
            url.push_str(&percent_encode(version, false));
        }
        let (mut parts, ()) = http::Request::get(url).body(()).ok()?.into_parts();
        let signer = Signer {
            access_key_id,
            secret_access_key: &opened.secret,
            session_token: Some(token),
            region: &self.settings.region,
            service: "s3",
        };
        signer.presign(&mut parts, seconds, now).ok()?;
        Some(Link {
            url: parts.uri.to_string(),
            // Signatures know whole seconds.
            expires: (now / 1000 + seconds) * 1000,
        })
    }
}
