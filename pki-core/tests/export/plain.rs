//! PEM, DER and cfssl's forms, as openssl and cfssl read them.

use std::process::Command;

use fixtures::openssl;
use pki_core::export::{self, Credential, ExportError, cfssl, der, easy_rsa, pem};
use pki_core::key::KeyAlgorithm;
use pki_core::store::atomic::Access;

use crate::desk::Desk;

#[test]
fn openssl_reads_pem_and_der_of_every_algorithm() {
    for algorithm in KeyAlgorithm::ALL {
        let desk = Desk::new("backup", algorithm);
        desk.write(&pem::pair(&desk.credential()));
        desk.write(&pem::trust(&desk.bundles));
        desk.assert_key("-in backup/client.key");
        desk.shell(
            openssl(),
            "verify -x509_strict -CAfile ca.crt backup/client.crt",
        );
        desk.shell(
            openssl(),
            "verify -x509_strict -CAfile members-ca.crt -untrusted backup/client.crt backup/client.crt",
        );
        desk.write(&[pem::combined(&desk.credential())]);
        desk.assert_key("-in backup.pem");
        desk.shell(openssl(), "verify -CAfile ca.crt backup.pem");
        desk.write(&der::pair(&desk.credential()));
        desk.write(&der::trust(&desk.bundles));
        desk.assert_key("-inform DER -in backup.key.der");
        for name in ["backup", "backup-chain-1", "ca", "ca-2", "members-ca"] {
            let convert = format!("x509 -inform DER -in {name}.der -out {name}.der.pem");
            desk.shell(openssl(), &convert);
        }
        desk.shell(
            openssl(),
            "verify -x509_strict -CAfile ca-2.der.pem -untrusted ca.der.pem backup.der.pem",
        );
        desk.shell(
            openssl(),
            "verify -CAfile members-ca.der.pem -untrusted backup-chain-1.der.pem backup.der.pem",
        );
    }
}

#[test]
fn cfssl_reads_its_directory() {
    for (algorithm, label) in [
        (KeyAlgorithm::P256, "BEGIN EC PRIVATE KEY"),
        (KeyAlgorithm::Rsa2048, "BEGIN RSA PRIVATE KEY"),
    ] {
        let desk = Desk::new("backup", algorithm);
        let files = cfssl::directory(&[desk.credential()], &desk.bundles).unwrap();
        desk.write(&files);
        let key = std::fs::read_to_string(desk.path("backup-key.pem")).unwrap();
        assert!(key.contains(label), "{algorithm}");
        desk.assert_key("-in backup-key.pem");
        let info = desk.shell(Command::new("cfssl"), "certinfo -cert backup.pem");
        assert!(info.contains(r#""common_name": "backup""#), "{info}");
        desk.shell(openssl(), "verify -x509_strict -CAfile ca.pem backup.pem");
    }
}

#[test]
fn without_a_key_nothing_is_secret() {
    let desk = Desk::new("backup", KeyAlgorithm::P256);
    let credential = Credential {
        key: None,
        ..desk.credential()
    };
    let mut files = pem::pair(&credential);
    files.push(pem::combined(&credential));
    files.extend(der::pair(&credential));
    files.extend(cfssl::directory(&[credential], &desk.bundles).unwrap());
    files.extend(easy_rsa::directory(&[credential], &desk.bundles, &[]));
    assert!(files.len() > 10);
    for file in files {
        assert_eq!(file.access, Access::Everyone, "{file:?}");
        let text = String::from_utf8_lossy(&file.content);
        assert!(!text.contains("PRIVATE KEY"), "{file:?}");
    }
}

#[test]
fn files_that_would_be_one_are_refused() {
    let desks = ["x", "x-key", "ca.crt"].map(|owner| Desk::new(owner, KeyAlgorithm::P256));
    let credentials = desks.each_ref().map(Desk::credential);
    let files = cfssl::directory(&credentials, &desks[0].bundles).unwrap();
    let refused = export::check_paths(&files);
    let twice = |path: &str| {
        let path = path.to_owned();
        move |error: ExportError| matches!(error, ExportError::Twice { path: at } if at == path)
    };
    assert!(refused.is_err_and(twice("x-key.pem")));
    let mut files: Vec<_> = credentials.iter().flat_map(pem::pair).collect();
    assert!(export::check_paths(&files).is_ok());
    // A client may be called as the file with the authorities.
    files.extend(pem::trust(&desks[0].bundles));
    assert!(export::check_paths(&files).is_err_and(twice("ca.crt")));
}
