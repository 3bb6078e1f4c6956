use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use zeroize::Zeroizing;

use crate::Error;
use crate::aes256::{self, Authenticator, Keys, PADDING};
use crate::buffer::Buffer;
use crate::dearmor::{Fault, is_break, read_full};
use crate::diagnose::diagnose;
use crate::encryptor::to_u64;
use crate::error::FormatProblem;
use crate::header::Header;
use crate::method::Method;
use crate::payload::{Fields, PayloadReader};
use crate::reader::{DecryptReader, Source};
use crate::relay::relay;
use crate::secret::Secret;
use crate::sink::{self, Decrypted, PlaintextSink};

/// The longest header line that is read, in bytes.
const MAX_HEADER: usize = 1 << 20;

/// Ciphertext up to this size is kept from the first pass, so that the input is read only once.
const KEPT: usize = 1 << 20;

/// Reads a vault from anything that can be read twice.
///
/// Memory stays constant: the first pass authenticates, the second decrypts. No byte of plaintext
/// comes out before the whole vault was authenticated and its padding checked.
///
/// ```
/// use std::io::{Cursor, Read};
/// use vault_format::{Decryptor, Secret, encrypt};
///
/// let secret = Secret::new(*b"correct horse")?;
/// let vault = encrypt(b"battery staple", &secret, None)?;
///
/// let wrong = Secret::new(*b"wrong horse")?;
/// let mut reader = Decryptor::new(Cursor::new(vault))?.unlock(&[&wrong, &secret])?;
/// assert_eq!(reader.secret_index(), 1);
/// let mut plaintext = String::new();
/// reader.read_to_string(&mut plaintext)?;
/// assert_eq!(plaintext, "battery staple");
/// # Ok::<(), vault_format::Error>(())
/// ```
pub struct Decryptor<R> {
    input: R,
    start: u64,
    body: u64,
    header: Header,
    fields: Fields,
}

impl<R: Read + Seek> Decryptor<R> {
    /// Reads the header, the salt and the authentication code of the vault that starts where
    /// `input` stands.
    ///
    /// # Errors
    ///
    /// [`Error::NotVault`], [`Error::Format`], [`Error::UnsupportedMethod`] or [`Error::Io`].
    pub fn new(mut input: R) -> Result<Self, Error> {
        let start = input.stream_position()?;
        let line = read_header(&mut input)?;
        let header = match parse_header(&line) {
            Ok((header, Method::Aes256)) => header,
            Err(error) => {
                input.seek(SeekFrom::Start(start))?;
                return Err(diagnose(&mut input, Some(error))?);
            }
        };
        let body = start + to_u64(line.len());
        input.seek(SeekFrom::Start(body))?;
        let fields = PayloadReader::new(&mut input).map(|(_, fields)| fields);
        let fields = fields.map_err(|fault| explain(fault, &mut input, start))?;
        Ok(Self {
            input,
            start,
            body,
            header,
            fields,
        })
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The salt that keys and counter are derived with.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.fields.salt
    }

    /// The authentication code, whatever it is.
    pub(crate) fn mac(&self) -> &[u8] {
        &self.fields.mac
    }

    /// Finds out which of `secrets` fits, without decrypting: the first pass.
    ///
    /// Several secrets are tried at once, on two threads, and take little longer than one.
    ///
    /// # Errors
    ///
    /// [`Error::CorruptPayload`], [`Error::Format`], [`Error::NotVault`] or [`Error::Io`]. That
    /// none fits is no error here, but [`None`].
    pub fn find(&mut self, secrets: &[&Secret]) -> Result<Option<Match>, Error> {
        let salt = &self.fields.salt;
        // One secret is most likely the right one, so all of its keys are derived at once.
        let (single, mac_keys) = match secrets {
            [secret] => (Some(Keys::derive(secret, salt)), Vec::new()),
            _ => (None, aes256::mac_keys(secrets, salt)),
        };
        let mut authenticators: Vec<_> = match &single {
            Some(keys) => vec![keys.authenticator()],
            None => mac_keys.iter().map(|key| Authenticator::new(key)).collect(),
        };
        let pass = self.authenticate(&mut authenticators)?;
        let mac = &self.fields.mac;
        let Some(index) = authenticators
            .into_iter()
            .position(|running| running.verify(mac))
        else {
            return Ok(None);
        };
        let keys = match (single, mac_keys.into_iter().nth(index)) {
            (Some(keys), _) => keys,
            (None, Some(key)) => Keys::complete(key, secrets[index], &self.fields.salt),
            (None, None) => return Ok(None),
        };
        let length = pass.plaintext_length(&keys)?;
        Ok(Some(Match {
            index,
            keys,
            length,
            kept: pass.kept,
        }))
    }

    /// Reads the whole vault and says whether it is well-formed, which needs no secret. Whether
    /// somebody changed it only a secret can tell.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use vault_format::Decryptor;
    ///
    /// let cut = b"$ANSIBLE_VAULT;1.1;AES256\n6162\n";
    /// let checked = Decryptor::new(Cursor::new(cut)).and_then(|mut vault| vault.validate());
    /// assert!(checked.is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Format`], [`Error::CorruptPayload`] or [`Error::Io`].
    pub fn validate(&mut self) -> Result<(), Error> {
        let pass = self.authenticate(&mut [])?;
        aes256::check_length(pass.length)
    }

    /// Starts to decrypt with the secret that was found.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if seeking fails.
    pub fn open(mut self, found: Match) -> Result<DecryptReader<R>, Error> {
        let source = match found.kept {
            Some(ciphertext) => Source::kept(ciphertext),
            None => {
                self.input.seek(SeekFrom::Start(self.body))?;
                Source::input(self.input, found.keys.authenticator())?
            }
        };
        Ok(DecryptReader::new(
            source,
            &found.keys,
            self.header,
            found.index,
            found.length,
        ))
    }

    /// Finds the secret that fits, trying those in order, and starts to decrypt.
    ///
    /// # Errors
    ///
    /// [`Error::DecryptFailed`] if none fits, and those of [`find`](Self::find) and
    /// [`open`](Self::open).
    pub fn unlock(mut self, secrets: &[&Secret]) -> Result<DecryptReader<R>, Error> {
        let found = self.find(secrets)?.ok_or(Error::DecryptFailed)?;
        self.open(found)
    }

    /// The first pass.
    fn authenticate(&mut self, authenticators: &mut [Authenticator]) -> Result<Pass, Error> {
        let mut pass = Pass {
            length: 0,
            last: [0; PADDING],
            kept: Some(Vec::new()),
        };
        let outcome = self.read_ciphertext(|piece| {
            authenticators
                .iter_mut()
                .for_each(|running| running.update(piece));
            pass.push(piece);
        });
        outcome.map_err(|fault| explain(fault, &mut self.input, self.start))?;
        Ok(pass)
    }

    /// Decrypts everything into `output` in one pass, and reads back what was written.
    ///
    /// This is the fastest way for a large vault that one secret is known for: two threads share
    /// the work, and the vault is read once. **What is written is not authenticated until this
    /// returns `Ok`**: `output` must be something that can be taken back, a temporary file say. In
    /// all other cases use [`unlock`](Self::unlock).
    ///
    /// Returns the length of the plaintext.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use vault_format::{Decryptor, Secret, encrypt};
    ///
    /// let secret = Secret::new(*b"correct horse")?;
    /// let vault = encrypt(b"battery staple", &secret, None)?;
    /// let mut output = Cursor::new(Vec::new());
    /// Decryptor::new(Cursor::new(vault))?.decrypt_into(&secret, &mut output)?;
    /// assert_eq!(output.into_inner(), b"battery staple");
    /// # Ok::<(), vault_format::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`unlock`](Self::unlock), and [`Error::Io`] if writing fails, or of kind
    /// [`io::ErrorKind::InvalidData`] if something else is read back. What was written must be
    /// thrown away then.
    pub fn decrypt_into<W>(mut self, secret: &Secret, output: &mut W) -> Result<u64, Error>
    where
        W: Read + Write + Seek + Send,
    {
        let keys = Keys::derive(secret, self.salt());
        let mut cipher = keys.cipher();
        let mut sink = PlaintextSink::new(&keys, output);
        let copied = match self.payload() {
            Ok(mut payload) => relay(
                |piece: &mut Decrypted| {
                    let ciphertext = &mut piece.ciphertext;
                    ciphertext.clear();
                    while ciphertext.len() < sink::ENOUGH && payload.read(ciphertext)? {}
                    piece.fill(&mut cipher);
                    Ok(!piece.ciphertext.is_empty())
                },
                |piece| Ok::<_, Fault>(sink.write(piece)?),
            ),
            Err(fault) => Err(fault),
        };
        copied.map_err(|fault| explain(fault, &mut self.input, self.start))?;
        sink.finish(self.mac())
    }

    fn read_ciphertext(&mut self, mut sink: impl FnMut(&[u8])) -> Result<(), Fault> {
        let mut payload = self.payload()?;
        let mut piece = Buffer::default();
        while payload.read(&mut piece)? {
            sink(piece.as_bytes());
            piece.clear();
        }
        Ok(())
    }

    /// The ciphertext, from its start.
    pub(crate) fn payload(&mut self) -> Result<PayloadReader<&mut R>, Fault> {
        self.input.seek(SeekFrom::Start(self.body))?;
        let (payload, fields) = PayloadReader::new(&mut self.input)?;
        if fields != self.fields {
            return Err(Fault::Damaged);
        }
        Ok(payload)
    }
}

impl<R> fmt::Debug for Decryptor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decryptor")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// The secret that fits a vault; made by [`Decryptor::find`].
pub struct Match {
    index: usize,
    keys: Keys,
    length: u64,
    kept: Option<Vec<u8>>,
}

impl Match {
    /// Which of the secrets it is.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The length of the plaintext.
    #[must_use]
    pub fn plaintext_length(&self) -> u64 {
        self.length
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Match")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// What the first pass learns besides the authentication code.
struct Pass {
    length: u64,
    last: [u8; PADDING],
    kept: Option<Vec<u8>>,
}

impl Pass {
    fn push(&mut self, piece: &[u8]) {
        self.length += to_u64(piece.len());
        let tail = &piece[piece.len().saturating_sub(PADDING)..];
        self.last.rotate_left(tail.len());
        self.last[PADDING - tail.len()..].copy_from_slice(tail);
        match &mut self.kept {
            Some(kept) if kept.len() + piece.len() <= KEPT => kept.extend_from_slice(piece),
            kept => *kept = None,
        }
    }

    /// Checks the padding of the last block.
    fn plaintext_length(&self, keys: &Keys) -> Result<u64, Error> {
        let before = (self.length / 16).saturating_sub(1);
        let mut block = Zeroizing::new(self.last);
        keys.cipher_at(u128::from(before)).apply(&mut *block);
        aes256::plaintext_length(self.length, &block)
    }
}

fn parse_header(line: &[u8]) -> Result<(Header, Method), Error> {
    let header = Header::parse(line)?;
    if line.len() > MAX_HEADER {
        return Err(Error::Format {
            problem: FormatProblem::HeaderTooLong,
            line: 1,
            column: 1,
        });
    }
    let method = header.method()?;
    Ok((header, method))
}

/// Reads the first line with its line break, and leaves the input anywhere.
fn read_header(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut size = 4096;
    loop {
        let filled = line.len();
        line.resize(filled + size, 0);
        let length = read_full(input, &mut line[filled..])?;
        line.truncate(filled + length);
        if let Some(end) = line[filled..].iter().position(|&byte| is_break(byte)) {
            // The rest of a CRLF is a blank line, which the body may have.
            line.truncate(filled + end + 1);
            return Ok(line);
        }
        if length < size || line.len() > MAX_HEADER {
            return Ok(line);
        }
        size = line.len();
    }
}

fn explain(fault: Fault, input: &mut (impl Read + Seek), start: u64) -> Error {
    let explained = match fault {
        Fault::Io(error) => Err(error),
        Fault::Damaged => input
            .seek(SeekFrom::Start(start))
            .and_then(|_| diagnose(input, None)),
    };
    explained.unwrap_or_else(Error::Io)
}
