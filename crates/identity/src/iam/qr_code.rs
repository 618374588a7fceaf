//! A QR code as a PNG picture: how a telephone learns a seed.

use qrcodegen::{QrCode, QrCodeEcc};

/// Pixels to each of the code's squares.
const SCALE: usize = 8;
/// White squares around the code; readers ask for four.
const MARGIN: usize = 4;

/// The picture of `text`, black on white, one bit a pixel; none if it is too long for a QR code.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let squares = usize::try_from(code.size()).ok()? + 2 * MARGIN;
    let width = squares * SCALE;
    let mut out = Vec::new();
    let side = u32::try_from(width).ok()?;
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    let square = |pixel: usize| i32::try_from(pixel / SCALE).unwrap_or(0) - MARGIN as i32;
    let mut rows = Vec::with_capacity(width * width.div_ceil(8));
    for y in 0..width {
        for first in (0..width).step_by(8) {
            // A one is white. Outside of the code everything is.
            let byte = (0..8).fold(0, |byte, bit| {
                let white = !code.get_module(square(first + bit), square(y));
                byte << 1 | u8::from(white)
            });
            rows.push(byte);
        }
    }
    writer.write_image_data(&rows).ok()?;
    writer.finish().ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_the_code() {
        let text = "otpauth://totp/phone@111111111111?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let picture = png(text).expect("a picture");
        let decoder = png::Decoder::new(std::io::Cursor::new(&picture));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("its only frame");
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("a code");
        let squares = code.size() as usize;
        assert_eq!(info.width as usize, (squares + 2 * MARGIN) * SCALE);
        let black = |x: usize, y: usize| {
            let byte = pixels[y * info.line_size + x / 8];
            byte >> (7 - x % 8) & 1 == 0
        };
        assert!(!black(0, 0), "the margin is white");
        for y in 0..squares {
            for x in 0..squares {
                let at = |n: usize| (n + MARGIN) * SCALE + SCALE / 2;
                assert_eq!(black(at(x), at(y)), code.get_module(x as i32, y as i32));
            }
        }
        assert!(png(&"x".repeat(5000)).is_none());
    }
}
