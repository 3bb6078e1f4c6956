//! Files that were written, so that what a person made of them is never lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pki_core::store::atomic::{Access, Group};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use super::{File, Target};
use crate::etcdpki::args::Write;
use crate::etcdpki::error::Error;
use crate::etcdpki::files;
use crate::etcdpki::interrupt;

/// What was written, and how it was: paths and SHA-256.
pub(super) const RECORD: &str = ".etcdpki-provisioned.json";

/// What became of a file.
pub(super) struct Outcome {
    pub(super) path: String,
    pub(super) what: What,
}

/// What can become of a file.
pub(super) enum What {
    /// A person edited it: it stays. This is how it differs from what would be written.
    Kept(String),
    New,
    /// It was written before, and is not any more.
    Removed,
    Unchanged,
    Updated,
}

/// The record of the files that were written.
pub(super) struct Written {
    hashes: BTreeMap<String, String>,
}

impl Written {
    /// Reads the record.
    pub(super) fn read() -> Result<Self, Error> {
        let hashes = match files::if_there(Path::new(RECORD))? {
            Some(text) => serde_json::from_slice(&text).map_err(|source| Error::Record {
                path: RECORD.into(),
                source,
            })?,
            None => BTreeMap::new(),
        };
        Ok(Self { hashes })
    }

    /// Whether files of a target were written.
    pub(super) fn has(&self, target: Target) -> bool {
        self.hashes.keys().any(|path| target.owns(path))
    }

    /// Writes all files of a target, together, and says what became of each; then removes those
    /// that the target had before.
    pub(super) fn write(
        &mut self,
        target: Target,
        files: Vec<File>,
        how: Write,
    ) -> Result<Vec<Outcome>, Error> {
        let held = interrupt::hold();
        let mut group = Group::default();
        let mut outcomes = self.stale(target, &files, how.force)?;
        for outcome in &outcomes {
            if !matches!(outcome.what, What::Kept(_)) {
                self.hashes.remove(&outcome.path);
            }
        }
        // Of a file that a person removed too, there is nothing to tell.
        outcomes.retain(|outcome| !matches!(outcome.what, What::Unchanged));
        let removed = outcomes
            .iter()
            .filter(|outcome| matches!(outcome.what, What::Removed));
        let removed: Vec<String> = removed.map(|outcome| outcome.path.clone()).collect();
        for file in files {
            let what = self.compare(&file, how.force)?;
            if matches!(what, What::New | What::Updated) && !how.dry_run {
                files::remove_leftovers(&file.path)?;
                let access = match file.executable {
                    true => Access::Program,
                    false => Access::Everyone,
                };
                group.stage_file(Path::new(&file.path), file.content.as_bytes(), access)?;
            }
            if !matches!(what, What::Kept(_)) && !file.once {
                self.hashes
                    .insert(file.path.clone(), hash(file.content.as_bytes()));
            }
            outcomes.push(Outcome {
                path: file.path,
                what,
            });
        }
        if !how.dry_run {
            self.stage(&mut group)?;
            held.check()?;
            // Before the record forgets them, so that a run that was killed is made up for.
            for path in &removed {
                remove(Path::new(path))?;
            }
            group.commit()?;
        }
        Ok(outcomes)
    }

    /// What becomes of files that the target wrote once and writes no more.
    fn stale(&self, target: Target, files: &[File], force: bool) -> Result<Vec<Outcome>, Error> {
        let is_written = |path: &str| files.iter().any(|file| file.path == path);
        let mut outcomes = Vec::new();
        for (path, written) in &self.hashes {
            if !target.owns(path) || is_written(path) {
                continue;
            }
            let what = match files::if_there(Path::new(path))? {
                Some(present) if force || hash(&present) == *written => What::Removed,
                Some(present) => What::Kept(diff(path, &String::from_utf8_lossy(&present), "")),
                None => What::Unchanged,
            };
            outcomes.push(Outcome {
                path: path.clone(),
                what,
            });
        }
        Ok(outcomes)
    }

    fn compare(&self, file: &File, force: bool) -> Result<What, Error> {
        let Some(present) = files::if_there(Path::new(&file.path))? else {
            return Ok(What::New);
        };
        if file.once || *present == file.content.as_bytes() {
            return Ok(What::Unchanged);
        }
        let is_as_written = self.hashes.get(&file.path) == Some(&hash(&present));
        Ok(match is_as_written || force {
            true => What::Updated,
            false => What::Kept(diff(
                &file.path,
                &String::from_utf8_lossy(&present),
                &file.content,
            )),
        })
    }

    fn stage(&self, group: &mut Group) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(&self.hashes)
            .map_err(|source| Error::Json { source })?
            + "\n";
        if fs::read(RECORD).is_ok_and(|present| present == text.as_bytes()) {
            return Ok(());
        }
        files::remove_leftovers(RECORD)?;
        Ok(group.stage_file(Path::new(RECORD), text.as_bytes(), Access::Everyone)?)
    }
}

/// Removes a file, and the directories that nothing else is in.
fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(|error| Error::io(path, error))?;
    let above = path.ancestors().skip(1);
    for directory in above.take_while(|directory| !directory.as_os_str().is_empty()) {
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}

/// From what is there to what would be written.
fn diff(path: &str, present: &str, new: &str) -> String {
    TextDiff::from_lines(present, new)
        .unified_diff()
        .header(path, &format!("{path} (etcdpki)"))
        .to_string()
}

fn hash(content: &[u8]) -> String {
    const_hex::encode(Sha256::digest(content))
}
