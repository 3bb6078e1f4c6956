//! Whether certificates hold: path validation, and the check of a whole PKI.

mod path;
mod pki;
mod revocation;

pub use path::{PathError, check_name, is_signed_by, validate};
pub use pki::{Finding, Report, verify};
pub use revocation::{InvalidRevocationList, RevocationList};
