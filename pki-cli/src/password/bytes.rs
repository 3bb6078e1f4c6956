//! Reading passwords, and what around them does not belong to them.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;

use zeroize::Zeroizing;

use super::Error;

/// The longest password that is read, in bytes: an end for `/dev/zero`.
pub(super) const LIMIT: usize = 1 << 20;

/// Reads a password, leaving no copy behind.
///
/// # Errors
///
/// [`io::Error`] if reading fails or there is more than a password can be.
pub fn read_all(input: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    into_io(read(input, LIMIT))
}

/// Reads plaintext of any length, leaving no copy behind.
///
/// # Errors
///
/// [`io::Error`] if reading fails.
pub fn read_plaintext(input: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    into_io(read(input, usize::MAX))
}

fn into_io<T>(result: Result<T, Unread>) -> io::Result<T> {
    result.map_err(|unread| match unread {
        Unread::Io(error) => error,
        Unread::TooLong => io::Error::new(io::ErrorKind::FileTooLarge, "too long for a password"),
    })
}

/// Standard input without a buffer, in which a copy would stay.
///
/// # Errors
///
/// [`io::Error`] if there are too many open files.
pub fn unbuffered_stdin() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Reads a line of standard input, without its end.
///
/// Unbuffered: what follows the line belongs to somebody else, and no copy stays behind.
///
/// # Errors
///
/// [`io::Error`] if reading fails.
pub fn read_line() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut input = unbuffered_stdin()?;
    let mut line = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LIMIT && input.read(&mut *byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    Ok(line)
}

/// Bytes without the line breaks around them, which is how scripts are read.
#[must_use]
pub fn trim_line_breaks(bytes: &[u8]) -> &[u8] {
    trim(bytes, |byte| matches!(byte, b'\r' | b'\n'))
}

/// Bytes without the ASCII white space around them, which is how files are read.
#[must_use]
pub fn trim_white_space(bytes: &[u8]) -> &[u8] {
    trim(bytes, |byte| matches!(byte, b' ' | b'\t'..=b'\r'))
}

/// Why [`read`] stopped.
pub(crate) enum Unread {
    Io(io::Error),
    TooLong,
}

impl Unread {
    pub(super) fn at(self, path: &Path) -> Error {
        match self {
            Self::Io(source) => Error::read(path, source),
            Self::TooLong => Error::TooLong {
                path: path.to_owned(),
            },
        }
    }
}

/// Reads at most `limit` bytes, leaving no copy behind.
pub(crate) fn read(mut input: impl Read, limit: usize) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let mut content = Zeroizing::new(vec![0; 4096]);
    let mut length = 0;
    loop {
        match input.read(&mut content[length..]) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Unread::Io(error)),
        }
        if length > limit {
            return Err(Unread::TooLong);
        }
        if length == content.len() {
            // Growing in place would leave the old memory as it is.
            let mut larger = Zeroizing::new(vec![0; length * 2]);
            larger[..length].copy_from_slice(&content);
            content = larger;
        }
    }
    content.truncate(length);
    Ok(content)
}

pub(super) fn copy(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

fn trim(bytes: &[u8], strip: impl Fn(u8) -> bool) -> &[u8] {
    let start = bytes
        .iter()
        .position(|&byte| !strip(byte))
        .unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|&byte| !strip(byte))
        .map_or(start, |last| last + 1);
    &bytes[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_password_is_read_whole() {
        let password = vec![b'x'; 100_000];
        assert_eq!(*read_all(&password[..]).unwrap(), password);
        assert!(read_all(&vec![b'x'; LIMIT + 1][..]).is_err());
    }

    #[test]
    fn what_is_all_blank_is_empty() {
        assert_eq!(trim_white_space(b" \t\r\n\x0b\x0c"), b"");
        assert_eq!(trim_line_breaks(b"\r\n"), b"");
        assert_eq!(trim_line_breaks(b" \n"), b" ");
    }
}
