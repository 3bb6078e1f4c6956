//! The status of many PKIs for Prometheus.

use super::view::{PkiView, Summary, View};
use crate::etcdpki::prometheus::{Exposition, Labels, count};

/// Every figure as a gauge, with the store and the cluster as labels.
pub(super) fn text(view: &View) -> String {
    let mut exposition = Exposition::default();
    let stores: Vec<_> = view
        .pkis
        .iter()
        .map(|pki| (Labels::new(&[("store", &pki.store)]), pki))
        .collect();
    exposition.gauge(
        "etcdpki_pki_read",
        "1 if the PKI could be read.",
        stores
            .iter()
            .map(|(labels, pki)| (labels, i64::from(pki.summary.is_some()))),
    );
    let read: Vec<_> = view.pkis.iter().filter_map(Sample::of).collect();
    let mut gauge = |name: &str, help: &str, value: fn(&Summary) -> Option<i64>| {
        let samples = read.iter();
        let samples = samples.filter_map(|one| Some((&one.labels, value(one.summary)?)));
        exposition.gauge(name, help, samples);
    };
    gauge("etcdpki_pki_nodes", "Nodes that are described.", |it| {
        Some(count(it.nodes))
    });
    gauge("etcdpki_pki_clients", "Clients that are described.", |it| {
        Some(count(it.clients))
    });
    gauge(
        "etcdpki_pki_due",
        "Certificates and lists that are due, have expired, are revoked or missing, or cannot be read.",
        |it| Some(count(it.due)),
    );
    gauge(
        "etcdpki_pki_first_not_after_seconds",
        "End of what ends first, along its path.",
        |it| Some(it.first_end.as_ref()?.at.unix_timestamp()),
    );
    gauge(
        "etcdpki_undescribed_certificates",
        "Certificates that are valid and not described.",
        |it| Some(count(it.undescribed)),
    );
    gauge(
        "etcdpki_pki_rotation_underway",
        "1 while an authority is being replaced and a step is to come.",
        |it| Some(i64::from(it.rotation.is_some())),
    );
    exposition.into_text()
}

struct Sample<'a> {
    labels: Labels,
    summary: &'a Summary,
}

impl<'a> Sample<'a> {
    fn of(pki: &'a PkiView) -> Option<Self> {
        let summary = pki.summary.as_ref()?;
        Some(Self {
            labels: Labels::new(&[("store", &pki.store), ("cluster", &summary.cluster)]),
            summary,
        })
    }
}
