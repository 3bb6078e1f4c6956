//! Telling vault files by how they begin.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use vault_format::Form;
use zeroize::Zeroizing;

/// What a file is by how it begins.
pub(crate) fn form(file: &mut impl Read) -> io::Result<Form> {
    // Not grown, which would leave copies behind.
    let room = usize::try_from(ENOUGH).unwrap_or_default();
    let mut start = Zeroizing::new(Vec::with_capacity(room));
    file.take(ENOUGH).read_to_end(&mut start)?;
    Ok(Form::of(&start))
}

/// Whether there is a file that a vault password opens, or would but for some damage.
pub(crate) fn is_at(path: &Path) -> bool {
    File::open(path).is_ok_and(|mut file| form(&mut file).is_ok_and(|form| form != Form::Clear))
}

/// Far more than any header and the line after it.
const ENOUGH: u64 = 4096;
