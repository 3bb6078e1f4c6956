//! What to do next where the operating system refused.

use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::io::Errno;

/// What to do about a refusal, of a file if one is known.
pub(crate) fn advice(refused: &io::Error, path: Option<&Path>) -> Option<String> {
    let about = path.map(|path| About { path });
    let known = match (refused.kind(), &about) {
        (ErrorKind::FileTooLarge, _) => "raise the limit (ulimit -f), and run this again".to_owned(),
        (ErrorKind::InvalidData, Some(_)) => "save the file as UTF-8, if it is a text".to_owned(),
        (ErrorKind::InvalidFilename, _) => "choose a shorter name".to_owned(),
        (ErrorKind::IsADirectory, Some(about)) => {
            format!(
                "name a file in it, or move it away where a file belongs: ls {}",
                about.quoted()
            )
        }
        (ErrorKind::NotADirectory, Some(about)) => format!(
            "see what of it is a file where a directory belongs, and move that away, or choose another place: ls -ld {}",
            about.there()
        ),
        (ErrorKind::NotFound, Some(about)) => {
            format!("see what there is: ls -A {}", about.there())
        }
        (ErrorKind::PermissionDenied, Some(about)) => {
            format!("see who owns it: ls -ld {}", about.there())
        }
        (ErrorKind::ReadOnlyFilesystem, _) => "no file is half-written: mount the file system for writing (the kernel makes it read-only when its disk fails), and run this again".to_owned(),
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, Some(about)) => format!(
            "no file is half-written: make room, and run this again; df -h {} shows how much there is",
            about.there()
        ),
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, None) => {
            "make room, and run this again; if standard output is a file, that is not whole"
                .to_owned()
        }
        _ => return of_number(refused, about),
    };
    Some(known)
}

/// What the standard library has no kind for.
fn of_number(refused: &io::Error, about: Option<About<'_>>) -> Option<String> {
    let known = match (Errno::from_io_error(refused)?, about) {
        (Errno::IO, _) => "the disk fails, or what it is reached over: dmesg tells more; what cannot be read any more is to be restored from a copy, elsewhere".to_owned(),
        (Errno::LOOP, Some(about)) => format!(
            "its symbolic links lead in a circle: ls -l {}",
            about.quoted()
        ),
        (Errno::MFILE | Errno::NFILE, _) => {
            "allow more open files (ulimit -n), or do fewer files at once".to_owned()
        }
        (Errno::STALE, _) => "the file server has lost it: mount it anew, and run this again".to_owned(),
        _ => return None,
    };
    Some(known)
}

/// The file that it is about.
struct About<'a> {
    path: &'a Path,
}

impl About<'_> {
    fn quoted(&self) -> String {
        quoted(self.path)
    }

    /// What there is of it: itself, or the last directory above it.
    fn there(&self) -> String {
        let mut above = self.path.ancestors();
        let there = above.find(|path| path.symlink_metadata().is_ok());
        match there {
            Some(path) => quoted(path),
            None => ".".to_owned(),
        }
    }
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    shlex::try_quote(&text).map_or_else(|_| text.to_string(), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_refusal_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a b/c");
        let there = directory.path().display();
        for (number, advised) in [
            (Errno::ACCESS, format!("ls -ld {there}")),
            (
                Errno::DQUOT,
                format!("make room, and run this again; df -h {there} "),
            ),
            (Errno::FBIG, "ulimit -f".to_owned()),
            (Errno::IO, "restored from a copy".to_owned()),
            (Errno::ISDIR, format!("ls '{there}/a b/c'")),
            (Errno::LOOP, format!("ls -l '{there}/a b/c'")),
            (Errno::MFILE, "ulimit -n".to_owned()),
            (Errno::NAMETOOLONG, "shorter".to_owned()),
            (Errno::NOENT, format!("ls -A {there}")),
            (
                Errno::NOSPC,
                format!("make room, and run this again; df -h {there} "),
            ),
            (Errno::NOTDIR, format!("ls -ld {there}")),
            (Errno::PERM, format!("ls -ld {there}")),
            (Errno::ROFS, "mount the file system for writing".to_owned()),
            (Errno::STALE, "mount it anew".to_owned()),
        ] {
            let told = advice(&number.into(), Some(&path)).unwrap_or_default();
            assert!(told.contains(&advised), "{number}: {told}");
        }
        assert_eq!(advice(&io::Error::other("of our own"), Some(&path)), None);
    }

    #[test]
    fn where_no_file_is_known_none_is_named() {
        let full = advice(&Errno::NOSPC.into(), None).unwrap();
        assert!(full.starts_with("make room, and run this again"), "{full}");
        assert_eq!(advice(&Errno::NOENT.into(), None), None);
        // A path of one part lies in the directory that one is in.
        let missing = advice(&Errno::NOENT.into(), Some(Path::new("no-such-file"))).unwrap();
        assert!(missing.ends_with(" ."), "{missing}");
    }
}
