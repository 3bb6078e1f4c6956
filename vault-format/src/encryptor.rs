use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use zeroize::Zeroizing;

use crate::Error;
use crate::aes256::{self, Authenticator, Cipher, Keys};
use crate::armor::{self, ArmorWriter};
use crate::header::{Header, Label};
use crate::method::Method;
use crate::reader::Source;
use crate::secret::{Plaintext, Secret};

/// Bytes of a random salt.
const SALT: usize = 32;

/// The longest salt that is written or read, in bytes.
pub(crate) const MAX_SALT: usize = 65_536;

/// Plaintext that is collected before it is encrypted: what fits a core's cache in all forms.
const CHUNK: usize = 32 * 1024;

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
        let header = format!("{}\n", Header::new(Method::Aes256, label));
        output.write_all(header.as_bytes())?;
        let mut inner = Vec::new();
        armor::encode(&salt, &mut inner);
        inner.push(b'\n');
        let mac_at = MacPlace {
            body: start + to_u64(header.len()),
            digit: 2 * to_u64(inner.len()),
        };
        inner.extend_from_slice(&[b'0'; 2 * aes256::MAC]);
        inner.push(b'\n');
        let mut armor = ArmorWriter::new(output);
        armor.write(&inner)?;
        Ok(EncryptWriter {
            armor,
            mac_at,
            cipher: keys.cipher(),
            authenticator: keys.authenticator(),
            fresh: keys.authenticator(),
            pending: Plaintext(Zeroizing::new(Vec::with_capacity(CHUNK + aes256::PADDING))),
            inner,
            length: 0,
        })
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
    armor: ArmorWriter<W>,
    mac_at: MacPlace,
    cipher: Cipher,
    authenticator: Authenticator,
    /// The authentication of nothing yet, to check what was written.
    fresh: Authenticator,
    pending: Plaintext,
    inner: Vec<u8>,
    length: u64,
}

impl<W: Write + Seek> EncryptWriter<W> {
    /// Writes the padding and the authentication code, and returns the output, standing at the
    /// end of the vault.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if writing or seeking fails.
    pub fn finish(mut self) -> Result<W, Error> {
        let padding = aes256::padding(self.length);
        self.pending
            .0
            .extend(std::iter::repeat_n(padding, usize::from(padding)));
        self.encrypt_pending()?;
        let mut output = self.armor.finish()?;
        self.mac_at
            .fill(&mut output, &self.authenticator.finish())?;
        output.flush()?;
        Ok(output)
    }

    /// Finishes, then reads the vault back from the output and authenticates it.
    ///
    /// That costs no key derivation. What comes back right was written whole.
    ///
    /// # Errors
    ///
    /// Those of [`finish`](Self::finish), and [`Error::Io`] of kind
    /// [`io::ErrorKind::InvalidData`] if anything else comes back.
    pub fn finish_verified(self) -> Result<W, Error>
    where
        W: Read,
    {
        let body = self.mac_at.body;
        let fresh = self.fresh.clone();
        let mut output = self.finish()?;
        let end = output.stream_position()?;
        output.seek(SeekFrom::Start(body))?;
        let length = end.saturating_sub(body);
        let mut source = Source::input((&mut output).take(length), fresh)?;
        let mut buffer = Vec::new();
        source.read(&mut buffer)?;
        while !buffer.is_empty() {
            buffer.clear();
            source.read(&mut buffer)?;
        }
        output.seek(SeekFrom::Start(end))?;
        Ok(output)
    }

    fn encrypt_pending(&mut self) -> io::Result<()> {
        let data = &mut self.pending.0;
        self.cipher.apply(data);
        self.authenticator.update(data);
        armor::encode(data, &mut self.inner);
        // Ciphertext by now: nothing to overwrite.
        data.clear();
        self.armor.write(&self.inner)
    }
}

impl<W: Write + Seek> Write for EncryptWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = buf.len().min(CHUNK - self.pending.0.len());
        self.pending.0.extend_from_slice(&buf[..taken]);
        self.length += to_u64(taken);
        if self.pending.0.len() == CHUNK {
            self.encrypt_pending()?;
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
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
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

/// A length in memory as a length in a file.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
