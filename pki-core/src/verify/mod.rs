//! Whether certificates hold: path validation, and the check of a whole PKI.

mod path;
mod pki;

pub use path::{PathError, check_name, is_signed_by, validate};
pub(crate) use path::{is_signature, oid_der, verifies};
pub use pki::{Finding, Report, verify};
