//! The leaves of a PKI, on every core.

use rayon::prelude::*;

use super::{Check, Report, records, rules};
use crate::certificate::{AlternativeName, Certificate};
use crate::leaf::{Leaf, leaves};
use crate::lint;
use crate::progress::Work;
use crate::role::Usage;
use crate::rotation::Underway;
use crate::store::{Store, StoreError, StoredLeaf};
use crate::verify::check_name;

/// A leaf that was looked for.
pub(super) struct Checked {
    report: Report,
    pub(super) stored: Option<StoredLeaf>,
}

impl<S: Store + Sync> Check<'_, S> {
    /// Checks every leaf, and returns them in the order of the description.
    pub(super) fn leaves(&mut self) -> Result<Vec<Checked>, StoreError> {
        let described = leaves(self.cluster);
        let watched = self.pki.begin(Work::Verify, described.len());
        let mut checked: Vec<Checked> = described
            .par_iter()
            .map(|leaf| self.leaf(leaf).inspect(|_| watched.advance()))
            .collect::<Result<_, _>>()?;
        for leaf in &mut checked {
            let report = std::mem::take(&mut leaf.report);
            self.report.leaves += report.leaves;
            // Certificates that cannot be read were found before.
            let news = report.findings.into_iter().filter(|finding| {
                *finding.lint != rules::UNREADABLE || !self.damaged.contains(&finding.path)
            });
            self.report.findings.extend(news);
        }
        Ok(checked)
    }

    fn leaf(&self, leaf: &Leaf) -> Result<Checked, StoreError> {
        let mut report = Report::default();
        let stored = match self.pki.leaf(&leaf.id) {
            Ok(stored) => stored,
            Err(error) => {
                report.unreadable(error)?;
                let stored = None;
                return Ok(Checked { report, stored });
            }
        };
        match &stored {
            Some(stored) => self.stored_leaf(leaf, stored, &mut report)?,
            None => {
                let path = format!("certificates/{}", leaf.id);
                let path = self.pki.store().locate(&path);
                report.found(&path, &rules::MISSING, "it is missing");
            }
        }
        Ok(Checked { report, stored })
    }

    fn stored_leaf(
        &self,
        leaf: &Leaf,
        stored: &StoredLeaf,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        report.leaves = 1;
        let path = self.pki.locate_leaf(stored);
        // One that belongs elsewhere fits nothing here, and issuing it anew is not the way out.
        if self.damaged.contains(&path) {
            return Ok(());
        }
        let certificate = stored.certificate();
        let adopted = self.pki.is_adopted(stored)?;
        let is_described = leaf.fits(certificate, adopted);
        let waits = self
            .underway
            .filter(|_| !is_described && !self.may_be_issued(leaf));
        if let Some(Underway {
            authority,
            procedure,
            next,
        }) = waits
        {
            let message = format!(
                "its names are not those described, which the authorities in use may not sign: the rotation of the {authority} CA by {procedure} is under way, and its next step is {next}"
            );
            report.found(&path, &rules::WAITS_FOR_ROTATION, message);
        } else if !is_described {
            let message = "its names, usages or subject are not those described";
            report.found(&path, &rules::NOT_AS_DESCRIBED, message);
        }
        self.rules(&path, leaf, stored, report);
        self.paths(&path, leaf, stored, adopted, report);
        if !adopted && waits.is_none() {
            self.names(&path, leaf, certificate, report);
        }
        if self.keys.is_some() && !self.pki.has_leaf_key(stored)? {
            let path = self.pki.locate_leaf_key(stored);
            report.found(&path, &rules::KEY_MISSING, "the file is missing");
        }
        Ok(())
    }

    /// Whether every authority in use may sign its names.
    fn may_be_issued(&self, leaf: &Leaf) -> bool {
        let names = leaf.profile.names().iter().cloned();
        let names: Vec<_> = names.map(AlternativeName::from).collect();
        let mut chain = self.authorities.iter().filter(|one| !one.name.is_other());
        chain.all(|one| names.iter().all(|name| one.certificate.may_sign(name)))
    }

    fn rules(&self, path: &str, leaf: &Leaf, stored: &StoredLeaf, report: &mut Report) {
        let certificate = stored.certificate();
        let mut violations = lint::certificate(certificate);
        if let Some(issuer) = stored.chain.get(1) {
            violations.extend(lint::issued(certificate, issuer));
        }
        let gateway = self.cluster.grpc_gateway;
        violations.extend(lint::role(certificate, leaf.id.role, gateway));
        // Authorities of the chain that are kept here have been looked at already.
        let kept = |one: &Certificate| {
            self.authorities
                .iter()
                .any(|stored| stored.certificate == *one)
        };
        for authority in stored.chain.iter().skip(1) {
            if kept(authority) {
                continue;
            }
            violations.extend(lint::certificate(authority));
            // A cross-certificate stands beside its twin, not below its issuer.
            let mut issuers = stored.chain.iter().skip(1);
            let issuer = issuers.find(|issuer| authority.is_issued_by(issuer));
            violations.extend(
                issuer
                    .map(|issuer| lint::issued(authority, issuer))
                    .into_iter()
                    .flatten(),
            );
        }
        report.violations(path, violations);
        if let Some(message) = self.compromised_key(certificate) {
            report.found(path, &rules::KEY_COMPROMISED, message);
        }
        let reason = |one: &Certificate| self.revoked.get(&one.serial).copied();
        if let Some(reason) = reason(certificate) {
            report.found(path, &rules::REVOKED, records::of_leaf(reason));
        }
        let above = stored.chain.iter().skip(1);
        for (authority, reason) in above.filter_map(|one| Some((one, reason(one)?))) {
            let of = records::of_authority(reason);
            let message = format!("`{}` in it: {of}", authority.subject);
            report.found(path, &rules::REVOKED_AUTHORITY, message);
        }
    }

    /// One that was adopted may have more usages than we would give it.
    fn paths(
        &self,
        path: &str,
        leaf: &Leaf,
        stored: &StoredLeaf,
        adopted: bool,
        report: &mut Report,
    ) {
        // Where a path fails, and why: what fails everywhere for one reason is told once.
        let mut failures: Vec<(String, Vec<String>)> = Vec::new();
        for (name, anchors) in &self.anchors {
            for usage in [Usage::ServerAuth, Usage::ClientAuth] {
                let result =
                    self.validator
                        .validate_linted(&stored.chain, anchors, usage, self.now);
                let wanted = leaf.profile.usages().contains(&usage);
                match result {
                    Err(_) if !wanted => {}
                    Ok(()) if wanted || adopted => {}
                    Ok(()) => {
                        let message =
                            format!("it can be used for {usage}, which its role must not");
                        report.found(path, &rules::UNWANTED_USAGE, message);
                    }
                    Err(error) => {
                        let place = format!("as {usage} under the {name} authority");
                        let error = error.to_string();
                        match failures.iter_mut().find(|(known, _)| *known == error) {
                            Some((_, places)) => places.push(place),
                            None => failures.push((error, vec![place])),
                        }
                    }
                }
            }
        }
        let all = self.anchors.len() * leaf.profile.usages().len();
        for (error, places) in failures {
            let message = match places.len() == all {
                true => error,
                false => format!("{}: {error}", places.join(", ")),
            };
            report.found(path, &rules::PATH, message);
        }
    }

    fn names(&self, path: &str, leaf: &Leaf, certificate: &Certificate, report: &mut Report) {
        let names = leaf.profile.names().iter().cloned();
        for name in names.map(AlternativeName::from) {
            if let Err(error) = check_name(certificate, &name) {
                report.found(path, &rules::NAME, format!("`{name}`: {error}"));
            }
        }
    }
}
