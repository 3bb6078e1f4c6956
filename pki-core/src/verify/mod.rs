//! Whether certificates hold: path validation, and the check of a whole PKI.

mod path;
mod pki;

pub use path::{PathError, check_name, is_signed_by, validate};
pub(crate) use path::{is_strict_crl, signature_holds};
pub use pki::{Finding, Report, verify};
