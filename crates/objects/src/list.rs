//! Listings: keys in the order of their UTF-8 bytes, rolled up at a delimiter, page by page.
//!
//! A common prefix costs one seek, however many keys it stands for: the scan goes on at the first key that cannot have it. All
//! positions are inclusive lower bounds of key bytes; the position just after a key is the key and a zero byte.

use crate::index::Read;
use crate::model::{
    ListPage, ListQuery, NULL_VERSION, Upload, UploadsPage, UploadsQuery, VersionEntry,
    VersionsPage, VersionsQuery,
};
use crate::rows::{Row, decode, decode_version, key_text};
use crate::versions::{head, latest};
use crate::{Error, LIST_MAX, Objects};

impl Objects {
    /// Lists the current objects of a bucket; keys whose latest version is a delete marker are not among them.
    ///
    /// # Errors
    /// [`Error::BucketClosed`].
    pub async fn list(&self, bucket: &str, query: ListQuery) -> Result<ListPage, Error> {
        let bucket = bucket.to_owned();
        self.index
            .read(move |read| read.list(&bucket, &query))
            .await
    }

    /// Lists all versions and delete markers of a bucket.
    ///
    /// # Errors
    /// [`Error::BucketClosed`].
    pub async fn list_versions(
        &self,
        bucket: &str,
        query: VersionsQuery,
    ) -> Result<VersionsPage, Error> {
        let bucket = bucket.to_owned();
        self.index
            .read(move |read| read.list_versions(&bucket, &query))
            .await
    }

    /// Lists the unfinished uploads of a bucket.
    ///
    /// # Errors
    /// [`Error::BucketClosed`].
    pub async fn list_uploads(
        &self,
        bucket: &str,
        query: UploadsQuery,
    ) -> Result<UploadsPage, Error> {
        let bucket = bucket.to_owned();
        self.index
            .read(move |read| read.list_uploads(&bucket, &query))
            .await
    }
}

/// Which keys belong to a listing, and how they are rolled up.
struct Roll<'q> {
    prefix: &'q str,
    delimiter: Option<&'q str>,
}

impl<'q> Roll<'q> {
    fn new(prefix: &'q str, delimiter: &'q Option<String>) -> Roll<'q> {
        Roll {
            prefix,
            delimiter: delimiter
                .as_deref()
                .filter(|delimiter| !delimiter.is_empty()),
        }
    }

    /// The common prefix that a key (which has the prefix) is rolled up into.
    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter?;
        let rest = key.strip_prefix(self.prefix)?;
        let end = rest.find(delimiter)? + delimiter.len();
        Some(&key[..self.prefix.len() + end])
    }

    /// Where to begin after this key or common prefix, or at the start.
    fn begin(&self, after: Option<&str>) -> Option<Vec<u8>> {
        let prefix = self.prefix.as_bytes().to_vec();
        let Some(after) = after.filter(|after| !after.is_empty()) else {
            return Some(prefix);
        };
        let next = if self.common_prefix(after) == Some(after) {
            beyond(after.as_bytes())?
        } else {
            just_after(after.as_bytes())
        };
        Some(prefix.max(next))
    }
}

/// The position just after a key.
fn just_after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// The position after all keys that start so; none if there cannot be any.
fn beyond(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if last < u8::MAX {
            next.push(last + 1);
            return Some(next);
        }
    }
    None
}

impl Read {
    fn list(&self, bucket: &str, query: &ListQuery) -> Result<ListPage, Error> {
        self.bucket_open(bucket)?;
        let max = query.max_keys.min(LIST_MAX) as usize;
        let roll = Roll::new(&query.prefix, &query.delimiter);
        let mut page = ListPage::default();
        let mut position = if max == 0 {
            None
        } else {
            roll.begin(query.after.as_deref())
        };
        let mut count = 0;
        'seek: while let Some(from) = position.take() {
            for item in self.heads.range((bucket, from.as_slice())..)? {
                let (id, row) = item?;
                let (of, key) = id.value();
                if of != bucket || !key.starts_with(query.prefix.as_bytes()) {
                    break 'seek;
                }
                if count == max {
                    page.is_truncated = true;
                    break 'seek;
                }
                count += 1;
                let text = key_text(key)?;
                if let Some(common) = roll.common_prefix(&text) {
                    page.common_prefixes.push(common.to_owned());
                    page.next = Some(common.to_owned());
                    position = beyond(common.as_bytes());
                    continue 'seek;
                }
                page.contents.push(decode_version(key, row.value())?.info);
                page.next = Some(text);
            }
        }
        if !page.is_truncated {
            page.next = None;
        }
        Ok(page)
    }

    fn list_versions(&self, bucket: &str, query: &VersionsQuery) -> Result<VersionsPage, Error> {
        self.bucket_open(bucket)?;
        let max = query.max_keys.min(LIST_MAX) as usize;
        let roll = Roll::new(&query.prefix, &query.delimiter);
        let mut page = VersionsPage::default();
        let mut position = if max == 0 {
            None
        } else {
            roll.begin(query.key_marker.as_deref())
        };
        // Versions of the first key that come before this sequence number only.
        let mut below = None;
        if let (Some(key), Some(marker), Some(_)) =
            (&query.key_marker, &query.version_id_marker, &position)
            && !marker.is_empty()
        {
            below = Some((key.clone(), self.marker_seq(bucket, key, marker)?));
            position = Some(
                key.as_bytes()
                    .to_vec()
                    .max(query.prefix.as_bytes().to_vec()),
            );
        }
        while let Some(from) = position.take() {
            let Some(key) = self.next_key(bucket, &from)? else {
                break;
            };
            if !key.as_bytes().starts_with(query.prefix.as_bytes()) {
                break;
            }
            let full = |page: &VersionsPage| page.entries.len() + page.common_prefixes.len() == max;
            if let Some(common) = roll.common_prefix(&key) {
                if full(&page) {
                    page.is_truncated = true;
                    break;
                }
                page.common_prefixes.push(common.to_owned());
                page.next_key_marker = Some(common.to_owned());
                page.next_version_id_marker = None;
                position = beyond(common.as_bytes());
                continue;
            }
            let bound = below
                .take()
                .filter(|(of, _)| *of == key)
                .map_or(u64::MAX, |(_, seq)| seq);
            if !self.versions_of(bucket, &key, bound, max, &mut page)? {
                page.is_truncated = true;
                break;
            }
            position = Some(just_after(key.as_bytes()));
        }
        if !page.is_truncated {
            page.next_key_marker = None;
            page.next_version_id_marker = None;
        }
        Ok(page)
    }

    /// Adds the versions of one key with sequence numbers below the bound; false when the page is full before.
    fn versions_of(
        &self,
        bucket: &str,
        key: &str,
        below: u64,
        max: usize,
        page: &mut VersionsPage,
    ) -> Result<bool, Error> {
        let bytes = key.as_bytes();
        let head = head(&self.heads, bucket, key)?;
        let latest = latest(&self.heads, &self.versions, bucket, key)?.map(|row| row.seq);
        let mut add = |row: Row| {
            if row.seq >= below {
                return true;
            }
            if page.entries.len() + page.common_prefixes.len() == max {
                return false;
            }
            page.next_key_marker = Some(key.to_owned());
            page.next_version_id_marker = Some(marker_of(&row));
            page.entries.push(VersionEntry {
                is_latest: latest == Some(row.seq),
                info: row.info,
            });
            true
        };
        if let Some(row) = head
            && !add(row)
        {
            return Ok(false);
        }
        // Keys are complements, so rows at or above the bound, listed before, come first: they need not be read.
        let first = if below == u64::MAX { 0 } else { !below };
        for item in self
            .versions
            .range((bucket, bytes, first)..=(bucket, bytes, u64::MAX))?
        {
            let (_, row) = item?;
            if !add(decode_version(bytes, row.value())?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The first key at or after a position that has any version.
    fn next_key(&self, bucket: &str, from: &[u8]) -> Result<Option<String>, Error> {
        let head = self.heads.range((bucket, from)..)?.next().transpose()?;
        let other = self
            .versions
            .range((bucket, from, 0)..)?
            .next()
            .transpose()?;
        let head = head.and_then(|(id, _)| {
            let (of, key) = id.value();
            (of == bucket).then(|| key.to_vec())
        });
        let other = other.and_then(|(id, _)| {
            let (of, key, _) = id.value();
            (of == bucket).then(|| key.to_vec())
        });
        let key = match (head, other) {
            (Some(head), Some(other)) => Some(head.min(other)),
            (head, other) => head.or(other),
        };
        key.map(|key| key_text(&key)).transpose()
    }

    /// The sequence number that a version marker stands for. One that is unknown counts as the end of the key.
    fn marker_seq(&self, bucket: &str, key: &str, marker: &str) -> Result<u64, Error> {
        if marker == NULL_VERSION {
            return Ok(self
                .find(bucket, key, Some(NULL_VERSION))?
                .map_or(0, |row| row.seq));
        }
        let digits = marker.strip_prefix("null-").unwrap_or(marker).get(..16);
        Ok(digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .unwrap_or(0))
    }

    fn list_uploads(&self, bucket: &str, query: &UploadsQuery) -> Result<UploadsPage, Error> {
        self.bucket_open(bucket)?;
        let max = query.max_uploads.min(LIST_MAX) as usize;
        let roll = Roll::new(&query.prefix, &query.delimiter);
        let mut page = UploadsPage::default();
        let mut id_from = String::new();
        let mut position = if max == 0 {
            None
        } else {
            roll.begin(query.key_marker.as_deref())
        };
        if let (Some(key), Some(marker), Some(_)) =
            (&query.key_marker, &query.upload_id_marker, &position)
            && !marker.is_empty()
            && key.as_bytes() >= query.prefix.as_bytes()
        {
            position = Some(key.as_bytes().to_vec());
            id_from = format!("{marker}\0");
        }
        'seek: while let Some(from) = position.take() {
            for item in self
                .uploads
                .range((bucket, from.as_slice(), id_from.as_str())..)?
            {
                let (id, row) = item?;
                let (of, key, upload_id) = id.value();
                if of != bucket || !key.starts_with(query.prefix.as_bytes()) {
                    break 'seek;
                }
                if page.uploads.len() + page.common_prefixes.len() == max {
                    page.is_truncated = true;
                    break 'seek;
                }
                let text = key_text(key)?;
                if let Some(common) = roll.common_prefix(&text) {
                    page.common_prefixes.push(common.to_owned());
                    page.next_key_marker = Some(common.to_owned());
                    page.next_upload_id_marker = None;
                    position = beyond(common.as_bytes());
                    id_from.clear();
                    continue 'seek;
                }
                page.next_key_marker = Some(text.clone());
                page.next_upload_id_marker = Some(upload_id.to_owned());
                let upload: Upload = decode(row.value())?;
                page.uploads.push(Upload {
                    key: text,
                    upload_id: upload_id.to_owned(),
                    ..upload
                });
            }
        }
        if !page.is_truncated {
            page.next_key_marker = None;
            page.next_upload_id_marker = None;
        }
        Ok(page)
    }
}

/// The marker of a row in a listing: good even when the version is deleted before the next page is asked for.
fn marker_of(row: &Row) -> String {
    if row.info.version_id == NULL_VERSION {
        format!("null-{:016x}", row.seq)
    } else {
        row.info.version_id.clone()
    }
}
