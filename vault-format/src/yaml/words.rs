//! Where words, quoted scalars and lines end.

/// Whether this starts with white space or is at its end.
pub(super) fn is_blank(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r'])
}

/// Whether this starts with an indicator, such as the dash of an item.
pub(super) fn is_indicator(rest: &str, mark: char) -> bool {
    rest.strip_prefix(mark).is_some_and(is_blank)
}

/// Whether a line starts or ends a document.
pub(super) fn is_marker(line: &str) -> bool {
    ["---", "..."]
        .iter()
        .any(|mark| line.strip_prefix(mark).is_some_and(is_blank))
}

/// How many spaces this starts with.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether nothing is left of a line.
pub(super) fn is_line_end(rest: &str) -> bool {
    let rest = rest.trim_start_matches('\r');
    rest.is_empty() || rest.starts_with('\n')
}

/// Where the line ends that starts here, before its break.
pub(super) fn line_length(rest: &str) -> usize {
    let end = rest.find('\n').unwrap_or(rest.len());
    rest[..end].trim_end_matches('\r').len()
}

/// The end of the quoted scalar that `text` starts with, behind its closing mark. No document ends
/// inside of one.
pub(super) fn closing(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    let mut inside = text.char_indices().peekable();
    inside.next_if(|(_, first)| *first == mark)?;
    while let Some((at, c)) = inside.next() {
        if c == mark && mark == '\'' && inside.peek().is_some_and(|(_, next)| *next == mark) {
            inside.next();
        } else if c == mark && !escaped {
            return Some(at + 1);
        } else if c == '\n' && is_marker(&text[at + 1..]) {
            return None;
        }
        escaped = mark == '"' && c == '\\' && !escaped;
    }
    None
}

/// The end of a tag, an anchor or an alias.
pub(super) fn property(text: &str, in_flow: bool) -> usize {
    let ends =
        |c: char| c.is_ascii_whitespace() || in_flow && matches!(c, ',' | '[' | ']' | '{' | '}');
    text.find(ends).unwrap_or(text.len())
}

/// The end of a plain scalar on its first line.
pub(super) fn plain(text: &str, in_flow: bool) -> usize {
    // Behind the last character that is no blank.
    let mut end = 0;
    let mut previous = None;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let ends = match c {
            '\n' => true,
            '\r' => is_line_end(rest),
            ':' => is_blank(rest) || in_flow && rest.starts_with([',', '[', ']', '{', '}']),
            '#' => previous.is_some_and(|c| matches!(c, ' ' | '\t')),
            ',' | '[' | ']' | '{' | '}' => in_flow,
            _ => false,
        };
        if ends {
            break;
        }
        if !matches!(c, ' ' | '\t') {
            end = at + c.len_utf8();
        }
        previous = Some(c);
    }
    end
}
