//! `vault encrypt`

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use vault_format::{Form, MAGIC};
use zeroize::Zeroizing;

use super::args::Encrypt;
use super::batch::Prepared;
use super::codec::{self, Sealer};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Draft, Original, Sealed};
use super::streams::{self, Sink, Typed};
use super::talk;
use crate::envelope;

/// Encrypts files in place, or standard input to standard output.
pub(super) fn run(args: &Encrypt, config: &Config) -> Result<(), Error> {
    let sink = Sink::new(args.output.output.as_deref(), &args.files)?;
    let identities = Identities::new(&args.secrets.known, config, Prompts::New)?;
    let sealer = Sealer::new(
        &identities,
        args.secrets.encrypt_vault_id.as_deref(),
        config,
    )?;
    if args.files.is_empty() {
        streams::announce_stdin();
    }
    match &sink {
        Sink::InPlace => {
            let work = |path: &Path| {
                in_place(path, &sealer, &identities, args.skip_encrypted)
                    .map_err(|error| hint(error, path, args))
            };
            Prepared::new(&args.files, &args.many, work)?
                .commit(&args.many, |draft| ((), draft))?
                .verdict()?;
        }
        Sink::File(_) | Sink::Stdout => {
            to_sink(args.files.first().map(AsRef::as_ref), &sealer, &sink)?;
        }
    }
    talk::success("Encryption successful");
    Ok(())
}

fn hint(error: Error, path: &Path, args: &Encrypt) -> Error {
    match error {
        Error::AlreadyEncrypted if args.files.len() > 1 => error.hinting(&format!(
            "it is {}; to pass by files that are encrypted already, as after a run that was \
             broken off: --skip-encrypted",
            path.display()
        )),
        error => error,
    }
}

fn in_place(
    path: &Path,
    sealer: &Sealer<'_>,
    identities: &Identities,
    skip: bool,
) -> Result<Option<Sealed>, Error> {
    let mut original = Original::open(path)?;
    let fault = || Error::file("Unable to read source file", path);
    if codec::is_vault(&mut original.file).map_err(fault())? {
        return match skip {
            true => {
                talk::note(&format!("{}: encrypted already, passed by", path.display()));
                Ok(None)
            }
            false => Err(Error::AlreadyEncrypted),
        };
    }
    if identities.is_source(&original.file.metadata().map_err(fault())?, sealer.secret) {
        return Err(Error::Runtime(format!(
            "{} holds the secret that it would be encrypted with, and nothing would open it any more",
            path.display()
        ))
        .hinting("leave it out, or encrypt it with the secret of another file"));
    }
    original.warn_of_links();
    warn_of_damage(&mut original.file, path).map_err(fault())?;
    let name = original.path.display().to_string();
    let draft = original.replace()?;
    let draft = sealer.encrypt(&mut original.file, draft, &name)?;
    draft.seal().map(Some)
}

/// ansible-vault encrypts these too, so it is not refused.
fn warn_of_damage(file: &mut (impl Read + Seek), path: &Path) -> io::Result<()> {
    if let Form::Damaged { hint } = envelope::form(file)? {
        talk::warning(&format!(
            "{}: it is a damaged vault, and is encrypted once more: {hint}",
            path.display()
        ));
    }
    file.rewind()
}

fn to_sink(path: Option<&Path>, sealer: &Sealer<'_>, sink: &Sink) -> Result<(), Error> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        return from_pipe(&mut Typed::new(io::stdin().lock()), sealer, sink, "stdin");
    };
    let mut file = streams::open(path)?;
    let name = path.display().to_string();
    if file.stream_position().is_err() {
        return from_pipe(&mut file, sealer, sink, &name);
    }
    let fault = || Error::file("Unable to read source file", path);
    if codec::is_vault(&mut file).map_err(fault())? {
        return Err(Error::AlreadyEncrypted);
    }
    warn_of_damage(&mut file, path).map_err(fault())?;
    seal(&mut file, sealer, sink, &name)
}

/// A vault is recognised by its start here: a pipe can not be read twice.
fn from_pipe(
    input: &mut impl Read,
    sealer: &Sealer<'_>,
    sink: &Sink,
    name: &str,
) -> Result<(), Error> {
    let mut start = Zeroizing::new(Vec::new());
    input.take(MAGIC_LENGTH).read_to_end(&mut start)?;
    if start.starts_with(MAGIC) {
        return Err(Error::AlreadyEncrypted);
    }
    // At a terminal the end was typed; it must not be asked for once more.
    let rest = match start.len() < MAGIC.len() {
        true => 0,
        false => u64::MAX,
    };
    seal(&mut start.chain(input.take(rest)), sealer, sink, name)
}

/// The length of [`MAGIC`].
const MAGIC_LENGTH: u64 = 14;

fn seal(input: &mut impl Read, sealer: &Sealer<'_>, sink: &Sink, name: &str) -> Result<(), Error> {
    match sink {
        Sink::File(path) => {
            let draft = Draft::new(path)?;
            let encrypted = sealer.encrypt(input, draft, name);
            let encrypted = encrypted.map_err(|error| error.or_of_output(path))?;
            replace::commit(vec![encrypted.seal()?])
        }
        Sink::InPlace | Sink::Stdout => {
            let mut vault = sealer.encrypt(input, codec::spool(), name)?;
            vault.seek(SeekFrom::Start(0))?;
            streams::to_stdout(&mut BufReader::new(vault))
        }
    }
}
