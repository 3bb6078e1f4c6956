//! Where manual pages and completions are looked for.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use pki_core::store::atomic::{self, Access, Group};

use super::{completions, manual};
use crate::etcdpki::args::Program;
use crate::etcdpki::error::Error;

/// Writes all of them, and says which.
pub(super) fn install(prefix: Option<&Path>) -> Result<String, Error> {
    let share = match prefix {
        Some(prefix) => prefix.join("share"),
        None => data_home()?,
    };
    let pages = manual::pages().into_iter();
    let mut files: Vec<(PathBuf, String)> = pages
        .map(|page| (format!("man/man1/{}.1", page.name).into(), page.text))
        .collect();
    for program in Program::ALL {
        files.extend(SHELLS.map(|shell| {
            let path = completions_path(shell, program.name());
            (path.into(), completions::text(program, shell))
        }));
    }
    let mut group = Group::default();
    let mut text = String::new();
    for (path, content) in files {
        let path = share.join(path);
        atomic::remove_leftovers(&path)?;
        group.stage_file(&path, content.as_bytes(), Access::Everyone)?;
        let _ = writeln!(text, "wrote {}", path.display());
    }
    group.commit()?;
    Ok(text)
}

/// What the XDG base directory specification calls so.
fn data_home() -> Result<PathBuf, Error> {
    let named = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    // A relative one is to be ignored.
    let named = named.filter(|path| path.is_absolute());
    let at_home = || {
        Some(
            PathBuf::from(env::var_os("HOME").filter(|home| !home.is_empty())?)
                .join(".local/share"),
        )
    };
    named.or_else(at_home).ok_or(Error::NoHome)
}

/// As each shell looks for the completions of a program.
fn completions_path(shell: Shell, program: &str) -> String {
    match shell {
        Shell::Fish => format!("fish/vendor_completions.d/{program}.fish"),
        Shell::Zsh => format!("zsh/site-functions/_{program}"),
        _ => format!("bash-completion/completions/{program}"),
    }
}

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];
