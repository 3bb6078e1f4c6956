//! The three fields below the outer layer: salt, authentication code, ciphertext.

use std::io::Read;

use crate::buffer::Buffer;
use crate::dearmor::{DearmorReader, Fault, decode};
use crate::encryptor::MAX_SALT;

/// What comes before the ciphertext.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Fields {
    pub(crate) salt: Vec<u8>,
    pub(crate) mac: Vec<u8>,
}

/// Reads the fields, then the ciphertext piece by piece.
pub(crate) struct PayloadReader<R> {
    dearmor: DearmorReader<R>,
    /// Decoded outer layer that is not used up.
    inner: Buffer,
}

impl<R: Read> PayloadReader<R> {
    /// `input` stands behind the header line.
    pub(crate) fn new(input: R) -> Result<(Self, Fields), Fault> {
        let dearmor = DearmorReader::new(input);
        let mut this = Self {
            dearmor,
            inner: Buffer::default(),
        };
        let salt = this.field()?;
        let mac = this.field()?;
        Ok((this, Fields { salt, mac }))
    }

    /// Appends a piece of the ciphertext; `false` at the end.
    pub(crate) fn read(&mut self, ciphertext: &mut Buffer) -> Result<bool, Fault> {
        let start = ciphertext.len();
        loop {
            while self.inner.len() < 2 {
                if !self.dearmor.read(&mut self.inner)? {
                    return match self.inner.is_empty() {
                        true => Ok(ciphertext.len() > start),
                        false => Err(Fault::Damaged),
                    };
                }
            }
            let even = self.inner.len() & !1;
            if !decode(&self.inner.as_bytes()[..even], ciphertext) {
                return Err(Fault::Damaged);
            }
            self.inner.remove(even);
            if !self.dearmor.has_text() {
                return Ok(true);
            }
        }
    }

    fn field(&mut self) -> Result<Vec<u8>, Fault> {
        let end = loop {
            if let Some(end) = self.inner.as_bytes().iter().position(|&byte| byte == b'\n') {
                break end;
            }
            if self.inner.len() > 2 * MAX_SALT || !self.dearmor.read(&mut self.inner)? {
                return Err(Fault::Damaged);
            }
        };
        let mut field = Buffer::default();
        if end > 2 * MAX_SALT || !decode(&self.inner.as_bytes()[..end], &mut field) {
            return Err(Fault::Damaged);
        }
        self.inner.remove(end + 1);
        Ok(field.as_bytes().to_vec())
    }
}
