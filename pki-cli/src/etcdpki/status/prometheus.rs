//! The status for Prometheus.

use pki_core::Cluster;
use pki_core::rotation::Underway;
use pki_core::status::{Current, Entry, Status};

use crate::etcdpki::prometheus::{Exposition, Labels, count};

/// Every figure as a gauge.
pub(super) fn text(cluster: &Cluster, status: &Status, underway: Option<&Underway>) -> String {
    let cluster = cluster.name.as_str();
    let authorities = status.authorities.iter().map(|entry| {
        let labels = [
            ("cluster", cluster),
            ("kind", "authority"),
            ("name", &entry.name.to_string()),
            ("role", ""),
        ];
        Sample::new(entry, &labels)
    });
    let leaves = status.leaves.iter().map(|entry| {
        let labels = [
            ("cluster", cluster),
            ("kind", "leaf"),
            ("name", &entry.name.owner.to_string()),
            ("role", &entry.name.role.to_string()),
        ];
        Sample::new(entry, &labels)
    });
    let samples: Vec<_> = authorities.chain(leaves).collect();
    let seconds = |at: fn(&Current) -> i64| {
        samples
            .iter()
            .filter_map(move |sample| Some((&sample.labels, at(sample.current?))))
    };
    let mut exposition = Exposition::default();
    exposition.gauge(
        "etcdpki_certificate_not_after_seconds",
        "End of the certificate's own validity.",
        seconds(|it| it.certificate.validity.not_after.unix_timestamp()),
    );
    exposition.gauge(
        "etcdpki_certificate_effective_not_after_seconds",
        "End of the first certificate of its path, the root included.",
        seconds(|it| it.effective_end.unix_timestamp()),
    );
    exposition.gauge(
        "etcdpki_certificate_due_from_seconds",
        "From when it is due for renewal.",
        seconds(|it| it.due_from.unix_timestamp()),
    );
    exposition.gauge(
        "etcdpki_certificate_due",
        "1 if it is due, has expired, is revoked or missing, or cannot be read.",
        samples
            .iter()
            .map(|sample| (&sample.labels, i64::from(sample.due))),
    );
    of_the_whole(&mut exposition, cluster, status);
    if let Some(underway) = underway {
        let labels = Labels::new(&[
            ("cluster", cluster),
            ("authority", &underway.authority.to_string()),
            ("procedure", underway.procedure.as_str()),
            ("next", underway.next.as_str()),
        ]);
        exposition.gauge(
            "etcdpki_rotation_underway",
            "1 while an authority is being replaced and a step is to come.",
            [(&labels, 1)],
        );
    }
    exposition.into_text()
}

struct Sample<'a> {
    labels: Labels,
    current: Option<&'a Current>,
    due: bool,
}

impl<'a> Sample<'a> {
    fn new<N>(entry: &'a Entry<N>, labels: &[(&str, &str)]) -> Self {
        Self {
            labels: Labels::new(labels),
            current: entry.current.as_ref(),
            due: entry.standing.is_due(),
        }
    }
}

fn of_the_whole(exposition: &mut Exposition, cluster: &str, status: &Status) {
    let labels = Labels::new(&[("cluster", cluster)]);
    let mut single = |name: &str, help: &str, value: i64| {
        exposition.gauge(name, help, [(&labels, value)]);
    };
    single(
        "etcdpki_undescribed_certificates",
        "Certificates that are valid and not described.",
        count(status.undescribed.len()),
    );
    if let Some(list) = &status.revocation_list {
        single(
            "etcdpki_crl_revoked_certificates",
            "Certificates on the revocation list.",
            count(list.revoked),
        );
        single(
            "etcdpki_crl_due",
            "1 if the revocation list is outdated or cannot be read.",
            i64::from(list.is_due),
        );
        if let Some(next) = list.next_update {
            single(
                "etcdpki_crl_next_update_seconds",
                "When the next revocation list is due.",
                next.unix_timestamp(),
            );
        }
    }
}
