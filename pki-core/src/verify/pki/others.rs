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
        let undescribed = self.undescribed()?;
        for (path, certificate) in &undescribed {
            let list = self.revoked.as_ref();
            let is_revoked = list.is_some_and(|list| list.lists(certificate));
            if certificate.validity.contains(self.now) && !is_revoked {
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
        for shared in lint::serials(all.iter().map(|(_, certificate)| certificate)) {
            if let Some((path, _)) = all.get(shared.other) {
                self.report.violations(path, vec![shared.violation]);
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
