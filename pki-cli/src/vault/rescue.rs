//! Keeping what somebody typed when it can not go where it should.

use std::path::Path;

use vault_format::is_encrypted;

use super::codec::Sealer;
use super::error::Error;
use super::replace::{self, Draft};
use super::talk;

/// If `work` fails, encrypts `plaintext` into a file beside `path` and says so.
pub(super) fn on_error(
    plaintext: &[u8],
    sealer: &Sealer<'_>,
    path: &Path,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let result = work();
    if result.is_err() {
        let mut name = path.as_os_str().to_owned();
        name.push(".rescue");
        match save(plaintext, sealer, Path::new(&name)) {
            Ok(()) => talk::warning(&format!(
                "your changes were encrypted into {}; look at them by: vault view",
                Path::new(&name).display()
            )),
            Err(error) => talk::warning(&format!("your changes could not be kept either: {error}")),
        }
    }
    result
}

/// A vault in a vault is never meant.
pub(super) fn refuse_vault(plaintext: &[u8]) -> Result<(), Error> {
    if is_encrypted(plaintext) {
        Err(Error::AlreadyEncrypted)
    } else {
        Ok(())
    }
}

fn save(mut plaintext: &[u8], sealer: &Sealer<'_>, path: &Path) -> Result<(), Error> {
    let name = path.display().to_string();
    let draft = sealer.encrypt(&mut plaintext, Draft::new(path)?, &name)?;
    replace::commit(vec![draft.seal()?])
}
