//! Letting a person edit plaintext.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGINT;
use zeroize::Zeroizing;

use super::child;
use super::config::Config;
use super::error::Error;
use super::interrupt::{self, Deferred};
use super::scratch::Scratch;
use super::talk;

/// What became of a plaintext.
///
/// Ctrl-C is held off for as long as this lives: what was typed has to be saved first.
pub(super) struct Edited {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    /// An error if the editor was killed: then this is what was saved before, which may be less
    /// than the person wants, and must not be lost.
    pub(super) end: Result<(), Error>,
    /// Where the plaintext still lies.
    pub(super) scratch: Scratch,
    pub(super) _deferred: Deferred,
}

/// Opens `plaintext` in the editor and returns what became of it.
///
/// The temporary file has the extension of `path`, by which editors choose a language. `origin`
/// is what is edited, for one who finds it after we were killed.
pub(super) fn edit(
    plaintext: &[u8],
    path: &Path,
    origin: &OsStr,
    config: &Config,
) -> Result<Edited, Error> {
    let scratch = Scratch::new(path, config)?;
    scratch.fill(plaintext, origin)?;
    let deferred = interrupt::defer();
    let begin = Instant::now();
    let end = run(&config.editor, &scratch.file)?;
    let is_short = begin.elapsed() < MOMENT;
    let after = scratch.read()?;
    if is_short && end.is_ok() && after[..] == *plaintext {
        // A window may still be open, and the file that it shows is about to go.
        talk::success(&format!(
            "the editor '{}' ended at once and changed nothing: one that opens a window must be \
             told to wait for it, as with EDITOR='code --wait'",
            config.editor
        ));
    }
    Ok(Edited {
        plaintext: after,
        end,
        scratch,
        _deferred: deferred,
    })
}

/// The inner error is that of an editor that was killed.
fn run(editor: &str, file: &Path) -> Result<Result<(), Error>, Error> {
    let unusable = |why: &str| {
        Error::Runtime(format!("Unable to execute the command '{editor}': {why}"))
            .hinting("name an editor that is installed: EDITOR=vi vault edit FILE")
    };
    let words = shlex::split(editor).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| unusable("its quotes do not match or it is empty"))?;
    let mut command = child::command(&words[0]);
    command.args(&words[1..]);
    if is_vim(&words[0]) {
        // No swap file and no history of registers, which would hold plaintext.
        command.args(["-n", "-i", "NONE"]);
    }
    let status = command
        .arg(file)
        .status()
        .map_err(|error| unusable(&error.to_string()))?;
    if status.success() {
        return Ok(Ok(()));
    }
    let what = format!("the editor '{editor}' failed ({status}); nothing was changed");
    let failed = match status.signal() == Some(SIGINT) || status.code() == Some(128 + SIGINT) {
        true => Error::Interrupted.hinting(&what),
        false => Error::Runtime(what)
            .hinting("run it by itself to see why, or name another one in EDITOR"),
    };
    match status.signal() {
        Some(_) => Ok(Err(failed)),
        None => Err(failed),
    }
}

/// Whether this is vim, by whatever name: `vi` often is a link to it, to `vim.basic` say. A wrapper
/// of another name may take no options.
fn is_vim(program: &str) -> bool {
    let path = match program.contains('/') {
        true => std::ffi::OsString::new(),
        false => std::env::var_os("PATH").unwrap_or_default(),
    };
    let mut places = std::env::split_paths(&path).map(|directory| directory.join(program));
    let found = places.find_map(|place| place.canonicalize().ok());
    let found = found.unwrap_or_else(|| program.into());
    let name = found.file_name().unwrap_or_default().to_string_lossy();
    match name.strip_prefix("vim.") {
        Some(variant) => VARIANTS.contains(&variant),
        None => ["vim", "vimx", "nvim"].contains(&&*name),
    }
}

/// No person edits in less.
const MOMENT: Duration = Duration::from_millis(500);

/// What the names of Debian's vims have after `vim.`.
const VARIANTS: [&str; 7] = ["athena", "basic", "gtk", "gtk3", "motif", "nox", "tiny"];
