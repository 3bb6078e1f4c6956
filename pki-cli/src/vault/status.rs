//! `vault status` and `vault verify`: what is encrypted, and what opens it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use vault_format::Decryptor;

use super::args::{Paths, Status, Verify};
use super::config::Config;
use super::entry::{self, Entry};
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::tree::{self, Content, Tree};
use super::{batch, codec};

/// Lists what is encrypted with which label; needs no password.
pub(super) fn run(args: &Status) -> Result<(), Error> {
    let entries = survey(&args.paths, |vault, name| {
        Ok(codec::well_formed(vault)
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
    let entries = survey(&args.paths, |mut vault, name| {
        let opened = codec::unlock(&mut vault, &identities, name);
        let (mut reader, index) = match opened {
            Err(error) if error.is_wrong_secret() => return Err(unopened(vault, &identities)),
            opened => opened?,
        };
        codec::copy(&mut reader, &mut io::sink())?;
        identities.label(index).map(|label| Some(label.to_string()))
    })?;
    report(&entries, args.json, "opened by")
}

/// What a vault asks for, and what there was.
fn unopened(mut vault: impl Read + Seek, identities: &Identities) -> Error {
    let failed = vault_format::Error::DecryptFailed;
    let header = vault.rewind().map_err(vault_format::Error::from);
    let Ok(decryptor) = header.and_then(|()| Decryptor::new(vault)) else {
        return Error::vault("")(failed);
    };
    let asked = match decryptor.header().label() {
        Some(label) => format!("it has the label {label}"),
        None => "it has no label".to_owned(),
    };
    let known = identities.labels().join(", ");
    Error::Runtime(format!(
        "{} {asked}, and the vault ids are: {known}",
        Error::vault("")(failed)
    ))
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
        .into_iter()
        .map(|(path, error)| Entry::new(&path, Err(error)));
    // What can not be read is reported, and the others are looked at all the same.
    let entries = batch::each(&files, |path| match survey_file(path, &look) {
        Err(error) if !matches!(error, Error::Interrupted) => {
            Ok(vec![Entry::new(path, Err(error))])
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
            vec![Entry::new(path, found)]
        }
        Content::Inline { values, .. } => {
            let of_value = |value: &vault_format::inline::Value| {
                let vault = Box::new(Cursor::new(value.vault().to_vec()));
                let found = look(vault, &tree::value_name(path, value));
                Entry::new(path, found.map_err(|error| error.placed(value))).of_value(value)
            };
            values.iter().map(of_value).collect()
        }
    })
}

fn report(entries: &[Entry], json: bool, what: &str) -> Result<(), Error> {
    entry::list(entries, json, what)?;
    match entries.iter().filter(|entry| entry.is_problem()).count() {
        0 => Ok(()),
        bad => Err(Error::Found(format!(
            "{bad} of {} can not be read",
            entries.len()
        ))),
    }
}
