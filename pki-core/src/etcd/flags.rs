//! Every flag of etcd 3.4 to 3.7: since when it is there, until when, and what it is called later.
//!
//! From `etcd --help` and the sources of all releases up to 3.4.45, 3.5.33, 3.6.14 and 3.7.1.

use std::fmt;

use super::{EtcdSeries, EtcdVersion};

/// A flag of etcd.
#[derive(Debug, Eq, PartialEq)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: &'static str,
    /// Whether it is on or off: its value can be left out, and is never the next argument.
    pub is_switch: bool,
    /// The releases that have it.
    releases: Releases,
}

impl Flag {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        let name = self.name.to_ascii_uppercase().replace('-', "_");
        format!("{PREFIX}{name}")
    }

    /// The releases that have it.
    pub fn releases(&self) -> Releases {
        self.releases
    }

    /// What sets the same in later series, and the first of these.
    pub fn successor(&self) -> Option<Successor> {
        let renamed = |(series, pairs): &(EtcdSeries, &[(&str, &'static str)])| {
            let (_, name) = pairs.iter().find(|(old, _)| *old == self.name)?;
            Some(Successor {
                series: *series,
                setting: name,
            })
        };
        SUCCESSORS.iter().find_map(renamed)
    }
}

/// What sets the same as a flag that is gone, or will be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Successor {
    /// The series from which on it is there.
    pub series: EtcdSeries,
    /// It: a flag, with its value where that is given.
    pub setting: &'static str,
}

impl Successor {
    /// The name of the flag.
    pub fn flag(self) -> &'static str {
        match self.setting.split_once('=') {
            Some((flag, _)) => flag,
            None => self.setting,
        }
    }
}

/// What the environment variables of flags begin with.
pub const PREFIX: &str = "ETCD_";

/// The flag with this name, which is written without dashes.
pub fn flag(name: &str) -> Option<&'static Flag> {
    all().iter().find(|flag| flag.name == name)
}

/// The flag that an environment variable sets.
pub fn of_variable(variable: &str) -> Option<&'static Flag> {
    all().iter().find(|flag| flag.variable() == variable)
}

/// The flag whose name is the most like `name`, or begins with it; if one does at all.
pub fn nearest(name: &str) -> Option<&'static Flag> {
    let distances = all().iter().map(|flag| (distance(flag.name, name), flag));
    let like = distances.min_by_key(|(distance, _)| *distance);
    match like {
        Some((distance, nearest)) if distance <= name.len() / 4 + 1 => Some(nearest),
        _ if name.len() < 4 => None,
        _ => all().iter().find(|flag| flag.name.starts_with(name)),
    }
}

/// Whether etcd takes a flag of this name and does nothing with it: those of etcd 0.x.
pub fn is_ignored(name: &str) -> bool {
    IGNORED.contains(&name)
}

/// Every flag, by name.
pub fn all() -> &'static [Flag] {
    FLAGS
}

/// How many characters have to be put in, left out or replaced to make one name the other.
fn distance(left: &str, right: &str) -> usize {
    // A name has no more than some fifty; a text that is no name at all is not worth comparing.
    if left.len().abs_diff(right.len()) > left.len() {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, one) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(one != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

/// For each of [`EtcdSeries::ALL`], the first release that has something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Releases([Option<u16>; 4]);

impl Releases {
    pub(super) const EVERY: Self = Self([Some(0); 4]);

    pub(super) const fn new(first: [Option<u16>; 4]) -> Self {
        Self(first)
    }

    /// Whether `version` is one of them. A series that is not known here counts as the newest
    /// that is; of a version without its last number see [`EtcdVersion::packaged`].
    pub fn include(self, version: EtcdVersion) -> bool {
        let series = version.series().unwrap_or(EtcdSeries::V3_7);
        self.in_series(series)
            .is_some_and(|first| version.has_reached(first))
    }

    fn in_series(self, series: EtcdSeries) -> Option<u16> {
        self.0[series.index()]
    }
}

/// In words, such as `3.5 from 3.5.8 on, 3.6 and 3.7`.
impl fmt::Display for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |series: EtcdSeries| match self.in_series(series)? {
            0 => Some(series.to_string()),
            first => Some(format!("{series} from {series}.{first} on")),
        };
        let series: Vec<_> = EtcdSeries::ALL.into_iter().filter_map(one).collect();
        match series.as_slice() {
            [] => f.write_str("none"),
            [only] => f.write_str(only),
            [before @ .., last] => write!(f, "{} and {last}", before.join(", ")),
        }
    }
}

type First = [Option<u16>; 4];

const EVERY: First = [Some(0); 4];
const FROM_3_5: First = [NONE, Some(0), Some(0), Some(0)];
const FROM_3_6: First = [NONE, NONE, Some(0), Some(0)];
const UNTIL_3_6: First = [Some(0), Some(0), Some(0), NONE];
const UNTIL_3_5: First = [Some(0), Some(0), NONE, NONE];
const FROM_3_5_UNTIL_3_6: First = [NONE, Some(0), Some(0), NONE];
const ONLY_3_4: First = [Some(0), NONE, NONE, NONE];
const ONLY_3_6: First = [NONE, NONE, Some(0), NONE];
const NONE: Option<u16> = None;

const fn from(patch: u16) -> Option<u16> {
    Some(patch)
}

const fn switch(name: &'static str, first: First) -> Flag {
    Flag {
        name,
        is_switch: true,
        releases: Releases::new(first),
    }
}

const fn value(name: &'static str, first: First) -> Flag {
    Flag {
        name,
        is_switch: false,
        releases: Releases::new(first),
    }
}

const FLAGS: &[Flag] = &[
    value("advertise-client-urls", EVERY),
    value("auth-token", EVERY),
    value("auth-token-ttl", [from(10), from(0), from(0), from(0)]),
    value("auto-compaction-mode", EVERY),
    value("auto-compaction-retention", EVERY),
    switch("auto-tls", EVERY),
    value("backend-batch-interval", EVERY),
    value("backend-batch-limit", EVERY),
    value("backend-bbolt-freelist-type", FROM_3_5),
    value("bcrypt-cost", EVERY),
    value("bootstrap-defrag-threshold-megabytes", FROM_3_6),
    value("cert-file", EVERY),
    value("cipher-suites", EVERY),
    value("client-cert-allowed-hostname", EVERY),
    switch("client-cert-auth", EVERY),
    value("client-cert-file", FROM_3_5),
    value("client-crl-file", EVERY),
    value("client-key-file", FROM_3_5),
    value("compact-hash-check-time", FROM_3_6),
    value("compaction-batch-limit", FROM_3_6),
    value("compaction-sleep-interval", FROM_3_6),
    value("config-file", EVERY),
    value("corrupt-check-time", FROM_3_6),
    value("cors", EVERY),
    value("data-dir", EVERY),
    switch("debug", ONLY_3_4),
    value("discovery", UNTIL_3_6),
    value("discovery-cacert", FROM_3_6),
    value("discovery-cert", FROM_3_6),
    value("discovery-dial-timeout", FROM_3_6),
    value("discovery-endpoints", FROM_3_6),
    value("discovery-fallback", EVERY),
    switch("discovery-insecure-skip-tls-verify", FROM_3_6),
    switch("discovery-insecure-transport", FROM_3_6),
    value("discovery-keepalive-time", FROM_3_6),
    value("discovery-keepalive-timeout", FROM_3_6),
    value("discovery-key", FROM_3_6),
    value("discovery-password", FROM_3_6),
    value("discovery-proxy", UNTIL_3_6),
    value("discovery-request-timeout", FROM_3_6),
    value("discovery-srv", EVERY),
    value("discovery-srv-name", EVERY),
    value("discovery-token", FROM_3_6),
    value("discovery-user", FROM_3_6),
    value("distributed-tracing-address", FROM_3_6),
    value("distributed-tracing-instance-id", FROM_3_6),
    value("distributed-tracing-sampling-rate", FROM_3_6),
    value("distributed-tracing-service-name", FROM_3_6),
    value("downgrade-check-time", FROM_3_6),
    value("election-timeout", EVERY),
    switch("enable-distributed-tracing", FROM_3_6),
    switch("enable-grpc-gateway", EVERY),
    switch("enable-log-rotation", FROM_3_5),
    switch("enable-pprof", EVERY),
    switch("enable-v2", UNTIL_3_5),
    value("experimental-backend-bbolt-freelist-type", ONLY_3_4),
    value(
        "experimental-bootstrap-defrag-threshold-megabytes",
        FROM_3_5_UNTIL_3_6,
    ),
    switch(
        "experimental-compact-hash-check-enabled",
        [NONE, from(5), from(0), NONE],
    ),
    value(
        "experimental-compact-hash-check-time",
        [NONE, from(5), from(0), NONE],
    ),
    value("experimental-compaction-batch-limit", UNTIL_3_6),
    value(
        "experimental-compaction-sleep-interval",
        [NONE, from(16), from(0), NONE],
    ),
    value("experimental-corrupt-check-time", UNTIL_3_6),
    value(
        "experimental-distributed-tracing-address",
        FROM_3_5_UNTIL_3_6,
    ),
    value(
        "experimental-distributed-tracing-instance-id",
        FROM_3_5_UNTIL_3_6,
    ),
    value(
        "experimental-distributed-tracing-sampling-rate",
        [NONE, from(11), from(0), NONE],
    ),
    value(
        "experimental-distributed-tracing-service-name",
        FROM_3_5_UNTIL_3_6,
    ),
    value("experimental-downgrade-check-time", FROM_3_5_UNTIL_3_6),
    switch(
        "experimental-enable-distributed-tracing",
        FROM_3_5_UNTIL_3_6,
    ),
    switch("experimental-enable-lease-checkpoint", UNTIL_3_6),
    switch(
        "experimental-enable-lease-checkpoint-persist",
        [from(20), from(2), from(0), NONE],
    ),
    value("experimental-enable-v2v3", UNTIL_3_5),
    switch("experimental-initial-corrupt-check", UNTIL_3_6),
    switch("experimental-memory-mlock", FROM_3_5_UNTIL_3_6),
    switch("experimental-peer-skip-client-san-verification", UNTIL_3_6),
    value(
        "experimental-snapshot-catchup-entries",
        [NONE, from(14), from(0), NONE],
    ),
    switch(
        "experimental-stop-grpc-service-on-defrag",
        [NONE, from(14), from(0), NONE],
    ),
    switch(
        "experimental-txn-mode-write-with-shared-buffer",
        FROM_3_5_UNTIL_3_6,
    ),
    value(
        "experimental-warning-apply-duration",
        [from(16), from(0), from(0), NONE],
    ),
    value("experimental-warning-unary-request-duration", ONLY_3_6),
    value(
        "experimental-watch-progress-notify-interval",
        [from(11), from(0), from(0), NONE],
    ),
    value("feature-gates", FROM_3_6),
    switch("force-new-cluster", EVERY),
    value("grpc-keepalive-interval", EVERY),
    value("grpc-keepalive-min-time", EVERY),
    value("grpc-keepalive-timeout", EVERY),
    value("heartbeat-interval", EVERY),
    value("host-whitelist", EVERY),
    value("initial-advertise-peer-urls", EVERY),
    value("initial-cluster", EVERY),
    value("initial-cluster-state", EVERY),
    value("initial-cluster-token", EVERY),
    switch("initial-election-tick-advance", EVERY),
    value("key-file", EVERY),
    value(
        "listen-client-http-urls",
        [from(25), from(8), from(0), from(0)],
    ),
    value("listen-client-urls", EVERY),
    value("listen-metrics-urls", EVERY),
    value("listen-peer-urls", EVERY),
    value("log-format", FROM_3_6),
    value("log-level", EVERY),
    value("log-output", ONLY_3_4),
    value("log-outputs", EVERY),
    value("log-package-levels", ONLY_3_4),
    value("log-rotation-config-json", FROM_3_5),
    value("logger", EVERY),
    value(
        "max-concurrent-streams",
        [from(20), from(5), from(0), from(0)],
    ),
    value("max-learners", FROM_3_6),
    value("max-request-bytes", EVERY),
    value("max-snapshots", EVERY),
    value("max-txn-ops", EVERY),
    value("max-wals", EVERY),
    switch("memory-mlock", FROM_3_6),
    value("metrics", EVERY),
    value("name", EVERY),
    switch(
        "next-cluster-version-compatible",
        [from(31), NONE, NONE, NONE],
    ),
    switch("peer-auto-tls", EVERY),
    value("peer-cert-allowed-cn", EVERY),
    value("peer-cert-allowed-hostname", EVERY),
    value("peer-cert-file", EVERY),
    switch("peer-client-cert-auth", EVERY),
    value("peer-client-cert-file", FROM_3_5),
    value("peer-client-key-file", FROM_3_5),
    value("peer-crl-file", EVERY),
    value("peer-key-file", EVERY),
    switch("peer-skip-client-san-verification", FROM_3_6),
    value("peer-trusted-ca-file", EVERY),
    switch("pre-vote", EVERY),
    value("proxy", UNTIL_3_5),
    value("proxy-dial-timeout", UNTIL_3_5),
    value("proxy-failure-wait", UNTIL_3_5),
    value("proxy-read-timeout", UNTIL_3_5),
    value("proxy-refresh-interval", UNTIL_3_5),
    value("proxy-write-timeout", UNTIL_3_5),
    value("quota-backend-bytes", EVERY),
    value("raft-read-timeout", FROM_3_5),
    value("raft-write-timeout", FROM_3_5),
    value("self-signed-cert-validity", FROM_3_5),
    value("snapshot-catchup-entries", FROM_3_6),
    value("snapshot-count", EVERY),
    switch("socket-reuse-address", FROM_3_5),
    switch("socket-reuse-port", FROM_3_5),
    switch("strict-reconfig-check", EVERY),
    value("tls-max-version", [from(25), from(8), from(0), from(0)]),
    value("tls-min-version", [from(25), from(8), from(0), from(0)]),
    value("trusted-ca-file", EVERY),
    switch("unsafe-no-fsync", [from(10), from(0), from(0), from(0)]),
    value("v2-deprecation", FROM_3_5),
    switch("version", EVERY),
    value("wal-dir", EVERY),
    value("warning-apply-duration", FROM_3_6),
    value("warning-unary-request-duration", FROM_3_6),
    value("watch-progress-notify-interval", FROM_3_6),
];

const IGNORED: [&str; 13] = [
    "cluster-active-size",
    "cluster-remove-delay",
    "cluster-sync-interval",
    "config",
    "force",
    "max-result-buffer",
    "max-retry-attempts",
    "peer-election-timeout",
    "peer-heartbeat-interval",
    "retry-interval",
    "snapshot",
    "v",
    "vv",
];

/// Names of old flags, and what sets the same from a series on.
const SUCCESSORS: &[(EtcdSeries, &[(&str, &str)])] = &[
    (
        EtcdSeries::V3_5,
        &[
            ("debug", "log-level=debug"),
            (
                "experimental-backend-bbolt-freelist-type",
                "backend-bbolt-freelist-type",
            ),
            ("log-output", "log-outputs"),
        ],
    ),
    (
        EtcdSeries::V3_6,
        &[
            (
                "experimental-bootstrap-defrag-threshold-megabytes",
                "bootstrap-defrag-threshold-megabytes",
            ),
            (
                "experimental-compact-hash-check-enabled",
                "feature-gates=CompactHashCheck=true",
            ),
            (
                "experimental-compact-hash-check-time",
                "compact-hash-check-time",
            ),
            (
                "experimental-compaction-batch-limit",
                "compaction-batch-limit",
            ),
            (
                "experimental-compaction-sleep-interval",
                "compaction-sleep-interval",
            ),
            ("experimental-corrupt-check-time", "corrupt-check-time"),
            (
                "experimental-distributed-tracing-address",
                "distributed-tracing-address",
            ),
            (
                "experimental-distributed-tracing-instance-id",
                "distributed-tracing-instance-id",
            ),
            (
                "experimental-distributed-tracing-sampling-rate",
                "distributed-tracing-sampling-rate",
            ),
            (
                "experimental-distributed-tracing-service-name",
                "distributed-tracing-service-name",
            ),
            ("experimental-downgrade-check-time", "downgrade-check-time"),
            (
                "experimental-enable-distributed-tracing",
                "enable-distributed-tracing",
            ),
            (
                "experimental-enable-lease-checkpoint",
                "feature-gates=LeaseCheckpoint=true",
            ),
            (
                "experimental-enable-lease-checkpoint-persist",
                "feature-gates=LeaseCheckpointPersist=true",
            ),
            (
                "experimental-initial-corrupt-check",
                "feature-gates=InitialCorruptCheck=true",
            ),
            ("experimental-memory-mlock", "memory-mlock"),
            (
                "experimental-peer-skip-client-san-verification",
                "peer-skip-client-san-verification",
            ),
            (
                "experimental-snapshot-catchup-entries",
                "snapshot-catchup-entries",
            ),
            (
                "experimental-stop-grpc-service-on-defrag",
                "feature-gates=StopGRPCServiceOnDefrag=true",
            ),
            (
                "experimental-txn-mode-write-with-shared-buffer",
                "feature-gates=TxnModeWriteWithSharedBuffer=true",
            ),
            (
                "experimental-warning-apply-duration",
                "warning-apply-duration",
            ),
            (
                "experimental-warning-unary-request-duration",
                "warning-unary-request-duration",
            ),
            (
                "experimental-watch-progress-notify-interval",
                "watch-progress-notify-interval",
            ),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_each_stands_once() {
        assert!(FLAGS.is_sorted_by(|one, next| one.name < next.name));
    }

    #[test]
    fn a_flag_is_gone_when_its_successor_has_come() {
        for (series, pairs) in SUCCESSORS {
            for (old, _) in *pairs {
                let old = flag(old).unwrap();
                let new = old.successor().unwrap();
                let successor = flag(new.flag()).unwrap();
                assert!(successor.releases.in_series(*series).is_some(), "{new:?}");
                assert!(!old.releases.include(EtcdSeries::V3_7.into()), "{old:?}");
            }
        }
        // Whatever is called experimental is gone in 3.7, and has a successor or was of v2.
        for old in FLAGS
            .iter()
            .filter(|flag| flag.name.starts_with("experimental-"))
        {
            let has_successor = old.successor().is_some();
            assert!(
                has_successor || old.name == "experimental-enable-v2v3",
                "{old:?}"
            );
        }
    }

    #[test]
    fn versions_are_known_to_the_release() {
        let version = |text: &str| text.parse::<EtcdVersion>().unwrap();
        let minimum = flag("tls-min-version").unwrap();
        for (text, is_in) in [
            ("3.4", false),
            ("3.4.25", true),
            ("3.5.7", false),
            ("3.5.8", true),
            ("3.5", true),
            ("3.6", true),
            ("3.7.1", true),
            ("3.9", true),
        ] {
            assert_eq!(minimum.releases.include(version(text)), is_in, "{text}");
        }
        let words = "3.4 from 3.4.25 on, 3.5 from 3.5.8 on, 3.6 and 3.7";
        assert_eq!(minimum.releases.to_string(), words);
    }

    #[test]
    fn variables_and_typing_errors_lead_to_flags() {
        let name = of_variable("ETCD_PEER_CLIENT_CERT_AUTH").unwrap();
        assert_eq!(name.name, "peer-client-cert-auth");
        assert_eq!(of_variable("ETCDCTL_CERT"), None);
        for (wrong, right) in [
            ("trusted-ca", Some("trusted-ca-file")),
            ("client-cert-auht", Some("client-cert-auth")),
            ("inital-cluster", Some("initial-cluster")),
            ("verbosity", None),
            ("", None),
        ] {
            let found = nearest(wrong).map(|flag| flag.name);
            assert_eq!(found, right, "{wrong}");
        }
        assert_eq!(nearest(&"x".repeat(10_000)), None);
    }
}
