//! Flags: their names in each version, and the kinds of their values.

use super::super::{error, warning};
use super::{Member, OfSettings};
use crate::etcd::EtcdVersion;
use crate::etcd::flags::{self, Flag, FlagKind};
use crate::etcd::settings::{Form, Setting, Settings, Shape};

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "flag-unknown",
            "every flag is one of etcd's",
            "etcd ends: `flag provided but not defined`",
            "correct its name, or remove it",
        ),
        find: unknown,
    },
    OfSettings {
        lint: error(
            "flag-of-other-version",
            "every flag is one of the version that is run",
            "etcd ends: `flag provided but not defined`",
            "remove it, or run a version that has it",
        ),
        find: other_version,
    },
    OfSettings {
        lint: warning(
            "flag-renamed",
            "no flag is called by its old name",
            "etcd 3.6 renamed flags that were experimental; 3.7 has the new names alone",
            "write the new name, once no version is started any more that has the old one alone",
        ),
        find: renamed,
    },
    OfSettings {
        lint: error(
            "flag-under-both-names",
            "no flag is given under its old and its new name",
            "etcd 3.6 ends: `cannot set --… and --… at the same time`",
            "remove the old name",
        ),
        find: both_names,
    },
    OfSettings {
        lint: error(
            "value-of-wrong-kind",
            "the value of a flag is of the kind that the flag takes",
            "etcd ends: `invalid boolean value` and the like; of a configuration file, `cannot unmarshal`",
            "write such a value; in a configuration file a text that looks like a number in quotes, a number and true or false without, a length of time in nanoseconds",
        ),
        find: wrong_kind,
    },
];

fn arguments(settings: &Settings) -> impl Iterator<Item = &Setting> {
    let all = settings.all().iter();
    all.filter(|setting| setting.form == Form::Argument)
}

fn unknown(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let unknown =
        arguments(settings).filter(|one| one.flag.is_none() && !flags::is_ignored(&one.name));
    unknown
        .map(|one| {
            let nearest = flags::nearest(&one.name);
            let nearest = nearest.map(|flag| format!(": is --{} meant?", flag.name));
            let nearest = nearest.unwrap_or_default();
            format!("{}: {} is no flag of etcd{nearest}", one.place, one.written)
        })
        .collect()
}

fn other_version(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let Some(version) = member.version else {
        return Vec::new();
    };
    arguments(settings)
        .filter_map(|one| {
            let message = of_other_version(one.flag?, version)?;
            Some(format!("{}: {}: {message}", one.place, one.written))
        })
        .collect()
}

/// In which versions the flag is, if not in this one.
pub(super) fn of_other_version(flag: &Flag, version: EtcdVersion) -> Option<String> {
    let releases = flag.releases();
    if releases.include(version) {
        return None;
    }
    let successor = flag.successor().filter(|new| has(new.flag(), version));
    let instead = successor.map(|new| format!("; write {}", new.setting));
    let instead = instead.unwrap_or_default();
    Some(format!(
        "etcd {version} has no such flag, only {releases}{instead}"
    ))
}

fn has(flag: &str, version: EtcdVersion) -> bool {
    flags::flag(flag).is_some_and(|flag| flag.releases().include(version))
}

fn renamed(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let all = settings.all().iter();
    all.filter_map(|one| {
        let flag = one.flag?;
        let new = flag.successor()?;
        let is_here = member
            .version
            .is_none_or(|version| flag.releases().include(version) && has(new.flag(), version));
        (is_here && also_new(settings, flag).is_none()).then(|| {
            format!(
                "{}: {} is {} from etcd {} on",
                one.place, one.written, new.setting, new.series
            )
        })
    })
    .collect()
}

fn both_names(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let all = settings.all().iter();
    all.filter_map(|one| {
        let other = also_new(settings, one.flag?)?;
        Some(format!(
            "{}: {} is given, and {} at {}",
            one.place, one.written, other.written, other.place
        ))
    })
    .collect()
}

/// Where the successor of a flag is set too.
fn also_new<'a>(settings: &'a Settings, flag: &Flag) -> Option<&'a Setting> {
    let new = flag.successor()?;
    // Of feature gates, the one that took the place of the flag.
    let gate = new.setting.split('=').nth(1).unwrap_or_default();
    let other = settings.get(new.flag())?;
    other.text()?.contains(gate).then_some(other)
}

fn wrong_kind(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let all = settings.all().iter().filter(|one| one.is_of_wrong_kind());
    all.filter_map(|one| {
        let kind = one.flag?.kind;
        let message = match one.shape() {
            None => {
                let value = one.text().unwrap_or_default();
                format!("is `{value}`, and takes {kind}")
            }
            // Where an allow list is one name, the key has a text.
            Some(Shape::Text) if kind == FlagKind::List && is_allow_list(one) => {
                member
                    .version
                    .filter(|version| version.takes_allow_lists())?;
                format!("is a text, and takes {kind}")
            }
            Some(Shape::Number) if kind == FlagKind::Text => {
                "is a number, and takes a text: put it into quotes".to_owned()
            }
            Some(_) if kind == FlagKind::Duration => {
                "takes a length of time as a number, in nanoseconds".to_owned()
            }
            Some(_) => format!("takes {kind}"),
        };
        Some(format!("{}: {} {message}", one.place, one.written))
    })
    .collect()
}

fn is_allow_list(setting: &Setting) -> bool {
    setting
        .flag
        .is_some_and(|flag| flag.name.contains("allowed"))
}
