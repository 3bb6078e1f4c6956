//! What is here besides what is described, and all of it together.

use super::leaves::Checked;
use super::{Check, rules};
use crate::certificate::Certificate;
use crate::leaf::leaves;
use crate::lint;
use crate::store::{Store, StoreError};

impl<S: Store + Sync> Check<'_, S> {
    /// Tells certificates that are not described, and compares the serial numbers of every
    /// certificate of every generation.
    pub(super) fn others(&mut self, checked: Vec<Checked>) -> Result<(), StoreError> {
        self.undescribed_authorities()?;
        let undescribed = self.undescribed()?;
        for (path, certificate) in &undescribed {
            let is_revoked = self.revoked.contains_key(&certificate.serial);
            let expected = is_revoked || self.is_of_another_service(certificate);
            if certificate.validity.contains(self.now)
                && let Some(message) = self.compromised_key(certificate)
            {
                self.report.found(path, &rules::KEY_COMPROMISED, message);
            }
            if certificate.validity.contains(self.now) && !expected {
                let message = format!(
                    "`{}` is not described, and valid until {}",
                    certificate.subject,
                    certificate.validity.not_after.date()
                );
                self.report.found(path, &rules::UNDESCRIBED, message);
            }
        }
        let mut all: Vec<(String, Certificate)> = Vec::new();
        for stored in &self.authorities {
            all.push((
                self.pki.locate_authority(stored),
                stored.certificate.clone(),
            ));
        }
        for stored in checked.into_iter().filter_map(|leaf| leaf.stored) {
            all.push((self.pki.locate_leaf(&stored), stored.certificate().clone()));
        }
        all.extend(undescribed);
        all.extend(self.pki.superseded()?);
        // A copy of another one shares its number.
        all.retain(|(path, _)| !self.damaged.contains(path));
        for shared in lint::serials(all.iter().map(|(_, certificate)| certificate)) {
            if let Some((path, _)) = all.get(shared.other) {
                self.report.violations(path, vec![shared.violation]);
            }
        }
        Ok(())
    }

    fn is_of_another_service(&self, certificate: &Certificate) -> bool {
        let mut authorities = self.authorities.iter();
        authorities.any(|stored| stored.signed_for_another_service(certificate))
    }

    fn undescribed_authorities(&mut self) -> Result<(), StoreError> {
        for name in self.pki.authority_names()? {
            if name.is_described(self.cluster) {
                continue;
            }
            match self.pki.authority(name) {
                Ok(Some(stored)) if stored.certificate.validity.contains(self.now) => {
                    let message = format!(
                        "the {name} authority is not described, and valid until {}",
                        stored.certificate.validity.not_after.date()
                    );
                    let path = self.pki.locate_authority(&stored);
                    self.report.found(&path, &rules::UNDESCRIBED, message);
                }
                Ok(_) => {}
                Err(error) => self.report.unreadable(error)?,
            }
        }
        Ok(())
    }

    fn undescribed(&mut self) -> Result<Vec<(String, Certificate)>, StoreError> {
        let described = leaves(self.cluster);
        match self.pki.undescribed(described.iter().map(|leaf| &leaf.id)) {
            Ok(found) => Ok(found),
            Err(error) => self.report.unreadable(error).map(|()| Vec::new()),
        }
    }
}
