//! Reading PEM text.
//!
//! The grammar is between the standard and the lax one of RFC 7468 section 3: lines of any length
//! and any of the three line ends, and blanks and tabs anywhere in the base64 text, since what
//! pastes a block into another file indents it. The vertical tab and the form feed of the lax
//! grammar are refused, like every other octet that is not base64: Go's `encoding/pem`, with which
//! etcd reads its files, passes over a block that has one without a word.

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::secret_text::SecretText;

/// A block, decoded. It may be a private key, so it is wiped when it is dropped.
#[derive(Clone)]
pub struct Block {
    /// What stands behind `BEGIN`.
    pub label: String,
    /// What the base64 text encodes.
    pub content: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// Reads every block of a text. What stands around them is passed over (RFC 7468 section 2), but
/// for lines that begin like a boundary and are none: a block would be passed over with them.
///
/// # Errors
///
/// When a block is cut, or holds what is not base64.
pub fn read(text: &[u8]) -> Result<Vec<Block>, InvalidBlock> {
    let mut blocks = Vec::new();
    let mut open: Option<Open> = None;
    for (number, line) in (1..).zip(lines(text)) {
        let wrong = |kind| InvalidBlock { line: number, kind };
        match (Line::of(line).map_err(wrong)?, &mut open) {
            (Line::Begin(label), None) => open = Some(Open::new(label, number)),
            (Line::Begin(_), Some(open)) => return Err(open.cut()),
            (Line::End(_), None) => return Err(wrong(Fault::NoBegin)),
            (Line::End(label), Some(block)) if label != block.label => {
                return Err(wrong(Fault::OtherEnd));
            }
            (Line::End(_), Some(_)) => blocks.extend(open.take().map(Open::close).transpose()?),
            (Line::Other, None) => {}
            (Line::Other, Some(open)) => open.add(line).map_err(wrong)?,
        }
    }
    match open {
        Some(open) => Err(open.cut()),
        None => Ok(blocks),
    }
}

/// A text with a block that cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct InvalidBlock {
    /// The line, counted from 1.
    pub line: usize,
    kind: Fault,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum Fault {
    #[error(
        "a PEM block begins or ends here, but the line is not as it must be: a character of it was changed, or something stands behind it"
    )]
    Boundary,
    #[error("a PEM block begins here and has no END line: it is cut")]
    Cut,
    #[error(
        "a PEM block ends here that has no BEGIN line: it is cut, or a character of that line was changed"
    )]
    NoBegin,
    #[error("a PEM block ends here with another label than it begins with")]
    OtherEnd,
    #[error("the octet {0:#04x} does not belong into a PEM block: a character was changed")]
    NotBase64(u8),
    #[error(
        "the PEM block that begins here is not whole base64: characters are missing or were changed"
    )]
    NotWhole,
}

/// A block that has begun.
struct Open {
    label: String,
    line: usize,
    base64: SecretText,
}

impl Open {
    fn new(label: &str, line: usize) -> Self {
        Self {
            label: label.to_owned(),
            line,
            base64: SecretText::with_capacity(ROOM),
        }
    }

    fn add(&mut self, line: &[u8]) -> Result<(), Fault> {
        for part in line.split(|octet| is_blank(*octet)) {
            if let Some(octet) = part.iter().find(|octet| !is_base64(**octet)) {
                return Err(Fault::NotBase64(*octet));
            }
            // All of it is ASCII.
            self.base64
                .push_str(std::str::from_utf8(part).unwrap_or_default());
        }
        Ok(())
    }

    fn close(self) -> Result<Block, InvalidBlock> {
        match Base64::decode_vec(self.base64.as_str()) {
            Ok(content) => Ok(Block {
                label: self.label,
                content: Zeroizing::new(content),
            }),
            Err(_) => Err(InvalidBlock {
                line: self.line,
                kind: Fault::NotWhole,
            }),
        }
    }

    fn cut(&self) -> InvalidBlock {
        InvalidBlock {
            line: self.line,
            kind: Fault::Cut,
        }
    }
}

enum Line<'a> {
    Begin(&'a str),
    End(&'a str),
    Other,
}

impl<'a> Line<'a> {
    fn of(line: &'a [u8]) -> Result<Self, Fault> {
        let line = without_trailing_blanks(line);
        if let Some(rest) = line.strip_prefix(b"-----BEGIN ") {
            return label(rest).map(Self::Begin);
        }
        match line.strip_prefix(b"-----END ") {
            Some(rest) => label(rest).map(Self::End),
            None => Ok(Self::Other),
        }
    }
}

/// RFC 7468 section 3: printable characters, and single blanks or hyphens between them.
fn label(rest: &[u8]) -> Result<&str, Fault> {
    let label = rest.strip_suffix(b"-----").ok_or(Fault::Boundary)?;
    let label = std::str::from_utf8(label).map_err(|_| Fault::Boundary)?;
    let parts = || label.split([' ', '-']);
    match label.is_empty() || parts().all(is_printable) {
        true => Ok(label),
        false => Err(Fault::Boundary),
    }
}

fn is_printable(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Lines that end in LF, CRLF or CR.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b'\n').flat_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.split(|octet| *octet == b'\r')
    })
}

fn without_trailing_blanks(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., last] = line
        && is_blank(*last)
    {
        line = rest;
    }
    line
}

fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"+/=".contains(&octet)
}

fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

/// What most certificates and keys take.
const ROOM: usize = 2 * 1024;

#[cfg(test)]
mod tests;
