//! Whatever stands in a file, inspecting it and linting it as a CA file never panics, and what
//! is read as a bundle is written and read again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::certificate::bundle;
use pki_core::inspect;
use pki_core::lint::{self, BundleUse};
use time::OffsetDateTime;

fuzz_target!(|data: &[u8]| {
    let _ = inspect::inspect(data);
    let _ = lint::trust(data, BundleUse::Clients, OffsetDateTime::UNIX_EPOCH);
    if let Ok(certificates) = bundle::read(data) {
        let written = bundle::write(&certificates);
        assert_eq!(bundle::read(written.as_bytes()).unwrap(), certificates);
    }
});
