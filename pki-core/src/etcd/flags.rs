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
    /// What its value is.
    pub kind: FlagKind,
    /// The releases that have it.
    releases: Releases,
}

/// What the value of a flag is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FlagKind {
    /// A length of time, such as `5s`.
    Duration,
    /// Texts, with commas between them.
    List,
    /// A whole number.
    Number,
    /// On or off. The value can be left out, and is never the next argument.
    Switch,
    /// Any other text.
    Text,
}

impl FlagKind {
    /// Whether etcd takes this for a value in an argument or a variable.
    pub fn takes(self, value: &str) -> bool {
        match self {
            Self::Switch => truth(value).is_some(),
            Self::Number => is_number(value),
            Self::Duration => is_duration(value),
            Self::List | Self::Text => true,
        }
    }
}

impl fmt::Display for FlagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duration => "a length of time such as 5s",
            Self::List => "a list",
            Self::Number => "a whole number",
            Self::Switch => "true or false",
            Self::Text => "a text",
        })
    }
}

/// A truth value, as Go reads one.
pub(super) fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Of any base that Go takes, with `_` between digits.
fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    let digits = digits.replace('_', "").to_ascii_lowercase();
    let bases = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter();
    let with_base = bases.filter_map(|(prefix, base)| Some((digits.strip_prefix(prefix)?, base)));
    let (digits, base) = with_base
        .chain([(digits.as_str(), 10)])
        .next()
        .unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base))
}

/// Numbers with a unit each; nothing needs none.
fn is_duration(value: &str) -> bool {
    let value = value.strip_prefix(['+', '-']).unwrap_or(value);
    let mut rest = value;
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit = number.trim_start_matches(|c: char| c.is_alphabetic());
        let has_number = number.len() < rest.len();
        let units = ["h", "m", "s", "ms", "us", "µs", "μs", "ns"];
        if !has_number || !units.contains(&&number[..number.len() - unit.len()]) {
            return value == "0";
        }
        rest = unit;
    }
    !value.is_empty()
}

impl Flag {
    /// Whether it is on or off.
    pub fn is_switch(&self) -> bool {
        self.kind == FlagKind::Switch
    }

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
pub(crate) fn of_variable(variable: &str) -> Option<&'static Flag> {
    all().iter().find(|flag| flag.variable() == variable)
}

/// The flag whose name is the most like `name`, or begins with it; if one does at all.
pub(crate) fn nearest(name: &str) -> Option<&'static Flag> {
    let distances = all().iter().map(|flag| (distance(flag.name, name), flag));
    let like = distances.min_by_key(|(distance, _)| *distance);
    match like {
        Some((distance, nearest)) if distance <= name.len() / 4 + 1 => Some(nearest),
        _ if name.len() < 4 => None,
        _ => all().iter().find(|flag| flag.name.starts_with(name)),
    }
}

/// Whether etcd takes a flag of this name and does nothing with it: those of etcd 0.x.
pub(crate) fn is_ignored(name: &str) -> bool {
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

const fn of_kind(kind: FlagKind, name: &'static str, first: First) -> Flag {
    Flag {
        name,
        kind,
        releases: Releases::new(first),
    }
}

const fn switch(name: &'static str, first: First) -> Flag {
    of_kind(FlagKind::Switch, name, first)
}

const fn number(name: &'static str, first: First) -> Flag {
    of_kind(FlagKind::Number, name, first)
}

const fn duration(name: &'static str, first: First) -> Flag {
    of_kind(FlagKind::Duration, name, first)
}

const fn list(name: &'static str, first: First) -> Flag {
    of_kind(FlagKind::List, name, first)
}

const fn text(name: &'static str, first: First) -> Flag {
    of_kind(FlagKind::Text, name, first)
}

const FLAGS: &[Flag] = &[
    text("advertise-client-urls", EVERY),
    text("auth-token", EVERY),
    number("auth-token-ttl", [from(10), from(0), from(0), from(0)]),
    text("auto-compaction-mode", EVERY),
    text("auto-compaction-retention", EVERY),
    switch("auto-tls", EVERY),
    duration("backend-batch-interval", EVERY),
    number("backend-batch-limit", EVERY),
    text("backend-bbolt-freelist-type", FROM_3_5),
    number("bcrypt-cost", EVERY),
    number("bootstrap-defrag-threshold-megabytes", FROM_3_6),
    text("cert-file", EVERY),
    list("cipher-suites", EVERY),
    list("client-cert-allowed-hostname", EVERY),
    switch("client-cert-auth", EVERY),
    text("client-cert-file", FROM_3_5),
    text("client-crl-file", EVERY),
    text("client-key-file", FROM_3_5),
    duration("compact-hash-check-time", FROM_3_6),
    number("compaction-batch-limit", FROM_3_6),
    duration("compaction-sleep-interval", FROM_3_6),
    text("config-file", EVERY),
    duration("corrupt-check-time", FROM_3_6),
    text("cors", EVERY),
    text("data-dir", EVERY),
    switch("debug", ONLY_3_4),
    text("discovery", UNTIL_3_6),
    text("discovery-cacert", FROM_3_6),
    text("discovery-cert", FROM_3_6),
    duration("discovery-dial-timeout", FROM_3_6),
    list("discovery-endpoints", FROM_3_6),
    text("discovery-fallback", EVERY),
    switch("discovery-insecure-skip-tls-verify", FROM_3_6),
    switch("discovery-insecure-transport", FROM_3_6),
    duration("discovery-keepalive-time", FROM_3_6),
    duration("discovery-keepalive-timeout", FROM_3_6),
    text("discovery-key", FROM_3_6),
    text("discovery-password", FROM_3_6),
    text("discovery-proxy", UNTIL_3_6),
    duration("discovery-request-timeout", FROM_3_6),
    text("discovery-srv", EVERY),
    text("discovery-srv-name", EVERY),
    text("discovery-token", FROM_3_6),
    text("discovery-user", FROM_3_6),
    text("distributed-tracing-address", FROM_3_6),
    text("distributed-tracing-instance-id", FROM_3_6),
    number("distributed-tracing-sampling-rate", FROM_3_6),
    text("distributed-tracing-service-name", FROM_3_6),
    duration("downgrade-check-time", FROM_3_6),
    number("election-timeout", EVERY),
    switch("enable-distributed-tracing", FROM_3_6),
    switch("enable-grpc-gateway", EVERY),
    switch("enable-log-rotation", FROM_3_5),
    switch("enable-pprof", EVERY),
    switch("enable-v2", UNTIL_3_5),
    text("experimental-backend-bbolt-freelist-type", ONLY_3_4),
    number(
        "experimental-bootstrap-defrag-threshold-megabytes",
        FROM_3_5_UNTIL_3_6,
    ),
    switch(
        "experimental-compact-hash-check-enabled",
        [NONE, from(5), from(0), NONE],
    ),
    duration(
        "experimental-compact-hash-check-time",
        [NONE, from(5), from(0), NONE],
    ),
    number("experimental-compaction-batch-limit", UNTIL_3_6),
    duration(
        "experimental-compaction-sleep-interval",
        [NONE, from(16), from(0), NONE],
    ),
    duration("experimental-corrupt-check-time", UNTIL_3_6),
    text(
        "experimental-distributed-tracing-address",
        FROM_3_5_UNTIL_3_6,
    ),
    text(
        "experimental-distributed-tracing-instance-id",
        FROM_3_5_UNTIL_3_6,
    ),
    number(
        "experimental-distributed-tracing-sampling-rate",
        [NONE, from(11), from(0), NONE],
    ),
    text(
        "experimental-distributed-tracing-service-name",
        FROM_3_5_UNTIL_3_6,
    ),
    duration("experimental-downgrade-check-time", FROM_3_5_UNTIL_3_6),
    switch(
        "experimental-enable-distributed-tracing",
        FROM_3_5_UNTIL_3_6,
    ),
    switch("experimental-enable-lease-checkpoint", UNTIL_3_6),
    switch(
        "experimental-enable-lease-checkpoint-persist",
        [from(20), from(2), from(0), NONE],
    ),
    text("experimental-enable-v2v3", UNTIL_3_5),
    switch("experimental-initial-corrupt-check", UNTIL_3_6),
    switch("experimental-memory-mlock", FROM_3_5_UNTIL_3_6),
    switch("experimental-peer-skip-client-san-verification", UNTIL_3_6),
    number(
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
    duration(
        "experimental-warning-apply-duration",
        [from(16), from(0), from(0), NONE],
    ),
    duration("experimental-warning-unary-request-duration", ONLY_3_6),
    duration(
        "experimental-watch-progress-notify-interval",
        [from(11), from(0), from(0), NONE],
    ),
    text("feature-gates", FROM_3_6),
    switch("force-new-cluster", EVERY),
    duration("grpc-keepalive-interval", EVERY),
    duration("grpc-keepalive-min-time", EVERY),
    duration("grpc-keepalive-timeout", EVERY),
    number("heartbeat-interval", EVERY),
    text("host-whitelist", EVERY),
    text("initial-advertise-peer-urls", EVERY),
    text("initial-cluster", EVERY),
    text("initial-cluster-state", EVERY),
    text("initial-cluster-token", EVERY),
    switch("initial-election-tick-advance", EVERY),
    text("key-file", EVERY),
    text(
        "listen-client-http-urls",
        [from(25), from(8), from(0), from(0)],
    ),
    text("listen-client-urls", EVERY),
    text("listen-metrics-urls", EVERY),
    text("listen-peer-urls", EVERY),
    text("log-format", FROM_3_6),
    text("log-level", EVERY),
    list("log-output", ONLY_3_4),
    list("log-outputs", EVERY),
    text("log-package-levels", ONLY_3_4),
    text("log-rotation-config-json", FROM_3_5),
    text("logger", EVERY),
    number(
        "max-concurrent-streams",
        [from(20), from(5), from(0), from(0)],
    ),
    number("max-learners", FROM_3_6),
    number("max-request-bytes", EVERY),
    number("max-snapshots", EVERY),
    number("max-txn-ops", EVERY),
    number("max-wals", EVERY),
    switch("memory-mlock", FROM_3_6),
    text("metrics", EVERY),
    text("name", EVERY),
    switch(
        "next-cluster-version-compatible",
        [from(31), NONE, NONE, NONE],
    ),
    switch("peer-auto-tls", EVERY),
    list("peer-cert-allowed-cn", EVERY),
    list("peer-cert-allowed-hostname", EVERY),
    text("peer-cert-file", EVERY),
    switch("peer-client-cert-auth", EVERY),
    text("peer-client-cert-file", FROM_3_5),
    text("peer-client-key-file", FROM_3_5),
    text("peer-crl-file", EVERY),
    text("peer-key-file", EVERY),
    switch("peer-skip-client-san-verification", FROM_3_6),
    text("peer-trusted-ca-file", EVERY),
    switch("pre-vote", EVERY),
    text("proxy", UNTIL_3_5),
    number("proxy-dial-timeout", UNTIL_3_5),
    number("proxy-failure-wait", UNTIL_3_5),
    number("proxy-read-timeout", UNTIL_3_5),
    number("proxy-refresh-interval", UNTIL_3_5),
    number("proxy-write-timeout", UNTIL_3_5),
    number("quota-backend-bytes", EVERY),
    duration("raft-read-timeout", FROM_3_5),
    duration("raft-write-timeout", FROM_3_5),
    number("self-signed-cert-validity", FROM_3_5),
    number("snapshot-catchup-entries", FROM_3_6),
    number("snapshot-count", EVERY),
    switch("socket-reuse-address", FROM_3_5),
    switch("socket-reuse-port", FROM_3_5),
    switch("strict-reconfig-check", EVERY),
    text("tls-max-version", [from(25), from(8), from(0), from(0)]),
    text("tls-min-version", [from(25), from(8), from(0), from(0)]),
    text("trusted-ca-file", EVERY),
    switch("unsafe-no-fsync", [from(10), from(0), from(0), from(0)]),
    text("v2-deprecation", FROM_3_5),
    switch("version", EVERY),
    text("wal-dir", EVERY),
    duration("warning-apply-duration", FROM_3_6),
    duration("warning-unary-request-duration", FROM_3_6),
    duration("watch-progress-notify-interval", FROM_3_6),
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
    fn values_are_of_a_kind() {
        for (kind, right, wrong) in [
            (
                FlagKind::Switch,
                &["true", "F", "1"][..],
                &["yes", "", "on"][..],
            ),
            (
                FlagKind::Number,
                &["0", "100_000", "-1", "0x10"],
                &["", "x", "1s", "0x", "1.5"],
            ),
            (
                FlagKind::Duration,
                &["0", "5s", "1h30m", "1.5s", "100ms", "-1s"],
                &["", "5", "s", "5 s", "1d", "5ss"],
            ),
            (FlagKind::Text, &["", "x"], &[]),
        ] {
            for value in right {
                assert!(kind.takes(value), "{kind}: {value}");
            }
            for value in wrong {
                assert!(!kind.takes(value), "{kind}: {value}");
            }
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
