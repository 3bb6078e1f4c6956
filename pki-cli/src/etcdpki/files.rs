//! The files beside the PKI: the roles' variables, the list that members get, and .gitignore.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use pki_core::document::Document;
use pki_core::secret_text::SecretText;
use pki_core::store::Pki;
use pki_core::store::atomic::{self, Access, Group};
use vault_format::{Form, Header, Label, Plaintext, Secret};
use zeroize::Zeroizing;

use super::error::Error;
use super::interrupt;
use super::place::Kept;
use super::secrets::vault_secret;
use crate::password::{self, Unread};

/// The list of what is revoked, where the role that runs members takes it from, wherever the PKI is.
pub(super) const LIST: &str = "roles/etcd-server/files/etcd.crl";
/// What git is told to leave alone.
pub(super) const GITIGNORE: &str = ".gitignore";

/// What stands in a document's file now.
pub(super) enum Old {
    Encrypted {
        plaintext: Plaintext,
        label: Option<Label>,
    },
    Missing,
    Plain(Zeroizing<Vec<u8>>),
}

impl Old {
    /// Reads the file of a document, and decrypts it where it must be encrypted.
    pub(super) fn read(document: &Document, secret: &Secret) -> Result<Self, Error> {
        let path = Path::new(&document.path);
        let content = match Self::read_plain(document)? {
            Self::Plain(content) if document.secret => content,
            old => return Ok(old),
        };
        let label = vault_header(path, &content)?.label().cloned();
        let plaintext = decrypt(path, &content, secret)?;
        Ok(Self::Encrypted { plaintext, label })
    }

    /// Reads the file of a document as it is.
    pub(super) fn read_plain(document: &Document) -> Result<Self, Error> {
        let content = if_there(Path::new(&document.path))?;
        Ok(content.map_or(Self::Missing, Self::Plain))
    }

    /// The text as it is, if the file is encrypted under another label than is described now.
    pub(super) fn relabelled(&self, wanted: Option<&Label>) -> Option<SecretText> {
        let Self::Encrypted { plaintext, label } = self else {
            return None;
        };
        // ansible-vault reads a file without a label as one of `default`.
        let name = |label: Option<&Label>| label.map_or("default", Label::as_str).to_owned();
        if name(label.as_ref()) == name(wanted) {
            return None;
        }
        let mut text = SecretText::default();
        text.push_str(std::str::from_utf8(plaintext.as_ref()).ok()?);
        Some(text)
    }

    fn text(&self, path: &Path) -> Result<Option<&str>, Error> {
        let octets = match self {
            Self::Missing => return Ok(None),
            Self::Encrypted { plaintext, .. } => plaintext.as_ref(),
            Self::Plain(content) => content.as_slice(),
        };
        std::str::from_utf8(octets)
            .map(Some)
            .map_err(|_| Error::NotText {
                path: path.to_owned(),
            })
    }
}

/// The header of what must be a vault file.
pub(super) fn vault_header(path: &Path, content: &[u8]) -> Result<Header, Error> {
    let path = path.to_owned();
    match is_in_clear(content) {
        true => Err(Error::NotEncrypted { path }),
        false => Header::parse(content).map_err(|source| Error::Vault { path, source }),
    }
}

/// Whether what must be a vault file is to be encrypted. An empty one was damaged.
pub(super) fn is_in_clear(content: &[u8]) -> bool {
    !content.is_empty() && Form::of(content) == Form::Clear
}

/// Whether a password opens a vault file. One that cannot be read does not show that it is wrong.
pub(super) fn opens(path: &Path, password: &Zeroizing<Vec<u8>>) -> bool {
    let content = if_there(path).ok().flatten();
    content.is_none_or(|content| opens_content(path, &content, password))
}

/// The same of what was read from it.
pub(super) fn opens_content(path: &Path, content: &[u8], password: &Zeroizing<Vec<u8>>) -> bool {
    let opened = vault_secret(password).and_then(|secret| decrypt(path, content, &secret));
    !opened.is_err_and(|error| error.is_wrong_secret())
}

/// Decrypts a vault file.
pub(super) fn decrypt(path: &Path, content: &[u8], secret: &Secret) -> Result<Plaintext, Error> {
    vault_format::decrypt(content, secret).map_err(|source| Error::Vault {
        path: path.to_owned(),
        source,
    })
}

/// The new text of a document, or `None` when its file is right as it is.
pub(super) fn merge(document: &Document, old: &Old) -> Result<Option<SecretText>, Error> {
    let path = PathBuf::from(&document.path);
    document
        .merge(old.text(&path)?)
        .map_err(|source| Error::Merge { path, source })
}

/// A document as it is to be written, encrypted where it must be.
pub(super) struct Ready<'a> {
    document: &'a Document,
    content: Zeroizing<Vec<u8>>,
}

impl<'a> Ready<'a> {
    /// Encrypts the text of a document.
    pub(super) fn new(
        document: &'a Document,
        text: &SecretText,
        secret: &Secret,
        label: Option<&Label>,
    ) -> Result<Self, Error> {
        let content = match document.secret {
            false => text.as_bytes().to_vec(),
            true => vault_format::encrypt(text.as_bytes(), secret, label).map_err(|source| {
                Error::Vault {
                    path: PathBuf::from(&document.path),
                    source,
                }
            })?,
        };
        Ok(Self {
            document,
            content: Zeroizing::new(content),
        })
    }

    /// Writes it.
    pub(super) fn stage(&self, group: &mut Group) -> Result<(), Error> {
        let access = match self.document.secret {
            true => Access::Owner,
            false => Access::Everyone,
        };
        Ok(group.stage_file(Path::new(&self.document.path), &self.content, access)?)
    }
}

/// Removes what a command that was killed left of a file.
pub(super) fn remove_leftovers(path: &str) -> Result<(), Error> {
    Ok(atomic::remove_leftovers(Path::new(path))?)
}

/// The content of a file that need not be there. It may hold a private key.
pub(super) fn if_there(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    match fs::read(path) {
        Ok(content) => Ok(Some(Zeroizing::new(content))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    }
}

/// Reads a file that a person named, which may hold a private key; `-` is standard input.
pub(super) fn read_input(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let opened = match path.as_os_str() == "-" {
        true => password::unbuffered_stdin(),
        false => File::open(path),
    };
    let content = opened.map_err(Unread::Io);
    let content = content.and_then(|file| password::read(file, MAX_SIZE));
    content.map_err(|unread| {
        let source = match unread {
            Unread::Io(source) => source,
            Unread::TooLong => {
                io::Error::other("larger than 16 MiB, which is the most that is read of a file")
            }
        };
        Error::io(path, source)
    })
}

/// Whether the role has the list of the PKI.
pub(super) fn has_list(content: &[u8]) -> Result<bool, Error> {
    let old = if_there(Path::new(LIST))?;
    Ok(old.is_some_and(|old| *old == content))
}

/// Gives the role the list of the PKI, and tells whether it was another.
pub(super) fn write_list(pki: &Pki<Kept>) -> Result<bool, Error> {
    remove_leftovers(LIST)?;
    match pki.revocation_list_file()? {
        Some((_, content)) if !has_list(&content)? => {
            let _held = interrupt::hold();
            atomic::replace(Path::new(LIST), &content, Access::Everyone)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// A path from this directory, unless it leads out of it.
pub(super) fn below_here(path: &Path) -> Option<String> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let parts = parts.map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
}

/// Has git leave files alone before what is staged later, they among it, is there.
pub(super) fn stage_ignored_first(names: &[&str], group: &mut Group) -> Result<(), Error> {
    remove_leftovers(GITIGNORE)?;
    stage_ignored(names, group)?;
    group.barrier();
    Ok(())
}

/// Adds files to .gitignore that are not in it yet.
pub(super) fn stage_ignored(names: &[&str], group: &mut Group) -> Result<(), Error> {
    match with_ignored(names)? {
        Some(new) => Ok(group.stage_file(Path::new(GITIGNORE), &new, Access::Everyone)?),
        None => Ok(()),
    }
}

/// The new content of .gitignore, if these are not in it yet. What else is in it need not be text.
pub(super) fn with_ignored(names: &[&str]) -> Result<Option<Vec<u8>>, Error> {
    let path = Path::new(GITIGNORE);
    if path.is_symlink() {
        let message = "this is a symbolic link, and git follows none of this name, so that it would \
                       take secrets along: put what it leads to in its place, or remove it";
        return Err(Error::io(path, io::Error::other(message)));
    }
    let old = if_there(path)?.unwrap_or_default();
    let mut new = old.to_vec();
    // The last line that fits decides, and one with `!` may take back those before it.
    let lines: Vec<&[u8]> = old.split(|octet| *octet == b'\n').collect();
    let counts = lines.rsplit(|line| line.starts_with(b"!")).next();
    let counts = counts.unwrap_or_default();
    for name in names {
        // Or a directory that it is in.
        let listed = |line: &[u8]| {
            let line = line.trim_ascii();
            let line = line.strip_prefix(b"/").unwrap_or(line);
            let line = line.strip_suffix(b"/").unwrap_or(line);
            let mut above = Path::new(name.trim_end_matches('/')).ancestors();
            above.any(|path| path.as_os_str().as_encoded_bytes() == line && !line.is_empty())
        };
        if counts.iter().copied().any(listed) {
            continue;
        }
        if !new.is_empty() && !new.ends_with(b"\n") {
            new.push(b'\n');
        }
        new.extend(format!("/{name}\n").bytes());
    }
    Ok((new != *old).then_some(new))
}

/// The largest file that is read.
const MAX_SIZE: usize = 16 * 1024 * 1024;
