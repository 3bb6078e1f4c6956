//! Letting a person edit plaintext.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zeroize::Zeroizing;

use super::child;
use super::config::Config;
use super::error::Error;
use super::interrupt::{self, Watched};
use super::paths;

/// Opens `plaintext` in the editor and returns what became of it.
///
/// The temporary file lies in a directory of its own, in memory where the system has such a
/// place, and has the extension of `path`, by which editors choose a language.
pub(super) fn edit(
    plaintext: &[u8],
    path: &Path,
    config: &Config,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let scratch = Scratch::new(path)?;
    let fault = || Error::file("Unable to write", &scratch.file);
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&scratch.file)
        .and_then(|mut file| file.write_all(plaintext))
        .map_err(fault())?;
    run(&config.editor, &scratch.file)?;
    let gone = Error::file("the editor left nothing to encrypt in", &scratch.file);
    let edited = Zeroizing::new(fs::read(&scratch.file).map_err(gone)?);
    scratch.overwrite().map_err(fault())?;
    Ok(edited)
}

fn run(editor: &str, file: &Path) -> Result<(), Error> {
    let unusable =
        |why: &str| Error::Runtime(format!("Unable to execute the command '{editor}': {why}"));
    let words = shlex::split(editor).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| unusable("its quotes do not match or it is empty"))?;
    let mut command = child::command(&words[0]);
    command.args(&words[1..]);
    let name = Path::new(&words[0]).file_name();
    if [Some(OsStr::new("vim")), Some(OsStr::new("nvim"))].contains(&name) {
        // No swap file and no history of registers, which would hold plaintext.
        command.args(["-n", "-i", "NONE"]);
    }
    let _deferred = interrupt::defer();
    let status = command
        .arg(file)
        .status()
        .map_err(|error| unusable(&error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Runtime(format!(
        "the editor '{editor}' failed ({status}); nothing was changed"
    )))
}

/// A private directory with one file to be.
pub(super) struct Scratch {
    pub(super) file: PathBuf,
    _directory: TempDir,
    _watched: Watched,
}

impl Scratch {
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let place = place();
        let directory = tempfile::Builder::new()
            .prefix("vault-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&place)
            .map_err(Error::file("Unable to write", &place))?;
        let mut file = directory.path().join("plaintext");
        if let Some(extension) = path.extension() {
            file.set_extension(extension);
        }
        let watched = interrupt::watch(directory.path());
        Ok(Self {
            file,
            _directory: directory,
            _watched: watched,
        })
    }

    /// Overwrites the content, in case it is not in memory.
    fn overwrite(&self) -> std::io::Result<()> {
        let mut file = File::options().write(true).open(&self.file)?;
        let length = file.metadata()?.len();
        std::io::copy(
            &mut std::io::Read::take(std::io::repeat(0), length),
            &mut file,
        )?;
        file.sync_data()
    }
}

/// Where plaintext may lie for a while.
fn place() -> PathBuf {
    if let Some(chosen) = env::var_os("ANSIBLE_LOCAL_TEMP").filter(|path| !path.is_empty()) {
        return paths::expand(Path::new(&chosen));
    }
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let in_memory = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
    let mut usable = in_memory.filter(|path| path.is_absolute() && is_writable(path));
    usable.next().unwrap_or_else(env::temp_dir)
}

fn is_writable(directory: &Path) -> bool {
    directory
        .metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o222 != 0)
}
