use time::Duration;

use super::*;
use crate::authority::Authority;
use crate::certificate::NameConstraints;
use crate::crl::Crl;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::lifetime::{Lifetime, Validity};
use crate::name::San;
use crate::profile::{Profile, Subject};
use crate::verify::{RevocationDepth, Unlisted};

const BOTH: &[Usage] = &[Usage::ServerAuth, Usage::ClientAuth];

fn key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256).unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn validity(days: i64) -> Validity {
    Validity::starting(now(), Lifetime::days(days), Duration::minutes(10))
}

fn root(path_len: u8, constraints: Option<NameConstraints>) -> Authority {
    let profile = Profile::authority(Subject::common("root"), path_len, constraints);
    Authority::self_signed(&profile, key(), validity(100)).unwrap()
}

fn below(issuer: &Authority, name: &str, path_len: u8) -> Authority {
    let key = key();
    let profile = Profile::authority(Subject::common(name), path_len, None);
    let certificate = issuer.issue(&profile, key.public(), validity(50)).unwrap();
    Authority::new(certificate, key).unwrap()
}

fn leaf_of(issuer: &Authority, usages: &'static [Usage], names: &[&str]) -> Certificate {
    let names: Vec<San> = names.iter().map(|name| name.parse().unwrap()).collect();
    let profile = Profile::leaf(Subject::common("leaf"), usages, names);
    issuer
        .issue(&profile, key().public(), validity(10))
        .unwrap()
}

#[test]
fn a_chain_holds_from_each_of_its_anchors() {
    let root = root(2, None);
    let intermediate = below(&root, "intermediate", 1);
    let etcd = below(&intermediate, "etcd", 0);
    let leaf = leaf_of(&etcd, BOTH, &["a.b"]);
    let chain = [
        leaf,
        etcd.certificate().clone(),
        intermediate.certificate().clone(),
    ];
    for anchor in [&root, &intermediate, &etcd] {
        for usage in BOTH {
            validate(&chain, &[anchor.certificate().clone()], *usage, now()).unwrap();
        }
    }
    let cut = &chain[..2];
    assert_eq!(
        validate(cut, &[root.certificate().clone()], Usage::ServerAuth, now()),
        Err(PathError::UnknownIssuer)
    );
}

#[test]
fn time_counts_for_the_leaf_and_the_anchor() {
    let root = root(0, None);
    let leaf = leaf_of(&root, BOTH, &["a.b"]);
    let anchors = [root.certificate().clone()];
    let at = |days| {
        validate(
            std::slice::from_ref(&leaf),
            &anchors,
            Usage::ServerAuth,
            now() + Duration::days(days),
        )
    };
    assert_eq!(at(1), Ok(()));
    assert_eq!(at(11), Err(PathError::Expired));
    assert_eq!(at(-1), Err(PathError::NotYetValid));
    let short = Profile::authority(Subject::common("short"), 0, None);
    let short = Authority::self_signed(&short, key(), validity(1)).unwrap();
    let cross = Authority::new(
        short.certificate().clone(),
        PrivateKey::from_der(short.key().unwrap().pkcs8_der()).unwrap(),
    )
    .unwrap();
    let from_short = leaf_of(&cross, BOTH, &["a.b"]);
    // The leaf was cut to its issuer, so both end together.
    assert_eq!(
        validate(
            &[from_short],
            &[short.certificate().clone()],
            Usage::ServerAuth,
            now() + Duration::days(2)
        ),
        Err(PathError::Expired)
    );
}

#[test]
fn the_path_length_of_the_anchor_counts() {
    let root = root(1, None);
    let first = below(&root, "first", 0);
    // Signed past the limit by a key that does not look at it: the same key and name, no limit.
    let free = Profile::authority(Subject::common("first"), 5, None);
    let unbound = Authority::self_signed(
        &free,
        PrivateKey::from_der(first.key().unwrap().pkcs8_der()).unwrap(),
        validity(50),
    )
    .unwrap();
    let second = below(&unbound, "second", 0);
    let leaf = leaf_of(&second, BOTH, &["a.b"]);
    let chain = [leaf, second.certificate().clone()];
    assert_eq!(
        validate(
            &chain,
            &[first.certificate().clone()],
            Usage::ServerAuth,
            now()
        ),
        Err(PathError::PathLength)
    );
    validate(
        &chain,
        &[unbound.certificate().clone()],
        Usage::ServerAuth,
        now(),
    )
    .unwrap();
}

#[test]
fn usages_constraints_signatures_and_names() {
    let constraints = NameConstraints {
        dns: vec!["b".to_owned()],
        addresses: vec!["10.0.0.0/24".parse().unwrap()],
    };
    let bound = root(0, Some(constraints));
    let profile = Profile::authority(Subject::common("root"), 0, None);
    let same_key = PrivateKey::from_der(bound.key().unwrap().pkcs8_der()).unwrap();
    let free = Authority::self_signed(&profile, same_key, validity(50)).unwrap();
    let anchors = [bound.certificate().clone()];
    for outside in ["a.c", "10.0.1.1", "fd00::1"] {
        let leaf = leaf_of(&free, BOTH, &[outside]);
        assert_eq!(
            validate(&[leaf], &anchors, Usage::ServerAuth, now()),
            Err(PathError::NameConstraints),
            "{outside}"
        );
    }
    let client = leaf_of(&bound, &[Usage::ClientAuth], &[]);
    validate(
        std::slice::from_ref(&client),
        &anchors,
        Usage::ClientAuth,
        now(),
    )
    .unwrap();
    assert_eq!(
        validate(&[client], &anchors, Usage::ServerAuth, now()),
        Err(PathError::Usage)
    );

    let other = root(0, None);
    let forged = leaf_of(&other, BOTH, &["a.b"]);
    assert_eq!(
        validate(&[forged], &anchors, Usage::ServerAuth, now()),
        Err(PathError::Signature)
    );

    let named = leaf_of(&bound, BOTH, &["*.a.b", "10.0.0.1"]);
    let name = |text: &str| AlternativeName::from(text.parse::<San>().unwrap());
    check_name(&named, &name("x.a.b")).unwrap();
    check_name(&named, &name("*.a.b")).unwrap();
    check_name(&named, &name("10.0.0.1")).unwrap();
    assert_eq!(check_name(&named, &name("a.b")), Err(PathError::NotForName));
    assert_eq!(
        check_name(&named, &name("10.0.0.2")),
        Err(PathError::NotForName)
    );
}

#[test]
fn what_an_authority_may_not_sign_it_does_not_sign() {
    let constraints = NameConstraints {
        dns: vec!["b".to_owned()],
        addresses: vec![],
    };
    let bound = root(0, Some(constraints));
    let profile = Profile::leaf(Subject::common("x"), BOTH, vec!["a.c".parse().unwrap()]);
    let refused = bound
        .issue(&profile, key().public(), validity(1))
        .unwrap_err();
    assert!(
        refused.to_string().contains("`a.c` lies outside"),
        "{refused}"
    );
    let deeper = Profile::authority(Subject::common("x"), 0, None);
    assert!(
        bound
            .issue(&deeper, key().public(), validity(1))
            .unwrap_err()
            .to_string()
            .contains("path length")
    );
    let later = Validity::starting(
        now() + Duration::days(200),
        Lifetime::days(1),
        Duration::ZERO,
    );
    let profile = Profile::leaf(Subject::common("x"), BOTH, vec![]);
    assert!(
        bound
            .issue(&profile, key().public(), later)
            .unwrap_err()
            .to_string()
            .contains("not valid")
    );
}

/// A list of `authority` over these certificates, which is outdated after some days.
fn revocation_list(authority: &Authority, revoked: &[&Certificate], days: i64) -> Crl {
    let identifier = authority.certificate().subject_key_identifier.clone();
    let parameters = rcgen::CertificateRevocationListParams {
        this_update: now() - Duration::days(1),
        next_update: now() + Duration::days(days),
        crl_number: 1_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|certificate| rcgen::RevokedCertParams {
                serial_number: certificate.serial.clone().into(),
                revocation_time: now(),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: rcgen::KeyIdMethod::PreSpecified(identifier.unwrap()),
    };
    Crl::read(authority.sign_list(&parameters).unwrap().der()).unwrap()
}

#[test]
fn revocation_is_looked_up_as_deep_as_is_asked_for() {
    use RevocationDepth::{Chain, Leaf};
    use Unlisted::{Accept, Refuse};
    let root = root(2, None);
    let etcd = below(&root, "etcd", 0);
    let leaf = leaf_of(&etcd, BOTH, &["a.b"]);
    let other = leaf_of(&etcd, BOTH, &["a.b"]);
    let chain = [leaf.clone(), etcd.certificate().clone()];
    let anchors = Anchors::new(&[root.certificate().clone()]).unwrap();
    let validate = |lists: Vec<Crl>, depth, unlisted, days| {
        let revocation = Revocation::new(&lists, depth, unlisted).unwrap();
        let validator = PathValidator::new().with_revocation(revocation);
        let at = now() + Duration::days(days);
        validator.validate(&chain, &anchors, Usage::ServerAuth, at)
    };
    let of_etcd = |revoked: &[&Certificate]| revocation_list(&etcd, revoked, 2);
    let of_root = |revoked: &[&Certificate]| revocation_list(&root, revoked, 2);

    assert_eq!(validate(vec![of_etcd(&[&other])], Leaf, Refuse, 0), Ok(()));
    assert_eq!(
        validate(vec![of_etcd(&[&leaf])], Leaf, Refuse, 0),
        Err(PathError::Revoked)
    );
    let unknown = Err(PathError::UnknownRevocation);
    assert_eq!(validate(vec![of_etcd(&[])], Chain, Refuse, 0), unknown);
    assert_eq!(validate(vec![of_etcd(&[])], Chain, Accept, 0), Ok(()));
    let both = || vec![of_etcd(&[]), of_root(&[])];
    assert_eq!(validate(both(), Chain, Refuse, 0), Ok(()));
    assert_eq!(
        validate(both(), Chain, Refuse, 3),
        Err(PathError::OutdatedRevocationList)
    );
    // etcd matches the serial number alone: in a list of another authority, and however deep.
    let strange = vec![of_root(&[&leaf])];
    assert_eq!(validate(strange, Leaf, Accept, 0), Err(PathError::Revoked));
    let above = vec![of_etcd(&[]), of_root(&[etcd.certificate()])];
    assert_eq!(validate(above, Leaf, Refuse, 0), Err(PathError::Revoked));
    assert!(matches!(
        validate(vec![], Leaf, Refuse, 0),
        Err(PathError::Other(_))
    ));
}

#[test]
fn a_signature_of_an_authority_is_checked_once() {
    let root = root(2, None);
    let etcd = below(&root, "etcd", 0);
    let anchors = Anchors::new(&[root.certificate().clone()]).unwrap();
    let validator = PathValidator::new();
    for _ in 0..3 {
        let leaf = leaf_of(&etcd, BOTH, &["a.b"]);
        let chain = [leaf, etcd.certificate().clone()];
        for usage in BOTH {
            validator.validate(&chain, &anchors, *usage, now()).unwrap();
        }
    }
    assert_eq!(validator.algorithms.remembered(), 3 + 1);
}
