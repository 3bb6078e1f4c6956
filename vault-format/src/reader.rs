use std::fmt;
use std::io::{self, BufRead, Read};
use std::ops::Range;

use zeroize::Zeroizing;

use crate::aes256::{Authenticator, Cipher, Keys, PADDING};
use crate::buffer::Buffer;
use crate::dearmor::Fault;
use crate::encryptor::to_u64;
use crate::header::Header;
use crate::payload::PayloadReader;

/// What is decrypted at once, at the most.
pub(crate) const PIECE: usize = 64 * 1024;

/// The plaintext of a vault; made by [`Decryptor::open`](crate::Decryptor::open).
///
/// Of a vault that was too large to keep, the ciphertext is authenticated again as it is read: if
/// the file changed in between, the end is an error of kind [`io::ErrorKind::InvalidData`].
pub struct DecryptReader<R> {
    source: Source<R>,
    cipher: Cipher,
    header: Header,
    index: usize,
    length: u64,
    plaintext: Zeroizing<Buffer>,
    ready: Range<usize>,
    released: u64,
}

impl<R: Read> DecryptReader<R> {
    pub(crate) fn new(
        source: Source<R>,
        keys: &Keys,
        header: Header,
        index: usize,
        length: u64,
    ) -> Self {
        Self {
            source,
            cipher: keys.cipher(),
            header,
            index,
            length,
            // Never grows, which would leave copies behind: no piece is larger. Nor is it larger
            // than it has to be, for all of it is wiped.
            plaintext: Zeroizing::new(Buffer::with_capacity(largest_piece(length))),
            ready: 0..0,
            released: 0,
        }
    }

    /// The first line of the vault.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Which of the secrets opened the vault.
    #[must_use]
    pub fn secret_index(&self) -> usize {
        self.index
    }

    /// The length of the plaintext.
    #[must_use]
    pub fn plaintext_length(&self) -> u64 {
        self.length
    }

    /// Decrypts the next piece; `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        let buffer = &mut *self.plaintext;
        // The next piece overwrites the last one.
        buffer.clear();
        self.ready = 0..0;
        self.source.read(buffer)?;
        if buffer.is_empty() {
            return Ok(false);
        }
        self.cipher.apply(buffer.as_mut_bytes());
        let left = usize::try_from(self.length - self.released).unwrap_or(usize::MAX);
        self.ready = 0..buffer.len().min(left);
        self.released += to_u64(self.ready.len());
        Ok(true)
    }
}

impl<R: Read> Read for DecryptReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let length = self.fill_buf()?.read(buf)?;
        self.consume(length);
        Ok(length)
    }
}

/// Gives the plaintext out where it was decrypted, which leaves no second copy to be wiped.
impl<R: Read> BufRead for DecryptReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.ready.is_empty() && self.refill()? {}
        Ok(&self.plaintext.as_bytes()[self.ready.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.ready.start = self.ready.end.min(self.ready.start.saturating_add(amount));
    }
}

/// What a piece of a vault with so much plaintext has at the most, with its padding.
fn largest_piece(plaintext: u64) -> usize {
    usize::try_from(plaintext).map_or(PIECE, |length| PIECE.min(length.saturating_add(PADDING)))
}

impl<R> fmt::Debug for DecryptReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptReader")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Where the second pass takes the ciphertext from.
pub(crate) enum Source<R> {
    Input(Box<Input<R>>),
    Kept { ciphertext: Vec<u8>, next: usize },
}

impl<R: Read> Source<R> {
    /// What the first pass has authenticated and kept.
    pub(crate) fn kept(ciphertext: Vec<u8>) -> Self {
        Self::Kept {
            ciphertext,
            next: 0,
        }
    }

    /// `input`, standing behind the header line.
    pub(crate) fn input(input: R, authenticator: Authenticator) -> io::Result<Self> {
        let (payload, fields) = PayloadReader::new(input).map_err(io_error)?;
        let authenticator = Some(authenticator);
        Ok(Self::Input(Box::new(Input {
            payload,
            mac: fields.mac,
            authenticator,
        })))
    }

    /// Appends a piece of ciphertext to `buffer`, nothing at the end.
    pub(crate) fn read(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        match self {
            Self::Input(input) => input.read(buffer),
            Self::Kept { ciphertext, next } => {
                let end = ciphertext.len().min(*next + PIECE);
                buffer.push(&ciphertext[*next..end]);
                *next = end;
                Ok(())
            }
        }
    }
}

/// Ciphertext that is read, and authenticated, a second time.
pub(crate) struct Input<R> {
    payload: PayloadReader<R>,
    mac: Vec<u8>,
    /// [`None`] once the end was reached.
    authenticator: Option<Authenticator>,
}

impl<R: Read> Input<R> {
    fn read(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        let Some(running) = &mut self.authenticator else {
            return Ok(());
        };
        let start = buffer.len();
        if self.payload.read(buffer).map_err(io_error)? {
            running.update(&buffer.as_bytes()[start..]);
        } else if self
            .authenticator
            .take()
            .is_some_and(|running| !running.verify(&self.mac))
        {
            return Err(changed());
        }
        Ok(())
    }
}

fn io_error(fault: Fault) -> io::Error {
    match fault {
        Fault::Damaged => changed(),
        Fault::Io(error) => error,
    }
}

fn changed() -> io::Error {
    let problem = "the vault changed while it was read";
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
