//! What was found, for Prometheus.

use std::collections::BTreeMap;

use pki_core::lint::Severity;
use pki_core::live::{Port, Sighting};

use crate::etcdpki::prometheus::{Exposition, Labels, count};
use crate::etcdpki::verify::Whole;

/// How often each rule is broken, and what members present.
pub(super) fn text(whole: &Whole, sightings: Option<&[Sighting]>) -> String {
    let cluster = whole.cluster.name.as_str();
    let findings = &whole.report.findings;
    let mut exposition = Exposition::default();
    let totals = Severity::ALL.map(|severity| {
        let labels = Labels::new(&[("cluster", cluster), ("severity", severity.as_str())]);
        (labels, count(whole.report.count(severity)))
    });
    exposition.gauge(
        "etcdpki_findings",
        "How much was found by etcdpki doctor.",
        totals.iter().map(|(labels, count)| (labels, *count)),
    );
    let mut by_code: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *by_code.entry(finding.lint.code).or_default() += 1;
    }
    let by_code = by_code.into_iter().map(|(code, found)| {
        let labels = Labels::new(&[("cluster", cluster), ("code", code)]);
        (labels, count(found))
    });
    let by_code: Vec<_> = by_code.collect();
    exposition.gauge(
        "etcdpki_rule_broken",
        "How often a rule is broken, by its code.",
        by_code.iter().map(|(labels, count)| (labels, *count)),
    );
    if let Some(sightings) = sightings {
        of_members(&mut exposition, cluster, sightings);
    }
    exposition.into_text()
}

fn of_members(exposition: &mut Exposition, cluster: &str, sightings: &[Sighting]) {
    let ports = sightings.iter().flat_map(|member| {
        [("client", &member.client), ("peer", &member.peer)].map(|(port, seen)| {
            let labels = [
                ("cluster", cluster),
                ("member", member.name.as_str()),
                ("port", port),
            ];
            (Labels::new(&labels), seen)
        })
    });
    let ports: Vec<(Labels, &Port)> = ports.collect();
    exposition.gauge(
        "etcdpki_member_reached",
        "1 if the member answers with TLS on this port.",
        ports
            .iter()
            .map(|(labels, port)| (labels, i64::from(port.presented.is_ok()))),
    );
    exposition.gauge(
        "etcdpki_member_certificate_not_after_seconds",
        "End of the certificate that the member presents.",
        ports.iter().filter_map(|(labels, port)| {
            let shown = port.presented.as_ref().ok()?.first()?;
            Some((labels, shown.validity.not_after.unix_timestamp()))
        }),
    );
    let clocks = sightings.iter().filter_map(|member| {
        let answer = member.answered()?;
        let labels = [("cluster", cluster), ("member", member.name.as_str())];
        Some((Labels::new(&labels), answer.clock_ahead?.whole_seconds()))
    });
    let clocks: Vec<_> = clocks.collect();
    exposition.gauge(
        "etcdpki_member_clock_ahead_seconds",
        "How far the clock of the member is ahead of the one of this machine.",
        clocks.iter().map(|(labels, ahead)| (labels, *ahead)),
    );
}
