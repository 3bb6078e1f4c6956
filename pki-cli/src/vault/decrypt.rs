//! `vault decrypt`

use std::io::{Read, Seek};
use std::path::Path;

use super::args::Decrypt;
use super::codec;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Draft, Original, Sealed};
use super::streams::{self, Sink};
use super::{batch, talk};

/// Decrypts files in place, or standard input to standard output.
pub(super) fn run(args: &Decrypt, config: &Config) -> Result<(), Error> {
    let sink = Sink::new(args.output.output.as_deref(), &args.files)?;
    let identities = Identities::new(&args.common, config, Prompts::Existing)?;
    match args.files.first().map(AsRef::as_ref) {
        None => from_stdin(&identities, &sink)?,
        Some(path) if path == Path::new("-") => from_stdin(&identities, &sink)?,
        Some(_) if matches!(sink, Sink::InPlace) => {
            let drafts = batch::each(&args.files, |path| in_place(path, &identities))?;
            replace::commit(drafts)?;
        }
        Some(path) => {
            let original = Original::open(path)?;
            open(
                original.file,
                &identities,
                &sink,
                &original.path.display().to_string(),
            )?;
        }
    }
    talk::success("Decryption successful");
    Ok(())
}

fn in_place(path: &Path, identities: &Identities) -> Result<Sealed, Error> {
    let original = Original::open(path)?;
    let name = original.path.display().to_string();
    let mut draft = original.replace()?;
    codec::unlock_into(&original.file, identities, &mut draft, &name)?;
    draft.seal()
}

fn from_stdin(identities: &Identities, sink: &Sink) -> Result<(), Error> {
    streams::announce_stdin();
    open(codec::spool_stdin()?, identities, sink, "stdin")
}

fn open<R: Read + Seek>(
    vault: R,
    identities: &Identities,
    sink: &Sink,
    name: &str,
) -> Result<(), Error> {
    match sink {
        Sink::File(path) => {
            let mut draft = Draft::new(path)?;
            codec::unlock_into(vault, identities, &mut draft, name)?;
            replace::commit(vec![draft.seal()?])
        }
        Sink::InPlace | Sink::Stdout => {
            let (mut reader, _) = codec::unlock(vault, identities, name)?;
            streams::to_stdout(&mut reader)
        }
    }
}
