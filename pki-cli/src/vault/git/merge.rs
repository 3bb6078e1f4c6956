//! Merging what vaults hold.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::driver::{Driver, Plaintext, Version};
use crate::password;
use crate::vault::child;
use crate::vault::config::Config;
use crate::vault::error::Error;
use crate::vault::replace::{self, Draft};
use crate::vault::scratch::Scratch;

/// The versions, in the order in which git wants them.
const NAMES: [&str; 3] = ["ours", "base", "theirs"];

/// Merges the plaintexts; the result, conflicts and all, is encrypted again and replaces the
/// first file.
pub(super) fn run(
    driver: &Driver<'_>,
    files: [&Path; 3],
    name: &Path,
    config: &Config,
) -> Result<(), Error> {
    let name = name.display();
    let merged = replace_ours(driver, files, config);
    match merged.map_err(|source| Error::NotMerged {
        name: name.to_string(),
        source: Box::new(source),
    })? {
        false => Ok(()),
        true => Err(Error::Runtime(format!(
            "{name}: the plaintexts conflict; resolve that between the conflict markers (vault edit \
             opens a file that is encrypted in the working tree), then git add"
        ))),
    }
}

/// Says whether there are conflicts.
fn replace_ours(driver: &Driver<'_>, files: [&Path; 3], config: &Config) -> Result<bool, Error> {
    let [ours, ..] = files;
    let mut was_encrypted = false;
    let scratch = Scratch::new(Path::new("merge"), config)?;
    let mut copies = Vec::new();
    for (name, file) in NAMES.into_iter().zip(files) {
        let version = Version::of_file(file)?.named(name);
        was_encrypted |= version.is_encrypted();
        copies.push(scratch.put(name, &driver.open(version)?)?);
    }
    let merged = merge(&copies);
    scratch.wipe();
    let (merged, conflicts) = merged?;
    let content = match was_encrypted {
        true => driver.seal(&merged, &ours.display().to_string())?,
        false => merged,
    };
    let mut draft = Draft::new(ours)?;
    draft.write_all(&content)?;
    replace::commit(vec![draft.seal()?])?;
    Ok(conflicts)
}

/// The result, and whether there are conflicts in it.
fn merge(copies: &[PathBuf]) -> Result<(Plaintext, bool), Error> {
    let mut command = child::command("git");
    command.args(["merge-file", "-p"]);
    for name in NAMES {
        command.args(["-L", name]);
    }
    command.args(copies);
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child =
        child.map_err(|error| Error::Runtime(format!("could not run git: {error}; install it")))?;
    let merged = match child.stdout.take() {
        Some(stdout) => password::read_plaintext(stdout)?,
        None => Plaintext::default(),
    };
    let status = child.wait()?;
    // From 1 to 127 it is the number of conflicts.
    match status.code() {
        Some(code @ 0..=127) => Ok((merged, code != 0)),
        _ => Err(Error::Runtime(format!("git merge-file failed ({status})"))),
    }
}
