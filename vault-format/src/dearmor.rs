//! Reading the body: any line length, either case, two layers of hexadecimal digits.

use std::io::{self, Read};

use crate::armor::WIDTH;

/// Text that is read at first, in which salt and authentication code are.
const FIRST: usize = 4 * 1024;

/// Text that is read at once, at the most: memory that is touched the first time costs more than
/// to decode what is read into it.
const CHUNK: usize = 128 * 1024;

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
    /// Digits without line breaks; between reads the one that has no partner yet.
    digits: Vec<u8>,
    at_line_start: bool,
}

impl<R: Read> DearmorReader<R> {
    /// `input` stands behind the header line.
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            text: vec![0; FIRST],
            digits: Vec::new(),
            at_line_start: true,
        }
    }

    /// Appends decoded bytes to `bytes`; `false` at the end.
    pub(crate) fn read(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Fault> {
        let length = read_full(&mut self.input, &mut self.text)?;
        if length == 0 {
            return if self.digits.is_empty() {
                Ok(false)
            } else {
                Err(Fault::Damaged)
            };
        }
        self.at_line_start = join_lines(&self.text[..length], self.at_line_start, &mut self.digits);
        let even = self.digits.len() & !1;
        if !decode(&self.digits[..even], bytes) {
            // A line of the writer's length can hold shorter lines.
            self.digits.retain(|&byte| !is_break(byte));
            let even = self.digits.len() & !1;
            if !decode(&self.digits[..even], bytes) {
                return Err(Fault::Damaged);
            }
        }
        let even = self.digits.len() & !1;
        self.digits.drain(..even);
        if length == self.text.len() && length < CHUNK {
            self.text = vec![0; CHUNK.min(4 * length)];
        }
        // What is left of a line of the writer's length can be the end of a shorter one.
        self.digits.retain(|&byte| !is_break(byte));
        Ok(true)
    }
}

/// Appends what is no line break to `digits`. Says whether a line starts behind `text`, as
/// `at_line_start` says it of its start.
pub(crate) fn join_lines(text: &[u8], mut at_line_start: bool, digits: &mut Vec<u8>) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        if at_line_start {
            let (lines, _) = rest.as_chunks::<{ WIDTH + 1 }>();
            let regular = lines.iter().take_while(|line| line[WIDTH] == b'\n');
            let mut taken = 0;
            for line in regular {
                digits.extend_from_slice(&line[..WIDTH]);
                taken += line.len();
            }
            rest = &rest[taken..];
        }
        let end = rest.iter().position(|&byte| is_break(byte));
        digits.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
        at_line_start = end.is_some();
        rest = end.map_or(&[], |end| &rest[end + 1..]);
    }
    at_line_start
}

/// Appends the bytes that `digits` stand for; an odd number of them stands for none.
pub(crate) fn decode(digits: &[u8], bytes: &mut Vec<u8>) -> bool {
    let start = bytes.len();
    bytes.resize(start + digits.len() / 2, 0);
    // The decoder skips a leading "0x", and then finds the output too long: an error, as it must.
    let decoded = const_hex::decode_to_slice(digits, &mut bytes[start..]).is_ok();
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
