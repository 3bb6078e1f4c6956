//! `vault create`

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use super::args::Create;
use super::codec::Sealer;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Draft};
use super::{editor, paths, rescue, talk};

/// Opens an editor and encrypts what was entered into a new file.
pub(super) fn run(args: &Create, config: &Config) -> Result<(), Error> {
    let [path] = &args.files[..] else {
        return Err(Error::Options(
            "ansible-vault create can take only one filename argument".into(),
        )
        .hinting("name one file; `vault encrypt` takes several that are there"));
    };
    if !args.skip_tty_check && !io::stdout().is_terminal() {
        return Err(Error::Options(
            "not a tty, editor cannot be opened".to_owned(),
        )
        .hinting("run it in a terminal, or give the text to `vault encrypt --output FILE`; an editor that needs none is opened with --skip-tty-check"));
    }
    let path = paths::expand(path);
    if path.symlink_metadata().is_ok() {
        return Err(Error::Runtime(format!(
            "{} exists, please use 'edit' instead",
            path.display()
        )));
    }
    let identities = Identities::new(&args.secrets.known, config, Prompts::New)?;
    let sealer = Sealer::new(
        &identities,
        args.secrets.encrypt_vault_id.as_deref(),
        config,
    )?;
    make_parents(&path)?;
    // A directory that can not be written to shows before the work, not after it.
    let draft = Draft::create_new(&path)?;
    let resolved = resolved(&path)?;
    let origin = resolved.as_os_str();
    rescue::of_killed(origin, b"", &sealer, &path, config)?;
    let edited = editor::edit(b"", &path, origin, config)?;
    let plaintext = edited.plaintext.clone();
    if plaintext.is_empty() && edited.end.is_err() {
        return edited.end;
    }
    let name = path.display().to_string();
    rescue::on_error(edited, &plaintext, &sealer, &path, || {
        rescue::refuse_vault(&plaintext)?;
        let draft = sealer.encrypt(&mut &plaintext[..], draft, &name)?;
        replace::commit(vec![draft.seal()?])
    })
}

/// The same path however it is spelled, as `edit` has it of a file that is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    Ok(match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize()?.join(name),
        _ => absolute,
    })
}

fn make_parents(path: &Path) -> Result<(), Error> {
    match path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty() && !parent.exists())
    {
        Some(parent) => {
            talk::warning(&format!("{} does not exist, creating...", parent.display()));
            fs::create_dir_all(parent).map_err(Error::file("Unable to create", parent))
        }
        None => Ok(()),
    }
}
