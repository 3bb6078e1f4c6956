//! Where an export goes.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use pki_core::export::File;
use pki_core::store::atomic::{self, Access, Group};

use crate::etcdpki::args::Export;
use crate::etcdpki::error::{Error, STDOUT};
use crate::etcdpki::files;

/// The place of every file.
pub(super) enum Places<'a> {
    Files(Vec<(PathBuf, &'a File)>),
    Stdout(&'a File),
}

impl<'a> Places<'a> {
    /// Finds a place for each file, where nothing is in the way.
    pub(super) fn of(arguments: &Export, files: &'a [File]) -> Result<Self, Error> {
        let out = &arguments.out;
        let to_stdout = out.as_os_str() == "-";
        let to_file = to_stdout || (names_file(out) && !out.is_dir());
        let one = match files {
            [one] => Ok(one),
            _ => Err(Error::ExportTakesOne {
                out: out.clone(),
                count: files.len(),
            }),
        };
        let places = match (to_stdout, to_file) {
            (true, _) => Self::Stdout(one?),
            (false, true) => Self::Files(vec![(out.clone(), one?)]),
            (false, false) => {
                let places = files.iter().map(|file| (out.join(&file.path), file));
                Self::Files(places.collect())
            }
        };
        places.check(arguments)?;
        Ok(places)
    }

    /// Each file with the path that is told of it.
    pub(super) fn paths(&self) -> Vec<(&Path, &'a File)> {
        match self {
            Self::Files(files) => files
                .iter()
                .map(|(path, file)| (path.as_path(), *file))
                .collect(),
            Self::Stdout(file) => vec![(Path::new(STDOUT), *file)],
        }
    }

    /// What git is to leave alone: files that hold private keys, in this directory or below it; the
    /// whole directory, where it is made for them.
    pub(super) fn ignored(&self, arguments: &Export) -> Vec<String> {
        let Self::Files(files) = self else {
            return Vec::new();
        };
        let secret = files
            .iter()
            .filter(|(_, file)| file.access == Access::Owner);
        let mut ignored: Vec<String> = secret
            .filter_map(|(path, _)| match arguments.out.exists() {
                true => files::below_here(path),
                false => files::below_here(&arguments.out),
            })
            .collect();
        ignored.dedup();
        ignored
    }

    /// Writes all files beside their places. Git is told to leave keys alone before they are there.
    ///
    /// Where keys leave, and so under the lock of the PKI, what a command that was killed left there
    /// goes first.
    pub(super) fn stage(&self, arguments: &Export) -> Result<Staged<'a>, Error> {
        let mut group = Group::default();
        match self {
            Self::Stdout(file) => return Ok(Staged::Stdout(file)),
            Self::Files(files) => {
                let ignored = self.ignored(arguments);
                if !ignored.is_empty() {
                    let ignored: Vec<_> = ignored.iter().map(String::as_str).collect();
                    files::stage_ignored_first(&ignored, &mut group)?;
                }
                for (path, file) in files {
                    if arguments.takes_keys() {
                        atomic::remove_leftovers(path)?;
                    }
                    group.stage_file(path, &file.content, file.access)?;
                }
            }
        }
        Ok(Staged::Files(group))
    }

    /// Before anything is written: all or nothing.
    fn check(&self, arguments: &Export) -> Result<(), Error> {
        match self {
            Self::Stdout(file) => {
                let secret = file.access == Access::Owner;
                match secret && io::stdout().is_terminal() && !arguments.force {
                    true => Err(Error::ExportToTerminal),
                    false => Ok(()),
                }
            }
            Self::Files(files) => {
                let paths = files.iter().map(|(path, _)| path);
                let in_the_way = paths.filter(|path| match arguments.force {
                    true => path.is_dir(),
                    false => path.symlink_metadata().is_ok(),
                });
                let paths: Vec<PathBuf> = in_the_way.cloned().collect();
                match paths.is_empty() {
                    true => Ok(()),
                    false => Err(Error::ExportExists { paths }),
                }
            }
        }
    }
}

/// What is written and not yet in its place.
pub(super) enum Staged<'a> {
    Files(Group),
    Stdout(&'a File),
}

impl Staged<'_> {
    /// Puts it there.
    pub(super) fn commit(self) -> Result<(), Error> {
        match self {
            Self::Files(group) => Ok(group.commit()?),
            Self::Stdout(file) => {
                let mut stdout = io::stdout().lock();
                let written = stdout
                    .write_all(&file.content)
                    .and_then(|()| stdout.flush());
                written.map_err(|source| Error::io(STDOUT, source))
            }
        }
    }
}

fn names_file(out: &Path) -> bool {
    let extension = out.extension().and_then(|text| text.to_str());
    extension.is_some_and(|text| FILE_EXTENSIONS.contains(&text))
}

const FILE_EXTENSIONS: [&str; 4] = ["p12", "pfx", "yaml", "yml"];
