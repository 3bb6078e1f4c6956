//! One file of settings: what it is, and what stands in it.

use std::fmt;
use std::sync::Arc;

use super::words::{self, Dialect, Word};
use super::{InvalidSettings, Place, Shape, environment, manifest, unit};

/// What a file of settings is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SourceKind {
    /// A command that starts etcd, or its arguments alone.
    CommandLine,
    /// A configuration file (`--config-file`).
    ConfigFile,
    /// An environment file (`EnvironmentFile=` of a systemd unit).
    Environment,
    /// A manifest of a pod, such as a static one of kubeadm.
    Pod,
    /// A systemd unit, or a drop-in of one.
    Unit,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::ConfigFile => "configuration file",
            Self::Environment => "environment file",
            Self::Pod => "pod manifest",
            Self::Unit => "systemd unit",
        })
    }
}

/// A file of settings.
#[derive(Clone)]
pub struct Source {
    pub(super) file: Arc<str>,
    pub(super) kind: SourceKind,
    pub(super) content: Content,
}

/// What can stand in a file of settings.
#[derive(Clone, Default)]
pub(super) struct Content {
    /// The command that starts etcd.
    pub(super) command: Option<Command>,
    /// Environment variables.
    pub(super) variables: Vec<Variable>,
    /// Keys of a configuration file.
    pub(super) keys: Vec<Key>,
    /// Environment files.
    pub(super) files: Vec<EnvironmentFile>,
    /// The line that sends SIGHUP to etcd when it should reload.
    pub(super) reload: Option<u64>,
    /// Lines that nobody reads.
    pub(super) skipped: Vec<u64>,
}

/// The arguments of etcd.
#[derive(Clone)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// Whose variables are put in.
    pub(super) dialect: Dialect,
}

/// An environment variable.
#[derive(Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Word,
}

/// A key of a configuration file.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) section: Option<&'static str>,
    pub(super) name: String,
    pub(super) value: Word,
    pub(super) shape: Shape,
}

/// An environment file that a unit names.
#[derive(Clone)]
pub(super) struct EnvironmentFile {
    pub(super) path: String,
    pub(super) line: u64,
}

impl Source {
    /// Reads a file, which messages call `file`. What it is can be told from what stands in it.
    ///
    /// # Errors
    ///
    /// When it is none of [`SourceKind`], cannot be understood, or does not start a member.
    pub fn read(file: &str, content: &[u8]) -> Result<Self, InvalidSettings> {
        let file: Arc<str> = file.into();
        let text = std::str::from_utf8(content).map_err(|error| {
            let before = content.split_at(error.valid_up_to()).0;
            let line = 1 + before.iter().filter(|octet| **octet == b'\n').count();
            let place = Place {
                file: Arc::clone(&file),
                line: u64::try_from(line).unwrap_or(u64::MAX),
            };
            InvalidSettings::at(place, "the text is not UTF-8: save the file as UTF-8")
        })?;
        // What a Windows editor puts before the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let at = |line| Place {
            file: Arc::clone(&file),
            line,
        };
        let (kind, content) = match Form::of(text) {
            Form::Unit => (SourceKind::Unit, unit::read(text)),
            Form::Environment => (SourceKind::Environment, Ok(environment::read(text))),
            Form::Yaml => manifest::read(text),
            Form::CommandLine => (SourceKind::CommandLine, command_line(text)),
            Form::Empty => (
                SourceKind::Environment,
                Err((
                    1,
                    "nothing stands in it: give a file that starts etcd, or one that it reads"
                        .to_owned(),
                )),
            ),
        };
        match content {
            Ok(content) => Ok(Self {
                file,
                kind,
                content,
            }),
            Err((line, message)) => Err(InvalidSettings::at(at(line), message)),
        }
    }

    /// What it is.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// The file, as it was called when it was read.
    pub fn file(&self) -> &str {
        &self.file
    }
}

// Other variables than those of etcd may be secret.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("file", &self.file)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What was read, or the line of a fault and what is wrong there.
pub(super) type Read<T> = Result<T, (u64, String)>;

/// What the first line that says something looks like.
enum Form {
    CommandLine,
    Empty,
    Environment,
    Unit,
    Yaml,
}

impl Form {
    fn of(text: &str) -> Self {
        if text.starts_with("#!") {
            return Self::CommandLine;
        }
        let says = |line: &&str| !line.is_empty() && !line.starts_with(['#', ';']);
        let Some(first) = text.lines().map(str::trim).find(says) else {
            return Self::Empty;
        };
        let mut words = first.split_whitespace();
        let word = words.next().unwrap_or_default();
        let section = first
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if section.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic())) {
            return Self::Unit;
        }
        let is_flag = |word: &str| {
            let dashless = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
            dashless.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        if is_flag(word) || std::iter::once(word).chain(words).any(is_etcd) {
            return Self::CommandLine;
        }
        match first.split_once('=') {
            Some((name, _)) if words::is_name(name.trim()) => Self::Environment,
            _ => Self::Yaml,
        }
    }
}

/// Whether a word is the program.
fn is_etcd(word: &str) -> bool {
    word.rsplit('/').next() == Some("etcd")
}

/// Looks for etcd in a command: behind a wrapper, or in the script of a shell.
///
/// `Ok(None)` is another program.
pub(super) fn command(
    words: Vec<Word>,
    dialect: Dialect,
) -> Read<Option<(Command, Vec<Variable>)>> {
    let Some(at) = words.iter().position(|word| is_etcd(&word.text)) else {
        let script = words.iter().position(|word| word.text == "-c");
        let script = script.and_then(|at| words.get(at + 1));
        return match script {
            Some(script) if dialect != Dialect::Shell => {
                let inner = words::split(&script.text, script.line, Dialect::Shell);
                let inner = inner.ok_or_else(|| (script.line, OPEN_QUOTE.to_owned()))?;
                command(inner, Dialect::Shell)
            }
            _ => Ok(None),
        };
    };
    let mut before = words;
    let words = before.split_off(at).split_off(1);
    if let Some(proxy) = words
        .first()
        .filter(|word| PROXIES.contains(&word.text.as_str()))
    {
        let message = format!(
            "`etcd {}` starts a proxy, not a member: give the settings of a member",
            proxy.text
        );
        return Err((proxy.line, message));
    }
    let variables = before.into_iter().filter_map(assignment).collect();
    Ok(Some((Command { words, dialect }, variables)))
}

/// Programs inside of etcd that are no members.
const PROXIES: [&str; 2] = ["gateway", "grpc-proxy"];

/// What is wrong with a quote.
pub(super) const OPEN_QUOTE: &str = "a quote is opened and not closed: close it";

/// `NAME=VALUE`.
pub(super) fn assignment(word: Word) -> Option<Variable> {
    let (name, value) = word.text.split_once('=')?;
    words::is_name(name).then(|| Variable {
        name: name.to_owned(),
        value: Word {
            text: value.to_owned(),
            ..word
        },
    })
}

fn command_line(text: &str) -> Read<Content> {
    let comment = |line: &str| line.trim_start().starts_with('#');
    for (line, text) in words::logical_lines(text, comment) {
        let words = words::split(&text, line, Dialect::Shell);
        let words = words.ok_or_else(|| (line, OPEN_QUOTE.to_owned()))?;
        let are_flags = words.first().is_some_and(|word| word.text.starts_with('-'));
        let found = match are_flags {
            true => Some((
                Command {
                    words,
                    dialect: Dialect::Shell,
                },
                Vec::new(),
            )),
            false => command(words, Dialect::Shell)?,
        };
        if let Some((command, variables)) = found {
            return Ok(Content {
                command: Some(command),
                variables,
                ..Content::default()
            });
        }
    }
    Err((
        1,
        "no line of it starts etcd: give one that does".to_owned(),
    ))
}
