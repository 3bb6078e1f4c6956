//! Whether certificates hold: path validation, and the check of a whole PKI.

mod path;
mod pki;
mod revocation;
mod signature;

pub use path::{
    Anchors, PathError, PathValidator, Revocation, RevocationDepth, Unlisted, check_name, validate,
};
pub use pki::{Finding, Report, verify};
pub(crate) use revocation::is_strict_crl;
pub use revocation::{InvalidRevocationList, RevocationList};
pub use signature::is_signed_by;
pub(crate) use signature::{is_signature, oid_der, verifies};
