//! Telling a vault, a damaged one and anything else apart by their look, without a secret.

use crate::{MAGIC, is_encrypted};

/// What content is by its look.
///
/// Clear text is to be encrypted, a damaged vault to be repaired: to encrypt that once more would
/// hide it. The first few kilobytes of a file tell, but for characters that are not ASCII further
/// on.
///
/// ```
/// use vault_format::Form;
///
/// assert_eq!(Form::of(b"$ANSIBLE_VAULT;1.1;AES256\n6162\n"), Form::Vault);
/// assert_eq!(Form::of(b"password: secret\n"), Form::Clear);
/// let damaged = [&b"$ANSIBLE_VAULX;1.1;AES256\n"[..], &b"36".repeat(40)].concat();
/// assert!(matches!(Form::of(&damaged), Form::Damaged { .. }));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// No vault.
    Clear,
    /// A vault, but for what `hint` says.
    Damaged {
        /// What is wrong with it, and what to do about it.
        hint: &'static str,
    },
    /// A vault by ansible-core's rule, whatever may be wrong with it further on.
    Vault,
}

impl Form {
    /// Looks at the start of something.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        if is_encrypted(content) {
            return Self::Vault;
        }
        match damage(content) {
            Some(hint) => Self::Damaged { hint },
            None => Self::Clear,
        }
    }
}

/// What keeps a vault from being taken for one.
fn damage(content: &[u8]) -> Option<&'static str> {
    let without_mark = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    if content.starts_with(MAGIC) {
        return Some("it has characters that are not ASCII");
    } else if without_mark.starts_with(MAGIC) {
        return Some("it starts with a byte order mark; remove these three bytes");
    } else if is_utf16_vault(content) {
        return Some("it is UTF-16; save it as ASCII");
    } else if content.trim_ascii_start().starts_with(MAGIC) {
        return Some("it has blanks or blank lines before the header; remove them");
    }
    let lines = content.split(|byte| matches!(byte, b'\n' | b'\r'));
    let mut before = Vec::new();
    for line in lines.take(LINES_BEFORE_BODY + 1) {
        if is_body(line) {
            return of_lines_before_body(&before);
        }
        before.push(line);
    }
    None
}

fn of_lines_before_body(lines: &[&[u8]]) -> Option<&'static str> {
    let any = |what: &dyn Fn(&[u8]) -> bool| lines.iter().any(|line| what(line));
    if lines.is_empty() {
        Some(
            "its header is missing: put `$ANSIBLE_VAULT;1.1;AES256` before it, on a line of its own",
        )
    } else if any(&|line| find(line, b"!vault")) {
        None
    } else if !any(&|line| line.starts_with(MAGIC)) {
        Some(
            "its header is damaged: its first line must be `$ANSIBLE_VAULT;1.1;AES256`, or with a label `$ANSIBLE_VAULT;1.2;AES256;LABEL`",
        )
    } else if any(&|line| line.starts_with(CONFLICT)) {
        Some("it starts with a merge conflict marker; resolve the conflict first")
    } else {
        Some("it has other text before the header; remove that")
    }
}

/// What an input that is no vault looks like instead, for whoever passed it for one.
pub(crate) fn not_vault(content: &[u8]) -> Option<&'static str> {
    if let Form::Damaged { hint } = Form::of(content) {
        Some(hint)
    } else if content.is_empty() {
        Some("it is empty")
    } else if content.starts_with(BYTE_ORDER_MARK) {
        Some("it starts with a byte order mark; remove these three bytes")
    } else if UTF16_MARKS.iter().any(|mark| content.starts_with(mark)) {
        Some("it is UTF-16; save it as ASCII")
    } else if content.starts_with(b"\x1f\x8b") {
        Some("it is compressed by gzip; unpack it first")
    } else if content.starts_with(CONFLICT) {
        Some("it starts with a merge conflict marker; resolve the conflict first")
    } else if find(content, b"!vault") {
        Some("it has inline !vault values; use the inline commands")
    } else if find(content, MAGIC) {
        Some("it has other text before the header")
    } else {
        None
    }
}

/// Whether a line is one of a body, whose digits stand for digits again. Hardly anything else is.
fn is_body(line: &[u8]) -> bool {
    let is_inner = |pair: &[u8; 2]| {
        let [high, low] = pair.map(|byte| byte.to_ascii_lowercase());
        match high {
            b'3' => low.is_ascii_digit(),
            b'6' => matches!(low, b'1'..=b'6'),
            b'0' => low == b'a',
            _ => false,
        }
    };
    let (pairs, _) = line.as_chunks();
    pairs.len() >= SHORTEST_LINE && pairs.iter().all(is_inner)
}

fn is_utf16_vault(content: &[u8]) -> bool {
    let text = UTF16_MARKS
        .iter()
        .find_map(|mark| content.strip_prefix(*mark))
        .unwrap_or(content);
    let spread = |pair: fn(u8) -> [u8; 2]| MAGIC.iter().flat_map(move |byte| pair(*byte));
    let starts = |wanted: &mut dyn Iterator<Item = u8>| {
        text.len() >= 2 * MAGIC.len() && wanted.eq(text[..2 * MAGIC.len()].iter().copied())
    };
    starts(&mut spread(|byte| [byte, 0])) || starts(&mut spread(|byte| [0, byte]))
}

fn find(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const CONFLICT: &[u8] = b"<<<<<<< ";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
/// A marker and the header, or a header that was broken in two.
const LINES_BEFORE_BODY: usize = 2;
/// In pairs of digits: half of a line as it is written.
const SHORTEST_LINE: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Secret, encrypt};

    fn vault() -> String {
        let secret = Secret::new(*b"p").expect("not empty");
        String::from_utf8(encrypt(b"some: secret", &secret, None).expect("random")).expect("ASCII")
    }

    #[test]
    fn a_vault_whose_start_was_damaged_is_told_from_clear_text() {
        let vault = vault();
        let (header, body) = vault.split_once('\n').expect("lines");
        for (content, phrase) in [
            (
                format!("$ANSIBLE_VAULX;1.1;AES256\n{body}"),
                "header is damaged",
            ),
            (format!("\0\u{fffd}\n{body}"), "header is damaged"),
            (
                format!("$ANSIBLE_\nVAULT;1.1;AES256\n{body}"),
                "header is damaged",
            ),
            (format!("\n{body}"), "header is damaged"),
            (
                header.to_lowercase() + "\r\n" + &body.to_uppercase(),
                "header is damaged",
            ),
            (body.to_owned(), "header is missing"),
            (body.replace('\n', ""), "header is missing"),
            (format!("---\n{vault}"), "other text before the header"),
            (format!("<<<<<<< HEAD\n{vault}"), "merge conflict"),
            (format!("\u{feff}{vault}"), "byte order mark"),
            (format!(" {vault}"), "blanks"),
            (format!("{header}ü\n{body}"), "not ASCII"),
        ] {
            let form = Form::of(content.as_bytes());
            let Form::Damaged { hint } = form else {
                panic!("{form:?}: {content}");
            };
            assert!(hint.contains(phrase), "{hint}: {content}");
        }
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let utf16: Vec<u8> = vault.encode_utf16().flat_map(order).collect();
            assert!(matches!(Form::of(&utf16), Form::Damaged { .. }));
        }
    }

    #[test]
    fn what_is_no_vault_is_clear() {
        let vault = vault();
        let inline: String = vault.lines().map(|line| format!("  {line}\n")).collect();
        for content in [
            String::new(),
            "port: 80\n".to_owned(),
            "\u{feff}port: 80\n".to_owned(),
            "$ANSIBLE_VAULX;1.1;AES256\nport: 80\n".to_owned(),
            format!("a: !vault |\n{inline}"),
            format!("--- !vault |\n{vault}"),
            format!("# Notes\n\nA vault looks so:\n\n{vault}"),
            "d41d8cd98f00b204e9800998ecf8427e".repeat(3),
            "1".repeat(80),
        ] {
            assert_eq!(Form::of(content.as_bytes()), Form::Clear, "{content}");
        }
    }

    #[test]
    fn a_vault_is_one_whatever_its_body() {
        for content in [vault(), "$ANSIBLE_VAULT".to_owned()] {
            assert_eq!(Form::of(content.as_bytes()), Form::Vault);
        }
    }
}
