//! `vault decrypt`

use std::io::{self, Read, Seek};
use std::path::Path;

use super::args::Decrypt;
use super::batch::Prepared;
use super::codec;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Draft, Original, Sealed};
use super::streams::{self, Sink};
use super::talk;

/// Decrypts files in place, or standard input to standard output.
pub(super) fn run(args: &Decrypt, config: &Config) -> Result<(), Error> {
    let sink = Sink::new(args.output.output.as_deref(), &args.files)?;
    let identities = Identities::new(&args.secrets, config, Prompts::Existing)?;
    match args.files.first().map(AsRef::as_ref) {
        None => from_stdin(&identities, &sink)?,
        Some(path) if path == Path::new("-") => from_stdin(&identities, &sink)?,
        Some(_) if matches!(sink, Sink::InPlace) => {
            let work = |path: &Path| in_place(path, &identities, args.skip_decrypted);
            Prepared::new(&args.files, &args.many, work)
                .map_err(|error| hint(error, args))?
                .commit(&args.many, |draft| ((), draft))?
                .verdict()?;
        }
        Some(path) => {
            let mut file = streams::open(path)?;
            let name = path.display().to_string();
            match file.stream_position() {
                Ok(_) => open(file, &identities, &sink, &name)?,
                Err(_) => open(codec::spooled(file)?, &identities, &sink, &name)?,
            }
        }
    }
    talk::success("Decryption successful");
    Ok(())
}

fn hint(error: Error, args: &Decrypt) -> Error {
    match error.is_no_vault() && args.files.len() > 1 {
        true => error.hinting(
            "to pass by files that are not encrypted, as after a run that was broken off: \
             --skip-decrypted",
        ),
        false => error,
    }
}

fn in_place(path: &Path, identities: &Identities, skip: bool) -> Result<Option<Sealed>, Error> {
    let mut original = Original::open(path)?;
    let fault = Error::file("Unable to read source file", path);
    if skip && !codec::is_vault(&mut original.file).map_err(fault)? {
        talk::note(&format!("{}: not encrypted, passed by", path.display()));
        return Ok(None);
    }
    let name = original.path.display().to_string();
    let mut draft = original.replace()?;
    codec::unlock_into(&original.file, identities, &mut draft, &name)?;
    draft.seal().map(Some)
}

fn from_stdin(identities: &Identities, sink: &Sink) -> Result<(), Error> {
    streams::announce_stdin();
    open(
        codec::spooled(io::stdin().lock())?,
        identities,
        sink,
        "stdin",
    )
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
            let opened = codec::unlock_into(vault, identities, &mut draft, name);
            opened.map_err(|error| error.or_of_output(path))?;
            replace::commit(vec![draft.seal()?])
        }
        Sink::InPlace | Sink::Stdout => {
            let (mut reader, _) = codec::unlock(vault, identities, name)?;
            streams::to_stdout(&mut reader)
        }
    }
}
