//! `multipart/form-data`, as far as S3 reads it: fields, then one file, then nothing that counts.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt as _;
use memchr::memmem;

use super::{FIELDS_BYTES_MAX, Fields, FormError};

/// RFC 2046's longest boundary.
const BOUNDARY_BYTES_MAX: usize = 70;
/// What may follow the file: submit buttons and the like.
const AFTER_FILE_BYTES_MAX: usize = 20 * 1024;

/// The file's own headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormFile {
    /// `filename` of the part, as the browser sent it.
    pub name: Option<String>,
    /// `Content-Type` of the part. S3 takes an object's type from the *field* `Content-Type`.
    pub content_type: Option<String>,
}

/// A form read up to its file.
#[derive(Debug)]
pub struct PostForm<S> {
    /// The fields before the file.
    pub fields: Fields,
    /// The file's headers.
    pub file: FormFile,
    /// The file's bytes. It ends cleanly only when the form does.
    pub content: FileStream<S>,
}

/// Reads the fields before the file; the file is left to be streamed.
///
/// # Errors
/// `NotMultipart`, `Malformed`, `TooMuchBeforeFile`, `FieldRepeated`, `FileMissing`, or the body's own errors.
pub async fn read<S, E>(content_type: Option<&str>, body: S) -> Result<PostForm<S>, E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<FormError>,
{
    let boundary = content_type
        .and_then(boundary)
        .ok_or(FormError::NotMultipart)?;
    let mut reader = Reader {
        body,
        // As if a line had ended before the body, so that every delimiter looks alike.
        buffer: BytesMut::from(&b"\r\n"[..]),
        delimiter: format!("\r\n--{boundary}").into_bytes(),
        taken: 0,
    };
    let start = reader.find_delimiter().await?;
    if start != 0 {
        return Err(FormError::Malformed("text before the first boundary").into());
    }
    let mut fields = Fields::default();
    loop {
        reader.take(reader.delimiter.len());
        if reader.end_of_line().await? {
            return Err(FormError::FileMissing.into());
        }
        let head = reader.find(b"\r\n\r\n").await?;
        let part = Part::parse(&reader.take(head))?;
        reader.take(4);
        if part.name.eq_ignore_ascii_case("file") {
            return Ok(PostForm {
                fields,
                file: FormFile {
                    name: part.file_name,
                    content_type: part.content_type,
                },
                content: FileStream {
                    body: reader.body,
                    buffer: reader.buffer,
                    delimiter: reader.delimiter,
                    state: FileState::Data,
                    after: 0,
                    seen: 0,
                    range: None,
                },
            });
        }
        let end = reader.find_delimiter().await?;
        let value = reader.take(end);
        let value = String::from_utf8(value.to_vec())
            .map_err(|_| FormError::Malformed("a field is not UTF-8"))?;
        fields.push(part.name, value)?;
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters(rest)?
        .into_iter()
        .find(|(name, _)| name == "boundary")
        .map(|(_, value)| value)?;
    let fits = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len())
        && boundary
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    fits.then_some(boundary)
}

/// `a=b; c="d e"` with lower-cased names; `None` when ill-formed or repeated.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let after = after.trim_start();
        let (value, next) = if let Some(quoted) = after.strip_prefix('"') {
            let mut value = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                match chars.next()? {
                    (at, '"') => break at + 1,
                    // Browsers escape by percent and leave backslashes alone; only `\"` can be meant as an escape.
                    (_, '\\') if chars.as_str().starts_with('"') => {
                        chars.next();
                        value.push('"');
                    }
                    (_, other) => value.push(other),
                }
            };
            (value, quoted[end..].trim_start())
        } else {
            let end = after.find(';').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        if found.iter().any(|(other, _)| *other == name) {
            return None;
        }
        found.push((name, value));
        rest = match next.strip_prefix(';') {
            Some(next) => next.trim_start(),
            None if next.is_empty() => next,
            None => return None,
        };
    }
    Some(found)
}

struct Part {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Part {
    fn parse(head: &[u8]) -> Result<Part, FormError> {
        const WRONG: FormError = FormError::Malformed("a part's headers are not well-formed");
        let text = std::str::from_utf8(head).map_err(|_| WRONG)?;
        let (mut disposition, mut content_type) = (None, None);
        for line in text.split("\r\n") {
            let (name, value) = line.split_once(':').ok_or(WRONG)?;
            let slot = match name.trim().to_ascii_lowercase().as_str() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut content_type,
                _ => continue,
            };
            if slot.replace(value.trim()).is_some() {
                return Err(WRONG);
            }
        }
        let (kind, rest) = disposition
            .and_then(|value| value.split_once(';'))
            .ok_or(WRONG)?;
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(WRONG);
        }
        let mut part = Part {
            name: String::new(),
            file_name: None,
            content_type: content_type.map(str::to_owned),
        };
        for (name, value) in parameters(rest).ok_or(WRONG)? {
            match name.as_str() {
                "name" => part.name = value,
                "filename" => part.file_name = Some(value),
                _ => {}
            }
        }
        if part.name.is_empty() {
            return Err(WRONG);
        }
        Ok(part)
    }
}

/// The body before the file, bounded as a whole.
struct Reader<S> {
    body: S,
    buffer: BytesMut,
    delimiter: Vec<u8>,
    taken: usize,
}

impl<S, E> Reader<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<FormError>,
{
    fn take(&mut self, count: usize) -> BytesMut {
        self.taken += count;
        self.buffer.split_to(count)
    }

    async fn more(&mut self) -> Result<(), E> {
        match self.body.next().await {
            Some(Ok(data)) => {
                self.buffer.extend_from_slice(&data);
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => Err(FormError::Malformed("the form ends too early").into()),
        }
    }

    /// Where `needle` begins in the buffer, reading on as long as the bound allows.
    async fn find(&mut self, needle: &[u8]) -> Result<usize, E> {
        let mut from = 0;
        loop {
            if let Some(at) = memmem::find(&self.buffer[from..], needle) {
                let at = from + at;
                if self.taken + at > FIELDS_BYTES_MAX {
                    return Err(FormError::TooMuchBeforeFile.into());
                }
                return Ok(at);
            }
            if self.taken + self.buffer.len() > FIELDS_BYTES_MAX + needle.len() {
                return Err(FormError::TooMuchBeforeFile.into());
            }
            from = (self.buffer.len() + 1).saturating_sub(needle.len());
            self.more().await?;
        }
    }

    async fn find_delimiter(&mut self) -> Result<usize, E> {
        let delimiter = self.delimiter.clone();
        self.find(&delimiter).await
    }

    /// After a delimiter: a line's end, or `--` for the form's; tells whether it is the form's.
    async fn end_of_line(&mut self) -> Result<bool, E> {
        while self.buffer.len() < 2 {
            self.more().await?;
        }
        match &self.take(2)[..] {
            b"\r\n" => Ok(false),
            b"--" => Ok(true),
            _ => Err(FormError::Malformed("a boundary line is not well-formed").into()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileState {
    Data,
    /// After the delimiter that ends the file.
    Tail,
    /// In further parts, which do not count.
    Rest,
    /// After the form's end.
    Epilogue,
    Over,
}

/// The file of a form, as a stream.
#[derive(Debug)]
pub struct FileStream<S> {
    body: S,
    buffer: BytesMut,
    delimiter: Vec<u8>,
    state: FileState,
    after: usize,
    seen: u64,
    range: Option<(u64, u64)>,
}

impl<S> FileStream<S> {
    /// Lets the file pass only if its size lies between the two, in bytes, both included.
    #[must_use]
    pub fn limit(mut self, range: Option<(u64, u64)>) -> Self {
        self.range = range;
        self
    }

    /// Moves on as far as the buffer allows: data, a failure, or nothing yet.
    fn step(&mut self) -> Result<Option<Bytes>, FormError> {
        loop {
            match self.state {
                FileState::Data => {
                    let (count, ended) = match memmem::find(&self.buffer, &self.delimiter) {
                        Some(at) => (at, true),
                        // The last bytes may be the beginning of a delimiter.
                        None => {
                            let keep = self.delimiter.len() - 1;
                            (self.buffer.len().saturating_sub(keep), false)
                        }
                    };
                    let data = self.buffer.split_to(count).freeze();
                    if ended {
                        self.buffer.advance(self.delimiter.len());
                        self.state = FileState::Tail;
                    }
                    self.seen += data.len() as u64;
                    self.check_size(ended)?;
                    if !data.is_empty() {
                        return Ok(Some(data));
                    }
                    if !ended {
                        return Ok(None);
                    }
                }
                FileState::Tail => {
                    let Some(next) = self.buffer.get(..2) else {
                        return Ok(None);
                    };
                    self.state = match next {
                        b"--" => FileState::Epilogue,
                        b"\r\n" => FileState::Rest,
                        _ => {
                            return Err(FormError::Malformed("a boundary line is not well-formed"));
                        }
                    };
                    self.buffer.advance(2);
                }
                FileState::Rest => {
                    let end = [&self.delimiter[..], b"--"].concat();
                    let found = memmem::find(&self.buffer, &end);
                    let count = match found {
                        Some(at) => at + end.len(),
                        None => self.buffer.len().saturating_sub(end.len() - 1),
                    };
                    self.skip(count)?;
                    if found.is_none() {
                        return Ok(None);
                    }
                    self.state = FileState::Epilogue;
                }
                FileState::Epilogue => {
                    self.skip(self.buffer.len())?;
                    return Ok(None);
                }
                FileState::Over => return Ok(None),
            }
        }
    }

    fn check_size(&self, ended: bool) -> Result<(), FormError> {
        let Some((min, max)) = self.range else {
            return Ok(());
        };
        if self.seen > max {
            return Err(FormError::FileTooLarge { max });
        }
        if ended && self.seen < min {
            return Err(FormError::FileTooSmall {
                size: self.seen,
                min,
            });
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) -> Result<(), FormError> {
        self.after += count;
        self.buffer.advance(count);
        if self.after > AFTER_FILE_BYTES_MAX {
            return Err(FormError::Malformed("too much after the file"));
        }
        Ok(())
    }
}

impl<S, E> Stream for FileStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<FormError>,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if this.state == FileState::Over {
                return Poll::Ready(None);
            }
            match this.step() {
                Ok(Some(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(None) => {}
                Err(error) => {
                    this.state = FileState::Over;
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
            match ready!(Pin::new(&mut this.body).poll_next(cx)) {
                Some(Ok(data)) => this.buffer.extend_from_slice(&data),
                Some(Err(error)) => {
                    this.state = FileState::Over;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    let whole = this.state == FileState::Epilogue;
                    this.state = FileState::Over;
                    return Poll::Ready(
                        (!whole)
                            .then(|| Err(FormError::Malformed("the form ends too early").into())),
                    );
                }
            }
        }
    }
}
