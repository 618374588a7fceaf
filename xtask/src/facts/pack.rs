//! The writer of the facts container; the reader and the layout are in `crates/policy/src/facts/packed.rs`.

/// Texts go into the same block until it holds this much: larger blocks pack better, smaller ones unpack faster.
const BLOCK_BYTES: usize = 64 * 1024;

/// Gathers texts into blocks and packs them.
pub(super) struct Packer {
    blocks: Vec<String>,
    open: String,
}

impl Packer {
    pub(super) fn new() -> Packer {
        // Block 0 is the index, known only at the end.
        Packer {
            blocks: vec![String::new()],
            open: String::new(),
        }
    }

    /// Adds a text and returns its place as the three tab-separated fields of an index line.
    pub(super) fn add(&mut self, text: &str) -> String {
        if !self.open.is_empty() && self.open.len() + text.len() > BLOCK_BYTES {
            self.blocks.push(std::mem::take(&mut self.open));
        }
        let start = self.open.len();
        self.open.push_str(text);
        format!("{}\t{start}\t{}", self.blocks.len(), text.len())
    }

    /// The container with this index.
    pub(super) fn finish(mut self, index: String) -> Result<Vec<u8>, String> {
        self.blocks.push(self.open);
        self.blocks[0] = index;
        let packed: Vec<Vec<u8>> = self
            .blocks
            .iter()
            .map(|block| miniz_oxide::deflate::compress_to_vec(block.as_bytes(), 10))
            .collect();
        let mut out = b"TLFACTS1".to_vec();
        out.extend(word(packed.len())?);
        for (block, stream) in self.blocks.iter().zip(&packed) {
            out.extend(word(stream.len())?);
            out.extend(word(block.len())?);
        }
        out.extend(packed.concat());
        Ok(out)
    }
}

fn word(number: usize) -> Result<[u8; 4], String> {
    u32::try_from(number)
        .map(u32::to_le_bytes)
        .map_err(|_| format!("{number} does not fit the container"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other_and_the_bytes_are_the_same_each_time() {
        let build = || {
            let mut packer = Packer::new();
            let places = [
                packer.add("first"),
                packer.add("second"),
                packer.add(&"x".repeat(BLOCK_BYTES)),
            ];
            assert_eq!(places, ["1\t0\t5", "1\t5\t6", "2\t0\t65536"]);
            packer.finish(places.join("\n")).unwrap()
        };
        let bytes = build();
        assert!(bytes.starts_with(b"TLFACTS1\x03\0\0\0"));
        assert_eq!(bytes, build());
    }
}
