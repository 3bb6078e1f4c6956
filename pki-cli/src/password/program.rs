//! Programs whose output is a password.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Error;
use super::bytes::{LIMIT, Unread, copy, read, trim_line_breaks};

/// A script or command whose output, without the line breaks around it, is the password.
#[derive(Debug)]
pub struct Program {
    kind: Kind,
    name: PathBuf,
    command: Command,
    limit: Option<Duration>,
}

/// How it was named, and so what is wrong when it does not run.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Command,
    Script,
}

/// What a program answered.
pub struct Answer {
    /// Its output; it may be empty.
    pub password: Zeroizing<Vec<u8>>,
    /// How it ended.
    pub status: ExitStatus,
    /// What it had to say beside.
    pub messages: String,
}

/// Without the password.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Program {
    /// The script at `path`, never one of that name in `PATH`.
    ///
    /// # Errors
    ///
    /// [`Error`] if there is no working directory that `path` could be relative to.
    pub fn script(path: &Path) -> Result<Self, Error> {
        let program = std::path::absolute(path).map_err(|source| Error::read(path, source))?;
        Ok(Self::new(Kind::Script, path, Command::new(program)))
    }

    /// A command, split into words as a shell does but without a shell.
    ///
    /// # Errors
    ///
    /// [`Error`] if there are no words or the quotes do not match.
    pub fn command(text: &str) -> Result<Self, Error> {
        let words = shlex::split(text).filter(|words| !words.is_empty());
        let words = words.ok_or(Error::BadCommand)?;
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        Ok(Self::new(Kind::Command, Path::new(&words[0]), command))
    }

    fn new(kind: Kind, name: &Path, mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        Self {
            kind,
            name: name.to_owned(),
            command,
            limit: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Keeps variables of our environment from it.
    #[must_use]
    pub fn without_variables(mut self, names: &[String]) -> Self {
        for name in names {
            self.command.env_remove(name);
        }
        self
    }

    /// Ends it when it takes longer than this.
    #[must_use]
    pub fn limit(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it for a password. Its messages go where ours go.
    ///
    /// # Errors
    ///
    /// [`Error`] if it can not be run, fails, takes too long or prints nothing.
    pub fn password(mut self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let Answer {
            password, status, ..
        } = self.run()?;
        if !status.success() {
            Err(self.failed(status))
        } else if password.is_empty() {
            Err(self.silent())
        } else {
            Ok(password)
        }
    }

    /// Runs it and keeps its messages; it is no error here if it fails.
    ///
    /// # Errors
    ///
    /// [`Error`] if it can not be run or takes too long.
    pub fn answer(mut self) -> Result<Answer, Error> {
        self.command.stderr(Stdio::piped());
        self.run()
    }

    fn run(&mut self) -> Result<Answer, Error> {
        let mut child = self.command.spawn().map_err(|source| self.start(source))?;
        let messages = child.stderr.take().map(|mut stderr| {
            thread::spawn(move || {
                let mut messages = Vec::new();
                // What could be read of the messages is all there is to tell.
                let _ = stderr.read_to_end(&mut messages);
                messages
            })
        });
        let output = self.output(&mut child);
        // A child whose output is not read to the end must not be waited for.
        if output.is_err() {
            child.kill().map_err(|source| self.start(source))?;
        }
        let status = child.wait().map_err(|source| self.start(source))?;
        let password = copy(trim_line_breaks(&output?));
        let messages = messages.and_then(|thread| thread.join().ok());
        Ok(Answer {
            password,
            status,
            messages: String::from_utf8_lossy(&messages.unwrap_or_default()).into_owned(),
        })
    }

    /// All that it prints until it closes its output.
    fn output(&self, child: &mut Child) -> Result<Zeroizing<Vec<u8>>, Error> {
        let Some(stdout) = child.stdout.take() else {
            return Ok(Zeroizing::default());
        };
        let Some(limit) = self.limit else {
            return read(stdout, LIMIT).map_err(|unread| unread.at(&self.name));
        };
        let started = Instant::now();
        let (sender, receiver) = mpsc::channel::<Result<_, Unread>>();
        // Left alone at the limit: a grandchild may keep the pipe open for ever.
        thread::spawn(move || sender.send(read(stdout, LIMIT)));
        let late = || Error::TimedOut {
            path: self.name.clone(),
            limit,
        };
        let output = receiver.recv_timeout(limit).map_err(|_| late())?;
        while child.try_wait().is_ok_and(|status| status.is_none()) {
            if started.elapsed() > limit {
                return Err(late());
            }
            thread::sleep(POLL_INTERVAL);
        }
        output.map_err(|unread| unread.at(&self.name))
    }

    fn start(&self, source: std::io::Error) -> Error {
        let program = self.name.clone();
        match self.kind {
            Kind::Command if source.kind() == std::io::ErrorKind::NotFound => {
                Error::CommandMissing { program }
            }
            Kind::Command => Error::CommandStart { program, source },
            Kind::Script => Error::Start {
                path: program,
                source,
            },
        }
    }

    fn failed(&self, status: ExitStatus) -> Error {
        let program = self.name.clone();
        match self.kind {
            Kind::Command => Error::CommandFailed { program, status },
            Kind::Script => Error::Failed {
                path: program,
                status,
            },
        }
    }

    fn silent(&self) -> Error {
        let program = self.name.clone();
        match self.kind {
            Kind::Command => Error::CommandSilent { program },
            Kind::Script => Error::EmptyOutput { path: program },
        }
    }
}

/// How often it is asked whether a program that has closed its output has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Runs a command, split into words as a shell does but without a shell; its output is the
/// password.
///
/// # Errors
///
/// [`Error`] if the quotes do not match, or if the command can not be run, fails or prints
/// nothing.
pub fn from_command(command: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    Program::command(command)?.password()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_into_words_without_a_shell() {
        assert_eq!(
            *from_command("printf '%s %s\\n' 'a b' $HOME").unwrap(),
            b"a b $HOME"
        );
        assert!(matches!(from_command("echo 'a"), Err(Error::BadCommand)));
        assert!(matches!(from_command(" "), Err(Error::BadCommand)));
        assert!(matches!(
            from_command("true"),
            Err(Error::CommandSilent { .. })
        ));
        let error = from_command("sh -c 'echo secret; exit 1'").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the vault password command `sh` failed: exit status: 1; run it by itself to see why"
        );
        let error = from_command("no-such-program secret").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the vault password command `no-such-program` was not found: check its spelling, or give the path of the program"
        );
        assert!(matches!(from_command("/"), Err(Error::CommandStart { .. })));
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let limit = Some(Duration::from_millis(50));
        // The second one has closed its output and goes on.
        for text in ["sleep 1000", "sh -c 'echo x; exec sleep 1000 >&-'"] {
            let program = Program::command(text).unwrap().limit(limit);
            let error = program.password().unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        }
        let program = Program::command("echo x").unwrap();
        let long = Some(Duration::from_secs(1000));
        assert_eq!(*program.limit(long).password().unwrap(), b"x");
    }

    #[test]
    fn messages_are_kept_apart() {
        let program = Program::command("sh -c 'echo x; echo no >&2; exit 2'").unwrap();
        let answer = program.answer().unwrap();
        assert_eq!(*answer.password, b"x");
        assert_eq!((answer.status.code(), &*answer.messages), (Some(2), "no\n"));
    }

    #[test]
    fn an_answer_is_printed_without_its_password() {
        let program = Program::command("printf hunter2").unwrap();
        let answer = program.answer().unwrap();
        assert_eq!(answer.password.as_slice(), b"hunter2");
        let printed = format!("{answer:?}");
        assert!(printed.starts_with("Answer { status"), "{printed}");
    }
}
