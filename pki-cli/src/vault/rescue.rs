//! Keeping what somebody typed when it can not go where it should.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use vault_format::is_encrypted;

use super::codec::Sealer;
use super::config::Config;
use super::editor::Edited;
use super::error::Error;
use super::replace::{self, Draft};
use super::scratch::Abandoned;
use super::talk;
use crate::refusal;

/// If `work` fails, or the editor did, encrypts `plaintext`, which is what was edited, into a
/// file beside `path` and says so. If that fails, too, it stays where it is.
pub(super) fn on_error(
    edited: Edited,
    plaintext: &[u8],
    sealer: &Sealer<'_>,
    path: &Path,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let Edited {
        end,
        scratch,
        _deferred,
        ..
    } = edited;
    let Err(error) = end.and_then(|()| work()) else {
        scratch.wipe();
        return Ok(());
    };
    match save(plaintext, sealer, path) {
        Ok(rescued) => {
            scratch.wipe();
            talk::warning(&format!(
                "your changes were encrypted into {0}; look at them by: vault view {0}; take them \
                 by: mv {0} {1}",
                refusal::quoted(&rescued),
                refusal::quoted(path)
            ));
        }
        Err(failure) => talk::warning(&format!(
            "your changes could not be encrypted into a file beside it either: {failure}; they \
             are in clear in {}, and are kept when you edit the same once more",
            scratch.keep().display()
        )),
    }
    Err(error)
}

/// Encrypts what was saved of `origin` in a session that was killed into files beside `path`.
pub(super) fn of_killed(
    origin: &OsStr,
    current: &[u8],
    sealer: &Sealer<'_>,
    path: &Path,
    config: &Config,
) -> Result<(), Error> {
    for abandoned in Abandoned::of(origin, config) {
        if *abandoned.plaintext != current {
            let rescued = save(&abandoned.plaintext, sealer, path).map_err(|error| {
                error.hinting(&format!(
                    "an edit of {} that ended before it was encrypted is in clear in {}, and is \
                     encrypted first, into four times its {} bytes",
                    origin.display(),
                    abandoned.directory().display(),
                    abandoned.plaintext.len()
                ))
            })?;
            talk::warning(&format!(
                "an edit of {} ended before it was encrypted; what was saved in the editor is now \
                 encrypted in {}",
                origin.display(),
                rescued.display()
            ));
        }
        abandoned.remove()?;
    }
    Ok(())
}

/// A vault in a vault is never meant.
pub(super) fn refuse_vault(plaintext: &[u8]) -> Result<(), Error> {
    if is_encrypted(plaintext) {
        Err(Error::AlreadyEncrypted)
    } else {
        Ok(())
    }
}

/// Encrypts into the first of `PATH.rescue`, `PATH.rescue.2`, … that there is not.
fn save(plaintext: &[u8], sealer: &Sealer<'_>, path: &Path) -> Result<PathBuf, Error> {
    let mut number = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(".rescue");
        if number > 1 {
            name.push(format!(".{number}"));
        }
        let rescued = PathBuf::from(name);
        match save_as(plaintext, sealer, &rescued) {
            Ok(()) => return Ok(rescued),
            // There is one, or another process has just made one.
            Err(Error::Changed { .. }) => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn save_as(mut plaintext: &[u8], sealer: &Sealer<'_>, path: &Path) -> Result<(), Error> {
    let draft = Draft::create_new(path)?;
    let name = path.display().to_string();
    let draft = sealer.encrypt(&mut plaintext, draft, &name)?;
    replace::commit(vec![draft.seal()?])
}
