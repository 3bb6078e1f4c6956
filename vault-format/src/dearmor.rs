//! Reading the body: any line length, either case, two layers of hexadecimal digits.

use std::io::{self, Read};
use std::ops::Range;

use crate::armor::WIDTH;
use crate::buffer::Buffer;

/// Text that is read at first, in which salt and authentication code are.
const FIRST: usize = 4 * 1024;

/// Text that is read at once, at the most: memory that is touched the first time costs more than
/// to decode what is read into it.
const CHUNK: usize = 128 * 1024;

/// Text that is decoded at once: few enough lines that what becomes of them stays in the nearest
/// cache.
pub(crate) const BLOCK: usize = 32 * (WIDTH + 1);

/// Something is wrong somewhere; `diagnose` finds out what and where.
#[derive(Debug)]
pub(crate) enum Fault {
    Damaged,
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Decodes the outer layer.
pub(crate) struct DearmorReader<R> {
    input: R,
    text: Vec<u8>,
    /// What of the text is not decoded yet.
    rest: Range<usize>,
    /// Digits without line breaks; between reads the one that has no partner yet.
    digits: Buffer,
    at_line_start: bool,
}

impl<R: Read> DearmorReader<R> {
    /// `input` stands behind the header line.
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            text: vec![0; FIRST],
            rest: 0..0,
            digits: Buffer::default(),
            at_line_start: true,
        }
    }

    /// Whether decoding goes on without reading.
    pub(crate) fn has_text(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Appends a block of decoded bytes to `bytes`; `false` at the end.
    pub(crate) fn read(&mut self, bytes: &mut Buffer) -> Result<bool, Fault> {
        if self.rest.is_empty() && !self.refill()? {
            return match self.digits.is_empty() {
                true => Ok(false),
                false => Err(Fault::Damaged),
            };
        }
        let rest = &self.text[self.rest.clone()];
        let mut block = &rest[..rest.len().min(BLOCK)];
        if !self.at_line_start {
            // The blocks that follow start with a line.
            let end = block.iter().position(|&byte| is_break(byte));
            block = end.map_or(block, |end| &block[..=end]);
        }
        self.rest.start += block.len();
        self.at_line_start = join_lines(block, self.at_line_start, &mut self.digits);
        let even = self.digits.len() & !1;
        if !decode(&self.digits.as_bytes()[..even], bytes) {
            // A line of the writer's length can hold shorter lines.
            self.digits.retain(|byte| !is_break(byte));
            let even = self.digits.len() & !1;
            if !decode(&self.digits.as_bytes()[..even], bytes) {
                return Err(Fault::Damaged);
            }
        }
        let even = self.digits.len() & !1;
        self.digits.remove(even);
        // What is left of a line of the writer's length can be the end of a shorter one.
        self.digits.retain(|byte| !is_break(byte));
        Ok(true)
    }

    /// Reads more text; `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        if self.rest.end == self.text.len() && self.text.len() < CHUNK {
            self.text = vec![0; CHUNK.min(4 * self.text.len())];
        }
        self.rest = 0..read_full(&mut self.input, &mut self.text)?;
        Ok(!self.rest.is_empty())
    }
}

/// Appends what is no line break to `digits`. Says whether a line starts behind `text`, as
/// `at_line_start` says it of its start.
pub(crate) fn join_lines(text: &[u8], mut at_line_start: bool, digits: &mut Buffer) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        if at_line_start {
            let (lines, _) = rest.as_chunks::<{ WIDTH + 1 }>();
            let regular = lines.iter().take_while(|line| line[WIDTH] == b'\n');
            let lines = &lines[..regular.count()];
            // Copied without calls or checks: they are of a length known to the compiler.
            let (places, _) = digits.extend(lines.len() * WIDTH).as_chunks_mut::<WIDTH>();
            for (place, line) in places.iter_mut().zip(lines) {
                place.copy_from_slice(&line[..WIDTH]);
            }
            rest = &rest[lines.as_flattened().len()..];
            if rest.is_empty() {
                break;
            }
        }
        let end = rest.iter().position(|&byte| is_break(byte));
        digits.push(&rest[..end.unwrap_or(rest.len())]);
        at_line_start = end.is_some();
        rest = end.map_or(&[], |end| &rest[end + 1..]);
    }
    at_line_start
}

/// Appends the bytes that `digits` stand for; an odd number of them stands for none.
pub(crate) fn decode(digits: &[u8], bytes: &mut Buffer) -> bool {
    let start = bytes.len();
    let place = bytes.extend(digits.len() / 2);
    // The decoder skips a leading "0x", and then finds the output too long: an error, as it must.
    let decoded = const_hex::decode_to_slice(digits, place).is_ok();
    if !decoded {
        bytes.truncate(start);
    }
    decoded
}

/// What ends a line.
pub(crate) fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Fills `buffer` as far as the input goes.
pub(crate) fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// What one read after the other brings.
    struct Reads(VecDeque<io::Result<u8>>);

    impl Read for Reads {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match self.0.pop_front().transpose()? {
                Some(byte) => {
                    buf[0] = byte;
                    Ok(1)
                }
                None => Ok(0),
            }
        }
    }

    #[test]
    fn an_interrupted_read_goes_on_and_any_other_error_ends_it() {
        let fails = |kind: io::ErrorKind| Err(kind.into());
        let mut buffer = [0; 4];
        let interrupted = [Ok(1), fails(io::ErrorKind::Interrupted), Ok(2)];
        let read = read_full(&mut Reads(interrupted.into()), &mut buffer);
        assert_eq!((read.unwrap(), buffer), (2, [1, 2, 0, 0]));
        let broken = [Ok(1), fails(io::ErrorKind::BrokenPipe), Ok(2)];
        let error = read_full(&mut Reads(broken.into()), &mut buffer).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
