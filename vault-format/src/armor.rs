//! Writing the body: two layers of hexadecimal digits, broken at 80 columns.

/// Digits on a line.
pub(crate) const WIDTH: usize = 80;

/// Where in the wrapped text the digit at `digit` stands.
pub(crate) fn text_offset(digit: u64) -> u64 {
    digit + digit / 80
}

/// Encodes bytes as hexadecimal digits and breaks the lines.
#[derive(Default)]
pub(crate) struct Armor {
    /// Digits on the line so far.
    column: usize,
    digits: Vec<u8>,
}

impl Armor {
    /// Appends the digits and line breaks of `bytes` to `text`.
    pub(crate) fn encode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        encode(bytes, &mut self.digits);
        text.reserve(self.digits.len() + self.digits.len() / WIDTH + 2);
        let mut rest = &self.digits[..];
        if self.column > 0 {
            let (line, tail) = rest.split_at(rest.len().min(WIDTH - self.column));
            text.extend_from_slice(line);
            self.column += line.len();
            rest = tail;
            if self.column == WIDTH {
                text.push(b'\n');
                self.column = 0;
            }
        }
        if self.column == 0 {
            // The line breaks are there before the lines, which are of a length known to the
            // compiler then, and copied without calls or checks.
            let (lines, tail) = rest.as_chunks::<WIDTH>();
            let start = text.len();
            text.resize(start + lines.len() * (WIDTH + 1), b'\n');
            let (places, _) = text[start..].as_chunks_mut::<{ WIDTH + 1 }>();
            for (place, line) in places.iter_mut().zip(lines) {
                place[..WIDTH].copy_from_slice(line);
            }
            text.extend_from_slice(tail);
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
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for length in [0, 1, 39, 40, 41, 79, 80, 81, 1000] {
            let mut digits = Vec::new();
            encode(&bytes[..length], &mut digits);
            let mut expected = Vec::new();
            for line in digits.chunks(WIDTH) {
                expected.extend_from_slice(line);
                expected.push(b'\n');
            }
            for piece in [1, 3, 40, 64, 999, 1000] {
                let (mut armor, mut text) = (Armor::default(), Vec::new());
                for piece in bytes[..length].chunks(piece) {
                    armor.encode(piece, &mut text);
                }
                if !armor.at_line_start() {
                    text.push(b'\n');
                }
                assert_eq!(text, expected, "{length} by {piece}");
            }
        }
    }

    #[test]
    fn offsets_count_the_line_breaks() {
        assert_eq!([0, 79, 80, 160].map(text_offset), [0, 79, 81, 162]);
    }
}
