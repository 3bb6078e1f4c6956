//! The settings of a member: the flags that it is started with, and where each comes from.
//!
//! A member is set up by flags, by environment variables called after them, or by a
//! configuration file. [`Source`] reads the files that hold these, [`Settings`] puts them
//! together as systemd and etcd do, and [`crate::lint::settings`] judges the whole.
//!
//! ```
//! use pki_core::etcd::settings::{Settings, Source};
//!
//! let unit = "[Service]\nEnvironmentFile=/etc/etcd.env\nExecStart=/usr/bin/etcd --name ${NAME}\n";
//! let unit = Source::read("etcd.service", unit.as_bytes())?;
//! let settings = Settings::of([unit.clone()]);
//! assert_eq!(settings.unread()[0].path, "/etc/etcd.env");
//!
//! let environment = Source::read("etcd.env", b"NAME=etcd-1\nETCD_CLIENT_CERT_AUTH=true\n")?;
//! let settings = Settings::of([unit, environment]);
//! assert_eq!(settings.text("name"), Some("etcd-1"));
//! assert!(settings.is_on("client-cert-auth"));
//! # Ok::<(), pki_core::etcd::settings::InvalidSettings>(())
//! ```

mod config;
mod environment;
mod error;
mod manifest;
mod source;
#[cfg(test)]
mod tests;
mod unit;
mod words;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use error::{InvalidSettings, Place};
pub use source::{Source, SourceKind};

use super::EtcdVersion;
use super::flags::{self, Flag, FlagKind, Releases};
use config::Meaning;
use words::{Variables, Word};

/// The settings of a member.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    all: Vec<Setting>,
    /// For each flag, which of them is in effect.
    effective: BTreeMap<&'static str, usize>,
    strays: Vec<Stray>,
    skipped: Vec<Place>,
    unread: Vec<FurtherFile>,
    reload: Option<Place>,
    version: Option<EtcdVersion>,
}

/// A value for a flag.
#[derive(Clone)]
pub struct Setting {
    /// The flag; none is one that is not known, or a key that sets what no flag sets.
    pub flag: Option<&'static Flag>,
    /// How it is called where it stands: `--cert-file`, `ETCD_CERT_FILE`, or
    /// `client-transport-security: cert-file`.
    pub written: String,
    /// What the name of the flag would be: without dashes, in lower case.
    pub name: String,
    /// How it is set.
    pub form: Form,
    /// Where it stands.
    pub place: Place,
    /// The releases that read it in this form, where there are any.
    pub releases: Option<Releases>,
    value: Value,
    shape: Option<Shape>,
}

/// How a flag is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// As an argument of the command.
    Argument,
    /// By a key of a configuration file.
    Key,
    /// By an environment variable.
    Variable,
}

#[derive(Clone, Eq, PartialEq)]
enum Value {
    Missing,
    /// A part of it is known on the host alone.
    Open(String),
    Text(String),
}

impl Setting {
    /// Its value, where that is known.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Missing | Value::Open(_) => None,
        }
    }

    /// Whether the command ends where its value should stand.
    pub(crate) fn is_without_value(&self) -> bool {
        self.value == Value::Missing
    }

    /// Its value as a truth value, as Go reads one.
    pub(crate) fn truth(&self) -> Option<bool> {
        flags::truth(self.text()?)
    }

    /// Whether its value is not what etcd takes for its flag, as far as both are known.
    pub(crate) fn is_of_wrong_kind(&self) -> bool {
        let Some(flag) = self.flag else { return false };
        match (&self.value, self.shape) {
            (Value::Text(text), None) => {
                // A variable that is empty is none.
                let counts = self.form == Form::Argument || !text.is_empty();
                counts && !flag.kind.takes(text)
            }
            (Value::Text(_), Some(shape)) => !shape.does_for(flag.kind),
            _ => false,
        }
    }

    /// What YAML has for its value; only a key has that.
    pub fn shape(&self) -> Option<Shape> {
        self.shape
    }
}

/// What YAML has for a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// true or false.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
    /// Nothing.
    Null,
    /// A number.
    Number,
    /// A text.
    Text,
}

impl Shape {
    /// Whether etcd takes it for a value of this kind.
    fn does_for(self, kind: FlagKind) -> bool {
        match kind {
            _ if self == Self::Null => true,
            // In nanoseconds.
            FlagKind::Duration | FlagKind::Number => self == Self::Number,
            FlagKind::List => self == Self::List,
            FlagKind::Switch => self == Self::Boolean,
            FlagKind::Text => self == Self::Text,
        }
    }
}

// A value can be a password (--discovery-password).
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("written", &self.written)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// An argument that is no flag: etcd ends when it sees one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stray {
    /// The argument.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// The switch right before it, whose value it was meant to be.
    pub after: Option<&'static Flag>,
}

/// A file that holds more settings, and was not given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FurtherFile {
    /// Its path on the host.
    pub path: String,
    /// What it is.
    pub kind: SourceKind,
    /// Where it is named.
    pub place: Place,
}

impl Settings {
    /// Puts the files of one member together: a unit, its drop-ins after it, and the files that
    /// they name. A further file is known by what it is, wherever it was read from.
    ///
    /// An argument counts more than a variable, a later one more than an earlier one, and a
    /// configuration file more than all of these.
    pub fn of(sources: impl IntoIterator<Item = Source>) -> Self {
        let sources: Vec<Source> = sources.into_iter().collect();
        let mut settings = Self::default();
        settings.note_files(&sources);
        let used = settings.add_arguments(&sources);
        settings.add_variables(&sources, &used);
        settings.add_keys(&sources);
        settings.decide(&sources);
        settings
    }

    /// Every setting, whether in effect or not.
    pub fn all(&self) -> &[Setting] {
        &self.all
    }

    /// The setting of a flag that is in effect.
    pub fn get(&self, flag: &str) -> Option<&Setting> {
        let index = self.effective.get(flag)?;
        self.all.get(*index)
    }

    /// The value of a flag that is in effect, where that is known.
    pub fn text(&self, flag: &str) -> Option<&str> {
        self.get(flag)?.text().filter(|text| !text.is_empty())
    }

    /// Whether a switch is on.
    pub fn is_on(&self, switch: &str) -> bool {
        self.get(switch).and_then(Setting::truth) == Some(true)
    }

    /// Whether a flag has no value, or an empty one, in any file: its default counts.
    pub fn lacks(&self, flag: &str) -> bool {
        match self.get(flag) {
            Some(setting) => setting.text() == Some(""),
            None => self.unread.is_empty(),
        }
    }

    /// Arguments that are no flags.
    pub fn strays(&self) -> &[Stray] {
        &self.strays
    }

    /// Lines of environment files that are no assignments.
    pub fn skipped(&self) -> &[Place] {
        &self.skipped
    }

    /// Files with more settings, which were not given.
    pub fn unread(&self) -> &[FurtherFile] {
        &self.unread
    }

    /// Where a unit sends SIGHUP to etcd when it should reload.
    pub fn reload(&self) -> Option<&Place> {
        self.reload.as_ref()
    }

    /// The version of etcd that is started, where the image of a container says it.
    pub fn version(&self) -> Option<EtcdVersion> {
        self.version
    }

    fn note_files(&mut self, sources: &[Source]) {
        for source in sources {
            self.version = source.content.version.or(self.version);
            if let Some(line) = source.content.reload {
                self.reload = Some(place(source, line));
            }
            let skipped = source.content.skipped.iter();
            self.skipped
                .extend(skipped.map(|line| place(source, *line)));
            for file in &source.content.files {
                if !is_given(sources, SourceKind::Environment, &file.path) {
                    self.unread.push(FurtherFile {
                        path: file.path.clone(),
                        kind: SourceKind::Environment,
                        place: place(source, file.line),
                    });
                }
            }
        }
    }

    /// Reads the arguments as Go's package flag does; returns the variables that stand in them.
    fn add_arguments(&mut self, sources: &[Source]) -> BTreeSet<String> {
        let mut used = Vec::new();
        // The command of a drop-in takes the place of the unit's.
        let mut with_command = sources.iter().rev().filter_map(|source| {
            let command = source.content.command.as_ref()?;
            Some((source, command))
        });
        let Some((source, command)) = with_command.next() else {
            return BTreeSet::new();
        };
        let values = variables(sources).map(|(_, variable)| {
            let value = (variable.value.text.as_str(), variable.value.is_open);
            (variable.name.as_str(), value)
        });
        let variables = Variables {
            values: values.collect(),
            is_open: !self.unread.is_empty(),
        };
        let words = words::expand(
            command.words.clone(),
            &variables,
            command.dialect,
            &mut used,
        );
        let mut words = words.into_iter().peekable();
        let mut switch = None;
        while let Some(word) = words.next() {
            let place = place(source, word.line);
            let dashless = word.text.strip_prefix('-');
            let dashless = dashless.map(|name| name.strip_prefix('-').unwrap_or(name));
            let name = dashless.filter(|name| !name.is_empty() && !name.starts_with(['-', '=']));
            let Some(name) = name else {
                // Nothing after it is read.
                let end = word.text == "--" && words.peek().is_none();
                if !end && !word.is_open {
                    self.strays.push(Stray {
                        text: word.text,
                        place,
                        after: switch,
                    });
                }
                break;
            };
            let (name, given) = match name.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (name.to_owned(), None),
            };
            let flag = flags::flag(&name);
            let is_switch = flag.map_or_else(|| flags::is_ignored(&name), |flag| flag.is_switch());
            let is_bare = given.is_none();
            let value = match given {
                Some(text) => Value::of(text, word.is_open),
                None if is_switch => Value::Text("true".to_owned()),
                None => match words.next_if(|next| flag.is_some() || !next.text.starts_with('-')) {
                    Some(next) => Value::of(next.text, next.is_open),
                    None if flag.is_some() => Value::Missing,
                    None => Value::Text(String::new()),
                },
            };
            switch = flag.filter(|flag| flag.is_switch() && is_bare);
            self.all.push(Setting {
                flag,
                written: format!("--{name}"),
                name,
                form: Form::Argument,
                place,
                releases: flag.map(Flag::releases),
                value,
                shape: None,
            });
        }
        used.into_iter().collect()
    }

    fn add_variables(&mut self, sources: &[Source], used: &BTreeSet<String>) {
        for (source, variable) in variables(sources) {
            let Some(name) = variable.name.strip_prefix(flags::PREFIX) else {
                continue;
            };
            let flag = flags::of_variable(&variable.name);
            // A variable that is put into the command needs to be no flag's.
            let is_helper = flag.is_none() && used.contains(&variable.name);
            if is_helper || NO_SETTINGS.contains(&variable.name.as_str()) {
                continue;
            }
            self.all.push(Setting {
                flag,
                written: variable.name.clone(),
                name: name.to_ascii_lowercase().replace('_', "-"),
                form: Form::Variable,
                place: place(source, variable.value.line),
                releases: flag.map(Flag::releases),
                value: Value::of_word(&variable.value),
                shape: None,
            });
        }
    }

    fn add_keys(&mut self, sources: &[Source]) {
        for source in sources {
            for key in &source.content.keys {
                let meaning = config::meaning(key.section, &key.name);
                let (flag, releases) = match meaning {
                    Meaning::Flag(flag, releases) => (Some(flag), Some(releases)),
                    Meaning::Other(releases) => (None, Some(releases)),
                    Meaning::Unknown => (None, None),
                };
                self.all.push(Setting {
                    flag,
                    written: match key.section {
                        Some(section) => format!("{section}: {}", key.name),
                        None => key.name.clone(),
                    },
                    name: key.name.clone(),
                    form: Form::Key,
                    place: place(source, key.value.line),
                    releases,
                    value: Value::of_word(&key.value),
                    shape: Some(key.shape),
                });
            }
        }
    }

    /// Decides which settings are in effect.
    fn decide(&mut self, sources: &[Source]) {
        let mut is_file = sources.iter().any(|one| one.kind == SourceKind::ConfigFile);
        let file = self
            .all
            .iter()
            .rfind(|setting| setting.flag.is_some_and(|flag| flag.name == CONFIG_FILE));
        if let Some(file) = file {
            let is_named = file.text() != Some("");
            if is_named && !is_file {
                self.unread.push(FurtherFile {
                    path: file.text().unwrap_or_default().to_owned(),
                    kind: SourceKind::ConfigFile,
                    place: file.place.clone(),
                });
                is_file = true;
            }
        }
        for (index, setting) in self.all.iter().enumerate() {
            let Some(flag) = setting.flag else { continue };
            let before = self
                .effective
                .get(flag.name)
                .and_then(|at| self.all.get(*at));
            let counts = match setting.form {
                Form::Key => is_file,
                Form::Argument => !is_file,
                // One that is empty is none.
                Form::Variable => {
                    !is_file
                        && setting.text() != Some("")
                        && before.is_none_or(|before| before.form == Form::Variable)
                }
            };
            if counts {
                self.effective.insert(flag.name, index);
            }
        }
    }
}

/// The flag that names a configuration file.
pub(crate) const CONFIG_FILE: &str = "config-file";

/// Variables that etcd reads besides those of flags.
const NO_SETTINGS: [&str; 1] = ["ETCD_UNSUPPORTED_ARCH"];

impl Value {
    fn of(text: String, is_open: bool) -> Self {
        // The file is a template of Ansible: what stands there is known later.
        match is_open || text.contains("{{") || text.contains("{%") {
            true => Self::Open(text),
            false => Self::Text(text),
        }
    }

    fn of_word(word: &Word) -> Self {
        Self::of(word.text.clone(), word.is_open)
    }
}

fn place(source: &Source, line: u64) -> Place {
    Place {
        file: Arc::clone(&source.file),
        line,
    }
}

/// The variables of all files, those of environment files last: they count more.
fn variables(sources: &[Source]) -> impl Iterator<Item = (&Source, &source::Variable)> {
    let of = |is_file: bool| {
        let kind = move |source: &&Source| (source.kind == SourceKind::Environment) == is_file;
        sources.iter().filter(kind)
    };
    of(false).chain(of(true)).flat_map(|source| {
        source
            .content
            .variables
            .iter()
            .map(move |one| (source, one))
    })
}

/// Whether a file of this kind and name is among those given; a single one may be called
/// otherwise than on the host.
fn is_given(sources: &[Source], kind: SourceKind, path: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let of_kind = || sources.iter().filter(|source| source.kind == kind);
    let named = sources.iter().map(|source| source.content.files.len());
    let is_only = named.sum::<usize>() == 1 && of_kind().count() == 1;
    is_only || of_kind().any(|source| name(&source.file) == name(path))
}
