//! Scalars in clear, to be encrypted, and how decrypted ones are written.

use std::fmt::{self, Write as _};
use std::ops::Range;

use zeroize::Zeroizing;

use super::kind::{self, Kind};
use super::{Style, TAGS, Value, line_break, splice};
use crate::yaml::{self, Block, Content, Node};

/// A scalar in clear.
#[derive(Clone, Eq, PartialEq)]
pub struct Scalar {
    path: String,
    line: usize,
    /// The scalar with its quotes or its indicator, on the line of its key.
    range: Range<usize>,
    /// The lines of a block scalar.
    block: Option<Range<usize>>,
    indent: usize,
    line_break: &'static str,
    kind: Option<Kind>,
    text: Result<Zeroizing<String>, Unsupported>,
}

impl Scalar {
    /// Where the scalar is, as in [`Value::path`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line of its key, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What it is if it is no text; an encrypted value always is one.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// The text that it stands for.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it is written in a way that is not understood here.
    pub fn text(&self) -> Result<&str, Unsupported> {
        self.text
            .as_ref()
            .map(|text| text.as_str())
            .map_err(|&why| why)
    }
}

/// Without the text, which may be a secret.
impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scalar")
            .field("path", &self.path)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// How a node is written that is not understood here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A block scalar with an indentation indicator or the chomping indicator `+`.
    #[error("is a block scalar with an indicator of its own; write it with '|' or '|-'")]
    BlockIndicator,
    /// A list or a mapping in brackets.
    #[error("is a collection in brackets; write each entry on a line of its own")]
    Collection,
    /// An escape that YAML does not have.
    #[error("has an escape that is not understood here; write it as a literal block ('|')")]
    Escape,
    /// A folded block scalar.
    #[error("is a folded scalar ('>'); write it as a literal one ('|')")]
    Folded,
    /// A plain or quoted scalar over several lines.
    #[error(
        "goes on over several lines; quote it on one line, or write it as a literal block ('|')"
    )]
    Lines,
    /// A node with an anchor or a tag, or an alias.
    #[error("has an anchor, a tag or an alias; write the value alone")]
    Properties,
    /// A character that no plain scalar starts with.
    #[error("starts with a character that is reserved in YAML; quote it")]
    Reserved,
}

/// Finds the values and items of a YAML text that are not encrypted.
#[must_use]
pub fn scalars(text: &str) -> Vec<Scalar> {
    let nodes = yaml::nodes(text);
    nodes.iter().filter_map(|node| scalar(text, node)).collect()
}

fn scalar(text: &str, node: &Node) -> Option<Scalar> {
    let is_vault = |range: &Range<usize>| TAGS.contains(&&text[range.clone()]);
    if node.in_flow || node.path.is_empty() || node.properties.iter().any(is_vault) {
        return None;
    }
    let (range, block) = match &node.content {
        Content::Block(block) => (block.header.clone(), Some(block.lines.clone())),
        Content::Flow(range)
        | Content::NotUnderstood(range)
        | Content::Plain(range)
        | Content::Quoted(range) => (range.clone(), None),
        Content::Alias => (node.start..node.start, None),
        Content::Collection | Content::Empty | Content::Key => return None,
    };
    let content = match &node.content {
        _ if !node.properties.is_empty() => Err(Unsupported::Properties),
        Content::Block(block) => literal(text, block),
        content => content_text(content, &text[range.clone()])?,
    };
    let kind = match &node.content {
        Content::Plain(range) => kind::of_plain(&text[range.clone()]),
        _ => None,
    };
    let line_end = text[range.end..].find('\n');
    let line_end = line_end.map_or(text.len(), |at| range.end + at + 1);
    Some(Scalar {
        path: node.path.clone(),
        line: node.line,
        range,
        block,
        indent: node.parent.map_or(0, |column| column + 2),
        line_break: line_break(&text[..line_end]),
        kind,
        text: content,
    })
}

/// What a scalar on one line stands for; none if this is nothing that anybody means.
fn content_text(content: &Content, shown: &str) -> Option<Result<Zeroizing<String>, Unsupported>> {
    let lines = shown.contains('\n');
    let inner = || &shown[1..shown.len() - 1];
    Some(match content {
        Content::Flow(_) => Err(Unsupported::Collection),
        Content::Alias => Err(Unsupported::Properties),
        Content::NotUnderstood(_) if shown.starts_with(RESERVED) => Err(Unsupported::Reserved),
        Content::Plain(_) | Content::Quoted(_) if lines => Err(Unsupported::Lines),
        Content::Plain(_) => Ok(Zeroizing::new(shown.to_owned())),
        Content::Quoted(_) if shown.starts_with('"') => {
            yaml::decode(inner()).ok_or(Unsupported::Escape)
        }
        Content::Quoted(_) => Ok(single_quoted(inner())),
        _ => return None,
    })
}

/// What stands between single quotes. It never grows, which would leave copies behind.
fn single_quoted(inner: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    for (number, part) in inner.split("''").enumerate() {
        if number > 0 {
            text.push('\'');
        }
        text.push_str(part);
    }
    text
}

/// What no plain scalar starts with.
const RESERVED: [char; 5] = ['|', '>', '%', '@', '`'];

/// Puts vaults in the place of scalars in clear; those that are not understood stay.
#[must_use]
pub fn conceal(text: &str, replacements: &[(&Scalar, &[u8])]) -> String {
    let understood = |(scalar, _): &&(&Scalar, &[u8])| scalar.text.is_ok();
    let edits = replacements.iter().filter(understood);
    let edits = edits.map(|(scalar, vault)| {
        let line_end = text[scalar.range.end..].find(['\r', '\n']);
        let line_end = line_end.map_or(text.len(), |at| scalar.range.end + at);
        let mut written = format!("!vault |{}", &text[scalar.range.end..line_end]);
        for line in String::from_utf8_lossy(vault).lines() {
            written.push_str(scalar.line_break);
            written.push_str(&" ".repeat(scalar.indent));
            written.push_str(line);
        }
        let end = scalar.block.as_ref().map_or(line_end, |block| {
            // The line break before what follows the block stays.
            let kept = text[..block.end].trim_end_matches(['\r', '\n', ' ']).len();
            kept.max(line_end)
        });
        (scalar.range.start..end, written)
    });
    splice(text, edits)
}

/// Puts texts in clear in the place of encrypted values, as double-quoted scalars.
///
/// Ansible expands no template in an encrypted value: a text that looks like one is tagged
/// `!unsafe`, so that it still is not expanded.
#[must_use]
pub fn reveal(text: &str, replacements: &[(&Value, &str)]) -> Zeroizing<String> {
    let edits = replacements.iter().flat_map(|(value, plaintext)| {
        let template = ["{{", "{%", "{#"];
        let tag = match template.iter().any(|mark| plaintext.contains(mark)) {
            true => "!unsafe ",
            false => "",
        };
        let behind = &text[value.tag.end..];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let written = |text: &str| Zeroizing::new(text.to_owned());
        let tag = (value.tag.start..value.tag.end + blanks, written(tag));
        let quoted = Zeroizing::new(quote(plaintext));
        match &value.style {
            // What stands around the indicators stays: an anchor, a comment.
            Style::Block { header, .. } => vec![
                tag,
                (header.clone(), quoted),
                (value.range.clone(), written("")),
            ],
            Style::Quoted => vec![tag, (value.range.clone(), quoted)],
        }
    });
    Zeroizing::new(splice(text, edits))
}

/// A double-quoted scalar, which means the same to every reader.
pub(super) fn quote(text: &str) -> String {
    // It never grows, which would leave copies of a secret behind: the longest escape has six
    // characters.
    let mut quoted = String::with_capacity(6 * text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => escape(c, &mut quoted),
            c if c.is_control() => escape(c, &mut quoted),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(c: char, quoted: &mut String) {
    // Writing to a string can not fail.
    let _ = write!(quoted, "\\u{:04x}", u32::from(c));
}

/// A literal block scalar with the plain kinds of chomping.
fn literal(text: &str, block: &Block) -> Result<Zeroizing<String>, Unsupported> {
    let header = &text[block.header.clone()];
    match header {
        "|" | "|-" if !block.lines.is_empty() => {}
        _ if header.starts_with('>') => return Err(Unsupported::Folded),
        _ => return Err(Unsupported::BlockIndicator),
    }
    let lines = Zeroizing::new(block.dedent(text).collect::<Vec<_>>().join("\n"));
    let lines = lines.trim_end_matches('\n');
    // As long as it becomes: growing would leave a copy behind.
    let mut content = Zeroizing::new(String::with_capacity(lines.len() + 1));
    content.push_str(lines);
    if header == "|" {
        content.push('\n');
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inline::values;

    const VAULT: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";

    const TEXT: &str = "# top\na: plain text # note\nb: 'it''s'\nc:\n  d: \"x\\ny\"   # kept\n  e: |\n    \
                        one\n      two\n\n  f: [1, 2]\ng: over\n  two lines\nlist:\n- h: 5\n  i: >\n    \
                        folded\nj: &x 1\nk: https://example.org # url\nitems:\n  - one # kept\n  - -5\n  \
                        - - deep\n  - two\n    lines\n  - |-\n    block\nl: |+\n  x\nm: over\n  - no item\n  n: no key\n";

    #[test]
    fn scalars_are_understood_or_left_alone() {
        let found = scalars(TEXT);
        let texts: Vec<_> = found.iter().map(|s| (s.path(), s.text())).collect();
        assert_eq!(
            texts,
            [
                ("a", Ok("plain text")),
                ("b", Ok("it's")),
                ("c.d", Ok("x\ny")),
                ("c.e", Ok("one\n  two\n")),
                ("c.f", Err(Unsupported::Collection)),
                ("g", Err(Unsupported::Lines)),
                ("list.[0].h", Ok("5")),
                ("list.[0].i", Err(Unsupported::Folded)),
                ("j", Err(Unsupported::Properties)),
                ("k", Ok("https://example.org")),
                ("items.[0]", Ok("one")),
                ("items.[1]", Ok("-5")),
                ("items.[2].[0]", Ok("deep")),
                ("items.[3]", Err(Unsupported::Lines)),
                ("items.[4]", Ok("block")),
                ("l", Err(Unsupported::BlockIndicator)),
                ("m", Err(Unsupported::Lines)),
            ]
        );
    }

    #[test]
    fn a_concealed_scalar_is_a_value_and_all_else_stays() {
        for scalar in scalars(TEXT).iter().filter(|scalar| scalar.text().is_ok()) {
            let concealed = conceal(TEXT, &[(scalar, VAULT)]);
            let found = values(&concealed);
            assert_eq!(found.len(), 1, "{concealed}");
            assert_eq!(
                (found[0].path(), found[0].vault()),
                (scalar.path(), VAULT),
                "{concealed}"
            );
            let others = |text: &str| {
                let all = scalars(text).into_iter().map(|s| (s.path, s.text));
                all.filter(|(path, _)| path != scalar.path())
                    .collect::<Vec<_>>()
            };
            assert_eq!(others(&concealed), others(TEXT), "{concealed}");
            for comment in ["# top", "# note", "# kept", "# url"] {
                assert!(concealed.contains(comment), "{concealed}");
            }
            let text = scalar.text().unwrap();
            let revealed = reveal(&concealed, &[(&found[0], text)]);
            let back = scalars(&revealed);
            let back = back.iter().find(|s| s.path() == scalar.path()).unwrap();
            assert_eq!(back.text(), Ok(text), "{}", *revealed);
            assert_eq!(others(&revealed), others(TEXT), "{}", *revealed);
        }
    }

    #[test]
    fn no_copy_of_a_secret_is_left_by_growing() {
        for text in ["", "plain", "\u{1}\u{2}", "\u{85}\u{2028}\n\\\"", "é"] {
            let text = text.repeat(100);
            assert_eq!(quote(&text).capacity(), 6 * text.len() + 2, "{text}");
        }
        let quoted = "it''s ".repeat(100);
        assert_eq!(single_quoted(&quoted).capacity(), quoted.len());
        assert_eq!(single_quoted("''a''''b''").as_str(), "'a''b'");
        let escaped = "\\L\\n ".repeat(100);
        let decoded = yaml::decode(&escaped).unwrap();
        assert_eq!(decoded.capacity(), escaped.len() * 3 / 2);
        let found = scalars(&format!("a: |\n{}", "  line\n".repeat(100)));
        let content = found[0].text.as_ref().unwrap();
        assert_eq!(content.capacity(), content.len());
    }

    #[test]
    fn a_text_with_a_secret_in_clear_is_made_at_once() {
        let text = "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6161\nb: 1\n";
        let values = values(text);
        let secret = "secret".repeat(100);
        let revealed = reveal(text, &[(&values[0], &secret)]);
        assert_eq!(revealed.capacity(), revealed.len());
    }

    #[test]
    fn a_quoted_text_is_read_back_whatever_is_in_it() {
        for text in [
            "plain \u{e9} \u{1f600}",
            "\"\\\n\r\t",
            "\0\u{1b}\u{7f}\u{85}\u{a0}\u{2028}\u{2029}\u{feff}",
        ] {
            let quoted = quote(text);
            let inner = &quoted[1..quoted.len() - 1];
            assert_eq!(yaml::decode(inner).unwrap().as_str(), text, "{quoted}");
            // What is no printable character is never written as it is.
            assert!(!quoted.contains(char::is_control), "{quoted}");
        }
        assert_eq!(quote("a \u{e9}\n"), "\"a \u{e9}\\n\"");
    }

    #[test]
    fn only_scalars_in_clear_that_have_a_path_are_told_with_their_line() {
        let text = "a: 1\nb: !vault |\n  x\nc:\n  d: {e: &x f}\n  g: |\nh: *x\ni: @x\n";
        let found = scalars(text);
        let told: Vec<_> = found
            .iter()
            .map(|scalar| (scalar.path(), scalar.line(), scalar.text()))
            .collect();
        assert_eq!(
            told,
            [
                ("a", 1, Ok("1")),
                ("c.d", 5, Err(Unsupported::Collection)),
                ("c.g", 6, Err(Unsupported::BlockIndicator)),
                ("h", 7, Err(Unsupported::Properties)),
                ("i", 8, Err(Unsupported::Reserved)),
            ]
        );
        assert!(scalars("text alone\n").is_empty());
    }

    #[test]
    fn what_is_no_text_is_told() {
        let found = scalars("a: yes\nb: 1.5\nc: text\n");
        let kinds = found
            .iter()
            .map(|scalar| scalar.kind().map(|kind| kind.to_string()));
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [Some("a boolean".into()), Some("a number".into()), None]
        );
    }

    #[test]
    fn line_breaks_of_windows_are_kept() {
        let text = "a: 1\r\nb: 2\r\n";
        let found = scalars(text);
        let concealed = conceal(text, &[(&found[0], VAULT)]);
        assert_eq!(
            concealed,
            "a: !vault |\r\n  $ANSIBLE_VAULT;1.1;AES256\r\n  6161\r\nb: 2\r\n"
        );
    }
}
