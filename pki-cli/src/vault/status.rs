//! `vault status` and `vault verify`: what is encrypted, and what opens it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use serde::Serialize;
use vault_format::Decryptor;

use super::args::{Paths, Status, Verify};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::tree::{self, Content, Tree};
use super::{batch, codec, talk};

/// Lists what is encrypted with which label; needs no password.
pub(super) fn run(args: &Status) -> Result<(), Error> {
    let entries = survey(&args.paths, |vault, name| {
        Ok(Decryptor::new(vault)
            .map_err(Error::vault(name))?
            .header()
            .label()
            .map(ToString::to_string))
    })?;
    report(&entries, args.json, "label")
}

/// Says which secret opens what.
pub(super) fn verify(args: &Verify, config: &Config) -> Result<(), Error> {
    let identities = Identities::new(&args.secrets, config, Prompts::Existing)?;
    let entries = survey(&args.paths, |vault, name| {
        let (mut reader, index) = codec::unlock(vault, &identities, name)?;
        codec::copy(&mut reader, &mut io::sink())?;
        identities.label(index).map(|label| Some(label.to_string()))
    })?;
    report(&entries, args.json, "opened by")
}

/// One vault or value.
#[derive(Serialize)]
struct Entry {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Anything a vault can be read from.
trait Input: Read + Seek {}

impl<T: Read + Seek> Input for T {}

fn survey(
    paths: &Paths,
    look: impl Fn(Box<dyn Input>, &str) -> Result<Option<String>, Error> + Sync,
) -> Result<Vec<Entry>, Error> {
    let Tree { files, unread } = Tree::find(&paths.or_here(), &paths.exclude)?;
    let unread = unread
        .iter()
        .map(|(path, error)| Entry::new(path, Err(error)));
    // What can not be read is reported, and the others are looked at all the same.
    let entries = batch::each(&files, |path| match survey_file(path, &look) {
        Err(error) if !matches!(error, Error::Interrupted) => {
            Ok(vec![Entry::new(path, Err(&error))])
        }
        entries => entries,
    })?;
    Ok(unread.chain(entries.into_iter().flatten()).collect())
}

fn survey_file(
    path: &Path,
    look: &impl Fn(Box<dyn Input>, &str) -> Result<Option<String>, Error>,
) -> Result<Vec<Entry>, Error> {
    Ok(match tree::inspect(path)? {
        Content::Plain => Vec::new(),
        Content::File => {
            let input = File::open(path).map_err(Error::file("Unable to read", path))?;
            let found = look(Box::new(input), &path.display().to_string());
            vec![Entry::new(path, found.as_ref())]
        }
        Content::Inline { values, .. } => {
            let of_value = |value: &vault_format::inline::Value| {
                let vault = Box::new(Cursor::new(value.vault().to_vec()));
                let found = look(vault, &tree::value_name(path, value));
                Entry {
                    key: Some(value.path().to_owned()),
                    line: Some(value.line()),
                    ..Entry::new(path, found.as_ref())
                }
            };
            values.iter().map(of_value).collect()
        }
    })
}

fn report(entries: &[Entry], json: bool, what: &str) -> Result<(), Error> {
    if json {
        let text = serde_json::to_string_pretty(entries).map_err(io::Error::from)?;
        talk::data(format!("{text}\n").as_bytes())?;
    } else {
        for entry in entries {
            talk::data(format!("{}\n", entry.to_line(what)).as_bytes())?;
        }
    }
    match entries
        .iter()
        .filter(|entry| entry.problem.is_some())
        .count()
    {
        0 => Ok(()),
        bad => Err(Error::Found(format!(
            "{bad} of {} can not be read",
            entries.len()
        ))),
    }
}

impl Entry {
    fn new(path: &Path, found: Result<&Option<String>, &Error>) -> Self {
        Self {
            file: path.display().to_string(),
            key: None,
            line: None,
            label: found.ok().cloned().flatten(),
            problem: found.err().map(Error::in_one_line),
        }
    }

    fn to_line(&self, what: &str) -> String {
        let place = match (&self.key, self.line) {
            (Some(key), Some(line)) => format!("{}:{line} {key}", self.file),
            _ => self.file.clone(),
        };
        match (&self.problem, &self.label) {
            (Some(problem), _) => format!("{place}: {problem}"),
            (None, Some(label)) => format!("{place}: {what} {label}"),
            (None, None) => format!("{place}: no label"),
        }
    }
}
