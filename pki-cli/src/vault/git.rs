//! `vault git`: drivers that let git compare, merge and store vaults.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::process::Stdio;

use vault_format::{SaltKey, is_encrypted};
use zeroize::Zeroizing;

use super::args::{Git, GitVerb, Secrets};
use super::child;
use super::codec::{self, Sealer};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Draft};
use super::scratch::Scratch;
use super::talk;

type Plaintext = Zeroizing<Vec<u8>>;

/// Runs one of the drivers, or tells git about them.
pub(super) fn run(args: &Git, config: &Config) -> Result<(), Error> {
    if let GitVerb::Setup = args.verb {
        return setup(args);
    }
    let identities = Identities::new(&args.secrets.known, config, Prompts::Existing)?;
    match &args.verb {
        GitVerb::Clean => clean(args, &identities, config),
        GitVerb::Diff { file } => {
            let content =
                fs::read(file).map_err(Error::file("Unable to read source file", file))?;
            talk::data(&open(content, &identities, &file.display().to_string())?.plaintext)
        }
        GitVerb::Merge { base, ours, theirs } => {
            let sealer = sealer(args, &identities, config)?;
            let scratch = Scratch::new(Path::new("merge"), config)?;
            let files = [ours, base, theirs].map(AsRef::as_ref);
            merge(files, &scratch, &identities, sealer)
        }
        GitVerb::Setup => Ok(()),
        GitVerb::Smudge => talk::data(&open(read_stdin()?, &identities, "stdin")?.plaintext),
    }
}

/// Encrypts what goes into the repository, always to the same bytes.
fn clean(args: &Git, identities: &Identities, config: &Config) -> Result<(), Error> {
    let plaintext = Zeroizing::new(read_stdin()?);
    if is_encrypted(&plaintext) {
        return talk::data(&plaintext);
    }
    let sealer = sealer(args, identities, config)?;
    talk::data(&seal(sealer, &plaintext, "stdin")?)
}

fn sealer<'a>(
    args: &Git,
    identities: &'a Identities,
    config: &Config,
) -> Result<Sealer<'a>, Error> {
    let wanted = args.secrets.encrypt_vault_id.as_deref();
    let (label, secret) = identities.for_encryption(wanted.or(config.encrypt_label.as_deref()))?;
    // Without the warning of a weak password: git would show it for each file.
    Ok(Sealer::with(secret, label, config))
}

fn seal(sealer: Sealer<'_>, plaintext: &[u8], name: &str) -> Result<Vec<u8>, Error> {
    let salt = SaltKey::new(sealer.secret).salt(sealer.label.as_ref(), plaintext)?;
    let sealer = Sealer {
        salt: Some(salt),
        ..sealer
    };
    sealer.encrypt_value(sealer.label.as_ref(), plaintext, name)
}

/// Merges the plaintexts; the result, conflicts and all, is encrypted again.
fn merge(
    files: [&Path; 3],
    scratch: &Scratch,
    identities: &Identities,
    sealer: Sealer<'_>,
) -> Result<(), Error> {
    let mut command = child::command("git");
    command.args([
        "merge-file",
        "-p",
        "-L",
        "ours",
        "-L",
        "base",
        "-L",
        "theirs",
    ]);
    let mut any_encrypted = false;
    for (name, file) in ["ours", "base", "theirs"].into_iter().zip(files) {
        let content = fs::read(file).map_err(Error::file("Unable to read source file", file))?;
        let opened = open(content, identities, &file.display().to_string())?;
        any_encrypted |= opened.was_encrypted;
        let copy = scratch.file.with_file_name(name);
        fs::write(&copy, &opened.plaintext).map_err(Error::file("Unable to write", &copy))?;
        command.arg(copy);
    }
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| Error::Runtime(format!("could not run git: {error}")))?;
    let mut merged = Zeroizing::new(Vec::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut merged)?;
    }
    let status = child.wait()?;
    // From 1 to 127 it is the number of conflicts.
    if !matches!(status.code(), Some(0..=127)) {
        return Err(Error::Runtime(format!("git merge-file failed ({status})")));
    }
    let [target, ..] = files;
    let name = target.display().to_string();
    let content = if any_encrypted {
        seal(sealer, &merged, &name)?
    } else {
        merged.to_vec()
    };
    let mut draft = Draft::new(target)?;
    draft.write_all(&content)?;
    replace::commit(vec![draft.seal()?])?;
    match status.code() {
        Some(0) => Ok(()),
        _ => Err(Error::Runtime(
            "the plaintexts conflict; resolve it by: vault edit, then git add".to_owned(),
        )),
    }
}

/// Content as it is in clear.
struct Opened {
    plaintext: Plaintext,
    was_encrypted: bool,
}

fn open(content: Vec<u8>, identities: &Identities, name: &str) -> Result<Opened, Error> {
    let was_encrypted = is_encrypted(&content);
    let plaintext = if was_encrypted {
        let (mut reader, _) = codec::unlock(Cursor::new(&content), identities, name)?;
        codec::read_whole(&mut reader)?
    } else {
        Zeroizing::new(content)
    };
    Ok(Opened {
        plaintext,
        was_encrypted,
    })
}

fn read_stdin() -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    File::from(std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?)
        .read_to_end(&mut content)?;
    Ok(content)
}

/// Writes the drivers into the repository's configuration.
fn setup(args: &Git) -> Result<(), Error> {
    let mut base = vec!["vault".to_owned(), "git".to_owned()];
    base.extend(options(&args.secrets.known));
    if let Some(label) = &args.secrets.encrypt_vault_id {
        base.extend(["--encrypt-vault-id".to_owned(), label.clone()]);
    }
    let quoted = shlex::try_join(base.iter().map(String::as_str));
    let quoted =
        quoted.map_err(|error| Error::Options(format!("an option can not be quoted: {error}")))?;
    for (key, value) in [
        ("diff.vault.textconv", format!("{quoted} diff")),
        ("diff.vault.cachetextconv", "false".to_owned()),
        ("filter.vault.clean", format!("{quoted} clean")),
        ("filter.vault.smudge", format!("{quoted} smudge")),
        ("filter.vault.required", "true".to_owned()),
        ("merge.vault.driver", format!("{quoted} merge %O %A %B")),
        ("merge.vault.name", "merge of what vaults hold".to_owned()),
    ] {
        let status = child::command("git").args(["config", key, &value]).status();
        let status =
            status.map_err(|error| Error::Runtime(format!("could not run git: {error}")))?;
        if !status.success() {
            return Err(Error::Runtime(format!(
                "git config {key} failed: is this a repository?"
            )));
        }
    }
    talk::note(
        "Now choose files in .gitattributes. Encrypted in the working tree, too:\n\n\
         \u{20}   *.vault.yml diff=vault merge=vault\n\n\
         or in clear there and encrypted only in the repository:\n\n\
         \u{20}   secrets/** filter=vault diff=vault merge=vault",
    );
    Ok(())
}

/// The options that the drivers need to find the secrets, with paths that hold everywhere.
fn options(secrets: &Secrets) -> Vec<String> {
    let mut options = Vec::new();
    for id in &secrets.vault_id {
        let (label, source) = id
            .split_once('@')
            .map_or(("", id.as_str()), |(l, s)| (l, s));
        let source = if Path::new(source).exists() {
            absolute(Path::new(source))
        } else {
            source.into()
        };
        let id = if id.contains('@') {
            format!("{label}@{}", source.display())
        } else {
            source.display().to_string()
        };
        options.extend(["--vault-id".to_owned(), id]);
    }
    for path in &secrets.vault_password_file {
        let path: OsString = absolute(path).into();
        options.extend([
            "--vault-password-file".to_owned(),
            path.to_string_lossy().into_owned(),
        ]);
    }
    options
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
