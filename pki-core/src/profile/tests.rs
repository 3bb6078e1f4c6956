use time::{Duration, OffsetDateTime};

use super::*;
use crate::authority::Authority;
use crate::key::KeyAlgorithm;
use crate::lifetime::{Lifetime, Validity};

const BOTH: &[Usage] = &[Usage::ServerAuth, Usage::ClientAuth];
const CLIENT: &[Usage] = &[Usage::ClientAuth];

fn key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256).unwrap()
}

fn validity() -> Validity {
    let now = OffsetDateTime::now_utc();
    Validity::starting(now, Lifetime::days(1), Duration::minutes(10))
}

fn leaf(common_name: &str, usages: &'static [Usage], names: &[&str]) -> Profile {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    Profile::leaf(Subject::common(common_name), usages, names)
}

fn signed(profile: &Profile) -> Certificate {
    let root = Profile::authority(Subject::common("root"), 0, None);
    let root = Authority::self_signed(&root, key(), validity()).unwrap();
    root.issue(profile, key().public(), validity()).unwrap()
}

#[test]
fn a_certificate_is_its_own_profiles_alone() {
    let profile = leaf("a", BOTH, &["a.b", "10.0.0.1"]);
    let certificate = signed(&profile);
    assert!(profile.matches(&certificate));
    // The order of names says nothing.
    assert!(leaf("a", BOTH, &["10.0.0.1", "a.b"]).matches(&certificate));
    for other in [
        leaf("a", BOTH, &["a.b"]),
        leaf("a", BOTH, &["a.b", "10.0.0.1", "10.0.0.2"]),
        leaf("a", BOTH, &["a.b", "10.0.0.2"]),
        leaf("b", BOTH, &["a.b", "10.0.0.1"]),
        leaf("a", CLIENT, &["a.b", "10.0.0.1"]),
    ] {
        assert!(!other.matches(&certificate), "{other:?}");
    }
}

#[test]
fn a_certificate_of_elsewhere_covers_the_addresses_and_the_user() {
    let certificate = signed(&leaf("root", BOTH, &["x.y", "10.0.0.1", "10.0.0.2"]));
    for (covered, profile) in [
        (true, leaf("a", BOTH, &["10.0.0.1"])),
        // Names are not what members are reached by, and loopback is their own business.
        (
            true,
            leaf("a", BOTH, &["a.b", "10.0.0.1", "127.0.0.1", "::1"]),
        ),
        (false, leaf("a", BOTH, &["10.0.0.1", "10.0.0.3"])),
        (true, leaf("root", CLIENT, &[])),
        (false, leaf("a", CLIENT, &[])),
        (false, leaf("root", CLIENT, &["10.0.0.3"])),
    ] {
        assert_eq!(profile.is_covered_by(&certificate), covered, "{profile:?}");
    }
}

#[test]
fn an_authority_comes_out_the_same() {
    for organization in [None, Some("a.b".to_owned())] {
        let subject = Subject {
            organization,
            common_name: "an authority".to_owned(),
        };
        let profile = Profile::authority(subject, 3, None);
        let certificate = Authority::self_signed(&profile, key(), validity())
            .unwrap()
            .certificate()
            .clone();
        let again = Profile::of_authority(&certificate).unwrap();
        assert_eq!(again.subject(), profile.subject());
        assert_eq!(again.path_len(), Some(3));
        assert_eq!(again.key_identifier, certificate.subject_key_identifier);
        assert!(again.key_identifier.is_some());
    }
    let certificate = signed(&leaf("a", BOTH, &["a.b"]));
    assert!(Profile::of_authority(&certificate).is_none());
}

/// What an offline root is asked to sign says by itself what the authority may sign.
#[test]
fn a_request_carries_the_constraints() {
    let constraints = NameConstraints {
        dns: vec!["a.b".to_owned()],
        addresses: vec!["10.0.0.0/8".parse().unwrap()],
    };
    let holds = |request: &CertificateRequest, octets: &[u8]| {
        request.der().windows(octets.len()).any(|at| at == octets)
    };
    // id-ce-nameConstraints, critical (RFC 5280 section 4.2.1.10).
    let critical = [0x06, 0x03, 0x55, 0x1d, 0x1e, 0x01, 0x01, 0xff];
    for (constraints, carried) in [(Some(constraints), true), (None, false)] {
        let profile = Profile::authority(Subject::common("a"), 2, constraints);
        let request = profile.request(&key()).unwrap();
        assert_eq!(request.authority.unwrap().path_len, Some(2));
        assert_eq!(holds(&request, &critical), carried);
        assert_eq!(holds(&request, b"a.b"), carried);
        assert_eq!(holds(&request, &[10, 0, 0, 0, 255, 0, 0, 0]), carried);
    }
}
