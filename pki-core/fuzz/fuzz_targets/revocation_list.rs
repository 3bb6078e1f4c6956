//! Whatever comes in as a revocation list, reading and linting it never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::crl::Crl;
use pki_core::lint;
use pki_core::verify::{Revocation, RevocationDepth, Unlisted};
use time::OffsetDateTime;

fuzz_target!(|data: &[u8]| {
    if let Ok(list) = Crl::read(data) {
        let _ = lint::crl(&list, OffsetDateTime::UNIX_EPOCH);
        let _ = Revocation::new(&[list], RevocationDepth::Chain, Unlisted::Refuse);
    }
});
