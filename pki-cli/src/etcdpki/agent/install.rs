//! Certificates and keys on the disk of the machine, as the role `tls` of the playbook lays them.
//!
//! Each set has a directory of its own, `releases/NAME`, and the link `current` is turned from one to
//! the next by a rename: no reader ever finds the certificate of one set beside the key of another.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use pki_core::agent::Content;
use pki_core::certificate::bundle;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::AgentError;
use crate::etcdpki::error::Error;

/// Where it is put, and who may read it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) directory: PathBuf,
    pub(super) group: Group,
    pub(super) crl: PathBuf,
}

/// A group of this machine.
#[derive(Clone, Debug)]
pub(super) struct Group {
    name: String,
    id: u32,
}

impl Group {
    pub(super) fn named(name: &str) -> Result<Self, Error> {
        let unknown = || AgentError::Group(name.to_owned());
        let found = Command::new("getent").args(["group", name]).output();
        let found = found.map_err(|error| Error::io("getent", error))?;
        let line = String::from_utf8_lossy(&found.stdout);
        let id = line.trim().split(':').nth(2).and_then(|id| id.parse().ok());
        Ok(Self {
            name: name.to_owned(),
            id: id.ok_or_else(unknown)?,
        })
    }

    /// Keys of a service that is not root's are read through the group.
    fn key_mode(&self) -> u32 {
        match self.name.as_str() {
            "root" => 0o600,
            _ => 0o640,
        }
    }
}

/// Puts all of it in place, and tells whether anything changed.
pub(super) fn install(content: &Content, target: &Target) -> Result<bool, Error> {
    let release = release(content);
    let releases = target.directory.join("releases");
    let directory = releases.join(&release);
    let mut changed = false;
    for directory in [&target.directory, &releases, &directory] {
        changed |= make_directory(directory, &target.group)?;
        remove_leftovers(directory)?;
    }
    let trusted = bundle::write(&content.trusted);
    let authority = target.directory.join("ca.crt");
    changed |= put(&authority, trusted.as_bytes(), 0o644, &target.group)?;
    for pair in &content.pairs {
        let chain = bundle::write(&pair.chain);
        let path = directory.join(format!("{}.crt", pair.role));
        changed |= put(&path, chain.as_bytes(), 0o644, &target.group)?;
        let path = directory.join(format!("{}.key", pair.role));
        let mode = target.group.key_mode();
        changed |= put(&path, pair.key.to_pem().as_bytes(), mode, &target.group)?;
    }
    changed |= turn(target, &format!("releases/{release}"))?;
    remove_others(&releases, &release)?;
    if let Some(list) = &content.revoked {
        changed |= put(&target.crl, list, 0o644, &target.group)?;
    }
    Ok(changed)
}

/// The name of the set: the SHA-256 of its certificates, each of which holds its public key.
fn release(content: &Content) -> String {
    let mut pairs: Vec<_> = content.pairs.iter().collect();
    pairs.sort_by_key(|pair| pair.role.as_str());
    let mut digest = Sha256::new();
    for pair in pairs {
        digest.update(bundle::write(&pair.chain));
    }
    const_hex::encode(digest.finalize())[..16].to_owned()
}

fn make_directory(path: &Path, group: &Group) -> Result<bool, Error> {
    let failed = |error| Error::io(path, error);
    let made = match DirBuilder::new().mode(0o750).create(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed(error)),
    };
    let found = fs::metadata(path).map_err(failed)?;
    let fits = found.mode() & 0o7777 == 0o750 && found.gid() == group.id;
    if !fits {
        fs::set_permissions(path, Permissions::from_mode(0o750)).map_err(failed)?;
        chown(path, None, Some(group.id)).map_err(failed)?;
    }
    Ok(made || !fits)
}

/// Removes what was put aside by a command that was killed: it may hold a key.
fn remove_leftovers(directory: &Path) -> Result<(), Error> {
    let failed = |error| Error::io(directory, error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(ASIDE.as_bytes())
        {
            fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// Replaces a file by a rename, unless it is so already.
fn put(path: &Path, content: &[u8], mode: u32, group: &Group) -> Result<bool, Error> {
    let failed = |error| Error::io(path, error);
    if is_so(path, content, mode, group).map_err(failed)? {
        return Ok(false);
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let directory = above.unwrap_or(Path::new("."));
    // For its owner alone until all of it is there.
    let mut file = tempfile::Builder::new()
        .prefix(ASIDE)
        .tempfile_in(directory)
        .map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    chown(file.path(), None, Some(group.id)).map_err(failed)?;
    let permissions = Permissions::from_mode(mode);
    file.as_file()
        .set_permissions(permissions)
        .map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync(directory)?;
    Ok(true)
}

fn is_so(path: &Path, content: &[u8], mode: u32, group: &Group) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.mode() & 0o7777 == mode
            && found.gid() == group.id
            && *Zeroizing::new(fs::read(path)?) == content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lets `current` lead to another set, with no moment without one.
fn turn(target: &Target, to: &str) -> Result<bool, Error> {
    let link = target.directory.join("current");
    let failed = |error| Error::io(&link, error);
    if fs::read_link(&link).is_ok_and(|found| found == Path::new(to)) {
        return Ok(false);
    }
    let aside = target.directory.join(format!("{ASIDE}current"));
    std::os::unix::fs::symlink(to, &aside).map_err(failed)?;
    lchown(&aside, None, Some(target.group.id)).map_err(failed)?;
    fs::rename(&aside, &link).map_err(failed)?;
    sync(&target.directory)?;
    Ok(true)
}

/// Removes the sets that are not in use any more, and what was left half-written.
fn remove_others(releases: &Path, kept: &str) -> Result<(), Error> {
    let failed = |error| Error::io(releases, error);
    for entry in fs::read_dir(releases).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name() != kept {
            fs::remove_dir_all(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

fn sync(directory: &Path) -> Result<(), Error> {
    let synced = File::open(directory).and_then(|opened| opened.sync_all());
    synced.map_err(|error| Error::io(directory, error))
}

/// What the names of files begin with until they are whole.
const ASIDE: &str = ".etcdpki-";
