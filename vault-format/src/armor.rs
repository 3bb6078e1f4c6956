//! Writing the body: two layers of hexadecimal digits, broken at 80 columns.

use std::io::{self, Write};

/// Digits on a line.
pub(crate) const WIDTH: usize = 80;

/// Where in the wrapped text the digit at `digit` stands.
pub(crate) fn text_offset(digit: u64) -> u64 {
    digit + digit / 80
}

/// Encodes bytes as hexadecimal digits and breaks the lines.
pub(crate) struct ArmorWriter<W> {
    output: W,
    /// Digits on the line so far.
    column: usize,
    digits: Vec<u8>,
    text: Vec<u8>,
}

impl<W: Write> ArmorWriter<W> {
    pub(crate) fn new(output: W) -> Self {
        Self {
            output,
            column: 0,
            digits: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Writes `bytes` as digits.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        encode(bytes, &mut self.digits);
        self.text.clear();
        let mut rest = &self.digits[..];
        if self.column > 0 {
            let (line, tail) = rest.split_at(rest.len().min(WIDTH - self.column));
            self.text.extend_from_slice(line);
            self.column += line.len();
            rest = tail;
            if self.column == WIDTH {
                self.text.push(b'\n');
                self.column = 0;
            }
        }
        if self.column == 0 {
            // Lines of a length known to the compiler are copied without calls.
            let (lines, tail) = rest.as_chunks::<WIDTH>();
            for line in lines {
                self.text.extend_from_slice(line);
                self.text.push(b'\n');
            }
            self.text.extend_from_slice(tail);
            self.column = tail.len();
        }
        self.output.write_all(&self.text)
    }

    /// Ends the last line.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.column > 0 {
            self.output.write_all(b"\n")?;
        }
        Ok(self.output)
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
                let mut writer = ArmorWriter::new(Vec::new());
                bytes[..length]
                    .chunks(piece)
                    .for_each(|piece| writer.write(piece).unwrap());
                assert_eq!(writer.finish().unwrap(), expected, "{length} by {piece}");
            }
        }
    }

    #[test]
    fn offsets_count_the_line_breaks() {
        assert_eq!([0, 79, 80, 160].map(text_offset), [0, 79, 81, 162]);
    }
}
