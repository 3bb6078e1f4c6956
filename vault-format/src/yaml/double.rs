//! The text of a double-quoted scalar, YAML 1.2 section 7.3.1.

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

/// The text between the marks, without escapes and with its lines folded.
pub(crate) fn decode(inner: &str) -> Option<Zeroizing<String>> {
    // It may be a secret, so it never grows, which would leave copies behind. At most two bytes
    // become three.
    let mut text = Zeroizing::new(String::with_capacity(inner.len() + inner.len() / 2));
    // What must not be trimmed where a line ends: escaped blanks.
    let mut kept = 0;
    let mut rest = inner.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                if rest.next_if_eq(&'\r').is_some() || rest.peek() == Some(&'\n') {
                    let breaks = fold(&mut rest)?;
                    text.extend(std::iter::repeat_n('\n', breaks));
                } else {
                    text.push(escape(&mut rest)?);
                }
                kept = text.len();
            }
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' => {
                let end = text[kept..].trim_end_matches([' ', '\t']).len();
                text.truncate(kept + end);
                match blank_lines(&mut rest) {
                    0 => text.push(' '),
                    breaks => text.extend(std::iter::repeat_n('\n', breaks)),
                }
                kept = text.len();
            }
            c => text.push(c),
        }
    }
    Some(text)
}

/// Behind an escaped line break: nothing is left of it but the blank lines that follow.
fn fold(rest: &mut Peekable<Chars<'_>>) -> Option<usize> {
    rest.next_if_eq(&'\n')?;
    Some(blank_lines(rest))
}

/// Passes by blank lines, and the blanks that the line behind them starts with.
fn blank_lines(rest: &mut Peekable<Chars<'_>>) -> usize {
    let mut lines = 0;
    while let Some(c) = rest.next_if(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
        lines += usize::from(c == '\n');
    }
    lines
}

fn escape(rest: &mut impl Iterator<Item = char>) -> Option<char> {
    let digits = match rest.next()? {
        '0' => return Some('\0'),
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        't' | '\t' => return Some('\t'),
        'n' => return Some('\n'),
        'v' => return Some('\u{b}'),
        'f' => return Some('\u{c}'),
        'r' => return Some('\r'),
        'e' => return Some('\u{1b}'),
        'N' => return Some('\u{85}'),
        '_' => return Some('\u{a0}'),
        'L' => return Some('\u{2028}'),
        'P' => return Some('\u{2029}'),
        c @ (' ' | '"' | '/' | '\\') => return Some(c),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let mut code = 0_u32;
    for _ in 0..digits {
        code = code.checked_mul(16)? + rest.next()?.to_digit(16)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_lines_folded() {
        for (inner, text) in [
            (
                "a\\n\\\"b\\\\\\/\\t\\x41\\u2603\\U0001F600",
                "a\n\"b\\/\tA\u{2603}\u{1F600}",
            ),
            ("a  \n   b", "a b"),
            ("a\r\n\r\n\r\n b", "a\n\nb"),
            ("a\\n\\\n    b", "a\nb"),
            ("a\\n\\\r\n  b", "a\nb"),
            ("a\\ \n b", "a  b"),
            ("a\\\n\n b", "a\nb"),
            ("", ""),
            (
                "\\0\\a\\b\\v\\f\\r\\e\\N\\_\\L\\P\\ \\\t",
                "\0\u{7}\u{8}\u{b}\u{c}\r\u{1b}\u{85}\u{a0}\u{2028}\u{2029} \t",
            ),
            ("a\rb", "a\rb"),
        ] {
            let decoded = decode(inner);
            let decoded = decoded.as_ref().map(|decoded| decoded.as_str());
            assert_eq!(decoded, Some(text), "{inner:?}");
        }
        for inner in [
            "\\q",
            "\\",
            "\\x4",
            "\\ud800",
            "\\U11111111",
            "\\uzzzz",
            "\\U+0000041",
        ] {
            assert_eq!(decode(inner), None, "{inner:?}");
        }
    }
}
