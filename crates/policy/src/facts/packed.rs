//! The container that big facts are compiled into: a few hundred kilobytes that cost nothing until somebody asks.
//!
//! Layout: the eight bytes of [`MAGIC`], a little-endian `u32` count of blocks, for each block two `u32` (its packed and its
//! unpacked length), then the raw deflate streams one after another. Block 0 is the index; its lines point into the others
//! by block number, start and length in bytes. Blocks hold many small texts each, since a text of a few hundred bytes
//! packs badly alone; they stay around 64 KiB, so that reading one text unpacks no more than that.
//! Written by `cargo xtask facts`.

use std::sync::OnceLock;

/// The first bytes of every container; the digit changes with the layout.
pub const MAGIC: &[u8; 8] = b"TLFACTS1";

/// No block unpacks to more, whatever its header says.
const BLOCK_BYTES_MAX: usize = 1 << 20;

/// A container inside the binary. Its index is unpacked when first asked for, and kept.
#[derive(Debug)]
pub struct Packed {
    bytes: &'static [u8],
    index: OnceLock<&'static str>,
}

/// Where a text lies in a container: block, first byte and length within the unpacked block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The block's number; 0 is the index itself.
    pub block: usize,
    /// First byte within the unpacked block.
    pub start: usize,
    /// Length in bytes.
    pub length: usize,
}

impl Packed {
    /// Wraps the bytes of a container, without looking at them.
    pub const fn new(bytes: &'static [u8]) -> Packed {
        Packed {
            bytes,
            index: OnceLock::new(),
        }
    }

    /// The index: lines of tab-separated fields. Unpacked at the first call.
    pub fn index(&'static self) -> &'static str {
        self.index.get_or_init(|| {
            // INVARIANT: the bytes are part of the program, and tests unpack every block of every container.
            let text = self.block(0).expect("facts index is intact");
            Box::leak(text.into_boxed_str())
        })
    }

    /// Unpacks the block around one text and returns that text; `None` if the place lies outside the container.
    pub fn text(&self, place: Place) -> Option<String> {
        let block = self.block(place.block)?;
        Some(
            block
                .get(place.start..place.start.checked_add(place.length)?)?
                .to_owned(),
        )
    }

    /// Unpacks one whole block; `None` if there is no such block or it is damaged.
    pub fn block(&self, number: usize) -> Option<String> {
        let rest = self.bytes.strip_prefix(MAGIC)?;
        let count = word(rest, 0)?;
        if number >= count {
            return None;
        }
        let mut start = 4 + count.checked_mul(8)?;
        for earlier in 0..number {
            start = start.checked_add(word(rest, 4 + earlier * 8)?)?;
        }
        let packed = word(rest, 4 + number * 8)?;
        let unpacked = word(rest, 8 + number * 8)?;
        if unpacked > BLOCK_BYTES_MAX {
            return None;
        }
        let stream = rest.get(start..start.checked_add(packed)?)?;
        let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(stream, unpacked).ok()?;
        String::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() == unpacked)
    }

    /// How many blocks there are, the index among them; 0 for bytes that are no container.
    pub fn blocks(&self) -> usize {
        self.bytes
            .strip_prefix(MAGIC)
            .and_then(|rest| word(rest, 0))
            .unwrap_or(0)
    }
}

/// Reads `block`, `start` and `length` from three fields of an index line.
pub fn place<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<Place> {
    let mut number = || fields.next()?.parse().ok();
    Some(Place {
        block: number()?,
        start: number()?,
        length: number()?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}
