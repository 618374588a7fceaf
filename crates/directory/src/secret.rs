//! Secrets: a text in clear that is printed by nothing, and what a row keeps of one.
//!
//! What a start reads stays sealed. Of ten thousand keys few are used, opening all of them was a quarter of the time that a
//! start takes, and a secret that nobody asked for is better not in memory at all. So a [`StoredSecret`] is opened each time it
//! is asked for: some two microseconds, beside a signature to verify.

use std::{cell::RefCell, fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::sealer::Sealer;

/// Names the algorithm in front of a sealed text, so that another one can follow it some day.
const PREFIX: &str = "x1:";

/// A secret text: wiped from memory when dropped, printed and stored by nothing.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret of this text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text in clear. The name is long so that every use of it stands out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text in clear, still wiped from memory when dropped.
    pub fn into_text(self) -> Zeroizing<String> {
        self.0
    }

    /// Whether the secret is `other`; takes the same time wherever they differ.
    pub fn matches(&self, other: &str) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.0.as_bytes(), other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A secret in a row: new and in clear until the row has been stored, sealed when it was read from there.
#[derive(Clone)]
pub struct StoredSecret(Kept);

#[derive(Clone)]
enum Kept {
    New(Secret),
    Sealed {
        sealed: Arc<[u8]>,
        place: Arc<str>,
        sealer: Sealer,
    },
}

impl From<Secret> for StoredSecret {
    fn from(secret: Secret) -> StoredSecret {
        StoredSecret(Kept::New(secret))
    }
}

impl StoredSecret {
    /// The secret; none if the row is damaged or was taken from elsewhere, and then nobody may be believed by it. That is logged.
    pub fn open(&self) -> Option<Secret> {
        match &self.0 {
            Kept::New(secret) => Some(secret.clone()),
            Kept::Sealed {
                sealed,
                place,
                sealer,
            } => {
                let clear = sealer
                    .open(sealed, place.as_bytes())
                    .inspect_err(|error| tracing::error!(row = %place, %error, "a stored secret cannot be used"))
                    .ok()?;
                std::str::from_utf8(&clear).ok().map(Secret::new)
            }
        }
    }

    /// Whether the secret is `other`; takes the same time wherever they differ.
    pub fn matches(&self, other: &str) -> bool {
        self.open().is_some_and(|secret| secret.matches(other))
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredSecret")
    }
}

struct Scope {
    sealer: Sealer,
    place: Arc<str>,
}

thread_local! {
    static SCOPE: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// Runs `f`, during which secrets serialised or read on this thread are sealed for `place`.
///
/// A scope by thread rather than a parameter, because serde's derived code has no way to pass one down, and rows with a secret
/// somewhere inside would otherwise all be written by hand. Outside of a scope a secret refuses to be serialised at all, so that no
/// log or answer can hold one by mistake.
pub(crate) fn in_row<T>(sealer: &Sealer, place: &str, f: impl FnOnce() -> T) -> T {
    /// Puts the earlier scope back, also when `f` panics.
    struct Reset(Option<Scope>);
    impl Drop for Reset {
        fn drop(&mut self) {
            SCOPE.set(self.0.take());
        }
    }
    let _reset = Reset(SCOPE.replace(Some(Scope {
        sealer: sealer.clone(),
        place: place.into(),
    })));
    f()
}

impl Serialize for StoredSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let sealed = SCOPE.with_borrow(|scope| -> Result<Arc<[u8]>, S::Error> {
            let scope = scope
                .as_ref()
                .ok_or_else(|| S::Error::custom("a secret is written only in a sealed row"))?;
            if let Kept::Sealed { sealed, place, .. } = &self.0
                && *place == scope.place
            {
                return Ok(sealed.clone());
            }
            let secret = self
                .open()
                .ok_or_else(|| S::Error::custom("a secret does not open"))?;
            scope
                .sealer
                .seal(secret.expose().as_bytes(), scope.place.as_bytes())
                .map(Into::into)
                .map_err(S::Error::custom)
        })?;
        serializer.serialize_str(&format!("{PREFIX}{}", STANDARD.encode(sealed)))
    }
}

impl<'de> Deserialize<'de> for StoredSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StoredSecret, D::Error> {
        use serde::de::Error;
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let sealed = text
            .strip_prefix(PREFIX)
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or_else(|| D::Error::custom("not a sealed secret"))?;
        SCOPE.with_borrow(|scope| {
            let scope = scope
                .as_ref()
                .ok_or_else(|| D::Error::custom("a secret is read only from a sealed row"))?;
            Ok(StoredSecret(Kept::Sealed {
                sealed: sealed.into(),
                place: scope.place.clone(),
                sealer: scope.sealer.clone(),
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealer::MasterKey;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&MasterKey::new([byte; 32]))
    }

    fn written(secret: &StoredSecret, place: &str) -> String {
        in_row(&sealer(1), place, || serde_json::to_string(secret)).unwrap()
    }

    fn read(json: &str, byte: u8, place: &str) -> StoredSecret {
        in_row(&sealer(byte), place, || serde_json::from_str(json)).unwrap()
    }

    #[test]
    fn a_secret_is_written_only_sealed_and_never_printed() {
        let secret = StoredSecret::from(Secret::new("wJalrXUtnFEMI"));
        assert!(serde_json::to_string(&secret).is_err());
        assert_eq!(format!("{secret:?}"), "StoredSecret");
        assert_eq!(format!("{:?}", secret.open()), "Some(Secret)");
        let json = written(&secret, "user/1");
        assert!(!json.contains("wJalr"));
        assert!(serde_json::from_str::<StoredSecret>(&json).is_err());
        for not_sealed in ["\"wJalrXUtnFEMI\"", "\"x1:?\"", "7"] {
            let read = in_row(&sealer(1), "user/1", || {
                serde_json::from_str::<StoredSecret>(not_sealed)
            });
            assert!(read.is_err(), "{not_sealed}");
        }
        let back = read(&json, 1, "user/1");
        assert_eq!(format!("{back:?}"), "StoredSecret");
        assert!(back.matches("wJalrXUtnFEMI") && !back.matches("wJalrXUtnFEMJ"));
    }

    /// Whoever can write the file can take a secret from one row into another, or break one; neither lets anybody in.
    #[test]
    fn what_does_not_open_is_no_secret_at_all() {
        let json = written(&Secret::new("secret").into(), "user/1");
        let broken = json.replacen("x1:", "x1:AAAA", 1);
        for other in [
            read(&json, 2, "user/1"),
            read(&json, 1, "user/2"),
            read(&broken, 1, "user/1"),
            read("\"x1:\"", 1, "user/1"),
        ] {
            assert!(other.open().is_none());
            assert!(!other.matches("secret") && !other.matches(""));
            // Nor is it written as if it belonged there.
            let elsewhere = in_row(&sealer(1), "user/3", || serde_json::to_string(&other));
            assert!(elsewhere.is_err());
        }
    }

    /// A change elsewhere in the row leaves it as it is; in another row it is sealed anew.
    #[test]
    fn what_was_sealed_for_its_row_is_written_as_it_was() {
        let json = written(&Secret::new("secret").into(), "user/1");
        let secret = read(&json, 1, "user/1");
        assert_eq!(written(&secret, "user/1"), json);
        let moved = written(&secret, "user/2");
        assert!(read(&moved, 1, "user/2").matches("secret"));
        assert!(!read(&moved, 1, "user/1").matches("secret"));
    }
}
