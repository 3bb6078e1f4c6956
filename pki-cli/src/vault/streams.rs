//! Standard input and output, and `--output`.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, StdoutLock, Write};
use std::mem;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::{codec, paths, talk};

/// Where a result goes.
#[derive(Debug)]
pub(super) enum Sink {
    File(PathBuf),
    InPlace,
    Stdout,
}

impl Sink {
    /// What `--output` and the number of files ask for.
    pub(super) fn new(output: Option<&Path>, files: &[PathBuf]) -> Result<Self, Error> {
        let from_stdin = files.iter().any(|file| file == Path::new("-"));
        match output {
            Some(_) if files.len() > 1 => Err(Error::Options(
                "At most one input file may be used with the --output option".to_owned(),
            )),
            Some(path) if is_stdout(path) => Ok(Self::Stdout),
            Some(path) => Ok(Self::File(paths::expand(path))),
            None if from_stdin && files.len() > 1 => Err(Error::Options(
                "standard input goes to standard output, files are changed in place: do one after \
                 the other"
                    .to_owned(),
            )),
            None if files.is_empty() || from_stdin => Ok(Self::Stdout),
            None => Ok(Self::InPlace),
        }
    }
}

/// Replacing what these names lead to would not be what anybody means.
fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path == Path::new(name))
}

/// Opens what is only read: a file, or a pipe such as `<(command)`.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let unread = || Error::file("Unable to read source file", path);
    let file = File::open(path).map_err(unread())?;
    match file.metadata().map_err(unread())?.is_dir() {
        true => Err(unread()(rustix::io::Errno::ISDIR.into())),
        false => Ok(file),
    }
}

/// Tells somebody at a terminal that we are waiting.
pub(super) fn announce_stdin() {
    if io::stdin().is_terminal() {
        talk::note("Reading plaintext input from stdin. (ctrl-d to end input)");
    }
}

/// Standard input, or a copy of its descriptor. If it is a terminal, and the last line was ended by
/// Ctrl-D alone, what is said next starts a line all the same.
pub(super) struct Typed<R> {
    input: R,
    is_terminal: bool,
    in_line: bool,
}

impl<R: Read> Typed<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            is_terminal: io::stdin().is_terminal(),
            in_line: false,
        }
    }
}

impl<R: Read> Read for Typed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buf)?;
        match buf[..length].last() {
            Some(&last) => self.in_line = last != b'\n',
            None if !buf.is_empty() && self.is_terminal && mem::take(&mut self.in_line) => {
                talk::note("");
            }
            None => {}
        }
        Ok(length)
    }
}

/// Copies to standard output.
pub(super) fn to_stdout(input: &mut impl BufRead) -> Result<(), Error> {
    let mut stdout = stdout();
    codec::copy(input, &mut stdout)?;
    Ok(stdout.flush()?)
}

/// Standard output, named in errors.
pub(super) fn stdout() -> impl Write {
    Stdout(io::stdout().lock())
}

struct Stdout(StdoutLock<'static>);

impl Write for Stdout {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

fn named(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("standard output: {error}"))
}
