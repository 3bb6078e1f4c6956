//! The status in Prometheus' text exposition format 0.0.4.

use std::fmt::Write as _;

use pki_core::Cluster;
use pki_core::status::{Current, Entry, Status};

/// Every figure as a gauge, instants in seconds since 1970.
pub(super) fn text(cluster: &Cluster, status: &Status) -> String {
    let mut samples = Vec::new();
    let cluster = cluster.name.to_string();
    for entry in &status.authorities {
        let labels = [
            ("cluster", cluster.clone()),
            ("kind", "authority".to_owned()),
            ("name", entry.name.to_string()),
            ("role", String::new()),
        ];
        samples.push(Sample::new(entry, &labels));
    }
    for entry in &status.leaves {
        let labels = [
            ("cluster", cluster.clone()),
            ("kind", "leaf".to_owned()),
            ("name", entry.name.owner.to_string()),
            ("role", entry.name.role.to_string()),
        ];
        samples.push(Sample::new(entry, &labels));
    }
    let mut text = String::new();
    gauge(
        &mut text,
        "etcdpki_certificate_not_after_seconds",
        "End of the certificate's own validity.",
        samples.iter().map(|one| {
            (
                one,
                one.seconds(|it| it.certificate.validity.not_after.unix_timestamp()),
            )
        }),
    );
    gauge(
        &mut text,
        "etcdpki_certificate_effective_not_after_seconds",
        "End of the first certificate of its path, the root included.",
        samples
            .iter()
            .map(|one| (one, one.seconds(|it| it.effective_end.unix_timestamp()))),
    );
    gauge(
        &mut text,
        "etcdpki_certificate_due_from_seconds",
        "From when it is due for renewal.",
        samples
            .iter()
            .map(|one| (one, one.seconds(|it| it.due_from.unix_timestamp()))),
    );
    gauge(
        &mut text,
        "etcdpki_certificate_due",
        "1 if it is due, has expired, is revoked or missing, or cannot be read.",
        samples.iter().map(|one| (one, Some(i64::from(one.due)))),
    );
    write_single(&mut text, &cluster, status);
    text
}

struct Sample<'a> {
    labels: String,
    current: Option<&'a Current>,
    due: bool,
}

impl<'a> Sample<'a> {
    fn new<N>(entry: &'a Entry<N>, labels: &[(&str, String)]) -> Self {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        Self {
            labels: labels.join(","),
            current: entry.current.as_ref(),
            due: entry.standing.is_due(),
        }
    }

    fn seconds(&self, at: impl Fn(&Current) -> i64) -> Option<i64> {
        self.current.map(at)
    }
}

fn gauge<'a>(
    text: &mut String,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = (&'a Sample<'a>, Option<i64>)>,
) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (sample, value) in samples {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}{{{}}} {value}", sample.labels);
        }
    }
}

fn write_single(text: &mut String, cluster: &str, status: &Status) {
    let mut single = |name: &str, help: &str, value: i64| {
        let cluster = escaped(cluster);
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        let _ = writeln!(text, "{name}{{cluster=\"{cluster}\"}} {value}");
    };
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
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

/// A label value: backslash, quote and line feed are escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
