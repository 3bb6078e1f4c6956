//! Authorities whose keys are elsewhere.

use pki_core::authority::{Authority, IssueError};
use pki_core::key::{KeyAlgorithm, PrivateKey, PublicKey};
use pki_core::profile::{Profile, Subject};
use pki_core::role::Role;
use pki_core::signer::{Callback, ExternalCommand, SignError, Signer, SignerConfig};

use crate::workbench::{Workbench, authority_profile, days};

/// How openssl makes a key and signs with it, without this process ever reading it.
const KINDS: [(&str, &str, &str); 6] = [
    (
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "sha256",
        "ecdsa-with-SHA256",
    ),
    (
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "sha384",
        "ecdsa-with-SHA384",
    ),
    (
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "sha512",
        "ecdsa-with-SHA512",
    ),
    (
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "sha256",
        "sha256WithRSAEncryption",
    ),
    (
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2560",
        "sha256",
        "sha256WithRSAEncryption",
    ),
    ("-algorithm ED25519", "", "ED25519"),
];

fn external(bench: &Workbench, digest: &str) -> ExternalCommand {
    let key = bench.path("ca.key").display().to_string();
    let command = match digest {
        "" => {
            // openssl 3.0 takes no pipe for Ed25519: it wants to know the size first.
            let script =
                "cat >\"$0.tbs\" && exec openssl pkeyutl -sign -rawin -inkey \"$0\" -in \"$0.tbs\"";
            ["sh", "-c", script, &key].map(str::to_owned).to_vec()
        }
        _ => {
            let digest = format!("-{digest}");
            ["openssl", "dgst", &digest, "-sign", &key]
                .map(str::to_owned)
                .to_vec()
        }
    };
    bench.openssl("pkey -in ca.key -pubout -outform DER -out ca.pub");
    let key = PublicKey::from_spki_der(&bench.read("ca.pub")).unwrap();
    ExternalCommand::new(key, SignerConfig::new(command, None).unwrap())
}

fn leaf_profile() -> Profile {
    let names = vec!["a.example".parse().unwrap()];
    Profile::leaf(
        Subject::common("a.example"),
        Role::Server.usages(true),
        names,
    )
}

#[test]
fn a_key_that_only_a_command_reads_signs_with_every_algorithm() {
    for (kind, digest, name) in KINDS {
        let bench = Workbench::new();
        bench.openssl(&format!("genpkey {kind} -out ca.key"));
        let signer = external(&bench, digest);
        let profile = authority_profile("elsewhere", 1);
        let root = Authority::self_signed_with(&profile, Box::new(signer), days(30)).unwrap();
        assert!(root.key().is_none());
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let leaf = root.issue(&leaf_profile(), key.public(), days(1)).unwrap();
        bench.verify_strictly(&leaf, &[root.certificate()]);
        let text = bench.openssl("x509 -in verify-leaf.pem -noout -text");
        assert!(
            text.contains(&format!("Signature Algorithm: {name}")),
            "{name}: {text}"
        );
    }
}

#[test]
fn a_signature_that_is_not_the_keys_is_never_used() {
    let bench = Workbench::new();
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key");
    // Another digest than the one asked for, and a key that was exchanged.
    let wrong_digest = external(&bench, "sha512");
    let right = external(&bench, "sha256");
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key");
    for signer in [wrong_digest, right] {
        let profile = authority_profile("elsewhere", 1);
        let error = Authority::self_signed_with(&profile, Box::new(signer), days(30)).unwrap_err();
        assert!(
            matches!(error, IssueError::Sign(SignError::WrongSignature { .. })),
            "{error}"
        );
    }
}

#[test]
fn the_reason_of_a_failure_comes_through() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let command = ["sh", "-c", "echo 'no token in the slot' >&2; exit 7"].map(str::to_owned);
    let config = SignerConfig::new(command.to_vec(), None).unwrap();
    let signer = ExternalCommand::new(key.public().clone(), config);
    let profile = authority_profile("elsewhere", 1);
    let error = Authority::self_signed_with(&profile, Box::new(signer), days(30)).unwrap_err();
    assert!(
        error.to_string().contains("no token in the slot"),
        "{error}"
    );
}

#[test]
fn a_function_signs() {
    let bench = Workbench::new();
    let key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
    let public = key.public().clone();
    let signer = Callback::new(public, move |algorithm, message| {
        key.sign(algorithm, message)
    });
    let profile = authority_profile("elsewhere", 1);
    let root = Authority::self_signed_with(&profile, Box::new(signer), days(30)).unwrap();
    let leaf_key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let leaf = root
        .issue(&leaf_profile(), leaf_key.public(), days(1))
        .unwrap();
    bench.verify_strictly(&leaf, &[root.certificate()]);
}
