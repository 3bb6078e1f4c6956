//! `--tls-min-version` and `--tls-max-version`.

use super::super::error;
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "tls-version-unknown",
            "a TLS version is TLS1.2 or TLS1.3",
            "etcd ends: `unexpected TLS version`",
            "write TLS1.2 or TLS1.3",
        ),
        find: unknown,
    },
    OfSettings {
        lint: error(
            "tls-versions-reversed",
            "the lowest TLS version is not above the highest",
            "etcd ends: `min version … is greater than max version`",
            "remove --tls-max-version",
        ),
        find: reversed,
    },
];

const MINIMUM: &str = "tls-min-version";
const MAXIMUM: &str = "tls-max-version";
const TLS12: &str = "TLS1.2";
const TLS13: &str = "TLS1.3";

fn unknown(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let flags = [MINIMUM, MAXIMUM].into_iter();
    let texts = flags.filter_map(|flag| Some((flag, settings.text(flag)?)));
    texts
        .filter(|(_, text)| ![TLS12, TLS13].contains(text))
        .map(|(flag, text)| format!("--{flag} is `{text}`"))
        .collect()
}

fn reversed(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let is_wrong = is_tls13_alone(settings) && settings.text(MAXIMUM) == Some(TLS12);
    let found = is_wrong.then(|| format!("--{MINIMUM} is {TLS13}, and --{MAXIMUM} is {TLS12}"));
    found.into_iter().collect()
}

/// Whether nothing below TLS 1.3 is spoken.
pub(super) fn is_tls13_alone(settings: &Settings) -> bool {
    settings.text(MINIMUM) == Some(TLS13)
}
