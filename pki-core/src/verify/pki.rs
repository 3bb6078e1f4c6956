//! The check of a whole PKI against its description.

mod authorities;
mod generations;
mod leaves;
mod others;
mod records;
mod settings;

use std::collections::{HashMap, HashSet};
use std::io;

use time::OffsetDateTime;

use super::{Anchors, PathValidator};
use crate::certificate::Certificate;
use crate::crl::Reason;
use crate::description::{Cluster, TrustAnchor};
use crate::hierarchy::AuthorityName;
use crate::key::PublicKey;
use crate::lint::{self, BundleUse, Lint, Severity, Violation, pki as rules};
use crate::rotation::{self, Underway};
use crate::seal::Unlocked;
use crate::store::{Pki, Store, StoreError, StoredAuthority};
use crate::trust::{StandingError, standing};

/// Checks every authority and every leaf that the description asks for, the trust bundles and
/// the revocation list, each by every rule of [`crate::lint`].
///
/// With `keys`, every sealed key of the tiers that are open is opened and held against its
/// certificate too, whether that is described, and the newest, or not. Leaves and keys are checked
/// on every core.
///
/// # Errors
///
/// When the store itself cannot be read. A file in it that is wrong is a finding, and the rest is
/// checked.
pub fn verify<S: Store + Sync>(
    cluster: &Cluster,
    pki: &Pki<S>,
    keys: Option<&Unlocked>,
    now: OffsetDateTime,
) -> Result<Report, StoreError> {
    let mut check = Check {
        cluster,
        pki,
        keys,
        now,
        validator: PathValidator::new(),
        authorities: Vec::new(),
        anchors: Vec::new(),
        every: Vec::new(),
        revoked: HashMap::new(),
        compromised: HashSet::new(),
        damaged: HashSet::new(),
        underway: None,
        report: Report::default(),
    };
    check.certificates()?;
    check.lists()?;
    check.authorities()?;
    // Where it cannot be told, that is found by itself.
    let standing = rotation::standing(cluster, pki).ok();
    check.underway = standing.and_then(|standing| standing.underway);
    let certificates = check.leaves()?;
    check.bundles()?;
    check.settings(&certificates);
    check.others(certificates)?;
    check.keys()?;
    check.keyring()?;
    check.journal()?;
    Ok(check.report)
}

/// What was checked and what was found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// How many authorities were checked.
    pub authorities: usize,
    /// How many leaves were checked.
    pub leaves: usize,
    /// How many sealed keys were opened.
    pub keys: usize,
    /// How many sealed keys were not tried, since their tier is not open.
    pub closed: usize,
    /// How many certificates the revocation list revokes, if there is one.
    pub revoked: Option<usize>,
    /// What is wrong, or worth knowing.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.lint.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// Adds a finding.
    pub fn found(&mut self, path: &str, lint: &'static Lint, message: impl Into<String>) {
        self.findings.push(Finding {
            path: path.to_owned(),
            lint,
            message: message.into(),
        });
    }

    fn violations(&mut self, path: &str, violations: Vec<Violation>) {
        for Violation { lint, message } in violations {
            self.found(path, lint, message);
        }
    }

    /// A file that cannot be read or understood is a finding, once.
    fn unreadable(&mut self, error: StoreError) -> Result<(), StoreError> {
        let (path, lint, message) = match error {
            StoreError::Certificate { path, source } => {
                (path, &rules::UNREADABLE, source.to_string())
            }
            StoreError::Crl { path, source } => (path, &rules::CRL_UNREADABLE, source.to_string()),
            StoreError::Custody { path, source } => (path, &rules::UNREADABLE, source.to_string()),
            StoreError::ForeignCrl { path } => {
                let message = "changed, or signed by no authority here";
                (path, &rules::CRL_UNREADABLE, message.to_owned())
            }
            // Who may not read it does not know whether it is damaged.
            StoreError::Io { path, source } if source.kind() != io::ErrorKind::PermissionDenied => {
                (path, &rules::UNREADABLE, source.to_string())
            }
            StoreError::Key { path, source } => (path, &rules::UNREADABLE, source.to_string()),
            StoreError::Missing { path } => {
                (path, &rules::UNREADABLE, "the file is missing".to_owned())
            }
            StoreError::OtherKey { path } => {
                let message = "the key is not the one of the certificate beside it";
                (path, &rules::UNREADABLE, message.to_owned())
            }
            StoreError::Request { path, source } => (path, &rules::UNREADABLE, source.to_string()),
            StoreError::Revocation { path, source } => {
                (path, &rules::UNREADABLE, source.to_string())
            }
            other => return Err(other),
        };
        let mut known = self.findings.iter();
        if !known.any(|finding| finding.path == path && finding.lint == lint) {
            self.found(&path, lint, message);
        }
        Ok(())
    }
}

/// Something that is wrong, or worth knowing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The rule that it breaks.
    pub lint: &'static Lint,
    /// What is wrong with it.
    pub message: String,
}

struct Check<'a, S> {
    cluster: &'a Cluster,
    pki: &'a Pki<S>,
    keys: Option<&'a Unlocked>,
    now: OffsetDateTime,
    validator: PathValidator,
    authorities: Vec<StoredAuthority>,
    /// The root, for clients that trust it alone, and the anchor of the members.
    anchors: Vec<(AuthorityName, Anchors)>,
    /// The certificate of every generation of everything.
    every: Vec<Certificate>,
    /// What is revoked, by serial number, and why.
    revoked: HashMap<Vec<u8>, Reason>,
    /// Keys that somebody else may have: a certificate of each was revoked for that.
    compromised: HashSet<PublicKey>,
    /// Certificates that cannot be read or are not those that were put there, by where a person
    /// finds them: what they should have signed or sealed is not held against them.
    damaged: HashSet<String>,
    /// The rotation of an authority that is under way.
    underway: Option<Underway>,
    report: Report,
}

impl<S: Store + Sync> Check<'_, S> {
    fn bundles(&mut self) -> Result<(), StoreError> {
        for used_by in [BundleUse::Members, BundleUse::Clients] {
            match self.pki.trust_file(used_by) {
                Ok(Some((path, text))) => {
                    let violations = lint::trust(&text, used_by, self.now);
                    self.report.violations(&path, violations);
                }
                Ok(None) => {}
                Err(error) => return self.report.unreadable(error),
            }
        }
        if self.is_authority_damaged() {
            return Ok(());
        }
        let wanted = match standing(self.cluster, self.pki) {
            Ok(wanted) => wanted,
            Err(StandingError::Chain { path } | StandingError::Members { path, .. }) => {
                let message = "it is missing or does not fit the authorities, of which there are several generations";
                self.report.found(&path, &rules::TRUST_LOST, message);
                return Ok(());
            }
            // These are found where they are looked for.
            Err(StandingError::Missing(_)) => return Ok(()),
            Err(StandingError::Store(error)) => return self.report.unreadable(error),
        };
        for (path, is_there) in self.pki.stale_bundles(&wanted)? {
            let message = match is_there {
                true => "it is not what leaves carry and what is trusted now",
                false => "it is missing",
            };
            self.report.found(&path, &rules::TRUST_STALE, message);
        }
        if self.cluster.trust_anchor != TrustAnchor::Etcd
            && let Some((path, _)) = self.pki.trust_file(BundleUse::Members)?
        {
            let message =
                "members trust an authority above the etcd CA, and with it every client below that";
            self.report.found(&path, &lint::TRUST_OF_SIBLINGS, message);
        }
        Ok(())
    }

    /// What else could come to pass with the slots than that a key does not open.
    fn keyring(&mut self) -> Result<(), StoreError> {
        let Some(keys) = self.keys else {
            return Ok(());
        };
        let Some(keyring) = self.pki.keyring()? else {
            return Ok(());
        };
        let path = self.pki.locate_keyring();
        if let Some(tiers) = keyring.retiring() {
            let message = format!(
                "the data keys ({tiers}) are being replaced, and that was interrupted; every key opens"
            );
            self.report.found(&path, &rules::KEYS_RETIRING, message);
        }
        for slot in keyring.forged_slots(keys) {
            let message = format!(
                "slot `{slot}`: its recipients or its file were changed by somebody who cannot open it"
            );
            self.report.found(&path, &rules::SLOT_FORGED, message);
        }
        Ok(())
    }

    /// Nothing is held against an authority that is not what it was.
    fn is_authority_damaged(&self) -> bool {
        let authorities = self.pki.store().locate("authorities/");
        let mut damaged = self.damaged.iter();
        damaged.any(|path| path.starts_with(&authorities))
    }

    /// Tells of a key that was compromised under a certificate that is not revoked for it.
    fn compromised_key(&self, certificate: &Certificate) -> Option<&'static str> {
        let is_told = self.revoked.contains_key(&certificate.serial);
        let is_compromised = !is_told && self.compromised.contains(&certificate.public_key);
        is_compromised.then_some(
            "its key was revoked for keyCompromise under another certificate, and this one is taken",
        )
    }

    fn find(&self, name: AuthorityName) -> Option<&Certificate> {
        self.authorities
            .iter()
            .find(|stored| stored.name == name)
            .map(|stored| &stored.certificate)
    }
}

#[cfg(test)]
mod tests;
