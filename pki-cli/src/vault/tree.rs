//! Everything encrypted below a directory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use vault_format::{Form, inline};
use zeroize::Zeroizing;

use super::codec;
use super::error::Error;
use crate::envelope;

/// Larger texts are not searched for values.
const LARGEST_TEXT: u64 = 32 << 20;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Content {
    /// The whole file is a vault.
    File,
    /// A text with encrypted values.
    Inline {
        text: String,
        values: Vec<inline::Value>,
    },
    /// Nothing is encrypted.
    Plain,
}

/// The files at and below some paths.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Sorted below each path; links and version control are passed by.
    pub(super) files: Vec<PathBuf>,
    /// What can not be looked at.
    pub(super) unread: Vec<(PathBuf, Error)>,
}

impl Tree {
    /// Finds files, passing by what fits one of the patterns `exclude`.
    pub(super) fn find(paths: &[PathBuf], exclude: &[String]) -> Result<Self, Error> {
        let exclude = Exclude::new(exclude)?;
        let mut this = Self::default();
        for path in paths.iter().filter(|path| !exclude.fits(path)) {
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => this.descend(path, &exclude),
                Ok(metadata) if metadata.is_file() => this.files.push(path.clone()),
                // Opening a pipe would wait for its writer.
                Ok(_) => this.fail(path, io::Error::other("it is no regular file")),
                Err(error) => this.fail(path, error),
            }
        }
        Ok(this)
    }

    fn descend(&mut self, directory: &Path, exclude: &Exclude) {
        let mut entries = Vec::new();
        let listing = match fs::read_dir(directory) {
            Ok(listing) => listing,
            Err(error) => return self.fail(directory, error),
        };
        for entry in listing {
            match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok(entry) => entries.push(entry),
                Err(error) => self.fail(directory, error),
            }
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (path, kind) in entries {
            if exclude.fits(&path) {
                continue;
            }
            if kind.is_file() {
                self.files.push(path);
            } else if kind.is_dir() && !is_version_control(&path) {
                self.descend(&path, exclude);
            }
        }
    }

    fn fail(&mut self, path: &Path, error: io::Error) {
        let error = Error::file("Unable to read", path)(error);
        self.unread.push((path.to_owned(), error));
    }
}

/// What is passed by.
struct Exclude(Vec<glob::Pattern>);

impl Exclude {
    fn new(patterns: &[String]) -> Result<Self, Error> {
        let pattern = |text: &String| {
            glob::Pattern::new(text).map_err(|error| {
                let glob::PatternError { pos, msg } = error;
                let column = pos + 1;
                Error::Options(format!("--exclude '{text}': {msg} (column {column})"))
            })
        };
        patterns
            .iter()
            .map(pattern)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A pattern without a slash is one of names, wherever they are.
    fn fits(&self, path: &Path) -> bool {
        let options = glob::MatchOptions {
            require_literal_separator: true,
            ..glob::MatchOptions::new()
        };
        let name = path.file_name().map(Path::new);
        let whole = path.strip_prefix(".").unwrap_or(path);
        self.0
            .iter()
            .any(|pattern| match pattern.as_str().contains('/') {
                true => pattern.matches_path_with(whole, options),
                false => name.is_some_and(|name| pattern.matches_path_with(name, options)),
            })
    }
}

/// Looks into a file.
pub(super) fn inspect(path: &Path) -> Result<Content, Error> {
    let fault = || Error::file("Unable to read source file", path);
    let mut file = File::open(path).map_err(fault())?;
    let length = file.metadata().map_err(fault())?.len();
    // Damaged ones count: they are for the caller to complain about.
    if envelope::form(&mut file).map_err(fault())? != Form::Clear {
        Ok(Content::File)
    } else if length > LARGEST_TEXT {
        Ok(Content::Plain)
    } else {
        // It may hold secrets in clear.
        texts(path, &Zeroizing::new(fs::read(path).map_err(fault())?))
    }
}

fn texts(path: &Path, content: &[u8]) -> Result<Content, Error> {
    let mentioned = content
        .windows(6)
        .any(|window| window == b"!vault" || window == b"!<!vau");
    let Ok(text) = str::from_utf8(content) else {
        return Ok(Content::Plain);
    };
    if !mentioned {
        return Ok(Content::Plain);
    }
    refuse_overlooked(path, text)?;
    let values = inline::values(text);
    Ok(match values.is_empty() {
        true => Content::Plain,
        false => Content::Inline {
            text: text.to_owned(),
            values,
        },
    })
}

/// A value that is not understood would keep its secret while all others get a new one.
fn refuse_overlooked(path: &Path, text: &str) -> Result<(), Error> {
    let extension = path.extension();
    let is_yaml = extension.is_some_and(|name| name == "yml" || name == "yaml");
    if !is_yaml {
        return Ok(());
    }
    match overlooked(path, text).next() {
        None => Ok(()),
        Some(place) => Err(Error::Runtime(place)),
    }
}

/// What to say of values that are not understood.
pub(super) fn overlooked(path: &Path, text: &str) -> impl Iterator<Item = String> {
    let lines = inline::overlooked(text).into_iter();
    lines.map(|line| {
        format!(
            "{}:{line}: an encrypted value that is written in a way not understood here, or in what \
             is no YAML; write it as !vault | with the lines of the vault below",
            path.display()
        )
    })
}

/// Makes sure that values that were written are found again where they belong.
pub(super) fn expect_values<'a>(
    path: &Path,
    found: &[inline::Value],
    mut written: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), Error> {
    let is_there = |(place, vault): (&str, &[u8])| {
        let mut found = found.iter();
        found.any(|value| value.path() == place && value.vault() == vault)
    };
    match written.all(is_there) {
        true => Ok(()),
        false => Err(not_understood(path)),
    }
}

pub(super) fn not_understood(path: &Path) -> Error {
    Error::Runtime(format!(
        "{} is YAML that is not understood here; write its values as !vault | with the lines of the vault below",
        path.display()
    ))
}

fn is_version_control(directory: &Path) -> bool {
    [".git", ".hg", ".svn"]
        .iter()
        .any(|name| directory.file_name() == Some(name.as_ref()))
}

/// The name of a value in messages.
pub(super) fn value_name(path: &Path, value: &inline::Value) -> String {
    format!("{}:{} ({})", path.display(), value.line(), value.path())
}

/// Opens an encrypted value.
pub(super) fn open_value(
    path: &Path,
    value: &inline::Value,
    identities: &super::identity::Identities,
) -> Result<OpenValue, Error> {
    let name = value_name(path, value);
    let vault = io::Cursor::new(value.vault());
    let opened = codec::unlock(vault, identities, &name);
    let (mut reader, index) = opened.map_err(|error| error.placed(value))?;
    let label = reader.header().label().cloned();
    let plaintext = codec::read_whole(&mut reader)?;
    Ok(OpenValue {
        plaintext,
        label,
        index,
    })
}

/// A value that was opened.
pub(super) struct OpenValue {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    pub(super) label: Option<vault_format::Label>,
    /// The secret that opened it.
    pub(super) index: usize,
}
