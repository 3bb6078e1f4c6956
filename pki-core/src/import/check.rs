//! The checks of an authority from elsewhere.

use time::{Duration, OffsetDateTime};

use super::{Import, ImportError};
use crate::authority::check_authority;
use crate::certificate::{AlternativeName, Certificate, ExtendedKeyUsage};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::leaf::leaves;
use crate::lint::{self, Violation};
use crate::role::Usage;
use crate::signer::Custody;
use crate::store::{Pki, Store};
use crate::verify::is_signed_by;

/// What an authority is to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// The one that is in use.
    Own,
    /// The one that a rotation puts in the place of one that is there.
    Successor,
}

pub(super) fn import<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    name: AuthorityName,
    given: &[Certificate],
    is_own: &dyn Fn(&Certificate) -> bool,
    place: Place,
    now: OffsetDateTime,
) -> Result<Import, ImportError> {
    if !name.is_described(cluster) {
        return Err(ImportError::Unknown(name));
    }
    let own = given.iter().find(|certificate| is_own(certificate));
    let own = own.ok_or(ImportError::NotThere { count: given.len() })?;
    let present = pki.authority(name)?;
    if let Some(present) = present.filter(|_| place == Place::Own) {
        // To the same certificate a key may come later.
        if present.certificate != *own || pki.custody(&present)? == Custody::Sealed {
            let path = pki.locate_authority(&present);
            return Err(ImportError::Present { name, path });
        }
    }
    check_authority(own)?;
    own.public_key
        .kind()
        .map_err(crate::authority::IssueError::from)?;
    let mut import = Import {
        name,
        certificate: own.clone(),
        above: Vec::new(),
        notes: Vec::new(),
    };
    climb(cluster, pki, &mut import, given, now)?;
    // What stands below is signed again by the rotation that takes it.
    if place == Place::Own {
        check_below(cluster, pki, name, own)?;
    }
    notes(cluster, &mut import, now);
    Ok(import)
}

/// A request says nothing of a lifetime, so who signs it may take any.
pub(super) fn shorter_than_described(cluster: &Cluster, import: &Import) -> Option<String> {
    let validity = &import.certificate.validity;
    let described = import.name.setting(cluster).lifetime;
    let holds = validity.not_after - validity.not_before;
    (holds + Duration::DAY < described.as_duration()).then(|| {
        format!(
            "it holds for {} days, where the description says {described}: have the request signed again for longer, if that is not meant",
            holds.whole_days()
        )
    })
}

/// From the authority up to the top, each checked for its place.
fn climb<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    import: &mut Import,
    given: &[Certificate],
    now: OffsetDateTime,
) -> Result<(), ImportError> {
    let mut name = import.name;
    let mut current = import.certificate.clone();
    loop {
        check_place(cluster, name, &current, now)?;
        let Some(above) = name.issuer(cluster) else {
            return check_top(&current);
        };
        if current.is_self_issued() {
            return Err(ImportError::SelfSigned {
                subject: current.subject,
                name: above,
            });
        }
        let issuer = match pki.authority(above)? {
            Some(stored) => stored.certificate,
            None => {
                let found = issuer_among(given, &current).ok_or(ImportError::NoIssuer {
                    subject: current.subject.clone(),
                    issuer: current.issuer.clone(),
                    name: above,
                })?;
                import.above.push((above, found.clone()));
                found.clone()
            }
        };
        check_signature(&current, &issuer)?;
        (name, current) = (above, issuer);
    }
}

/// Of several with the same name, the one whose signature it is.
fn issuer_among<'a>(given: &'a [Certificate], below: &Certificate) -> Option<&'a Certificate> {
    let named = || given.iter().filter(|issuer| below.names_issuer(issuer));
    named()
        .find(|issuer| is_signed_by(below, issuer))
        .or_else(|| named().next())
}

fn check_signature(certificate: &Certificate, issuer: &Certificate) -> Result<(), ImportError> {
    match certificate.names_issuer(issuer) && is_signed_by(certificate, issuer) {
        true => Ok(()),
        false => Err(ImportError::Signature {
            subject: certificate.subject.clone(),
            issuer: issuer.subject.clone(),
        }),
    }
}

fn check_top(top: &Certificate) -> Result<(), ImportError> {
    match top.is_self_issued() {
        true => check_signature(top, top),
        false => Err(ImportError::NotAtTop {
            subject: top.subject.clone(),
            issuer: top.issuer.clone(),
        }),
    }
}

/// What an authority must be for what stands below it.
fn check_place(
    cluster: &Cluster,
    name: AuthorityName,
    certificate: &Certificate,
    now: OffsetDateTime,
) -> Result<(), ImportError> {
    let subject = || certificate.subject.clone();
    let Some(constraints) = certificate.authority else {
        return Err(crate::authority::IssueError::NotAnAuthority { subject: subject() }.into());
    };
    if let Some(violation) = unreadable(certificate) {
        return Err(ImportError::Unreadable {
            subject: subject(),
            violation,
        });
    }
    if name == AuthorityName::signing(cluster) && !certificate.signs_lists() {
        return Err(crate::authority::IssueError::NotACrlIssuer { subject: subject() }.into());
    }
    if !certificate.validity.contains(now) {
        return Err(ImportError::NotValid {
            subject: subject(),
            validity: certificate.validity,
        });
    }
    let below = AuthorityName::chain(cluster)
        .iter()
        .skip_while(|other| **other != name);
    let needed = u32::try_from(below.skip(1).count()).unwrap_or(u32::MAX);
    if let Some(allowed) = constraints.path_len.filter(|allowed| *allowed < needed) {
        return Err(ImportError::PathTooShort {
            subject: subject(),
            allowed,
            needed,
        });
    }
    // What an authority of another service signs is no concern of etcd.
    if name.is_other() {
        return Ok(());
    }
    check_usages(certificate)?;
    check_names(cluster, certificate)
}

/// What makes every verifier refuse each path through the certificate.
fn unreadable(certificate: &Certificate) -> Option<Violation> {
    let mut violations = lint::certificate(certificate).into_iter();
    violations.find(|violation| UNREADABLE.contains(&violation.lint.code))
}

/// Go and OpenSSL hold every certificate of a path to the usages of those above it.
fn check_usages(certificate: &Certificate) -> Result<(), ImportError> {
    let usages = &certificate.extended_key_usages;
    let any = ExtendedKeyUsage::Other("anyExtendedKeyUsage".to_owned());
    if usages.is_empty() || usages.contains(&any) {
        return Ok(());
    }
    for (usage, name) in [
        (Usage::ServerAuth, "serverAuth"),
        (Usage::ClientAuth, "clientAuth"),
    ] {
        if !usages.contains(&ExtendedKeyUsage::Known(usage)) {
            return Err(ImportError::ExtendedKeyUsages {
                subject: certificate.subject.clone(),
                usage: name,
            });
        }
    }
    Ok(())
}

fn check_names(cluster: &Cluster, certificate: &Certificate) -> Result<(), ImportError> {
    for leaf in leaves(cluster) {
        let names = leaf
            .profile
            .names()
            .iter()
            .cloned()
            .map(AlternativeName::from);
        if let Some(name) = names.into_iter().find(|name| !certificate.may_sign(name)) {
            return Err(ImportError::Constraints {
                subject: certificate.subject.clone(),
                name: name.to_string(),
            });
        }
    }
    Ok(())
}

/// Where an authority is brought back that was lost, it must be the same.
fn check_below<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    name: AuthorityName,
    own: &Certificate,
) -> Result<(), ImportError> {
    let described = AuthorityName::described(cluster).into_iter();
    for below in described.filter(|below| below.issuer(cluster) == Some(name)) {
        match pki.authority(below)? {
            Some(stored) if !is_signed_by(&stored.certificate, own) => {
                return Err(ImportError::Below {
                    below,
                    name,
                    subject: own.subject.clone(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is not refused is told by the rules of `verify`.
fn notes(cluster: &Cluster, import: &mut Import, now: OffsetDateTime) {
    let own = &import.certificate;
    let mut notes = Vec::new();
    if import.name == AuthorityName::Etcd && own.name_constraints.is_none() {
        notes.push("it has no name constraints, so it can sign any name".to_owned());
    }
    let end = own.validity.not_after;
    if end < now + cluster.certificates.lifetime.as_duration() {
        notes.push(format!(
            "it ends on {}, before a certificate that is issued now should: what it signs ends with it",
            end.date()
        ));
    }
    notes.extend(lint::certificate(own).iter().map(Violation::to_string));
    for (_, certificate) in &import.above {
        let issuer = &certificate.subject;
        if certificate.validity.not_after < own.validity.not_after {
            notes.push(format!("it outlives `{issuer}`, which stands above it"));
        }
        let violations = lint::certificate(certificate).into_iter();
        notes.extend(violations.map(|violation| format!("`{issuer}` above it: {violation}")));
    }
    import.notes = notes;
}

/// The rules without which no verifier takes what the authority signed.
const UNREADABLE: [&str; 3] = [
    "extension-critical-unknown",
    "extension-malformed",
    "extension-repeated",
];
