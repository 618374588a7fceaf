//! A disk that fails for a while: what was not acknowledged may be lost, and afterwards everything goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::FileBackend;
use redb::{Database, StorageBackend};

use super::*;
use crate::{blobs::Blobs, index::Index};

/// A file on a disk that may be full.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn works(&self) -> std::io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.works()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.works()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> std::io::Result<()> {
        self.file.close()
    }
}

#[tokio::test]
async fn a_disk_that_was_full_is_written_again() {
    let mut s = Scratch::new().await;
    s.store = None;
    let full = Arc::new(AtomicBool::new(false));
    let (path, on_disk) = (s.dir.join("objects.redb"), full.clone());
    let open = move || {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&path)?;
        let file = FileBackend::new(file)?;
        let full = on_disk.clone();
        Ok(Database::builder().create_with_backend(Disk { file, full })?)
    };
    let blobs = Arc::new(Blobs::open(&s.dir).unwrap());
    let index = Index::opened_by(Box::new(open), blobs.clone()).unwrap();
    s.store = Some(Objects {
        index: Arc::new(index),
        blobs,
    });
    let large = pattern(1, 200_000);
    s.put_bytes(put_of("before"), &large).await.unwrap();
    full.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        s.put_bytes(put_of("during"), &large).await.unwrap_err();
    }
    full.store(false, Ordering::SeqCst);
    s.put_bytes(put_of("after"), &large).await.unwrap();
    for key in ["before", "after"] {
        assert_eq!(s.bytes_of(key, None).await.unwrap(), large, "{key}");
    }
    s.reopen();
    for key in ["before", "after"] {
        assert_eq!(s.bytes_of(key, None).await.unwrap(), large, "{key}");
    }
}
