//! Opening and closing bucket ids.
//!
//! A bucket's name, owner and policies are the directory's. Here an id is either open or not; closing it proves in one
//! transaction that nothing is in it, so that no put can slip in between the proof and the deletion.

use redb::ReadableTable as _;

use crate::rows::{BUCKET_CLOSED, BUCKET_OPEN};
use crate::{Error, Objects};

impl Objects {
    /// Opens a new bucket id. Call before the directory's row is committed: an id that stays without a row does no harm.
    ///
    /// # Errors
    /// [`Error::BucketClosed`] if the id was closed: ids are never used again.
    pub async fn open_bucket(&self, bucket: &str) -> Result<(), Error> {
        let bucket = bucket.to_owned();
        self.index
            .write(move |write| {
                let state = write
                    .buckets
                    .get(bucket.as_str())?
                    .map(|state| state.value());
                if state == Some(BUCKET_CLOSED) {
                    return Err(Error::BucketClosed(bucket));
                }
                write.buckets.insert(bucket.as_str(), BUCKET_OPEN)?;
                Ok(())
            })
            .await
    }

    /// Proves in one transaction that the bucket holds no object, version or delete marker, and closes its id: from then on
    /// every put fails with [`Error::BucketClosed`]. Closing a closed id succeeds, so that start-up can finish a
    /// half-done DeleteBucket. Unfinished multipart uploads do not hinder it, as in AWS (for general purpose
    /// buckets); they are gone with the bucket, see [`Objects::sweep_closed`].
    ///
    /// # Errors
    /// [`Error::NotEmpty`].
    pub async fn close_bucket_if_empty(&self, bucket: &str) -> Result<(), Error> {
        let bucket = bucket.to_owned();
        self.index
            .write(move |write| {
                let id = bucket.as_str();
                let nothing: &[u8] = b"";
                if let Some(row) = write.heads.range((id, nothing)..)?.next().transpose()?
                    && row.0.value().0 == id
                {
                    return Err(Error::NotEmpty);
                }
                if let Some(row) = write
                    .versions
                    .range((id, nothing, 0)..)?
                    .next()
                    .transpose()?
                    && row.0.value().0 == id
                {
                    return Err(Error::NotEmpty);
                }
                write.buckets.insert(id, BUCKET_CLOSED)?;
                Ok(())
            })
            .await
    }

    /// Removes what closed buckets have left, which is unfinished uploads, and forgets their ids. Call after DeleteBucket and
    /// once after start-up; it works in small transactions. Returns how many buckets it forgot.
    pub async fn sweep_closed(&self) -> Result<u64, Error> {
        let closed = self
            .index
            .read(|read| {
                let mut closed = Vec::new();
                for row in read.buckets.iter()? {
                    let (id, state) = row?;
                    if state.value() == BUCKET_CLOSED {
                        closed.push(id.value().to_owned());
                    }
                }
                Ok(closed)
            })
            .await?;
        let mut forgotten = 0;
        for bucket in closed {
            loop {
                let id = bucket.clone();
                let finished = self
                    .index
                    .write(move |write| write.sweep_upload(&id))
                    .await?;
                if finished {
                    break;
                }
            }
            forgotten += 1;
        }
        Ok(forgotten)
    }
}

impl crate::index::Write<'_> {
    /// Drops one upload of a closed bucket; when there is none, the bucket's row, and returns true.
    fn sweep_upload(&mut self, bucket: &str) -> Result<bool, Error> {
        let nothing: &[u8] = b"";
        let upload = self
            .uploads
            .range((bucket, nothing, "")..)?
            .next()
            .transpose()?
            .and_then(|(id, _)| {
                let (of, key, upload_id) = id.value();
                (of == bucket).then(|| (key.to_vec(), upload_id.to_owned()))
            });
        match upload {
            Some((key, upload_id)) => {
                self.drop_upload(bucket, &key, &upload_id)?;
                Ok(false)
            }
            None => {
                self.buckets.remove(bucket)?;
                Ok(true)
            }
        }
    }
}
