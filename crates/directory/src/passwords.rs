//! Passwords: argon2id with its recommended cost (19 MiB, two passes; about 30 ms a hash), and drawing new ones.
//!
//! Hashing is slow by design: call it in a change's `prepare`, on a thread that may block, never in the writer's turn.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use crate::{ids::Random, secret::Secret};

/// The longest password taken, in bytes; AWS's limit for console passwords is 128 characters.
pub const PASSWORD_BYTES_MAX: usize = 512;
/// Characters of a generated password: 24 of 62, about 140 bits before the class rules.
const GENERATED_CHARS: usize = 24;

/// Why a password could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The password is longer than [`PASSWORD_BYTES_MAX`].
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// Hashing failed, which happens only without memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// The argon2id hash of the password as a PHC string, which holds its own salt and cost.
pub fn hash(password: &str, random: &dyn Random) -> Result<String, PasswordError> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::TooLong);
    }
    let mut salt = [0; 16];
    random.fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|_| PasswordError::Failed)
}

/// Whether `hash` was made of `password`. An unreadable hash is never matched.
pub fn verify(password: &str, hash: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    match PasswordHash::new(hash) {
        Ok(hash) => Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok(),
        Err(_) => false,
    }
}

/// Takes as long as [`verify`] and says no: for a user that does not exist, so that the time taken does not tell.
pub fn verify_nobody(password: &str) -> bool {
    let mut out = [0; 32];
    let cut = &password.as_bytes()[..password.len().min(PASSWORD_BYTES_MAX)];
    let _ = Argon2::default().hash_password_into(cut, b"nobody's salt...", &mut out);
    false
}

/// A new password of letters and digits, with at least one of each of upper case, lower case and digits.
pub fn generate(random: &dyn Random) -> Secret {
    const CHARS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    loop {
        let mut drawn = zeroize::Zeroizing::new(String::with_capacity(GENERATED_CHARS));
        while drawn.len() < GENERATED_CHARS {
            let mut byte = [0];
            random.fill(&mut byte);
            // 248 is the largest multiple of 62 in a byte: above it the first characters would come too often.
            if byte[0] < 248 {
                drawn.push(char::from(CHARS[usize::from(byte[0]) % CHARS.len()]));
            }
        }
        let has = |class: fn(&u8) -> bool| drawn.as_bytes().iter().any(class);
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit) {
            return Secret::new(drawn.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{SeededRandom, SystemRandom};

    #[test]
    fn only_the_password_itself_verifies() {
        let hash = hash("correct horse", &SystemRandom).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("correct horse", &hash));
        assert!(!verify("correct horsE", &hash));
        assert!(!verify("", &hash));
        assert!(!verify("correct horse", "no hash"));
        assert!(!verify_nobody("correct horse"));
        assert_eq!(
            super::hash(&"x".repeat(513), &SystemRandom),
            Err(PasswordError::TooLong)
        );
    }

    #[test]
    fn generated_passwords_have_all_classes_and_differ() {
        let random = SeededRandom::new(3);
        let first = generate(&random);
        assert_eq!(first.expose().len(), GENERATED_CHARS);
        assert_ne!(first.expose(), generate(&random).expose());
    }
}
