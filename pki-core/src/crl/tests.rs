use std::fs;
use std::path::{Path, PathBuf};

use fixtures::{certtool, openssl, run};
use proptest::prelude::*;
use time::Duration;

use super::*;
use crate::authority::Authority;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::lifetime::{Lifetime, Validity};
use crate::profile::{Profile, Subject};
use crate::role::Role;

fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap()
}

fn validity(days: i64) -> Validity {
    Validity::starting(now(), Lifetime::days(days), Duration::minutes(10))
}

fn authority(algorithm: KeyAlgorithm) -> Authority {
    let profile = Profile::authority(Subject::common("CA"), 0, None);
    let key = PrivateKey::generate(algorithm).unwrap();
    Authority::self_signed(&profile, key, validity(90)).unwrap()
}

fn leaf(authority: &Authority) -> Certificate {
    let profile = Profile::leaf(
        Subject::common("client"),
        Role::Client.usages(true),
        Vec::new(),
    );
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    authority
        .issue(&profile, key.public(), validity(30))
        .unwrap()
}

fn entry(certificate: &Certificate, reason: Reason) -> Entry {
    Entry {
        serial: certificate.serial.clone(),
        revoked: now(),
        reason,
        invalid_since: Some(now() - Duration::days(2)),
    }
}

fn number() -> CrlNumber {
    CrlNumber::following(None, now())
}

#[test]
fn every_authority_reads_what_it_signed() {
    for algorithm in KeyAlgorithm::ALL {
        let authority = authority(algorithm);
        let entries: Vec<Entry> = Reason::ALL
            .into_iter()
            .map(|reason| entry(&leaf(&authority), reason))
            .collect();
        let crl = authority
            .sign_crl(&entries, &number(), validity(90))
            .unwrap();
        assert_eq!(crl, Crl::from_der(crl.der()).unwrap());
        assert_eq!(crl.entries, entries);
        assert_eq!(crl.number, Some(number()));
        assert_eq!(crl.this_update, validity(90).not_before);
        assert_eq!(
            crl.authority_key_identifier,
            authority.certificate().subject_key_identifier
        );
        assert!(crl.is_signed_by(authority.certificate()));
        let other = self::authority(algorithm);
        assert!(!crl.is_signed_by(other.certificate()));
    }
}

#[test]
fn who_may_not_sign_lists_does_not() {
    let root = authority(KeyAlgorithm::P256);
    let mut certificate = root.certificate().clone();
    certificate.key_usages = vec!["keyCertSign"];
    let key = PrivateKey::from_der(root.key().unwrap().pkcs8_der()).unwrap();
    let authority = Authority::new(certificate, key).unwrap();
    let error = authority
        .sign_crl(&[], &number(), validity(90))
        .unwrap_err();
    assert!(error.to_string().contains("cRLSign"), "{error}");
}

/// A list with its authority and two of its leaves, the first revoked, as files.
struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new(revoked: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = authority(KeyAlgorithm::P384);
        let leaves = [leaf(&authority), leaf(&authority)];
        let entries: Vec<_> = leaves
            .iter()
            .take(usize::from(revoked))
            .map(|leaf| entry(leaf, Reason::KeyCompromise))
            .collect();
        let crl = authority
            .sign_crl(&entries, &number(), validity(90))
            .unwrap();
        let files = Self { directory };
        let write = |name: &str, content: &[u8]| fs::write(files.path(name), content).unwrap();
        write("ca.crt", authority.certificate().to_pem().as_bytes());
        write("revoked.crt", leaves[0].to_pem().as_bytes());
        write("good.crt", leaves[1].to_pem().as_bytes());
        write("list.crl", crl.der());
        write("list.pem", crl.to_pem().as_bytes());
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn openssl_verify(&self, list: &Path, certificate: &str) -> String {
        run(openssl()
            .args(["verify", "-x509_strict", "-crl_check", "-CAfile"])
            .arg(self.path("ca.crt"))
            .arg("-CRLfile")
            .arg(list)
            .arg(self.path(certificate)))
        .output()
    }
}

#[test]
fn openssl_reads_the_list_and_refuses_what_is_on_it() {
    let files = Files::new(true);
    let shown = run(openssl()
        .args(["crl", "-inform", "DER", "-noout", "-text", "-CAfile"])
        .arg(files.path("ca.crt"))
        .arg("-in")
        .arg(files.path("list.crl")))
    .expect_success()
    .output();
    for part in [
        "verify OK",
        "Version 2",
        "X509v3 Authority Key Identifier",
        "X509v3 CRL Number",
        "Key Compromise",
        "Invalidity Date",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for list in ["list.crl", "list.pem"] {
        let list = files.path(list);
        let good = files.openssl_verify(&list, "good.crt");
        assert!(good.contains("good.crt: OK"), "{good}");
        let revoked = files.openssl_verify(&list, "revoked.crt");
        assert!(revoked.contains("certificate revoked"), "{revoked}");
    }
    let empty = Files::new(false);
    let good = empty.openssl_verify(&empty.path("list.crl"), "revoked.crt");
    assert!(good.contains("revoked.crt: OK"), "{good}");
}

#[test]
fn gnutls_reads_the_list_and_refuses_what_is_on_it() {
    for revoked in [true, false] {
        let files = Files::new(revoked);
        let verified = run(certtool()
            .arg("--verify-crl")
            .arg("--load-ca-certificate")
            .arg(files.path("ca.crt"))
            .arg("--infile")
            .arg(files.path("list.pem")))
        .expect_success()
        .output();
        assert!(verified.contains("Verified"), "{verified}");
        let verify = |certificate: &str| {
            run(certtool()
                .args(["--verify", "--load-ca-certificate"])
                .arg(files.path("ca.crt"))
                .arg("--load-crl")
                .arg(files.path("list.pem"))
                .arg("--infile")
                .arg(files.path(certificate)))
        };
        verify("good.crt").expect_success();
        let outcome = verify("revoked.crt");
        assert_eq!(outcome.status.success(), !revoked, "{outcome}");
    }
}

/// Why the merged list is not an indirect one: OpenSSL by default and webpki refuse it whole.
#[test]
fn an_indirect_list_is_refused_by_others() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let authority = fixtures::OpensslCa::create(at("ca"));
    let (leaf, _) = authority.issue("leaf", "clientAuth", "");
    fs::write(at("index"), "").unwrap();
    fs::write(at("number"), "01\n").unwrap();
    let configuration = format!(
        "[ca]\ndefault_ca=ours\n[ours]\ndatabase={}\ncrlnumber={}\ndefault_md=sha256\n\
         default_crl_days=9\ncrl_extensions=ext\n[ext]\nauthorityKeyIdentifier=keyid\n\
         issuingDistributionPoint=critical,@idp\n[idp]\nindirectCRL=TRUE\n",
        at("index").display(),
        at("number").display()
    );
    fs::write(at("config"), configuration).unwrap();
    run(openssl()
        .args(["ca", "-gencrl", "-config"])
        .arg(at("config"))
        .arg("-cert")
        .arg(authority.certificate())
        .arg("-keyfile")
        .arg(at("ca").join("ca.key"))
        .arg("-out")
        .arg(at("list.pem")))
    .expect_success();
    let verified = |more: &[&str]| {
        run(openssl()
            .args(["verify", "-crl_check", "-CAfile"])
            .arg(authority.certificate())
            .arg("-CRLfile")
            .arg(at("list.pem"))
            .args(more)
            .arg(&leaf))
    };
    let refused = verified(&[]);
    assert!(
        refused.output().contains("unable to get certificate CRL"),
        "{refused}"
    );
    verified(&["-extended_crl"]).expect_success();
    let der = run(openssl()
        .args(["crl", "-outform", "DER", "-in"])
        .arg(at("list.pem"))
        .arg("-out")
        .arg(at("list.crl")));
    der.expect_success();
    assert!(!verify::is_strict_crl(&fs::read(at("list.crl")).unwrap()));
}

#[test]
fn what_is_not_a_list_is_refused() {
    let authority = authority(KeyAlgorithm::P256);
    let crl = authority.sign_crl(&[], &number(), validity(9)).unwrap();
    let mut longer = crl.der().to_vec();
    longer.push(0);
    let cut = &crl.der()[..crl.der().len() - 1];
    let certificate = authority.certificate().der();
    for der in [&[][..], &[0x30, 0], &longer, cut, certificate] {
        assert!(Crl::from_der(der).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Crl::from_der(&octets);
    }

    #[test]
    fn no_change_is_overlooked(index in any::<prop::sample::Index>(), bit in 0_u32..8) {
        static MADE: std::sync::OnceLock<(Certificate, Vec<u8>)> = std::sync::OnceLock::new();
        let (certificate, der) = MADE.get_or_init(|| {
            let authority = authority(KeyAlgorithm::Ed25519);
            let entries = [entry(&leaf(&authority), Reason::Superseded)];
            let crl = authority.sign_crl(&entries, &number(), validity(9)).unwrap();
            (authority.certificate().clone(), crl.der().to_vec())
        });
        let mut changed = der.clone();
        changed[index.index(der.len())] ^= 1 << bit;
        if let Ok(crl) = Crl::from_der(&changed) {
            let at = index.index(der.len());
            prop_assert!(!crl.is_signed_by(certificate), "{} of {}: {:02x}", at, der.len(), der[at]);
        }
    }
}
