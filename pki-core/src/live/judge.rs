//! What of a sighting is not as it must be.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};

use super::{Answer, Port, Refusal, Sighting, Unseen};
use crate::certificate::{AlternativeName, Certificate};
use crate::description::{Cluster, Node};
use crate::leaf::LeafId;
use crate::lint::{Lint, member as rules};
use crate::role::{Role, Usage};
use crate::store::{Pki, Store, StoreError, StoredLeaf};
use crate::trust::{Bundles, StandingError, standing};
use crate::verify::{Anchors, Finding, PathValidator, check_name};

/// How far clocks may be apart: the `Date` of an answer has whole seconds, and certificates are
/// backdated by ten minutes unless described otherwise.
const CLOCK_TOLERANCE: Duration = Duration::MINUTE;

/// Tells what is not as it must be. The path of a finding is the member and its address.
///
/// # Errors
///
/// When the store itself cannot be read. What is wrong with a file in it is for
/// [`crate::verify::verify`] to find, and nothing is held against it here.
pub fn judge<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    sightings: &[Sighting],
    now: OffsetDateTime,
) -> Result<Vec<Finding>, StoreError> {
    let bundles = match standing(cluster, pki) {
        Ok(bundles) => Some(bundles),
        Err(StandingError::Store(error @ StoreError::Io { .. })) => return Err(error),
        Err(_) => None,
    };
    let mut court = Court {
        cluster,
        pki,
        bundles,
        now,
        findings: Vec::new(),
    };
    for sighting in sightings {
        for (port, role) in [
            (&sighting.client, Role::Server),
            (&sighting.peer, Role::Peer),
        ] {
            // What cannot be read is found by who verifies the PKI.
            let newest = LeafId::of_node(cluster, &sighting.name, role);
            let newest = pki.leaf(&newest).ok().flatten();
            court.port(sighting, port, role, newest.as_ref())?;
        }
        match &sighting.answer {
            Some(Ok(answer)) => court.answer(sighting, answer),
            Some(Err(refusal)) if sighting.client.presented.is_ok() => {
                court.refused(&sighting.client.locate(&sighting.name), refusal);
            }
            _ => {}
        }
    }
    court.together(sightings);
    Ok(court.findings)
}

/// Whether a finding says that a member has not what it must have, or does not serve, so that no
/// further one should be restarted and no step of a rotation made.
pub fn is_behind(finding: &Finding) -> bool {
    [
        &rules::UNREACHABLE,
        &rules::NO_HANDSHAKE,
        &rules::CERTIFICATE_STALE,
        &rules::CERTIFICATE_REFUSED,
        &rules::CHAIN_STALE,
        &rules::TRUST_STALE,
        &rules::HANGS_UP,
        &rules::UNHEALTHY,
        &rules::APART,
    ]
    .contains(&finding.lint)
}

struct Court<'a, S> {
    cluster: &'a Cluster,
    pki: &'a Pki<S>,
    bundles: Option<Bundles>,
    now: OffsetDateTime,
    findings: Vec<Finding>,
}

impl<S: Store> Court<'_, S> {
    fn found(&mut self, path: &str, lint: &'static Lint, message: impl Into<String>) {
        self.findings.push(Finding {
            path: path.to_owned(),
            lint,
            message: message.into(),
        });
    }

    fn port(
        &mut self,
        sighting: &Sighting,
        port: &Port,
        role: Role,
        newest: Option<&StoredLeaf>,
    ) -> Result<(), StoreError> {
        let path = port.locate(&sighting.name);
        let presented = match &port.presented {
            Ok(presented) => presented,
            Err(Unseen::Unreached(why)) => {
                let message = format!("it is not reached: {why}");
                self.found(&path, &rules::UNREACHABLE, message);
                return Ok(());
            }
            Err(Unseen::NoHandshake(why)) => {
                let message = format!("there is no TLS handshake with it: {why}");
                self.found(&path, &rules::NO_HANDSHAKE, message);
                return Ok(());
            }
        };
        if port.takes_strangers {
            let message = match role {
                Role::Peer => "it answers other members that show no certificate",
                _ => "it answers clients that show no certificate",
            };
            self.found(&path, &rules::TAKES_STRANGERS, message);
        }
        let (Some(shown), Some(newest)) = (presented.first(), newest) else {
            return Ok(());
        };
        let serial = shown.serial_text();
        if shown == newest.certificate() {
            if presented[1..] != newest.chain[1..] {
                let message = format!(
                    "with its certificate {serial} it sends {} along, and not {}",
                    subjects(&presented[1..]),
                    subjects(&newest.chain[1..])
                );
                self.found(&path, &rules::CHAIN_STALE, message);
            }
            return Ok(());
        }
        let which = match self.pki.find(shown)? {
            Some(place) => format!("the certificate {serial}, which is {place}"),
            None => format!(
                "the certificate {serial} of `{}`, which is none in pki/",
                shown.issuer
            ),
        };
        let wanted = format!("the newest is generation {}", newest.generation);
        match self.refusal(sighting, presented, role)? {
            Some(refusal) => {
                let message = format!("it presents {which}: {refusal}; {wanted}");
                self.found(&path, &rules::CERTIFICATE_REFUSED, message);
            }
            None => {
                let until = shown.validity.not_after.date();
                let message = format!("it presents {which}, and holds until {until}; {wanted}");
                self.found(&path, &rules::CERTIFICATE_STALE, message);
            }
        }
        Ok(())
    }

    /// Why somebody refuses what a member presents, if it is known that anybody does.
    fn refusal(
        &self,
        sighting: &Sighting,
        presented: &[Certificate],
        role: Role,
    ) -> Result<Option<String>, StoreError> {
        let Some(shown) = presented.first() else {
            return Ok(None);
        };
        // A record that cannot be read is found by who verifies the PKI.
        let mut records = self.pki.each_revocation()?.into_iter().flatten();
        if records.any(|record| record.is_active() && record.serial == shown.serial) {
            return Ok(Some("it is revoked".to_owned()));
        }
        let Some(bundles) = &self.bundles else {
            return Ok(None);
        };
        let path = self.refusal_of_path(bundles, presented, role);
        Ok(path.or_else(|| self.refusal_of_name(sighting, shown)))
    }

    fn refusal_of_path(
        &self,
        bundles: &Bundles,
        presented: &[Certificate],
        role: Role,
    ) -> Option<String> {
        let (anchors, usages): (_, &[Usage]) = match role {
            Role::Peer => (&bundles.members, &[Usage::ServerAuth, Usage::ClientAuth]),
            _ => (&bundles.clients, &[Usage::ServerAuth]),
        };
        let anchors = Anchors::new(anchors).ok()?;
        let validator = PathValidator::new();
        usages.iter().find_map(|usage| {
            let result = validator.validate(presented, &anchors, *usage, self.now);
            result.err().map(|error| format!("as {usage}: {error}"))
        })
    }

    fn refusal_of_name(&self, sighting: &Sighting, shown: &Certificate) -> Option<String> {
        let node = self.node(sighting)?;
        let dialled = std::iter::once(AlternativeName::Dns(node.fqdn.to_string()))
            .chain(node.addresses.iter().copied().map(AlternativeName::Ip));
        let mut names = dialled.into_iter();
        names.find_map(|name| {
            let result = check_name(shown, &name);
            result.err().map(|error| format!("as `{name}`: {error}"))
        })
    }

    fn node(&self, sighting: &Sighting) -> Option<&Node> {
        let mut nodes = self.cluster.nodes.iter();
        nodes.find(|node| node.name == sighting.name)
    }

    fn refused(&mut self, path: &str, refusal: &Refusal) {
        let (rule, message) = match refusal {
            Refusal::Certificate(why) => (
                &rules::TRUST_STALE,
                format!(
                    "it has not loaded what members trust now, or its clock is wrong, for it refuses a certificate that holds under that: {why}"
                ),
            ),
            Refusal::HungUp => (
                &rules::HANGS_UP,
                "it takes a client's certificate, and hangs up".to_owned(),
            ),
            Refusal::NoAnswer(why) => (
                &rules::UNHEALTHY,
                format!("it does not say whether it is healthy: {why}"),
            ),
        };
        self.found(path, rule, message);
    }

    fn answer(&mut self, sighting: &Sighting, answer: &Answer) {
        let path = sighting.client.locate(&sighting.name);
        // Who takes everybody takes these too.
        if !sighting.client.takes_strangers {
            for replaced in &sighting.still_trusts {
                let message = format!("it takes clients of the {replaced}");
                self.found(&path, &rules::REPLACED_TRUSTED, message);
            }
        }
        if let Some(ailment) = &answer.ailment {
            self.found(&path, &rules::UNHEALTHY, ailment);
        }
        if let (Some(runs), Some(described)) = (&answer.version, self.cluster.etcd.version)
            && !described.includes(runs)
        {
            let message = format!("it runs etcd {runs}, and etcd.version is {described}");
            self.found(&path, &rules::VERSION, message);
        }
        if let Some(ahead) = answer.clock_ahead
            && ahead.abs() > CLOCK_TOLERANCE
        {
            let seconds = ahead.whole_seconds();
            let way = if ahead.is_negative() { "late" } else { "ahead" };
            let message = format!("its clock is {} s {way} of this one", seconds.abs());
            self.found(&path, &rules::CLOCK, message);
        }
    }

    /// What members say, held against each other and against the description.
    fn together(&mut self, sightings: &[Sighting]) {
        let answers = sightings
            .iter()
            .filter_map(|sighting| Some((sighting, sighting.answered()?)));
        let answers: Vec<_> = answers.collect();
        let mut first: Option<(&Sighting, &str)> = None;
        for (sighting, answer) in &answers {
            let Some(id) = answer.cluster_id.as_deref() else {
                continue;
            };
            match first {
                None => first = Some((sighting, id)),
                Some((other, known)) if known != id => {
                    let path = sighting.client.locate(&sighting.name);
                    let message = format!(
                        "it is of cluster {id}, and {} of cluster {known}",
                        other.name
                    );
                    self.found(&path, &rules::APART, message);
                }
                Some(_) => {}
            }
        }
        // All members of one cluster have one list.
        let list = answers.iter().find_map(|(sighting, answer)| {
            let members = answer.members.as_ref()?;
            Some((*sighting, members))
        });
        if let Some((sighting, members)) = list {
            self.membership(&sighting.client.locate(&sighting.name), members);
        }
    }

    fn membership(&mut self, path: &str, members: &[String]) {
        let described: BTreeSet<&str> = self
            .cluster
            .nodes
            .iter()
            .map(|node| node.name.as_str())
            .collect();
        let known: BTreeSet<&str> = members.iter().map(String::as_str).collect();
        let waits = members.iter().filter(|name| name.is_empty()).count();
        if waits > 0 {
            let message = format!("{waits} of its members were added and never started");
            self.found(path, &rules::MEMBERSHIP, message);
        }
        let foreign: Vec<_> = known
            .difference(&described)
            .filter(|name| !name.is_empty())
            .copied()
            .collect();
        if !foreign.is_empty() {
            let message = format!("members that are not described: {}", foreign.join(", "));
            self.found(path, &rules::MEMBERSHIP, message);
        }
        let missing: Vec<_> = described.difference(&known).copied().collect();
        if !missing.is_empty() && waits == 0 {
            let message = format!("described, and no members: {}", missing.join(", "));
            self.found(path, &rules::MEMBERSHIP, message);
        }
    }
}

fn subjects(certificates: &[Certificate]) -> String {
    let subjects: Vec<_> = certificates
        .iter()
        .map(|one| format!("`{}`", one.subject))
        .collect();
    match subjects.is_empty() {
        true => "nothing".to_owned(),
        false => subjects.join(", "),
    }
}

#[cfg(test)]
mod tests;
