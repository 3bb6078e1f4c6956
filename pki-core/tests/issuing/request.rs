//! Requests made by openssl, certtool and cfssl, and what they get.

use std::process::Command;

use fixtures::run;
use pki_core::Cluster;
use pki_core::authority::Authority;
use pki_core::csr::{CertificateRequest, Decision, Excess, InvalidRequest, Policy, PolicyError};
use pki_core::key::{KeyAlgorithm, PrivateKey};
use pki_core::name::San;
use pki_core::profile::{Profile, Subject};
use pki_core::role::Role;

use crate::workbench::{Workbench, authority_profile, days};

const DESCRIPTION: &str = "\
domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
certificates: { server_sans: [vip.example.com] }
";

fn cluster() -> Cluster {
    Cluster::from_yaml(DESCRIPTION).unwrap()
}

/// A request of openssl with these options.
fn request(options: &str) -> (Workbench, Result<CertificateRequest, InvalidRequest>) {
    let bench = Workbench::new();
    bench.openssl(&format!(
        "req -new -nodes -keyout leaf.key -out leaf.csr -subj /CN=web {options}"
    ));
    let request = CertificateRequest::read(&bench.read("leaf.csr"));
    (bench, request)
}

fn decide(
    options: &str,
    role: Role,
    granted: &[San],
    excess: Excess,
) -> Result<Decision, PolicyError> {
    let (_bench, request) = request(options);
    Policy::new(&cluster(), role, granted, excess).decide(&request.unwrap())
}

fn root() -> Authority {
    let key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
    Authority::self_signed(&authority_profile("root", 1), key, days(30)).unwrap()
}

fn leaf_profile(names: Vec<San>) -> Profile {
    Profile::leaf(Subject::common("web"), Role::Server.usages(true), names)
}

/// rcgen takes the curve from the signature's algorithm (its issue 448): a digest that does not go
/// with the curve made it certify a key that nobody can read.
#[test]
fn the_key_stays_what_it_is_whatever_digest_signed_the_request() {
    let root = root();
    for (key, digests) in [
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
            &["sha256", "sha384"][..],
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
            &["sha256", "sha384"],
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-521",
            &["sha256", "sha384", "sha512"],
        ),
        ("-newkey rsa:2048", &["sha256", "sha384", "sha512"]),
        ("-newkey rsa:2560", &["sha256"]),
        ("-newkey ed25519", &["null"]),
    ] {
        for digest in digests {
            let digest = match *digest {
                "null" => String::new(),
                digest => format!(" -{digest}"),
            };
            let (bench, request) = request(&format!("{key}{digest}"));
            let request = request.unwrap_or_else(|error| panic!("{key}{digest}: {error}"));
            let profile = leaf_profile(vec!["a.internal.example".parse().unwrap()]);
            let leaf = root.issue(&profile, &request.public_key, days(1)).unwrap();
            bench.verify_strictly(&leaf, &[root.certificate()]);
            let certified = bench.openssl("x509 -in verify-leaf.pem -noout -pubkey");
            assert_eq!(
                certified,
                bench.openssl("pkey -in leaf.key -pubout"),
                "{key}{digest}"
            );
        }
    }
}

#[test]
fn what_is_made_for_a_request_is_ours() {
    let root = root();
    let (bench, request) = request(
        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -addext subjectAltName=DNS:a.internal.example \
         -addext keyUsage=critical,keyCertSign -addext extendedKeyUsage=codeSigning \
         -addext 1.2.3.4=DER:0500 -addext subjectKeyIdentifier=00:11:22 \
         -addext certificatePolicies=1.2.3.5",
    );
    let request = request.unwrap();
    let cluster = cluster();
    let policy = Policy::new(&cluster, Role::Server, &[], Excess::Refuse);
    let decision = policy.decide(&request).unwrap();
    for ignored in [
        "keyUsage",
        "extKeyUsage",
        "1.2.3.4",
        "subjectKeyIdentifier",
        "certificatePolicies",
    ] {
        assert!(
            decision.ignored.iter().any(|name| name == ignored),
            "{ignored}: {decision:?}"
        );
    }
    let leaf = |days| {
        root.issue(
            &leaf_profile(decision.names.clone()),
            &request.public_key,
            days,
        )
    };
    let (first, second) = (leaf(days(1)).unwrap(), leaf(days(1)).unwrap());
    // rcgen's default serial is a digest of the key: the same for both.
    assert_ne!(first.serial, second.serial);
    assert_eq!(first.serial.len(), 20);
    // rcgen writes neither identifier by default, and its own kind of digest.
    assert_eq!(
        first.authority_key_identifier,
        root.certificate().subject_key_identifier
    );
    assert_eq!(
        first.subject_key_identifier,
        Some(request.public_key.key_identifier())
    );
    bench.verify_strictly(&first, &[root.certificate()]);
    let text = bench.openssl("x509 -in verify-leaf.pem -noout -text");
    assert!(
        text.contains("CA:FALSE") && text.contains("TLS Web Server Authentication"),
        "{text}"
    );
    for absent in [
        "Certificate Sign",
        "Code Signing",
        "1.2.3.4",
        "00:11:22",
        "1.2.3.5",
    ] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
}

#[test]
fn weak_keys_and_digests_are_refused() {
    for (options, part) in [
        ("-newkey rsa:1024", "RSA of 1024 bits"),
        ("-newkey ec -pkeyopt ec_paramgen_curve:secp224r1", "P-224"),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1",
            "secp256k1",
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1",
            "1.3.36",
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
            "explicit parameters",
        ),
        ("-newkey ed448", "1.3.101.113"),
        ("-newkey rsa:2048 -sha1", "SHA-1"),
        (
            "-newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3",
            "public exponent is 3",
        ),
    ] {
        let (_bench, request) = request(options);
        let error = request.expect_err(options).to_string();
        assert!(error.contains(part), "{options}: {error}");
    }
}

#[test]
fn damaged_and_foreign_files_are_refused() {
    let (bench, whole) = request("-newkey ec -pkeyopt ec_paramgen_curve:P-256");
    let whole = whole.unwrap();
    for octet in 0..whole.der().len() {
        let mut flipped = whole.der().to_vec();
        flipped[octet] ^= 0x10;
        // The name of the signature's algorithm is not signed itself.
        if let Ok(read) = CertificateRequest::from_der(&flipped) {
            assert_eq!(
                (&read.public_key, &read.names),
                (&whole.public_key, &whole.names)
            );
            assert_eq!(read.subject, whole.subject, "octet {octet}");
        }
        assert!(CertificateRequest::from_der(&whole.der()[..octet]).is_err());
    }
    let twice = [bench.read("leaf.csr"), bench.read("leaf.csr")].concat();
    assert!(matches!(
        CertificateRequest::read(&twice),
        Err(InvalidRequest::Several)
    ));
    assert!(matches!(
        CertificateRequest::read(b"x"),
        Err(InvalidRequest::Missing)
    ));
    assert!(CertificateRequest::read(&bench.read("leaf.key")).is_err());
    assert_eq!(
        CertificateRequest::read(whole.to_pem().as_bytes()).unwrap(),
        whole
    );
}

#[test]
fn names_outside_of_the_policy_are_refused_or_dropped() {
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -addext subjectAltName=";
    for (names, role, part) in [
        ("DNS:a.other.example", Role::Server, "outside the domain"),
        (
            "DNS:etcd-0.internal.example",
            Role::Server,
            "a described node",
        ),
        ("DNS:*.internal.example", Role::Server, "wildcard"),
        ("DNS:A_b.internal.example", Role::Server, "no DNS name"),
        ("IP:10.0.0.10", Role::Peer, "a described node"),
        ("IP:10.0.1.1", Role::Server, "outside the networks"),
        ("IP:127.0.0.1", Role::Peer, "outside the networks"),
        ("DNS:vip.example.com", Role::Peer, "outside the domain"),
        ("URI:spiffe://a/b", Role::Server, "URI"),
        ("email:a@internal.example", Role::Server, "not issued"),
        ("DNS:a.internal.example", Role::Client, "needs no names"),
    ] {
        let options = format!("{ec}{names}");
        let error = decide(&options, role, &[], Excess::Refuse)
            .expect_err(names)
            .to_string();
        let (_, name) = names.split_once(':').unwrap();
        assert!(
            error.contains(part) && error.contains(name),
            "{names}: {error}"
        );
        let granted: Vec<San> = ["b.internal.example".parse().unwrap()].into();
        let dropped = decide(&options, role, &granted, Excess::Drop).unwrap();
        assert_eq!(dropped.names, granted);
        assert!(dropped.dropped[0].ends_with(name), "{dropped:?}");
    }
    let all =
        format!("{ec}DNS:a.internal.example,IP:10.0.0.77,DNS:localhost,IP:::1,DNS:vip.example.com");
    assert_eq!(
        decide(&all, Role::Server, &[], Excess::Refuse)
            .unwrap()
            .names
            .len(),
        5
    );
    let uri = [
        "spiffe://a/b".parse().unwrap(),
        "*.x.example".parse().unwrap(),
    ];
    let granted = decide(
        &format!("{ec}URI:spiffe://a/b"),
        Role::Server,
        &uri,
        Excess::Refuse,
    );
    assert_eq!(granted.unwrap().names, uri);
    let nothing = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";
    let error = decide(nothing, Role::Peer, &[], Excess::Refuse).unwrap_err();
    assert_eq!(error, PolicyError::NoNames);
    let authority = format!("{nothing} -addext basicConstraints=critical,CA:TRUE");
    let error = decide(&authority, Role::Client, &[], Excess::Drop).unwrap_err();
    assert_eq!(error, PolicyError::Authority);
}

#[test]
fn requests_of_certtool_and_cfssl_are_read() {
    let bench = Workbench::new();
    bench.write(
        "template",
        "cn = web\ndns_name = a.internal.example\nchallenge_password = x\n",
    );
    run(Command::new("certtool")
        .args([
            "--generate-privkey",
            "--key-type",
            "ecdsa",
            "--curve",
            "secp384r1",
            "--outfile",
        ])
        .arg(bench.path("key")))
    .expect_success();
    run(Command::new("certtool")
        .args(["--generate-request", "--hash", "SHA256", "--template"])
        .arg(bench.path("template"))
        .arg("--load-privkey")
        .arg(bench.path("key"))
        .arg("--outfile")
        .arg(bench.path("csr")))
    .expect_success();
    let text = String::from_utf8(bench.read("csr")).unwrap();
    assert!(text.contains("BEGIN NEW CERTIFICATE REQUEST"), "{text}");
    let request = CertificateRequest::read(text.as_bytes()).unwrap();
    assert_eq!(request.common_name.as_deref(), Some("web"));
    assert_eq!(request.kind.to_string(), "P-384");
    assert!(
        request.others.contains(&"challengePassword".to_owned()),
        "{request:?}"
    );

    bench.write(
        "csr.json",
        r#"{"CN":"web","hosts":["a.internal.example","10.0.0.9"],"key":{"algo":"rsa","size":2048}}"#,
    );
    let answer = run(Command::new("cfssl")
        .arg("genkey")
        .arg(bench.path("csr.json")));
    let answer: serde_json::Value = serde_json::from_str(&answer.expect_success().stdout).unwrap();
    let request = CertificateRequest::read(answer["csr"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(request.names.len(), 2);
    let decision = Policy::new(&cluster(), Role::Server, &[], Excess::Refuse).decide(&request);
    assert_eq!(decision.unwrap().names.len(), 2);
}

proptest::proptest! {
    /// Whatever stands in a file, it is an error and no panic.
    #[test]
    fn rubbish_is_an_error(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let as_der = [&[0x30][..], &octets].concat();
        let as_pem = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            String::from_utf8_lossy(&octets)
        );
        for content in [&octets[..], &as_der, as_pem.as_bytes()] {
            proptest::prop_assert!(CertificateRequest::read(content).is_err());
            proptest::prop_assert!(PrivateKey::read(content, Some(b"x")).is_err());
        }
        let _ = pki_core::signer::Custody::from_yaml(&String::from_utf8_lossy(&octets));
    }

    /// Any two octets changed: another request that was not signed so is never taken.
    #[test]
    fn a_changed_request_is_never_another(at in 0..2000_usize, also in 0..2000_usize, octet in 1..=255_u8) {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let request = authority_profile("etcd", 1).request(&key).unwrap();
        let mut changed = request.der().to_vec();
        let length = changed.len();
        changed[at % length] ^= octet;
        changed[also % length] ^= octet.rotate_left(1);
        if let Ok(read) = CertificateRequest::from_der(&changed) {
            proptest::prop_assert_eq!(read.subject, request.subject);
            proptest::prop_assert_eq!(read.public_key, request.public_key);
            proptest::prop_assert_eq!(read.authority, request.authority);
        }
    }
}
