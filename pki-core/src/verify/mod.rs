//! Whether certificates hold: path validation, and the check of a whole PKI.

mod memory;
pub(crate) mod openssl;
mod path;
mod pki;
mod revocation;
mod signature;

pub use path::{Anchors, PathError, PathValidator, check_name, validate};
pub use pki::{Finding, Report, verify};
pub(crate) use revocation::is_strict_crl;
pub use revocation::{Revocation, RevocationDepth, Unlisted};
pub use signature::is_signed_by;
pub(crate) use signature::{is_signature, oid_der, verifies};
