//! What an input that is no vault looks like instead.

use crate::MAGIC;

/// A hint for whoever passed `content` for a vault.
pub(crate) fn not_vault(content: &[u8]) -> Option<&'static str> {
    let start = content.trim_ascii_start();
    let utf16: Vec<u8> = MAGIC.iter().flat_map(|&b| [b, 0]).collect();
    if content.is_empty() {
        Some("it is empty")
    } else if content.starts_with(b"\xef\xbb\xbf") {
        Some("it starts with a byte order mark; remove these three bytes")
    } else if [b"\xff\xfe", b"\xfe\xff", &utf16[..]]
        .iter()
        .any(|&mark| content.starts_with(mark))
    {
        Some("it is UTF-16; save it as ASCII")
    } else if content.starts_with(b"\x1f\x8b") {
        Some("it is compressed by gzip; unpack it first")
    } else if content.starts_with(b"<<<<<<< ") {
        Some("it starts with a merge conflict marker; resolve the conflict first")
    } else if content.starts_with(MAGIC) {
        Some("it has characters that are not ASCII")
    } else if start.starts_with(MAGIC) {
        Some("it has blanks or blank lines before the header; remove them")
    } else if find(content, b"!vault") {
        Some("it has inline !vault values; use the inline commands")
    } else if find(content, MAGIC) {
        Some("it has other text before the header")
    } else {
        None
    }
}

fn find(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}
