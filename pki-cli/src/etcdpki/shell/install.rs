//! Where manual pages and completions are looked for.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use pki_core::store::atomic::{self, Access, Group};

use super::next::Surroundings;
use super::{completions, manual};
use crate::etcdpki::args::Program;
use crate::etcdpki::error::Error;
use crate::etcdpki::output::{DIM, HEADING, count, whole};

/// What was written, and where.
pub(super) struct Installed {
    share: PathBuf,
    /// Below it, in the order in which they were written.
    files: Vec<PathBuf>,
}

/// Writes all of them.
pub(super) fn install(prefix: Option<&Path>) -> Result<Installed, Error> {
    let share = match prefix {
        Some(prefix) => prefix.join("share"),
        None => data_home().ok_or(Error::NoHome)?,
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
    for (path, content) in &files {
        let path = share.join(path);
        atomic::remove_leftovers(&path)?;
        group.stage_file(&path, content.as_bytes(), Access::Everyone)?;
    }
    group.commit()?;
    let files = files.into_iter().map(|(path, _)| path).collect();
    Ok(Installed { share, files })
}

impl Installed {
    /// For a person: the directories, and what is left to do.
    pub(super) fn to_text(&self) -> String {
        let mut directories: Vec<(&Path, usize)> = Vec::new();
        for directory in self.files.iter().filter_map(|path| path.parent()) {
            match directories.iter_mut().find(|(one, _)| *one == directory) {
                Some((_, files)) => *files += 1,
                None => directories.push((directory, 1)),
            }
        }
        let rows = directories.iter().map(|(directory, files)| {
            let what = match directory.starts_with("man") {
                true => count(*files, "manual page"),
                false => count(*files, "completion"),
            };
            (format!("{}/", self.share.join(directory).display()), what)
        });
        let rows: Vec<_> = rows.collect();
        let width = rows.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
        let mut text = format!("{HEADING}Wrote{HEADING:#}\n");
        for (path, what) in rows {
            let _ = writeln!(text, "  {path:width$}  {DIM}{what}{DIM:#}");
        }
        let _ = writeln!(text, "\n{HEADING}Next{HEADING:#}");
        for (command, remark) in Surroundings::here(data_home()).steps(&self.share) {
            let _ = writeln!(text, "  {}  {DIM}{remark}{DIM:#}", whole(&command));
        }
        text
    }
}

/// What the XDG base directory specification calls so.
fn data_home() -> Option<PathBuf> {
    let named = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    // A relative one is to be ignored.
    let named = named.filter(|path| path.is_absolute());
    let at_home = || {
        Some(
            PathBuf::from(env::var_os("HOME").filter(|home| !home.is_empty())?)
                .join(".local/share"),
        )
    };
    named.or_else(at_home)
}

/// As each shell looks for the completions of a program.
pub(super) fn completions_path(shell: Shell, program: &str) -> String {
    match shell {
        Shell::Fish => format!("fish/vendor_completions.d/{program}.fish"),
        Shell::Zsh => format!("zsh/site-functions/_{program}"),
        _ => format!("bash-completion/completions/{program}"),
    }
}

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];
