//! Is this the same data directory as at the last start, or a copy, or a backup put back?
//!
//! Tokens are stateless, so a copy of the data could open the original's tokens, and an older state could bring back what
//! was revoked. Hence a copied or restored directory gets a new identity, and with it new token keys. The rule: each start
//! leaves a mark file and notes in the store the random text in it, its inode and its change time. A copy has other inodes;
//! a backup written over the files has other change times; an older data file names a mark that a later start replaced.
//!
//! Two mark files take turns, so that a crash while starting leaves the earlier one valid. What is not noticed: a whole file
//! system or machine put back from an image, and a data file alone put back within the same run. A false alarm (`chown -R`
//! changes the change time) only ends the sessions.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use super::asides::MARK;

const FILES: [&str; 2] = ["mark-a", "mark-b"];

/// What the marks tell, and the note to be stored with this start.
pub(super) struct Marks {
    /// The noted mark is there, unchanged.
    pub(super) same_place: bool,
    /// The note on the mark that was just left.
    pub(super) next: String,
}

/// Compares the folder with the note among `asides`, and leaves a new mark.
pub(super) fn check(folder: &Path, asides: &[(String, Vec<u8>)]) -> io::Result<Marks> {
    let noted = asides
        .iter()
        .find(|(name, _)| name == MARK)
        .map(|(_, note)| note.as_slice());
    let current = FILES
        .into_iter()
        .find(|file| note(folder, file).is_ok_and(|note| Some(note.as_bytes()) == noted));
    let other = match current {
        Some(file) if file == FILES[0] => FILES[1],
        _ => FILES[0],
    };
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no random bytes"))?;
    let path = folder.join(other);
    // Removed first, so that even a link to a mark from elsewhere does not share its inode.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write(&path, hex::encode(bytes))?;
    fs::File::open(&path)?.sync_all()?;
    fs::File::open(folder)?.sync_all()?;
    Ok(Marks {
        same_place: current.is_some(),
        next: note(folder, other)?,
    })
}

fn note(folder: &Path, file: &str) -> io::Result<String> {
    let path = folder.join(file);
    let text = fs::read_to_string(&path)?;
    let metadata = fs::metadata(&path)?;
    Ok(format!(
        "{file} {text} {} {}.{:09}",
        metadata.ino(),
        metadata.ctime(),
        metadata.ctime_nsec()
    ))
}
