//! Whatever comes in as DER, reading, linting and validating it never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::certificate::Certificate;
use pki_core::lint;
use pki_core::role::{Role, Usage};
use pki_core::verify::validate;
use time::OffsetDateTime;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else {
        return;
    };
    assert_eq!(certificate.der(), data);
    let _ = lint::certificate(&certificate);
    let _ = lint::issued(&certificate, &certificate);
    for role in [Role::Client, Role::Peer, Role::Server] {
        let _ = lint::role(&certificate, role, true);
    }
    let chain = [certificate.clone(), certificate];
    let _ = validate(&chain, &chain, Usage::ServerAuth, OffsetDateTime::UNIX_EPOCH);
});
