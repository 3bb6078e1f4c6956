//! Decrypting into an output before the authentication code is known to be right.

use std::io::{self, Read, Seek, Write};

use zeroize::Zeroizing;

use crate::Error;
use crate::aes256::{self, Authenticator, Cipher, Keys, PADDING};
use crate::body::{BACK, write_checked};
use crate::buffer::Buffer;
use crate::encryptor::to_u64;
use crate::reader::PIECE;

/// A piece with so much ciphertext is handed over: to wake a thread costs as much as a fair part of
/// the work on a smaller one.
pub(crate) const ENOUGH: usize = 96 * 1024;

/// What a piece has at the most.
const LARGEST: usize = ENOUGH + PIECE;

/// Ciphertext and what becomes of it.
pub(crate) struct Decrypted {
    pub(crate) ciphertext: Buffer,
    /// Stands behind [`PADDING`] bytes of anything: there is room for what was held back.
    plaintext: Zeroizing<Buffer>,
}

impl Default for Decrypted {
    fn default() -> Self {
        Self {
            ciphertext: Buffer::default(),
            // Never grows, which would leave copies behind.
            plaintext: Zeroizing::new(Buffer::with_capacity(PADDING + LARGEST)),
        }
    }
}

impl Decrypted {
    /// Decrypts the ciphertext.
    pub(crate) fn fill(&mut self, cipher: &mut Cipher) {
        let ciphertext = self.ciphertext.as_bytes();
        self.plaintext.clear();
        let place = self.plaintext.extend(PADDING + ciphertext.len());
        cipher.apply_to(ciphertext, &mut place[PADDING..]);
    }
}

/// Authenticates, writes and reads back; the last block, which has the padding, waits for the end.
pub(crate) struct PlaintextSink<'a, W> {
    output: &'a mut W,
    authenticator: Authenticator,
    /// Ciphertext so far.
    length: u64,
    /// The end of the plaintext so far, at most a block.
    held: Zeroizing<Vec<u8>>,
    back: Zeroizing<Vec<u8>>,
}

impl<'a, W: Read + Write + Seek> PlaintextSink<'a, W> {
    pub(crate) fn new(keys: &Keys, output: &'a mut W) -> Self {
        Self {
            output,
            authenticator: keys.authenticator(),
            length: 0,
            held: Zeroizing::new(Vec::with_capacity(PADDING)),
            // Never grows, which would leave copies behind: no piece is larger.
            back: Zeroizing::new(Vec::with_capacity(BACK)),
        }
    }

    /// Takes a piece.
    pub(crate) fn write(&mut self, piece: &mut Decrypted) -> io::Result<()> {
        let ciphertext = piece.ciphertext.as_bytes();
        self.length += to_u64(ciphertext.len());
        self.authenticator.update(ciphertext);
        let piece = piece.plaintext.as_mut_bytes();
        let start = PADDING - self.held.len();
        piece[start..PADDING].copy_from_slice(&self.held);
        let split = piece.len().saturating_sub(PADDING).max(start);
        self.held.clear();
        self.held.extend_from_slice(&piece[split..]);
        self.put(&piece[start..split])
    }

    /// Authenticates, and writes what was held back without its padding. Returns the length of
    /// the plaintext.
    pub(crate) fn finish(mut self, mac: &[u8]) -> Result<u64, Error> {
        let authenticator =
            std::mem::replace(&mut self.authenticator, Authenticator::new(&[0; 32]));
        if !authenticator.verify(mac) {
            return Err(Error::DecryptFailed);
        }
        let mut block = Zeroizing::new([0; PADDING]);
        block[PADDING - self.held.len()..].copy_from_slice(&self.held);
        let length = aes256::plaintext_length(self.length, &block)?;
        let padding = usize::try_from(self.length - length).map_err(io::Error::other)?;
        let rest = Zeroizing::new(block[..PADDING - padding].to_vec());
        self.put(&rest)?;
        self.output.flush()?;
        Ok(length)
    }

    fn put(&mut self, plaintext: &[u8]) -> io::Result<()> {
        write_checked(self.output, plaintext, &mut self.back)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::Secret;

    #[test]
    fn what_is_read_back_leaves_no_copy_by_growing() {
        let secret = Secret::new(*b"secret").unwrap();
        let mut output = Cursor::new(Vec::new());
        let mut sink = PlaintextSink::new(&Keys::derive(&secret, b"salt"), &mut output);
        let place = sink.back.as_ptr();
        let mut piece = Decrypted::default();
        let capacity = piece.plaintext.capacity();
        for length in [1, 100, PIECE, LARGEST] {
            piece.ciphertext.clear();
            piece.ciphertext.extend(length);
            piece.fill(&mut Keys::derive(&secret, b"salt").cipher());
            sink.write(&mut piece).unwrap();
            assert_eq!(sink.back.as_ptr(), place, "{length}");
            assert_eq!(piece.plaintext.capacity(), capacity, "{length}");
        }
    }
}
