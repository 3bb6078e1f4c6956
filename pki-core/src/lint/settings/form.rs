//! Where settings stand: what of them etcd reads at all.

use std::collections::BTreeMap;

use super::super::{error, notice, warning};
use super::{Member, OfSettings};
use crate::etcd::flags;
use crate::etcd::settings::{Form, Setting, Settings, SourceKind};

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "argument-stray",
            "every argument is a flag, or the value of one",
            "etcd ends: `… is not a valid flag`; Go takes no value of a switch from the next argument",
            "write --FLAG=VALUE, or remove it",
        ),
        find: strays,
    },
    OfSettings {
        lint: error(
            "flag-without-value",
            "every flag that is no switch has a value",
            "etcd ends: `flag needs an argument`",
            "write --FLAG=VALUE",
        ),
        find: without_value,
    },
    OfSettings {
        lint: warning(
            "flag-repeated",
            "a flag is given once",
            "the last one counts; the others look as if they did",
            "remove those that do not count",
        ),
        find: repeated,
    },
    OfSettings {
        lint: error(
            "variable-shadowed",
            "no variable is set for a flag that is given as an argument",
            "etcd ends: `conflicting environment variable is shadowed by corresponding command-line flag`",
            "remove one of them; a variable for use in the unit needs another name than ETCD_…",
        ),
        find: shadowed,
    },
    OfSettings {
        lint: warning(
            "variable-not-read",
            "every variable ETCD_… is that of a flag of the version",
            "etcd logs `unrecognized environment variable` and goes on without it",
            "correct its name, or remove it",
        ),
        find: variables_not_read,
    },
    OfSettings {
        lint: error(
            "key-not-read",
            "every key of a configuration file is one that the version reads",
            "etcd passes over others without a word: what they ask for does not hold",
            "correct its name; set what no key sets (such as client-crl-file) by flags or environment variables, all of them then",
        ),
        find: keys_not_read,
    },
    OfSettings {
        lint: warning(
            "line-not-read",
            "every line of an environment file is NAME=VALUE",
            "systemd passes over others; it takes no `export`",
            "write NAME=VALUE, or make it a comment",
        ),
        find: lines_not_read,
    },
    OfSettings {
        lint: warning(
            "settings-beside-config-file",
            "nothing stands beside a configuration file",
            "with --config-file etcd passes over all other flags and variables",
            "move it into the configuration file, or remove it",
        ),
        find: beside_config_file,
    },
    OfSettings {
        lint: notice(
            "settings-not-given",
            "every file that holds settings of the member is judged",
            "a unit names further files",
            "give it too",
        ),
        find: not_given,
    },
    OfSettings {
        lint: error(
            "reload-kills",
            "a reload of the unit sends no SIGHUP",
            "SIGHUP ends etcd; it reads certificates anew without any signal",
            "remove ExecReload=",
        ),
        find: reload,
    },
];

fn strays(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let strays = settings.strays().iter();
    let messages = strays.map(|stray| match stray.after {
        Some(switch) => format!(
            "{}: `{}` after the switch --{} is an argument of its own, and no flag after it is read",
            stray.place, stray.text, switch.name
        ),
        None => format!(
            "{}: `{}` is no flag, and no flag after it is read",
            stray.place, stray.text
        ),
    });
    messages.collect()
}

fn without_value(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let all = settings.all().iter();
    let found = all.filter(|setting| setting.is_without_value());
    found
        .map(|setting| format!("{}: {} has no value", setting.place, setting.written))
        .collect()
}

fn repeated(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let mut last: BTreeMap<&str, &Setting> = BTreeMap::new();
    let arguments = settings
        .all()
        .iter()
        .filter(|one| one.form == Form::Argument);
    let mut found = Vec::new();
    for setting in arguments {
        if let Some(before) = last.insert(&setting.name, setting) {
            found.push(format!(
                "{}: {} stands at {} already",
                setting.place, setting.written, before.place
            ));
        }
    }
    found
}

fn shadowed(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    if reads_file(settings) {
        return Vec::new();
    }
    let of_form = |form: Form| settings.all().iter().filter(move |one| one.form == form);
    let variables = of_form(Form::Variable).filter_map(|variable| {
        let flag = variable.flag?;
        let argument = of_form(Form::Argument).find(|one| one.flag == Some(flag))?;
        Some(format!(
            "{}: {} is set, and {} is given at {}",
            variable.place, variable.written, argument.written, argument.place
        ))
    });
    variables.collect()
}

fn variables_not_read(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let variables = settings
        .all()
        .iter()
        .filter(|one| one.form == Form::Variable);
    variables
        .filter_map(|variable| {
            let place = &variable.place;
            let name = &variable.written;
            let Some(flag) = variable.flag else {
                let nearest = flags::nearest(&variable.name);
                let nearest = nearest.map(|flag| format!(": is {} meant?", flag.variable()));
                let nearest = nearest.unwrap_or_default();
                return Some(format!("{place}: {name} is no flag's{nearest}"));
            };
            let version = member.version?;
            let message = super::flag::of_other_version(flag, version)?;
            Some(format!("{place}: {name}: {message}"))
        })
        .collect()
}

fn keys_not_read(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let keys = settings.all().iter().filter(|one| one.form == Form::Key);
    keys.filter_map(|key| {
        let place = &key.place;
        let name = &key.written;
        match (key.releases, member.version) {
            (None, _) => Some(match flags::flag(&key.name) {
                Some(_) => {
                    format!("{place}: {name} is a flag, and no key of the file at this place")
                }
                None => {
                    let nearest = flags::nearest(&key.name);
                    let nearest = nearest.map(|flag| format!(": is {} meant?", flag.name));
                    format!(
                        "{place}: {name} is no key of the file{}",
                        nearest.unwrap_or_default()
                    )
                }
            }),
            (Some(releases), Some(version)) if !releases.include(version) => Some(format!(
                "{place}: {name} is read by etcd {releases}, not by {version}"
            )),
            _ => None,
        }
    })
    .collect()
}

fn lines_not_read(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let lines = settings.skipped().iter();
    lines
        .map(|place| format!("{place}: the line is no NAME=VALUE"))
        .collect()
}

fn beside_config_file(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    if !reads_file(settings) {
        return Vec::new();
    }
    let others = settings.all().iter().filter(|one| {
        let names_file = one.flag.is_some_and(|flag| flag.name == "config-file");
        one.form != Form::Key && one.flag.is_some() && !names_file
    });
    others
        .map(|one| {
            format!(
                "{}: {} has no effect beside a configuration file",
                one.place, one.written
            )
        })
        .collect()
}

fn not_given(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let files = settings.unread().iter();
    let messages = files.map(|file| {
        format!(
            "{}: what the {} {} says is not judged",
            file.place, file.kind, file.path
        )
    });
    messages.collect()
}

fn reload(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let place = settings.reload();
    let message = place.map(|place| format!("{place}: ExecReload= sends SIGHUP"));
    message.into_iter().collect()
}

/// Whether a configuration file is all that counts.
fn reads_file(settings: &Settings) -> bool {
    let keys = settings.all().iter().any(|one| one.form == Form::Key);
    let mut unread = settings.unread().iter();
    keys || unread.any(|file| file.kind == SourceKind::ConfigFile)
}
