//! One file of settings: what it is, and what stands in it.

use std::fmt;
use std::sync::Arc;

use super::words::{self, Dialect, Word};
use super::{InvalidSettings, Place, Shape, environment, manifest, unit};
use crate::etcd::EtcdVersion;

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
    /// The version of etcd that is started, where it is said.
    pub(super) version: Option<EtcdVersion>,
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
            Form::Process => process(text),
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
    Process,
    Unit,
    Yaml,
}

impl Form {
    fn of(text: &str) -> Self {
        if text.contains('\0') {
            return Self::Process;
        }
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

/// Whether a word can be the program: not an assignment, and not a mount of a container.
fn is_etcd(word: &str) -> bool {
    word.rsplit('/').next() == Some("etcd") && !word.contains(['=', ':'])
}

/// Where the program stands in a command: the first word that can be it and is not what an option
/// of a wrapper is set to, as in `docker run --name etcd`.
fn program(words: &[Word]) -> Option<usize> {
    let can_be = |at: &usize| words.get(*at).is_some_and(|word| is_etcd(&word.text));
    let follows_option = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        before.is_some_and(|word| word.text.starts_with('-') && !word.text.contains('='))
    };
    // An option that is set to nothing, as in `sudo -E etcd --name a`.
    let has_flags = |at: &usize| {
        let next = words.get(at + 1).map(|word| word.text.as_str());
        next.is_none_or(|next| next.starts_with('-') || PROXIES.contains(&next))
    };
    let mut all = (0..words.len()).filter(can_be);
    all.clone()
        .find(|at| !follows_option(at))
        .or_else(|| all.find(has_flags))
}

/// Looks for etcd in a command: behind a wrapper, or in the script of a shell.
///
/// `Ok(None)` is another program.
pub(super) fn command(
    words: Vec<Word>,
    dialect: Dialect,
) -> Read<Option<(Command, Vec<Variable>)>> {
    let Some(at) = program(&words) else {
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
    let mut words = before.split_off(at).split_off(1);
    if dialect == Dialect::Shell {
        words = arguments(words);
    }
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

/// The words of a shell that the program gets: no redirections, and not the next command.
fn arguments(words: Vec<Word>) -> Vec<Word> {
    let is_operator = |word: &Word| ["|", "||", "&&", "&", ";"].contains(&word.text.as_str());
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.into_iter().take_while(|word| !is_operator(word));
    while let Some(word) = words.next() {
        let redirection = word.text.trim_start_matches(|c: char| c.is_ascii_digit());
        match redirection.starts_with(['<', '>']) || redirection.starts_with("&>") {
            // Where it goes stands in the next word.
            true if redirection.ends_with(['<', '>']) => drop(words.next()),
            true => {}
            false => kept.push(word),
        }
    }
    kept
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

/// What Linux tells of a process: `/proc/PID/cmdline` or `/proc/PID/environ`, whose words end in a
/// zero octet.
fn process(text: &str) -> (SourceKind, Read<Content>) {
    let words = text.split_terminator('\0').map(|word| Word::new(word, 1));
    let words: Vec<_> = words.collect();
    if words.first().is_some_and(|word| word.text.contains('=')) {
        let content = Content {
            variables: words.into_iter().filter_map(assignment).collect(),
            ..Content::default()
        };
        return (SourceKind::Environment, Ok(content));
    }
    let content = match command(words, Dialect::Shell) {
        Ok(Some((command, variables))) => Ok(Content {
            command: Some(command),
            variables,
            ..Content::default()
        }),
        Ok(None) => Err((1, "the process is not etcd: give that of etcd".to_owned())),
        Err(fault) => Err(fault),
    };
    (SourceKind::CommandLine, content)
}

fn command_line(text: &str) -> Read<Content> {
    let comment = |line: &str| line.trim_start().starts_with('#');
    let mut exported = Vec::new();
    for (line, text) in words::logical_lines(text, comment) {
        let words = words::split(&text, line, Dialect::Shell);
        let words = words.ok_or_else(|| (line, OPEN_QUOTE.to_owned()))?;
        if words.first().is_some_and(|word| word.text == "export") {
            exported.extend(words.into_iter().filter_map(assignment));
            continue;
        }
        let are_flags = words.first().is_some_and(|word| word.text.starts_with('-'));
        let found = match are_flags {
            true => Some((
                Command {
                    words: arguments(words),
                    dialect: Dialect::Shell,
                },
                Vec::new(),
            )),
            false => command(words, Dialect::Shell)?,
        };
        if let Some((command, variables)) = found {
            exported.extend(variables);
            return Ok(Content {
                command: Some(command),
                variables: exported,
                ..Content::default()
            });
        }
    }
    Err((
        1,
        "no line of it starts etcd: give one that does".to_owned(),
    ))
}
