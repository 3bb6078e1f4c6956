use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::aes256::{self, Authenticator, Cipher, Keys};
use crate::body::{self, Body, Encoded, Encoder, Proof};
use crate::dearmor::read_full;
use crate::header::{Header, Label};
use crate::method::Method;
use crate::relay::relay;
use crate::secret::Secret;
use crate::{Decryptor, Error};

/// Bytes of a random salt.
const SALT: usize = 32;

/// The longest salt that is written or read, in bytes.
pub(crate) const MAX_SALT: usize = 65_536;

/// Plaintext of a piece: a smaller one is handed over between threads too often, a larger one does
/// not fit a core's cache in all its forms.
const CHUNK: usize = 64 * 1024;

/// How to encrypt: secret, label, method, salt.
///
/// ```
/// use std::io::{Cursor, Write};
/// use vault_format::{Encryptor, Label, Secret, decrypt};
///
/// let secret = Secret::new(*b"correct horse")?;
/// let label = Label::new("prod")?;
/// let mut writer =
///     Encryptor::new(&secret).label(Some(&label)).wrap_output(Cursor::new(Vec::new()))?;
/// writer.write_all(b"battery ")?;
/// writer.write_all(b"staple")?;
/// let vault = writer.finish()?.into_inner();
/// assert!(vault.starts_with(b"$ANSIBLE_VAULT;1.2;AES256;prod\n"));
/// assert_eq!(decrypt(&vault, &secret)?.as_ref(), b"battery staple");
/// # Ok::<(), vault_format::Error>(())
/// ```
#[derive(Debug)]
pub struct Encryptor<'a> {
    secret: &'a Secret,
    label: Option<&'a Label>,
    method: Method,
    salt: Option<Vec<u8>>,
}

impl<'a> Encryptor<'a> {
    /// Encrypts under `secret`, without a label and with a random salt.
    #[must_use]
    pub fn new(secret: &'a Secret) -> Self {
        Self {
            secret,
            label: None,
            method: Method::default(),
            salt: None,
        }
    }

    /// Writes `label` into the header; `default` stands for none.
    #[must_use]
    pub fn label(mut self, label: Option<&'a Label>) -> Self {
        self.label = label;
        self
    }

    /// Chooses the method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sets the salt instead of drawing one at random.
    ///
    /// Keys and counter come from secret and salt alone. Two plaintexts under the same secret and
    /// the same salt are encrypted with the same keystream: whoever has both vaults has the
    /// exclusive or of the plaintexts. [`SaltKey`](crate::SaltKey) makes salts that are stable and
    /// safe.
    #[must_use]
    pub fn salt(mut self, salt: impl Into<Vec<u8>>) -> Self {
        self.salt = Some(salt.into());
        self
    }

    /// Starts to write a vault to `output`.
    ///
    /// The vault begins where `output` stands. Its authentication code comes before the
    /// ciphertext, so it is written last, by [`EncryptWriter::finish`]: until then `output` holds
    /// no readable vault.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSalt`], or [`Error::Io`] if writing or the random number generator fails.
    pub fn wrap_output<W: Write + Seek>(self, mut output: W) -> Result<EncryptWriter<W>, Error> {
        let Self {
            secret,
            label,
            method: Method::Aes256,
            salt,
        } = self;
        let salt = match salt {
            Some(salt) if (1..=MAX_SALT).contains(&salt.len()) => salt,
            Some(salt) => return Err(Error::InvalidSalt { length: salt.len() }),
            None => {
                let mut salt = vec![0; SALT];
                getrandom::fill(&mut salt).map_err(io::Error::other)?;
                salt
            }
        };
        let keys = Keys::derive(secret, &salt);
        let start = output.stream_position()?;
        let header = Header::new(Method::Aes256, label);
        let (body, encoder) = Body::start(output, &header, &salt)?;
        Ok(EncryptWriter {
            body,
            origin: Origin {
                start,
                header,
                salt,
            },
            front: Front {
                cipher: keys.cipher(),
                authenticator: keys.authenticator(),
                encoder,
                length: 0,
            },
            pending: Encoded::for_plaintext(CHUNK + aes256::PADDING),
        })
    }

    /// Encrypts all that `input` gives, and reads back what was written.
    ///
    /// This is the fastest way for large inputs, as two threads share the work, and the safest
    /// one: each piece is read back from `output`, decoded, and compared with the ciphertext that
    /// the authentication code was computed over.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use vault_format::{Encryptor, Secret, decrypt};
    ///
    /// let secret = Secret::new(*b"correct horse")?;
    /// let mut input = &b"battery staple"[..];
    /// let vault = Encryptor::new(&secret).copy(&mut input, Cursor::new(Vec::new()))?.into_inner();
    /// assert_eq!(decrypt(&vault, &secret)?.as_ref(), b"battery staple");
    /// # Ok::<(), vault_format::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wrap_output`](Self::wrap_output), and [`Error::Io`] if reading fails, or of kind
    /// [`io::ErrorKind::InvalidData`] if something else is read back.
    pub fn copy<W>(self, input: &mut impl Read, output: W) -> Result<W, Error>
    where
        W: Read + Write + Seek + Send,
    {
        self.wrap_output(output)?.copy(input)
    }

    /// Encrypts `plaintext` in memory.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSalt`], or [`Error::Io`] if the random number generator fails.
    pub fn encrypt(self, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let size = plaintext
            .len()
            .saturating_mul(4)
            .saturating_add(plaintext.len() / 16 + 512);
        let mut writer = self.wrap_output(io::Cursor::new(Vec::with_capacity(size)))?;
        writer.write_all(plaintext)?;
        Ok(writer.finish()?.into_inner())
    }
}

/// Encrypts what is written to it; made by [`Encryptor::wrap_output`].
///
/// Without [`finish`](Self::finish) the output is not a vault.
pub struct EncryptWriter<W> {
    body: Body<W>,
    origin: Origin,
    front: Front,
    pending: Encoded,
}

/// What a piece goes through before it is written.
struct Front {
    cipher: Cipher,
    authenticator: Authenticator,
    encoder: Encoder,
    /// Plaintext so far.
    length: u64,
}

/// Where the vault begins, and how.
struct Origin {
    start: u64,
    header: Header,
    salt: Vec<u8>,
}

impl<W: Write + Seek> EncryptWriter<W> {
    /// Writes the padding and the authentication code, and returns the output, standing at the
    /// end of the vault.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if writing or seeking fails.
    pub fn finish(mut self) -> Result<W, Error> {
        self.front.pad(&mut self.pending);
        self.write_pending()?;
        let Front {
            encoder,
            authenticator,
            ..
        } = self.front;
        self.body.finish(&encoder, &authenticator.finish())
    }

    fn write_pending(&mut self) -> io::Result<()> {
        self.front.seal(&mut self.pending);
        self.body.write(&self.pending)?;
        self.pending.ciphertext.clear();
        Ok(())
    }
}

impl<W: Read + Write + Seek + Send> EncryptWriter<W> {
    /// See [`Encryptor::copy`].
    fn copy(self, input: &mut impl Read) -> Result<W, Error> {
        let Self {
            mut body,
            origin,
            mut front,
            ..
        } = self;
        let mut is_complete = false;
        let mut proof = Proof::default();
        relay(
            |piece| {
                if is_complete {
                    return Ok(false);
                }
                is_complete = front.take(input, piece)? < CHUNK;
                match proof.holds(piece) {
                    true => Ok(true),
                    false => Err(body::differs().into()),
                }
            },
            |piece| Ok::<_, Error>(body.write_checked(piece)?),
        )?;
        let mac = front.authenticator.finish();
        let mut output = body.finish(&front.encoder, &mac)?;
        let end = output.stream_position()?;
        origin.check(&mut output, &mac)?;
        output.seek(SeekFrom::Start(end))?;
        Ok(output)
    }
}

impl Front {
    /// Fills a piece from `input` and encrypts it; one that could not be filled is the last one.
    fn take(&mut self, input: &mut impl Read, piece: &mut Encoded) -> io::Result<usize> {
        if piece.ciphertext.capacity() == 0 {
            *piece = Encoded::for_plaintext(CHUNK + aes256::PADDING);
        }
        piece.ciphertext.resize(CHUNK, 0);
        let filled = read_full(input, &mut piece.ciphertext)?;
        piece.ciphertext.truncate(filled);
        self.cipher.apply(&mut piece.ciphertext);
        self.length += to_u64(filled);
        if filled < CHUNK {
            self.pad(piece);
        }
        self.seal(piece);
        Ok(filled)
    }

    /// Encrypts a part of a piece.
    fn encrypt(&mut self, plaintext: &[u8], piece: &mut Encoded) {
        let start = piece.ciphertext.len();
        piece.ciphertext.resize(start + plaintext.len(), 0);
        self.cipher
            .apply_to(plaintext, &mut piece.ciphertext[start..]);
        self.length += to_u64(plaintext.len());
    }

    /// Ends the plaintext.
    fn pad(&mut self, piece: &mut Encoded) {
        let padding = aes256::padding(self.length);
        self.encrypt(&[padding; aes256::PADDING][..usize::from(padding)], piece);
    }

    /// Authenticates and encodes a piece.
    fn seal(&mut self, piece: &mut Encoded) {
        self.authenticator.update(&piece.ciphertext);
        self.encoder.encode(piece);
    }
}

impl Origin {
    /// Reads back what comes before the ciphertext.
    fn check<W: Read + Seek>(&self, output: &mut W, mac: &[u8]) -> Result<(), Error> {
        output.seek(SeekFrom::Start(self.start))?;
        match Decryptor::new(output) {
            Ok(vault)
                if *vault.header() == self.header
                    && vault.salt() == self.salt
                    && vault.mac() == mac =>
            {
                Ok(())
            }
            Err(Error::Io(error)) => Err(error.into()),
            _ => Err(body::differs().into()),
        }
    }
}

impl<W: Write + Seek> Write for EncryptWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = buf.len().min(CHUNK - self.pending.ciphertext.len());
        self.front.encrypt(&buf[..taken], &mut self.pending);
        if self.pending.ciphertext.len() == CHUNK {
            self.write_pending()?;
        }
        Ok(taken)
    }

    /// Does nothing: a vault is complete or it is none.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W> fmt::Debug for EncryptWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptWriter")
            .field("length", &self.front.length)
            .finish_non_exhaustive()
    }
}

/// A length in memory as a length in a file.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn no_copy_of_the_plaintext_is_left_by_growing() {
        let secret = Secret::new(*b"secret").unwrap();
        let writer = || Encryptor::new(&secret).wrap_output(Cursor::new(Vec::new()));
        let room = Encoded::for_plaintext(CHUNK + aes256::PADDING);
        let room = room.ciphertext.capacity();
        for length in [1, CHUNK - 1, CHUNK, 3 * CHUNK] {
            let plaintext = vec![7; length];
            let mut writer = writer().unwrap();
            for part in plaintext.chunks(1000) {
                writer.write_all(part).unwrap();
            }
            let EncryptWriter { front, pending, .. } = &mut writer;
            front.pad(pending);
            assert_eq!(pending.ciphertext.capacity(), room, "{length}");
            let mut piece = Encoded::default();
            let mut input = &plaintext[..];
            writer.front.take(&mut input, &mut piece).unwrap();
            assert_eq!(piece.ciphertext.capacity(), room, "{length}");
        }
    }
}
