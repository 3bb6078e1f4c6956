//! Parts of files that are too large for one key, or better not rewritten whole.
//!
//! A part is named by what is in it, so a file that grows at its end, as the journal does, has its
//! last part written anew and none of the others.

use sha2::{Digest, Sha256};

/// The parts of a content.
pub(super) fn of(content: &[u8]) -> impl Iterator<Item = (String, &[u8])> {
    content.chunks(LENGTH).map(|part| (id(part), part))
}

/// Whether a content is kept in parts.
pub(super) fn is_large(content: &[u8]) -> bool {
    content.len() > LENGTH
}

/// The name of a part.
pub(super) fn id(content: &[u8]) -> String {
    const_hex::encode(Sha256::digest(content))
}

pub(super) const LENGTH: usize = 64 << 10;
