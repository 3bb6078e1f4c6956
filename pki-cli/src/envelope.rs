//! Telling vault files by how they begin.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use vault_format::MAGIC;

/// Whether a file begins as a vault file does. Damaged ones count: they are for the caller to
/// complain about.
pub(crate) fn begins(file: &mut impl Read) -> io::Result<bool> {
    let mut start = [0; MAGIC.len()];
    match file.read_exact(&mut start) {
        Ok(()) => Ok(start == *MAGIC),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether there is a file that a vault password opens.
pub(crate) fn is_at(path: &Path) -> bool {
    File::open(path).is_ok_and(|mut file| begins(&mut file).unwrap_or(false))
}
