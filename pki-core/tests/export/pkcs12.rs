//! PKCS#12, as OpenSSL, GnuTLS and Java read it.

use fixtures::{certtool, keytool, openssl, run};
use pki_core::export::ExportError;
use pki_core::export::pkcs12::{Password, key_store, trust_store};
use pki_core::key::KeyAlgorithm;
use pki_core::store::atomic::Access;

use crate::desk::Desk;

/// Without blanks, for the tests split at them; all else that a shell would stumble over.
const PASSWORD: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~aZ09"##;

fn password() -> Password {
    Password::new(PASSWORD.as_bytes()).unwrap()
}

#[test]
fn openssl_reads_a_key_of_every_algorithm() {
    for algorithm in KeyAlgorithm::ALL {
        let desk = Desk::new("backup", algorithm);
        let file = key_store(&desk.credential(), &desk.bundles, &password()).unwrap();
        assert_eq!(file.path, "backup.p12");
        assert_eq!(file.access, Access::Owner);
        desk.write(&[file]);
        let read = format!("pkcs12 -in backup.p12 -passin pass:{PASSWORD}");
        let info = desk.shell(openssl(), &format!("{read} -info -nokeys"));
        for part in [
            "MAC: sha256, Iteration 300000",
            "PBES2, PBKDF2, AES-256-CBC, Iteration 300000, PRF hmacWithSHA256",
            "friendlyName: backup",
        ] {
            assert!(info.contains(part), "{algorithm}: {info}");
        }
        // The leaf, the authority, and the root once.
        assert_eq!(info.matches("BEGIN CERTIFICATE").count(), 3, "{info}");
        desk.shell(openssl(), &format!("{read} -nodes -nocerts -out key.pem"));
        desk.assert_key("-in key.pem");
        let wrong = openssl()
            .args(["pkcs12", "-in"])
            .arg(desk.path("backup.p12"))
            .args(["-noout", "-passin", "pass:another"])
            .output();
        assert!(!wrong.unwrap().status.success());
    }
}

#[test]
fn gnutls_reads_a_key_of_every_algorithm() {
    for algorithm in KeyAlgorithm::ALL {
        let desk = Desk::new("backup", algorithm);
        desk.write(&[key_store(&desk.credential(), &desk.bundles, &password()).unwrap()]);
        let mut command = certtool();
        command.args(["--p12-info", "--inder", "--password", PASSWORD, "--infile"]);
        let outcome = run(command.arg(desk.path("backup.p12"))).expect_success();
        let info = outcome.output();
        assert!(info.contains("PBES2-AES256-CBC"), "{algorithm}: {info}");
        assert_eq!(info.matches("BEGIN CERTIFICATE").count(), 3, "{info}");
        assert!(!info.contains("rror"), "{algorithm}: {info}");
    }
}

#[test]
fn java_takes_the_key_with_its_chain() {
    for algorithm in [
        KeyAlgorithm::P384,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa2048,
    ] {
        let desk = Desk::new("backup", algorithm);
        desk.write(&[key_store(&desk.credential(), &desk.bundles, &password()).unwrap()]);
        let list = format!("-list -v -keystore backup.p12 -storepass {PASSWORD}");
        let list = desk.shell(keytool(), &list);
        for part in [
            "Alias name: backup",
            "Entry type: PrivateKeyEntry",
            "Certificate chain length: 3",
        ] {
            assert!(list.contains(part), "{algorithm}: {list}");
        }
        // Only this opens the key.
        desk.shell(
            keytool(),
            &format!(
                "-importkeystore -srckeystore backup.p12 -srcstorepass {PASSWORD} -destkeystore own.p12 -deststorepass another"
            ),
        );
        desk.shell(
            openssl(),
            "pkcs12 -in own.p12 -passin pass:another -nodes -nocerts -out key.pem",
        );
        desk.assert_key("-in key.pem");
    }
}

#[test]
fn java_trusts_the_authorities_of_a_trust_store() {
    let desk = Desk::new("backup", KeyAlgorithm::P256);
    let file = trust_store(&desk.bundles, &password()).unwrap();
    assert_eq!(
        (file.path.as_str(), file.access),
        ("truststore.p12", Access::Everyone)
    );
    desk.write(&[file]);
    let list = format!("-list -keystore truststore.p12 -storepass {PASSWORD}");
    let list = desk.shell(keytool(), &list);
    assert_eq!(list.matches("trustedCertEntry").count(), 2, "{list}");
    let read = format!("pkcs12 -in truststore.p12 -passin pass:{PASSWORD} -nokeys");
    let certificates = desk.shell(openssl(), &read);
    assert_eq!(certificates.matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn a_password_that_java_does_not_take_is_refused() {
    for bad in ["", "short", "pässword", "pass\tword", "password\n"] {
        let refused = Password::new(bad.as_bytes());
        assert!(matches!(refused, Err(ExportError::Password)), "{bad:?}");
    }
    assert!(Password::new(b"\xff\xff\xff\xff\xff\xff").is_err());
    let password = Password::new(b"six si").unwrap();
    assert_eq!(format!("{password:?}"), "Password(****)");
}

#[test]
fn nothing_of_the_key_is_in_clear() {
    let desk = Desk::new("backup", KeyAlgorithm::Ed25519);
    let file = key_store(&desk.credential(), &desk.bundles, &password()).unwrap();
    // RFC 8410 section 7: the seed comes last.
    let (_, secret) = desk.key.pkcs8_der().split_last_chunk::<32>().unwrap();
    let mut windows = file.content.windows(secret.len());
    assert!(!windows.any(|window| window == secret));
    assert!(!format!("{file:?}").contains("content"));
}
