//! Requests and private keys never panic, and a request that is read is written as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::csr::CertificateRequest;
use pki_core::key::PrivateKey;

fuzz_target!(|content: &[u8]| {
    if let Ok(request) = CertificateRequest::read(content) {
        let again = CertificateRequest::read(request.to_pem().as_bytes());
        assert_eq!(again.ok(), Some(request));
    }
    let _ = PrivateKey::read(content, None);
});
