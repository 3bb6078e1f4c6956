//! The check of a whole PKI against its description.

mod records;

use time::OffsetDateTime;

use super::path::{self, PathError};
use crate::certificate::{AlternativeName, Certificate};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::leaf::{Leaf, leaves};
use crate::role::Usage;
use crate::seal::Unlocked;
use crate::store::{Pki, Store, StoreError, StoredAuthority, StoredLeaf};
use crate::trust::Bundles;

/// Checks every authority and every leaf that the description asks for, and the trust bundles.
///
/// With `keys`, every sealed key is opened and held against its certificate too.
///
/// # Errors
///
/// When the store itself cannot be read. A file in it that is wrong is a finding.
pub fn verify<S: Store>(
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
        authorities: Vec::new(),
        in_use: Vec::new(),
        report: Report::default(),
    };
    for name in AuthorityName::chain(cluster) {
        check.authority(*name)?;
    }
    for leaf in leaves(cluster) {
        check.leaf(&leaf)?;
    }
    check.bundles()?;
    check.lists()?;
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
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

struct Check<'a, S> {
    cluster: &'a Cluster,
    pki: &'a Pki<S>,
    keys: Option<&'a Unlocked>,
    now: OffsetDateTime,
    authorities: Vec<StoredAuthority>,
    in_use: Vec<InUse>,
    report: Report,
}

/// A certificate that is in use.
struct InUse {
    path: String,
    serial: Vec<u8>,
    is_leaf: bool,
}

impl<S: Store> Check<'_, S> {
    fn authority(&mut self, name: AuthorityName) -> Result<(), StoreError> {
        let stored = match self.pki.authority(name) {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                let path = self.pki.store().locate(&format!("authorities/{name}"));
                self.found(&path, "missing: restore it from a copy, for what it signed needs it; `etcdpki init` makes it if it never was");
                return Ok(());
            }
            Err(error) => return self.unreadable(error),
        };
        self.report.authorities += 1;
        let path = self.pki.locate_authority(&stored);
        let certificate = &stored.certificate;
        if certificate.authority.is_none() || !certificate.key_usages.contains(&"keyCertSign") {
            self.found(&path, "not an authority: it lacks cA or keyCertSign");
        }
        if !certificate.validity.contains(self.now) {
            self.found(
                &path,
                "not valid at this time: everything below it is refused",
            );
        }
        let issuer = name.issuer().and_then(|issuer| self.find(issuer));
        let issuer = issuer.or(name.issuer().is_none().then_some(certificate));
        if issuer.is_some_and(|issuer| !path::is_signed_by(certificate, issuer)) {
            self.found(&path, "its signature is not that of the authority above it");
        }
        if let Some(keys) = self.keys {
            match self.pki.authority_key(&stored, keys) {
                Ok(_) => self.report.keys += 1,
                Err(error) => self.unreadable(error)?,
            }
        }
        self.in_use.push(InUse {
            path,
            serial: certificate.serial.clone(),
            is_leaf: false,
        });
        self.authorities.push(stored);
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf) -> Result<(), StoreError> {
        let stored = match self.pki.leaf(&leaf.id) {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                self.missing(&format!("certificates/{}", leaf.id));
                return Ok(());
            }
            Err(error) => return self.unreadable(error),
        };
        self.report.leaves += 1;
        let path = self.pki.locate_leaf(&stored);
        if !leaf.profile.matches(stored.certificate()) {
            self.found(&path, "its names, usages or subject are not those described: run `etcdpki init` to issue it anew");
        }
        self.in_use.push(InUse {
            path: path.clone(),
            serial: stored.certificate().serial.clone(),
            is_leaf: true,
        });
        self.paths(&path, leaf, &stored);
        for name in leaf
            .profile
            .names()
            .iter()
            .cloned()
            .map(AlternativeName::from)
        {
            if let Err(error) = path::check_name(stored.certificate(), &name) {
                self.found(&path, format!("`{name}`: {error}"));
            }
        }
        if let Some(keys) = self.keys {
            match self.pki.leaf_key(&stored, keys) {
                Ok(_) => self.report.keys += 1,
                Err(error) => self.unreadable(error)?,
            }
        }
        Ok(())
    }

    /// From the root, for clients that trust it alone, and from the anchor of the members.
    fn paths(&mut self, path: &str, leaf: &Leaf, stored: &StoredLeaf) {
        let anchors = [AuthorityName::Root, self.cluster.trust_anchor.into()];
        for name in anchors {
            let Some(anchor) = self.find(name).cloned() else {
                continue;
            };
            let anchors = [anchor];
            for usage in [Usage::ServerAuth, Usage::ClientAuth] {
                let result = path::validate(&stored.chain, &anchors, usage, self.now);
                let wanted = leaf.profile.usages().contains(&usage);
                match result {
                    Err(PathError::Usage) if !wanted => {}
                    Ok(()) if wanted => {}
                    Ok(()) => self.found(
                        path,
                        format!("it can be used for {usage}, which its role must not"),
                    ),
                    Err(error) => self.found(
                        path,
                        format!("as {usage} under the {name} authority: {error}"),
                    ),
                }
            }
        }
    }

    fn bundles(&mut self) -> Result<(), StoreError> {
        let found = (
            self.find(AuthorityName::Root),
            self.find(AuthorityName::Intermediate),
            self.find(AuthorityName::Etcd),
        );
        let (Some(root), Some(intermediate), Some(etcd)) = found else {
            return Ok(());
        };
        let wanted = Bundles::new(root, intermediate, etcd, self.cluster.trust_anchor);
        for path in self.pki.stale_bundles(&wanted)? {
            self.found(
                &path,
                "it is not what must be trusted now: run `etcdpki init` to write it anew",
            );
        }
        Ok(())
    }

    fn find(&self, name: AuthorityName) -> Option<&Certificate> {
        self.authorities
            .iter()
            .find(|stored| stored.name == name)
            .map(|stored| &stored.certificate)
    }

    fn missing(&mut self, path: &str) {
        let path = self.pki.store().locate(path);
        self.found(&path, "missing: run `etcdpki init` to make it");
    }

    /// A file that cannot be understood is a finding; one that cannot be read is an error.
    fn unreadable(&mut self, error: StoreError) -> Result<(), StoreError> {
        let (path, message) = match error {
            StoreError::Certificate { path, source } => (path, source.to_string()),
            StoreError::Crl { path, source } => (
                path,
                format!("{source}: restore it, or remove it to have it signed anew"),
            ),
            StoreError::ForeignCrl { path } => (
                path,
                "changed, or signed by no authority here: restore it, or remove it to have it signed anew".to_owned(),
            ),
            StoreError::Key { path, source } => (path, source.to_string()),
            StoreError::Missing { path } => (
                path,
                "the file is missing: restore it from a copy".to_owned(),
            ),
            StoreError::OtherKey { path } => (
                path,
                "the key is not the one of the certificate beside it".to_owned(),
            ),
            StoreError::Revocation { path, source } => (path, source.to_string()),
            other => return Err(other),
        };
        self.found(&path, message);
        Ok(())
    }

    fn found(&mut self, path: &str, message: impl Into<String>) {
        self.report.findings.push(Finding {
            path: path.to_owned(),
            message: message.into(),
        });
    }
}

#[cfg(test)]
mod tests;
