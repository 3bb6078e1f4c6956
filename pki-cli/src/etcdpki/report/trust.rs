//! Who trusts which authorities, and which are sent along.

use pki_core::certificate::Certificate;
use serde::Serialize;

use super::moment::Moment;
use super::sources::Sources;

/// What somebody trusts, or is sent.
#[derive(Debug, Serialize)]
pub(super) struct Trust {
    title: &'static str,
    certificates: Vec<Trusted>,
}

#[derive(Debug, Serialize)]
struct Trusted {
    subject: String,
    /// By whom, of one that somebody else signed than its own authority.
    issuer: Option<String>,
    fingerprint: String,
    ends: Moment,
}

/// Of members, clients, and whoever meets a certificate.
pub(super) fn all(sources: &Sources) -> Vec<Trust> {
    let Some(bundles) = &sources.bundles else {
        return Vec::new();
    };
    let listed = |certificates: &mut dyn Iterator<Item = &Certificate>| {
        certificates
            .map(|certificate| Trusted::new(sources, certificate))
            .collect()
    };
    vec![
        Trust {
            title: "Members trust",
            certificates: listed(&mut bundles.members.iter()),
        },
        Trust {
            title: "Clients trust",
            certificates: listed(&mut bundles.clients.iter()),
        },
        Trust {
            title: "Certificates are sent with",
            certificates: listed(&mut bundles.presented()),
        },
    ]
}

impl Trusted {
    fn new(sources: &Sources, certificate: &Certificate) -> Self {
        let mut kept = sources.kept.iter();
        let is_crossed = !kept.any(|one| one.certificate == *certificate);
        Self {
            subject: certificate.subject.clone(),
            issuer: is_crossed.then(|| certificate.issuer.clone()),
            fingerprint: certificate.fingerprint().to_string(),
            ends: Moment::new(certificate.validity.not_after, sources.at),
        }
    }
}
