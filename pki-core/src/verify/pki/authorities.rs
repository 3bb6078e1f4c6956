//! The authorities of a PKI.

use super::{Check, records, rules};
use crate::certificate::Certificate;
use crate::hierarchy::AuthorityName;
use crate::lint;
use crate::signer::Custody;
use crate::store::{Store, StoreError, StoredAuthority};
use crate::trust::standing;
use crate::verify::{Anchors, is_signed_by};

impl<S: Store + Sync> Check<'_, S> {
    /// Checks them from the top, and makes anchors of those that are trusted.
    pub(super) fn authorities(&mut self) -> Result<(), StoreError> {
        for name in AuthorityName::described(self.cluster) {
            self.authority(name)?;
        }
        let top = AuthorityName::top(self.cluster);
        let anchor = AuthorityName::from(self.cluster.trust_anchor);
        let of = |name| self.find(name).cloned().into_iter().collect();
        // In the midst of a rotation members may trust two generations, or the one before.
        let members = match standing(self.cluster, self.pki) {
            Ok(bundles) if !self.is_authority_damaged() => bundles.members,
            _ => of(anchor),
        };
        let mut trusted: Vec<(_, Vec<Certificate>)> = vec![(anchor, members)];
        if top != anchor {
            trusted.insert(0, (top, of(top)));
        }
        for (name, certificates) in trusted {
            if let (false, Ok(anchors)) = (certificates.is_empty(), Anchors::new(&certificates)) {
                self.anchors.push((name, anchors));
            }
        }
        Ok(())
    }

    fn authority(&mut self, name: AuthorityName) -> Result<(), StoreError> {
        let stored = match self.pki.authority(name) {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                let path = self.pki.store().locate(&format!("authorities/{name}"));
                self.report
                    .found(&path, &rules::AUTHORITY_MISSING, "it is missing");
                return Ok(());
            }
            Err(error) => return self.report.unreadable(error),
        };
        self.report.authorities += 1;
        let path = self.pki.locate_authority(&stored);
        let certificate = &stored.certificate;
        let mut violations = lint::certificate(certificate);
        let above = name.issuer(self.cluster);
        let issuer = match above {
            None => Some(certificate.clone()),
            Some(issuer) => self.find(issuer).cloned(),
        };
        if let Some(issuer) = &issuer {
            if above.is_some() {
                violations.extend(lint::issued(certificate, issuer));
            }
            if !is_signed_by(certificate, issuer) {
                let message = "its signature is not that of the authority above it";
                self.report.found(&path, &rules::SIGNATURE, message);
                self.damaged.insert(path.clone());
            }
        }
        // What one breaks that belongs elsewhere is not to be mended here.
        if !self.damaged.contains(&path) {
            self.report.violations(&path, violations);
        }
        if certificate.authority.is_none() {
            let message = "it is no authority: it lacks cA";
            self.report.found(&path, &rules::SIGNATURE, message);
        }
        if !certificate.validity.contains(self.now) {
            let message = "it is not valid at this time: everything below it is refused";
            self.report
                .found(&path, &rules::AUTHORITY_NOT_VALID, message);
        }
        if let Some(message) = self.compromised_key(certificate) {
            self.report.found(&path, &rules::KEY_COMPROMISED, message);
        }
        if let Some(reason) = self.revoked.get(&certificate.serial) {
            let message = records::of_authority(*reason);
            self.report.found(&path, &rules::REVOKED_AUTHORITY, message);
        }
        self.authority_key(&stored)?;
        // Nothing is held against one that is not what it was.
        if !self.damaged.contains(&path) {
            self.authorities.push(stored);
        }
        Ok(())
    }

    /// Whether it is there, or is elsewhere; whether it opens is checked with all others.
    fn authority_key(&mut self, stored: &StoredAuthority) -> Result<(), StoreError> {
        match self.pki.custody(stored) {
            Ok(Custody::Sealed)
                if self.keys.is_some() && !self.pki.has_authority_key(stored)? =>
            {
                let path = self.pki.locate_authority_key(stored);
                self.report
                    .found(&path, &rules::UNREADABLE, "the file is missing");
            }
            Ok(_) => {}
            Err(error) => self.report.unreadable(error)?,
        }
        Ok(())
    }
}
