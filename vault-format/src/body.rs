//! Writing what comes below the header: salt, authentication code, ciphertext.

use std::io::{self, Read, Seek, SeekFrom, Write};

use zeroize::Zeroizing;

use crate::Error;
use crate::aes256;
use crate::armor::{self, Armor};
use crate::buffer::Buffer;
use crate::dearmor::{BLOCK, decode, join_lines};
use crate::encryptor::to_u64;
use crate::header::Header;

/// Encodes ciphertext as it is written.
#[derive(Default)]
pub(crate) struct Encoder {
    armor: Armor,
}

/// Ciphertext and what is written for it.
#[derive(Default)]
pub(crate) struct Encoded {
    /// Plaintext, until it was encrypted.
    pub(crate) ciphertext: Zeroizing<Vec<u8>>,
    text: Buffer,
    starts_line: bool,
}

impl Encoded {
    /// A piece that takes so much without growing, which would leave copies behind.
    pub(crate) fn for_plaintext(capacity: usize) -> Self {
        Self {
            ciphertext: Zeroizing::new(Vec::with_capacity(capacity)),
            ..Self::default()
        }
    }
}

impl Encoder {
    /// Encodes the ciphertext of a piece.
    pub(crate) fn encode(&mut self, piece: &mut Encoded) {
        piece.starts_line = self.armor.at_line_start();
        piece.text.clear();
        self.armor.encode_twice(&piece.ciphertext, &mut piece.text);
    }

    /// Ends the last line.
    pub(crate) fn finish(&self, output: &mut impl Write) -> io::Result<()> {
        match self.armor.at_line_start() {
            true => Ok(()),
            false => output.write_all(b"\n"),
        }
    }
}

/// A vault that is being written.
pub(crate) struct Body<W> {
    output: W,
    mac_at: MacPlace,
    /// What was read back.
    back: Vec<u8>,
}

impl<W: Write + Seek> Body<W> {
    /// Writes what comes before the ciphertext, with zeros for the authentication code.
    pub(crate) fn start(
        mut output: W,
        header: &Header,
        salt: &[u8],
    ) -> io::Result<(Self, Encoder)> {
        writeln!(output, "{header}")?;
        let mut inner = Vec::new();
        armor::encode(salt, &mut inner);
        inner.push(b'\n');
        let mac_at = MacPlace {
            body: output.stream_position()?,
            digit: 2 * to_u64(inner.len()),
        };
        inner.extend_from_slice(&[b'0'; 2 * aes256::MAC]);
        inner.push(b'\n');
        let mut encoder = Encoder::default();
        let mut text = Buffer::default();
        encoder.armor.encode(&inner, &mut text);
        output.write_all(text.as_bytes())?;
        let body = Self {
            output,
            mac_at,
            back: Vec::new(),
        };
        Ok((body, encoder))
    }

    /// Writes a piece.
    pub(crate) fn write(&mut self, piece: &Encoded) -> io::Result<()> {
        self.output.write_all(piece.text.as_bytes())
    }

    /// Ends the last line and writes the authentication code.
    pub(crate) fn finish(mut self, encoder: &Encoder, mac: &[u8]) -> Result<W, Error> {
        encoder.finish(&mut self.output)?;
        self.mac_at.fill(&mut self.output, mac)?;
        self.output.flush()?;
        Ok(self.output)
    }
}

impl<W: Read + Write + Seek> Body<W> {
    /// Writes a piece, and reads it back.
    pub(crate) fn write_checked(&mut self, piece: &Encoded) -> io::Result<()> {
        write_checked(&mut self.output, piece.text.as_bytes(), &mut self.back)
    }
}

/// What is read back at once.
pub(crate) const BACK: usize = 32 * 1024;

/// Writes bytes, and reads them back, into `back`.
pub(crate) fn write_checked(
    output: &mut (impl Read + Write + Seek),
    bytes: &[u8],
    back: &mut Vec<u8>,
) -> io::Result<()> {
    let length = i64::try_from(bytes.len()).map_err(io::Error::other)?;
    output.write_all(bytes)?;
    output.seek(SeekFrom::Current(-length))?;
    for part in bytes.chunks(BACK) {
        back.resize(part.len(), 0);
        output.read_exact(back)?;
        if !equal(back, part) {
            return Err(differs());
        }
    }
    Ok(())
}

/// Decodes what was encoded, before it is written.
#[derive(Default)]
pub(crate) struct Proof {
    digits: Buffer,
    inner: Buffer,
    ciphertext: Buffer,
}

impl Proof {
    /// Whether the text of the piece means its ciphertext. A block of right text has the digits of
    /// 32 lines, wherever in a line it starts, and so those of whole bytes.
    pub(crate) fn holds(&mut self, piece: &Encoded) -> bool {
        let mut expected = &piece.ciphertext[..];
        let mut at_line_start = piece.starts_line;
        for block in piece.text.as_bytes().chunks(BLOCK) {
            self.digits.clear();
            self.inner.clear();
            self.ciphertext.clear();
            at_line_start = join_lines(block, at_line_start, &mut self.digits);
            let is_decoded = decode(self.digits.as_bytes(), &mut self.inner)
                && decode(self.inner.as_bytes(), &mut self.ciphertext);
            let ciphertext = self.ciphertext.as_bytes();
            match expected.split_at_checked(ciphertext.len()) {
                Some((start, rest)) if is_decoded && equal(ciphertext, start) => expected = rest,
                _ => return false,
            }
        }
        expected.is_empty()
    }
}

/// Whether both are the same, many bytes at a time: musl's `memcmp`, which `==` calls, compares them
/// one by one, which takes longer than all else that is read back goes through.
fn equal(one: &[u8], other: &[u8]) -> bool {
    let same = |ones: &[u8; 64], others: &[u8; 64]| {
        let pairs = ones.iter().zip(others);
        pairs.fold(0, |differing, (one, other)| differing | (one ^ other)) == 0
    };
    let ((ones, one_rest), (others, other_rest)) = (one.as_chunks::<64>(), other.as_chunks::<64>());
    one.len() == other.len()
        && ones.iter().zip(others).all(|(one, other)| same(one, other))
        && one_rest == other_rest
}

/// The error for an output that gives back something else than was written to it.
pub(crate) fn differs() -> io::Error {
    let problem = "what was written reads back differently";
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

/// Where the authentication code goes once it is known.
struct MacPlace {
    /// Where the body starts in the output.
    body: u64,
    /// The first of its digits, counted from the start of the body without line breaks.
    digit: u64,
}

impl MacPlace {
    fn fill<W: Write + Seek>(&self, output: &mut W, mac: &[u8]) -> io::Result<()> {
        let end = output.stream_position()?;
        let mut inner = Vec::new();
        armor::encode(mac, &mut inner);
        let mut digits = Vec::new();
        armor::encode(&inner, &mut digits);
        let mut digit = self.digit;
        let mut rest = &digits[..];
        while !rest.is_empty() {
            let room = to_u64(armor::WIDTH) - digit % to_u64(armor::WIDTH);
            let (line, tail) =
                rest.split_at(usize::try_from(room).unwrap_or(usize::MAX).min(rest.len()));
            output.seek(SeekFrom::Start(self.body + armor::text_offset(digit)))?;
            output.write_all(line)?;
            digit += to_u64(line.len());
            rest = tail;
        }
        output.seek(SeekFrom::Start(end))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pieces, the second in the middle of a line.
    fn pieces() -> [Encoded; 2] {
        let mut encoder = Encoder::default();
        [&b"0123456789abcdefghi"[..], b"jklmnopqrstuvwxyz0123456789"].map(|ciphertext| {
            let mut piece = Encoded::for_plaintext(ciphertext.len());
            piece.ciphertext.extend_from_slice(ciphertext);
            encoder.encode(&mut piece);
            piece
        })
    }

    /// The inner digits, of which each stands as two; a digit of the other case means the same.
    fn meant(text: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(text).ok()?;
        let digits: Vec<char> = text.split_terminator('\n').flat_map(str::chars).collect();
        let lines = text.matches('\n').count();
        let inner = digits.chunks(2).map(|pair| {
            let pair: String = pair.iter().collect();
            u8::from_str_radix(&pair, 16).map(char::from)
        });
        let inner: String = inner.collect::<Result<_, _>>().ok()?;
        Some(format!("{lines} {}", inner.to_ascii_lowercase()))
    }

    #[test]
    fn only_text_that_means_the_ciphertext_is_proved() {
        for mut piece in pieces() {
            let right = piece.text.as_bytes().to_vec();
            let mut proof = Proof::default();
            assert!(proof.holds(&piece));
            let mut holds = |text: &[u8]| {
                piece.text.clear();
                piece.text.push(text);
                proof.holds(&piece)
            };
            for index in 0..right.len() {
                for bit in 0..8 {
                    let mut text = right.clone();
                    text[index] ^= 1 << bit;
                    let same = meant(&text) == meant(&right);
                    assert_eq!(holds(&text), same, "bit {bit} of octet {index}");
                }
            }
            for length in 0..right.len() {
                assert!(!holds(&right[..length]), "cut to {length}");
            }
        }
    }

    #[test]
    fn what_is_equal_is_so_in_every_byte() {
        for length in [0, 1, 63, 64, 65, 128, 200] {
            let one = vec![7; length];
            assert!(equal(&one, &one.clone()));
            assert!(!equal(&one, &vec![7; length + 1]));
            for index in 0..length {
                let mut other = one.clone();
                other[index] ^= 1;
                assert!(!equal(&one, &other), "{index} of {length}");
            }
        }
    }

    #[test]
    fn a_piece_takes_its_plaintext_without_growing() {
        let piece = Encoded::for_plaintext(4096);
        assert!(piece.ciphertext.capacity() >= 4096);
    }
}
