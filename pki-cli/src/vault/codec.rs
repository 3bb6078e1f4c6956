//! Vaults in files and streams, under the secrets of the command line.

use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;
use vault_format::{DecryptReader, Decryptor, Encryptor, Label, MAGIC, Match, Secret};
use zeroize::Zeroizing;

use super::config::Config;
use super::error::Error;
use super::identity::Identities;
use super::{strength, talk};

/// Ciphertext up to this size waits in memory, more of it in a temporary file.
const IN_MEMORY: usize = 2 << 20;

/// What is read at once.
const PIECE: usize = 64 * 1024;

/// What to encrypt with.
pub(super) struct Sealer<'a> {
    pub(super) secret: &'a Secret,
    pub(super) label: Option<Label>,
    pub(super) salt: Option<Vec<u8>>,
}

impl<'a> Sealer<'a> {
    /// The secret that options and settings choose.
    pub(super) fn new(
        identities: &'a Identities,
        wanted: Option<&str>,
        config: &Config,
    ) -> Result<Self, Error> {
        let wanted = wanted.or(config.encrypt_label.as_deref());
        let (label, secret) = identities.for_encryption(wanted)?;
        strength::warn(secret, label.as_ref(), config);
        Ok(Self::with(secret, label, config))
    }

    /// A secret that was chosen already.
    pub(super) fn with(secret: &'a Secret, label: Option<Label>, config: &Config) -> Self {
        if config.salt.is_some() {
            talk::warning(
                "a fixed salt is set (ANSIBLE_VAULT_ENCRYPT_SALT or vault_encrypt_salt): two \
                 vaults encrypted with it give away both plaintexts; use it for tests only",
            );
        }
        Self {
            secret,
            label,
            salt: config.salt.clone(),
        }
    }

    /// Encrypts `input`, and reads what was written back.
    pub(super) fn encrypt<W: Read + Write + Seek + Send>(
        &self,
        input: &mut impl Read,
        output: W,
        name: &str,
    ) -> Result<W, Error> {
        self.encrypt_as(self.label.as_ref(), input, output, name)
    }

    /// Encrypts a value in memory.
    pub(super) fn encrypt_value(
        &self,
        label: Option<&Label>,
        mut plaintext: &[u8],
        name: &str,
    ) -> Result<Vec<u8>, Error> {
        let output = io::Cursor::new(Vec::new());
        Ok(self
            .encrypt_as(label, &mut plaintext, output, name)?
            .into_inner())
    }

    /// Encrypts with another label.
    pub(super) fn encrypt_as<W>(
        &self,
        label: Option<&Label>,
        input: &mut impl Read,
        output: W,
        name: &str,
    ) -> Result<W, Error>
    where
        W: Read + Write + Seek + Send,
    {
        let mut encryptor = Encryptor::new(self.secret).label(label);
        if let Some(salt) = &self.salt {
            encryptor = encryptor.salt(salt.clone());
        }
        encryptor.copy(input, output).map_err(Error::vault(name))
    }
}

/// A vault that is well-formed to its end, which takes no secret to see.
pub(super) fn well_formed<R: Read + Seek>(input: R) -> Result<Decryptor<R>, vault_format::Error> {
    let mut vault = Decryptor::new(input)?;
    vault.validate()?;
    Ok(vault)
}

/// Opens a vault with the first secret that fits; says which one it was.
pub(super) fn unlock<R: Read + Seek>(
    input: R,
    identities: &Identities,
    name: &str,
) -> Result<(DecryptReader<R>, usize), Error> {
    let fault = || Error::vault(name);
    let mut decryptor = Decryptor::new(input).map_err(fault())?;
    let (found, index) = find(&mut decryptor, identities, name)?;
    Ok((decryptor.open(found).map_err(fault())?, index))
}

/// Finds the first secret that fits, trying those of the label before the others.
fn find<R: Read + Seek>(
    decryptor: &mut Decryptor<R>,
    identities: &Identities,
    name: &str,
) -> Result<(Match, usize), Error> {
    let fault = || Error::vault(name);
    let mut allowed_any = false;
    let mut fetched_any = false;
    for group in identities.candidates(decryptor.header().label()) {
        let (indices, secrets): (Vec<_>, Vec<_>) = identities.fetch(&group).into_iter().unzip();
        allowed_any |= !group.is_empty();
        fetched_any |= !secrets.is_empty();
        if let Some(found) = decryptor.find(&secrets).map_err(fault())? {
            let index = indices[found.index()];
            return Ok((found, index));
        }
    }
    if fetched_any || !allowed_any {
        Err(none_fits(decryptor, name))
    } else {
        Err(identities.nothing_fetched())
    }
}

/// The error for a vault that no secret fits, which may be no secret's fault.
fn none_fits<R: Read + Seek>(decryptor: &mut Decryptor<R>, name: &str) -> Error {
    let error = Error::vault(name)(vault_format::Error::DecryptFailed);
    match decryptor.validate() {
        Err(vault_format::Error::CorruptPayload { problem }) => Error::Runtime(error.to_string())
            .hinting(&format!(
                "no password opens it: it is damaged ({problem}); restore it from a copy, such as \
                 that of git"
            )),
        _ => error,
    }
}

/// Decrypts a vault into a file that is not in place yet.
pub(super) fn unlock_into<R, W>(
    mut input: R,
    identities: &Identities,
    output: &mut W,
    name: &str,
) -> Result<(), Error>
where
    R: Read + Seek,
    W: Read + Write + Seek + Send,
{
    let fault = || Error::vault(name);
    let start = input.stream_position()?;
    let mut decryptor = Decryptor::new(&mut input).map_err(fault())?;
    let candidates = identities.candidates(decryptor.header().label()).concat();
    let index = match candidates[..] {
        // The only one there is needs not be found first.
        [index] => index,
        _ => find(&mut decryptor, identities, name)?.1,
    };
    let [(_, secret)] = identities.fetch(&[index])[..] else {
        return Err(identities.nothing_fetched());
    };
    match decryptor.decrypt_into(secret, output) {
        Err(vault_format::Error::DecryptFailed) => {
            input.seek(SeekFrom::Start(start))?;
            let mut decryptor = Decryptor::new(&mut input).map_err(fault())?;
            Err(none_fits(&mut decryptor, name))
        }
        done => done.map(drop).map_err(fault()),
    }
}

/// Whether the input is a vault by ansible's rule; leaves it at its start.
pub(super) fn is_vault<R: Read + Seek>(input: &mut R) -> io::Result<bool> {
    let mut buffer = Zeroizing::new(vec![0; PIECE]);
    let mut start = true;
    let found = loop {
        let length = read_some(input, &mut buffer)?;
        let piece = &buffer[..length];
        if start && !piece.starts_with(MAGIC) || !piece.is_ascii() {
            break false;
        }
        if length < buffer.len() {
            break true;
        }
        start = false;
    };
    input.seek(SeekFrom::Start(0))?;
    Ok(found)
}

/// Where ciphertext waits that comes from a pipe or goes to one.
pub(super) fn spool() -> SpooledTempFile {
    SpooledTempFile::new(IN_MEMORY)
}

/// Ciphertext from a pipe, where it can be read twice.
pub(super) fn spooled(mut input: impl Read) -> Result<SpooledTempFile, Error> {
    let mut spooled = spool();
    io::copy(&mut input, &mut spooled)?;
    spooled.rewind()?;
    Ok(spooled)
}

/// Moves plaintext, making no copy.
pub(super) fn copy(input: &mut impl BufRead, output: &mut impl Write) -> Result<(), Error> {
    loop {
        let length = match input.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(piece) => {
                output.write_all(piece)?;
                piece.len()
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error.into()),
        };
        input.consume(length);
    }
}

/// Reads a plaintext that is known to be small, leaving no copy behind.
pub(super) fn read_whole<R: Read>(
    reader: &mut DecryptReader<R>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let length = usize::try_from(reader.plaintext_length()).map_err(io::Error::other)?;
    let mut plaintext = Zeroizing::new(vec![0; length]);
    reader.read_exact(&mut plaintext)?;
    Ok(plaintext)
}

fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
