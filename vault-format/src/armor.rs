//! Writing the body: two layers of hexadecimal digits, broken at 80 columns.

use crate::buffer::Buffer;

/// Digits on a line.
pub(crate) const WIDTH: usize = 80;

/// Where in the wrapped text the digit at `digit` stands.
pub(crate) fn text_offset(digit: u64) -> u64 {
    digit + digit / 80
}

/// Bytes that are encoded at once: few enough that what becomes of them stays in the nearest cache.
const BLOCK: usize = 1280;

/// Encodes bytes as hexadecimal digits and breaks the lines.
#[derive(Default)]
pub(crate) struct Armor {
    /// Digits on the line so far.
    column: usize,
    inner: Vec<u8>,
    digits: Vec<u8>,
}

impl Armor {
    /// Appends the digits and line breaks of `bytes` to `text`.
    pub(crate) fn encode(&mut self, bytes: &[u8], text: &mut Buffer) {
        for block in bytes.chunks(BLOCK) {
            encode(block, &mut self.digits);
            self.wrap(text);
        }
    }

    /// Appends the digits of the digits of `bytes`, with line breaks, to `text`.
    pub(crate) fn encode_twice(&mut self, bytes: &[u8], text: &mut Buffer) {
        for block in bytes.chunks(BLOCK / 2) {
            encode(block, &mut self.inner);
            encode(&self.inner, &mut self.digits);
            self.wrap(text);
        }
    }

    fn wrap(&mut self, text: &mut Buffer) {
        let mut rest = &self.digits[..];
        if self.column > 0 {
            let (line, tail) = rest.split_at(rest.len().min(WIDTH - self.column));
            text.push(line);
            self.column += line.len();
            rest = tail;
            if self.column == WIDTH {
                text.push(b"\n");
                self.column = 0;
            }
        }
        if self.column == 0 {
            // Lines are of a length known to the compiler, and copied without calls or checks.
            let (lines, tail) = rest.as_chunks::<WIDTH>();
            let places = text.extend(lines.len() * (WIDTH + 1));
            let (places, _) = places.as_chunks_mut::<{ WIDTH + 1 }>();
            for (place, line) in places.iter_mut().zip(lines) {
                place[..WIDTH].copy_from_slice(line);
                place[WIDTH] = b'\n';
            }
            text.push(tail);
            self.column = tail.len();
        }
    }

    /// Whether the next digit starts a line.
    pub(crate) fn at_line_start(&self) -> bool {
        self.column == 0
    }
}

/// Replaces the content of `digits` by the lower-case digits of `bytes`.
pub(crate) fn encode(bytes: &[u8], digits: &mut Vec<u8>) {
    digits.resize(bytes.len() * 2, 0);
    const_hex::encode_to_slice(bytes, digits).expect("the output has twice the input's length");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_the_same_however_the_bytes_arrive() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * BLOCK).collect();
        for length in [0, 1, 39, 40, 41, 79, 80, 81, 1000, 3 * BLOCK] {
            let (mut digits, mut twice) = (Vec::new(), Vec::new());
            encode(&bytes[..length], &mut digits);
            encode(&digits, &mut twice);
            let once: fn(&mut Armor, &[u8], &mut Buffer) = Armor::encode;
            for (digits, work) in [(digits, once), (twice, Armor::encode_twice)] {
                let mut expected = digits.chunks(WIDTH).collect::<Vec<_>>().join(&b'\n');
                if length > 0 {
                    expected.push(b'\n');
                }
                for piece in [1, 3, 40, 64, 999, 1000, BLOCK] {
                    let (mut armor, mut text) = (Armor::default(), Buffer::default());
                    for piece in bytes[..length].chunks(piece) {
                        work(&mut armor, piece, &mut text);
                    }
                    if !armor.at_line_start() {
                        text.push(b"\n");
                    }
                    assert_eq!(text.as_bytes(), expected, "{length} by {piece}");
                }
            }
        }
    }

    #[test]
    fn offsets_count_the_line_breaks() {
        assert_eq!([0, 79, 80, 160].map(text_offset), [0, 79, 81, 162]);
    }
}
