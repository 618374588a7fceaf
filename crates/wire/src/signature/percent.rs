//! Percent-encoding as signatures need it: on bytes, and the same way whoever asks.
//!
//! What the canonicaliser reads from a raw query must be what the operation's parser reads, or a signature would cover
//! another request than the one that runs. The rule is that of forms: `&` parts pairs, the first `=` parts name and value,
//! `+` is a space, `%` without two hexadecimal digits stands for itself.

use std::borrow::Cow;

/// Decodes `%XX`; `plus_is_space` as in forms and queries, not in paths.
pub(crate) fn decode(text: &[u8], plus_is_space: bool) -> Cow<'_, [u8]> {
    if !text
        .iter()
        .any(|&byte| byte == b'%' || (plus_is_space && byte == b'+'))
    {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte == b'%'
            && let (Some(high), Some(low)) = (hex_at(text, at + 1), hex_at(text, at + 2))
        {
            out.push(high << 4 | low);
            at += 3;
            continue;
        }
        out.push(if byte == b'+' && plus_is_space {
            b' '
        } else {
            byte
        });
        at += 1;
    }
    Cow::Owned(out)
}

fn hex_at(text: &[u8], at: usize) -> Option<u8> {
    let digit = char::from(*text.get(at)?).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Appends `bytes` encoded by RFC 3986: all but `A-Z a-z 0-9 - . _ ~` as `%XX` in capitals; `/` stays when told so.
pub(crate) fn encode_into(out: &mut Vec<u8>, bytes: &[u8], keep_slash: bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || (keep_slash && byte == b'/');
        if plain {
            out.push(byte);
        } else {
            out.extend([
                b'%',
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]);
        }
    }
}

/// The same as a string.
pub(crate) fn encode(bytes: &[u8], keep_slash: bool) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    encode_into(&mut out, bytes, keep_slash);
    String::from_utf8_lossy(&out).into_owned()
}

/// Decoded name and value of every pair of a raw query, in order; empty pieces are skipped.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    query
        .as_bytes()
        .split(|&byte| byte == b'&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| match memchr::memchr(b'=', piece) {
            Some(at) => (decode(&piece[..at], true), decode(&piece[at + 1..], true)),
            None => (decode(piece, true), Cow::Borrowed(&b""[..])),
        })
}
