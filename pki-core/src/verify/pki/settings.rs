//! What is described and counts for the next issue only.

use std::collections::BTreeMap;

use time::Duration;

use super::leaves::Checked;
use super::{Check, rules};
use crate::certificate::Certificate;
use crate::lifetime::Lifetime;
use crate::store::{Store, StoredAuthority};

impl<S: Store + Sync> Check<'_, S> {
    /// Compares keys, lifetimes and the settings of authorities.
    pub(super) fn settings(&mut self, leaves: &[Checked]) {
        for stored in self.authorities.clone() {
            let path = self.pki.locate_authority(&stored);
            for message in self.authority_settings(&stored) {
                self.report.found(&path, &rules::FOR_NEXT_ISSUE, message);
            }
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for leaf in leaves.iter().filter_map(|leaf| leaf.stored.as_ref()) {
            let issuer = leaf.chain.get(1);
            for message in self.leaf_settings(leaf.certificate(), issuer) {
                *counts.entry(message).or_default() += 1;
            }
        }
        let path = self.pki.store().locate("certificates");
        for (message, count) in counts {
            let message = match count {
                1 => format!("1 certificate: {message}"),
                many => format!("{many} certificates: {message}"),
            };
            self.report.found(&path, &rules::FOR_NEXT_ISSUE, message);
        }
    }

    fn authority_settings(&self, stored: &StoredAuthority) -> Vec<String> {
        let certificate = &stored.certificate;
        let setting = stored.name.setting(self.cluster);
        let profile = stored.name.profile(self.cluster, stored.generation);
        let issuer = stored.name.issuer(self.cluster);
        let issuer = issuer.and_then(|issuer| self.find(issuer));
        let mut differences = Vec::new();
        differences.extend(other_key(certificate, &setting.key.to_string()));
        // One that was signed again keeps the name that its key was given, and the end that it had.
        let mut earlier = (1..stored.generation).map(|generation| {
            let profile = stored.name.profile(self.cluster, generation);
            profile.subject().to_string()
        });
        let is_signed_again = earlier.any(|name| name == certificate.subject);
        if !is_signed_again {
            differences.extend(self.other_lifetime(certificate, setting.lifetime, issuer));
        }
        let path_len = certificate
            .authority
            .and_then(|authority| authority.path_len);
        if path_len != profile.path_len().map(u32::from) {
            let has = path_len.map_or("none".to_owned(), |length| length.to_string());
            let wanted = profile.path_len().unwrap_or_default();
            differences.push(format!(
                "its path length is {has}, and {wanted} is described"
            ));
        }
        if certificate.name_constraints.as_ref() != profile.constraints() {
            differences.push("its name constraints are not those described".to_owned());
        }
        if !is_signed_again && certificate.subject != profile.subject().to_string() {
            differences.push(format!(
                "its subject is `{}`, and `{}` is described",
                certificate.subject,
                profile.subject()
            ));
        }
        differences
    }

    fn leaf_settings(
        &self,
        certificate: &Certificate,
        issuer: Option<&Certificate>,
    ) -> Vec<String> {
        let settings = &self.cluster.certificates;
        let mut differences = Vec::new();
        differences.extend(other_key(certificate, &settings.key.to_string()));
        differences.extend(self.other_lifetime(certificate, settings.lifetime, issuer));
        differences
    }

    /// A lifetime that was cut to the issuer's says nothing of what was described.
    fn other_lifetime(
        &self,
        certificate: &Certificate,
        described: Lifetime,
        issuer: Option<&Certificate>,
    ) -> Option<String> {
        let validity = &certificate.validity;
        if issuer.is_some_and(|issuer| issuer.validity.not_after == validity.not_after) {
            return None;
        }
        let whole = validity.not_after - validity.not_before;
        let described_whole = described.as_duration();
        // Backdating comes before the lifetime; that it was another one is of no interest.
        let backdated = whole - described_whole;
        let tolerated = Duration::ZERO..=Duration::days(1);
        match tolerated.contains(&backdated) {
            true => None,
            false => Some(format!(
                "the lifetime is {} days, and {described} is described",
                whole.whole_days()
            )),
        }
    }
}

fn other_key(certificate: &Certificate, described: &str) -> Option<String> {
    let has = &certificate.key_algorithm;
    (has != described).then(|| format!("the key is {has}, and {described} is described"))
}
