//! Secrets at rest: the master key, and sealing under it.
//!
//! XChaCha20-Poly1305 is taken for its 192-bit nonce: nonces can be drawn at random for ever without counting them. The
//! associated data names the place a sealed text belongs to (the row's key), so that a sealed secret copied into another
//! row does not open there.

use std::{
    fmt,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// Why a master key could not be had, or a sealed text not be opened. No message holds key material.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The master key is not 32 bytes in base64.
    #[error("{0} is not 32 bytes in base64")]
    KeyFormat(String),
    /// The key file is missing although there is data sealed under it.
    #[error(
        "the master key `{}` is missing, and the data here is sealed under it: put the file back, or give the key in TWINLOCK_MASTER_KEY",
        .0.display()
    )]
    KeyMissing(PathBuf),
    /// Others can read the key file.
    #[error("the master key `{}` can be read by others (mode {mode:o}): run chmod 600 on it", path.display())]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file could not be read or written.
    #[error("the master key `{}`: {error}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The sealed text was not made under this key for this place, or is damaged.
    #[error("the sealed text does not open: another master key, another place, or damage")]
    Open,
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random,
}

/// The key under which every secret at rest is sealed. Wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> MasterKey {
        MasterKey(Zeroizing::new(bytes))
    }

    /// The key in `text`, 32 bytes in base64; `origin` names it in the error (`TWINLOCK_MASTER_KEY`, a file).
    pub fn from_base64(text: &str, origin: &str) -> Result<MasterKey, SealError> {
        let bytes = Zeroizing::new(
            STANDARD
                .decode(text.trim())
                .map_err(|_| SealError::KeyFormat(origin.to_owned()))?,
        );
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
            .map_err(|_| SealError::KeyFormat(origin.to_owned()))?;
        Ok(MasterKey::new(bytes))
    }

    /// The key in the environment variable `TWINLOCK_MASTER_KEY`, if it is set.
    pub fn from_env() -> Result<Option<MasterKey>, SealError> {
        match std::env::var("TWINLOCK_MASTER_KEY") {
            Ok(text) => MasterKey::from_base64(&text, "TWINLOCK_MASTER_KEY").map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The key in the file at `path`. If there is none and `may_create`, a new one is drawn and written with mode 0600.
    pub fn from_file(path: &Path, may_create: bool) -> Result<MasterKey, SealError> {
        let failed = |error| SealError::KeyFile {
            path: path.to_owned(),
            error,
        };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                let mode = std::fs::metadata(path)
                    .map_err(failed)?
                    .permissions()
                    .mode()
                    & 0o777;
                if mode & 0o077 != 0 {
                    return Err(SealError::KeyExposed {
                        path: path.to_owned(),
                        mode,
                    });
                }
                MasterKey::from_base64(&text, &format!("`{}`", path.display()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => {
                let mut bytes = Zeroizing::new([0; KEY_BYTES]);
                getrandom::fill(&mut *bytes).map_err(|_| SealError::Random)?;
                let key = MasterKey(bytes);
                key.write(path).map_err(failed)?;
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(SealError::KeyMissing(path.to_owned()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Written under another name first, so that a crash leaves either no key file or a whole one.
    fn write(&self, path: &Path) -> io::Result<()> {
        let unfinished = path.with_extension("key.new");
        let _ = std::fs::remove_file(&unfinished);
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        let text = Zeroizing::new(STANDARD.encode(self.0.as_slice()));
        writeln!(file, "{}", text.as_str())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                std::fs::File::open(folder)?.sync_all()
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

/// Seals and opens under the master key. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<XChaCha20Poly1305>);

impl Sealer {
    /// A sealer under this key.
    pub fn new(key: &MasterKey) -> Sealer {
        Sealer(Arc::new(XChaCha20Poly1305::new((&*key.0).into())))
    }

    /// Seals `clear` for the place that `associated` names: a random nonce, then the ciphertext with its tag.
    pub fn seal(&self, clear: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let payload = Payload {
            msg: clear,
            aad: associated,
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Open)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Sealer::seal) made for the same place.
    pub fn open(&self, sealed: &[u8], associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealError::Open)?;
        let payload = Payload {
            msg: sealed,
            aad: associated,
        };
        self.0
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealError::Open)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&MasterKey::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_only_under_the_same_key_in_the_same_place_and_whole() {
        let sealed = sealer(1).seal(b"secret", b"place").unwrap();
        assert_eq!(
            sealer(1).open(&sealed, b"place").unwrap().as_slice(),
            b"secret"
        );
        assert!(sealer(2).open(&sealed, b"place").is_err());
        assert!(sealer(1).open(&sealed, b"elsewhere").is_err());
        for cut in 0..sealed.len() {
            assert!(sealer(1).open(&sealed[..cut], b"place").is_err());
            let mut changed = sealed.clone();
            changed[cut] ^= 1;
            assert!(sealer(1).open(&changed, b"place").is_err());
        }
        assert_ne!(sealed, sealer(1).seal(b"secret", b"place").unwrap());
    }

    #[test]
    fn the_key_file_is_made_once_private_and_never_made_anew_silently() {
        let folder = crate::tests_support::TempDir::new();
        let path = folder.path().join("master.key");
        assert!(matches!(
            MasterKey::from_file(&path, false),
            Err(SealError::KeyMissing(_))
        ));
        let key = MasterKey::from_file(&path, true).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(*MasterKey::from_file(&path, false).unwrap().0, *key.0);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            MasterKey::from_file(&path, true),
            Err(SealError::KeyExposed { .. })
        ));
    }
}
