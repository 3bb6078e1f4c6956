//! Authorities that openssl made: what is taken in, and what is refused.

use std::fs;

use pki_core::Cluster;
use pki_core::certificate::bundle;
use pki_core::converge;
use pki_core::hierarchy::AuthorityName;
use pki_core::import::{Import, ImportError};
use pki_core::key::{KeyError, PrivateKey};
use pki_core::seal::Unlocked;
use pki_core::store::{Batch, Memory, Pki};
use pki_core::verify;
use time::OffsetDateTime;

use crate::keys::keys_of;
use crate::workbench::{Workbench, faults};

const DESCRIPTION: &str =
    "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n";
const USAGE: &str = "-addext keyUsage=critical,keyCertSign,cRLSign";

fn cluster() -> Cluster {
    Cluster::from_yaml(DESCRIPTION).unwrap()
}

fn pki() -> (Pki<Memory>, Unlocked) {
    let mut pki = Pki::new(Memory::default());
    let keys = keys_of(&mut pki, "etcd");
    (pki, keys)
}

/// A self-signed authority of openssl in `root.crt` and `root.key`.
fn root(bench: &Workbench, options: &str) {
    bench.openssl(&format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout root.key -out root.crt \
         -days 900 -subj /O=Corp/CN=Root {options}"
    ));
}

/// An authority under it in `NAME.crt` and `NAME.key`.
fn below(bench: &Workbench, name: &str, issuer: &str, extensions: &str) {
    bench.openssl(&format!(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
    ));
    bench.write(
        "extensions",
        format!("{extensions}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"),
    );
    bench.openssl(&format!(
        "x509 -req -in {name}.csr -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial -days 800 -extfile extensions -out {name}.crt"
    ));
}

fn import(
    bench: &Workbench,
    name: AuthorityName,
    files: &[&str],
    key: &str,
) -> Result<Import, ImportError> {
    import_at(bench, name, files, key, OffsetDateTime::now_utc())
}

fn import_at(
    bench: &Workbench,
    name: AuthorityName,
    files: &[&str],
    key: &str,
    now: OffsetDateTime,
) -> Result<Import, ImportError> {
    let text: Vec<u8> = files.iter().flat_map(|file| bench.read(file)).collect();
    let given = bundle::read(&text).unwrap();
    let key = PrivateKey::read(&bench.read(key), None).unwrap();
    let (pki, _) = pki();
    let is_own =
        |certificate: &pki_core::certificate::Certificate| certificate.public_key == *key.public();
    Import::check(&cluster(), &pki, name, &given, is_own, now)
}

#[test]
fn keys_of_every_form_and_encryption_are_read() {
    for algorithm in [
        "EC -pkeyopt ec_paramgen_curve:P-256",
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "ED25519",
    ] {
        let bench = Workbench::new();
        bench.openssl(&format!("genpkey -algorithm {algorithm} -out key.pem"));
        bench.openssl("pkey -in key.pem -outform DER -out key.der");
        let key = PrivateKey::read(&bench.read("key.pem"), None).unwrap();
        let mut forms = vec![("key.der", None)];
        if algorithm != "ED25519" {
            // PKCS#1 and SEC1.
            bench.openssl("pkey -in key.pem -traditional -out traditional.pem");
            forms.push(("traditional.pem", None));
        }
        bench.write("passphrase", "correct horse");
        for (file, options) in [
            ("sha256.p8", "-v2 aes-256-cbc -v2prf hmacWithSHA256"),
            (
                "sha512.p8",
                "-v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 5000",
            ),
            (
                "scrypt.p8",
                "-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 1",
            ),
            ("der.p8", "-v2 aes-256-cbc -outform DER"),
        ] {
            bench.openssl(&format!(
                "pkcs8 -topk8 {options} -in key.pem -passout file:passphrase -out {file}"
            ));
            forms.push((file, Some("correct horse")));
        }
        for (file, passphrase) in forms {
            let read = |passphrase: Option<&str>| {
                PrivateKey::read(&bench.read(file), passphrase.map(str::as_bytes))
            };
            assert_eq!(
                read(passphrase).unwrap().pkcs8_der(),
                key.pkcs8_der(),
                "{file}"
            );
            if passphrase.is_some() {
                assert!(matches!(read(None), Err(KeyError::Encrypted)), "{file}");
                assert!(
                    matches!(read(Some("wrong")), Err(KeyError::WrongPassphrase)),
                    "{file}"
                );
            }
        }
    }
    // PBES1, whose object identifiers the reader of PKCS#8 has never heard of, and some it has.
    let bench = Workbench::new();
    bench.openssl("genpkey -algorithm ED25519 -out key.pem");
    for (file, options) in [
        ("3des.p8", "-v1 PBE-SHA1-3DES"),
        ("3des.der", "-v1 PBE-SHA1-3DES -outform DER"),
        (
            "des.p8",
            "-v1 PBE-MD5-DES -provider legacy -provider default",
        ),
    ] {
        bench.openssl(&format!(
            "pkcs8 -topk8 {options} -in key.pem -passout pass:x -out {file}"
        ));
        for passphrase in [None, Some(&b"x"[..])] {
            let old = PrivateKey::read(&bench.read(file), passphrase);
            let told = match (&old, passphrase) {
                (Err(KeyError::LegacyEncryption), _) => true,
                (Err(KeyError::Encrypted), None) => file == "des.p8",
                _ => false,
            };
            assert!(told, "{file}: {old:?}");
        }
    }
    // As the message says.
    bench.openssl(
        "pkcs8 -topk8 -v2 aes-256-cbc -in 3des.p8 -passin pass:x -passout pass:x -out new.p8",
    );
    PrivateKey::read(&bench.read("new.p8"), Some(b"x")).unwrap();
    let bench = Workbench::new();
    bench.openssl("genrsa -traditional -aes128 -passout pass:x -out old.pem 2048");
    let old = PrivateKey::read(&bench.read("old.pem"), Some(b"x"));
    assert!(matches!(old, Err(KeyError::LegacyEncryption)), "{old:?}");
    bench.openssl("ecparam -name prime256v1 -genkey -out with-parameters.pem");
    PrivateKey::read(&bench.read("with-parameters.pem"), None).unwrap();
}

#[test]
fn encryption_that_would_never_end_is_refused() {
    let bench = Workbench::new();
    bench.openssl("genpkey -algorithm ED25519 -out key.pem");
    bench.openssl("pkcs8 -topk8 -v2 aes-256-cbc -iter 2048 -in key.pem -passout pass:x -outform DER -out key.p8");
    let mut der = bench.read("key.p8");
    // The count of iterations, INTEGER 2048, grows to 0x7fff.
    let count = der
        .windows(4)
        .position(|window| window == [2, 2, 8, 0])
        .unwrap();
    der[count + 2..count + 4].copy_from_slice(&[0x7f, 0xff]);
    assert!(matches!(
        PrivateKey::read(&der, Some(b"x")),
        Err(KeyError::WrongPassphrase)
    ));
    bench.openssl(
        "pkcs8 -topk8 -scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 1 -in key.pem -passout pass:x -outform DER -out key.p8",
    );
    let der = bench.read("key.p8");
    let cost = der
        .windows(4)
        .position(|window| window == [2, 2, 0x40, 0])
        .unwrap();
    for wrong in [[0, 0], [0x40, 1], [0, 1]] {
        let mut der = der.clone();
        der[cost + 2..cost + 4].copy_from_slice(&wrong);
        assert!(PrivateKey::read(&der, Some(b"x")).is_err(), "{wrong:?}");
    }
    // The block size grows so that it would take 8 GiB.
    let mut der = der;
    assert_eq!(der[cost + 4..cost + 7], [2, 1, 8]);
    der[cost + 2..cost + 4].copy_from_slice(&[0x40, 0]);
    der[cost + 6] = 0x7f;
    assert!(PrivateKey::read(&der, Some(b"x")).is_err());
}

#[test]
fn init_goes_on_below_an_imported_chain() {
    let bench = Workbench::new();
    root(
        &bench,
        &format!("-addext basicConstraints=critical,CA:TRUE,pathlen:3 {USAGE}"),
    );
    below(
        &bench,
        "intermediate",
        "root",
        "basicConstraints=critical,CA:TRUE,pathlen:2\nkeyUsage=critical,keyCertSign,cRLSign",
    );
    let chain = ["intermediate.crt", "root.crt"];
    let import = import(
        &bench,
        AuthorityName::Intermediate,
        &chain,
        "intermediate.key",
    )
    .unwrap();
    let (mut pki, keys) = pki();
    let key = PrivateKey::read(&bench.read("intermediate.key"), None).unwrap();
    let mut batch = Batch::default();
    import.add_with_key(&mut batch, &pki, &key, &keys).unwrap();
    pki.commit(batch).unwrap();
    let cluster = cluster();
    let now = OffsetDateTime::now_utc();
    let state = converge::plan(&cluster, &pki, now)
        .unwrap()
        .apply(&cluster, &mut pki, &keys, now)
        .unwrap();
    let report = verify::verify(&cluster, &pki, Some(&keys), now).unwrap();
    assert!(faults(&report).is_empty(), "{report:?}");
    // The root's key is not here.
    assert_eq!((report.authorities, report.keys), (3, 2 + 4));
    let above: Vec<_> = state
        .authorities
        .iter()
        .rev()
        .map(|stored| &stored.certificate)
        .collect();
    for leaf in &state.leaves {
        bench.verify_strictly(leaf.certificate(), &above);
        let end = leaf.certificate().validity.not_after;
        assert!(
            above
                .iter()
                .all(|authority| authority.validity.not_after >= end)
        );
    }
}

#[test]
fn what_would_break_is_refused() {
    let ca = "-addext basicConstraints=critical,CA:TRUE";
    for (options, part) in [
        (
            format!("-addext basicConstraints=critical,CA:FALSE {USAGE}"),
            "not an authority",
        ),
        (format!("{ca},pathlen:1 {USAGE}"), "allows 1 authorities"),
        (
            format!("{ca} -addext keyUsage=critical,digitalSignature"),
            "lacks keyCertSign",
        ),
        (
            format!("{ca} {USAGE} -addext extendedKeyUsage=serverAuth"),
            "lack clientAuth",
        ),
        (
            format!("{ca} {USAGE} -addext nameConstraints=critical,permitted;DNS:other.example"),
            "may not sign",
        ),
        (
            format!(
                "{ca} {USAGE} -addext nameConstraints=critical,permitted;IP:10.1.0.0/255.255.0.0"
            ),
            "10.0.0.10",
        ),
        (
            format!("{ca} {USAGE} -addext nameConstraints=critical,excluded;DNS:internal.example"),
            "may not sign",
        ),
        (
            format!("{ca} {USAGE} -addext 1.3.6.1.4.1.99999.1=critical,ASN1:NULL"),
            "1.3.6.1.4.1.99999.1 is critical",
        ),
        (
            format!("{ca} {USAGE} -subj /DC=com/DC=example/CN=Root"),
            "come out changed",
        ),
        (
            format!("{ca} {USAGE} -subj /OU=a/OU=b/CN=Root"),
            "come out changed",
        ),
        (
            format!("{ca} {USAGE} -multivalue-rdn -subj /OU=a+CN=Root"),
            "come out changed",
        ),
    ] {
        let bench = Workbench::new();
        root(&bench, &options);
        let error = import(&bench, AuthorityName::Root, &["root.crt"], "root.key");
        let error = error.expect_err(&options).to_string();
        assert!(error.contains(part), "{options}: {error}");
    }
}

#[test]
fn an_authority_that_can_not_revoke_is_refused_where_it_signs_leaves() {
    let certificates_alone = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign";
    let bench = Workbench::new();
    root(
        &bench,
        "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
    );
    let of_root = import(&bench, AuthorityName::Root, &["root.crt"], "root.key").unwrap();
    let told = of_root.notes.join("\n");
    assert!(told.contains("[authority-cannot-revoke]"), "{told}");
    below(&bench, "intermediate", "root", certificates_alone);
    below(&bench, "etcd", "intermediate", certificates_alone);
    let chain = ["etcd.crt", "intermediate.crt", "root.crt"];
    let error = import(&bench, AuthorityName::Etcd, &chain, "etcd.key").unwrap_err();
    assert!(error.to_string().contains("lacks cRLSign"), "{error}");
    // What is above is looked at, too.
    let of_intermediate = import(
        &bench,
        AuthorityName::Intermediate,
        &chain,
        "intermediate.key",
    );
    let told = of_intermediate.unwrap().notes.join("\n");
    assert!(told.contains("`O=Corp, CN=Root` above it"), "{told}");
}

#[test]
fn a_chain_must_be_whole_and_in_its_place() {
    let authority = "keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=critical,CA:TRUE";
    let bench = Workbench::new();
    root(
        &bench,
        &format!("-addext basicConstraints=critical,CA:TRUE {USAGE}"),
    );
    below(&bench, "intermediate", "root", authority);
    below(&bench, "etcd", "intermediate", authority);
    let check = |name, files: &[&str], key: &str, part: &str| {
        let error = import(&bench, name, files, key)
            .expect_err(part)
            .to_string();
        assert!(error.contains(part), "{part}: {error}");
    };
    use AuthorityName::{Etcd, Intermediate, Issuing, Root};
    check(
        Intermediate,
        &["intermediate.crt"],
        "intermediate.key",
        "neither given nor here",
    );
    check(
        Intermediate,
        &["root.crt"],
        "intermediate.key",
        "none of the 1 certificates",
    );
    check(Intermediate, &["root.crt"], "root.key", "signs itself");
    check(
        Root,
        &["intermediate.crt"],
        "intermediate.key",
        "does not sign itself",
    );
    check(Issuing, &["etcd.crt"], "etcd.key", "no issuing authority");
    let late = OffsetDateTime::now_utc() + time::Duration::days(600);
    let of_root = import_at(&bench, Root, &["root.crt"], "root.key", late).unwrap();
    let told = of_root.notes.join("\n");
    assert!(told.contains("what it signs ends with it"), "{told}");
    let late = OffsetDateTime::now_utc() + time::Duration::days(1000);
    let error = import_at(&bench, Root, &["root.crt"], "root.key", late).unwrap_err();
    assert!(matches!(error, ImportError::NotValid { .. }), "{error}");
    let whole = ["root.crt", "etcd.crt", "intermediate.crt"];
    let import_of_all = import(&bench, Etcd, &whole, "etcd.key").unwrap();
    assert_eq!(import_of_all.above().len(), 2);
    // A root of the same name that did not sign it.
    fs::rename(bench.path("root.crt"), bench.path("right.crt")).unwrap();
    root(
        &bench,
        &format!("-addext basicConstraints=critical,CA:TRUE {USAGE}"),
    );
    check(Etcd, &whole, "etcd.key", "the signature of");
    import(
        &bench,
        Etcd,
        &["root.crt", "right.crt", "etcd.crt", "intermediate.crt"],
        "etcd.key",
    )
    .unwrap();
}

#[test]
fn weak_signatures_and_keys_are_refused() {
    let ca = "-addext basicConstraints=critical,CA:TRUE";
    let bench = Workbench::new();
    root(&bench, &format!("{ca} {USAGE} -sha1"));
    let error = import(&bench, AuthorityName::Root, &["root.crt"], "root.key").unwrap_err();
    assert!(matches!(error, ImportError::Signature { .. }), "{error}");
}
