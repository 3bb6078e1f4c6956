//! Private keys in texts.

use base64ct::{Base64, Encoding};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "PRIVATE KEY-----";

/// The lines, counted from 1, where a private key starts that no passphrase protects.
pub(super) fn in_clear(text: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    let lines = text.split_inclusive('\n').map(move |line| {
        at += line.len();
        (line, &text[at..])
    });
    let keys = (1..)
        .zip(lines)
        .filter(|(_, (line, rest))| starts_key(line, rest));
    keys.map(|(number, _)| number)
}

/// Whether a key starts on a line: as all of it, or within a string whose line breaks are escaped.
fn starts_key(line: &str, rest: &str) -> bool {
    let line = line.trim();
    let (label, content) = match line.strip_prefix(BEGIN).and_then(|l| l.strip_suffix(END)) {
        Some(label) => (label, rest),
        None => {
            let Some((_, behind)) = line.split_once(BEGIN) else {
                return false;
            };
            match behind.split_once("PRIVATE KEY-----\\n") {
                Some(parts) => parts,
                None => return false,
            }
        }
    };
    !label.contains("ENCRYPTED") && !is_encrypted(label, content)
}

/// Whether the content of a key says that it is encrypted: RFC 1421 section 4.6.1.1, or the cipher
/// of OpenSSH's PROTOCOL.key.
fn is_encrypted(label: &str, content: &str) -> bool {
    if content.trim_start().starts_with("Proc-Type: 4,ENCRYPTED") {
        return true;
    }
    // Behind the magic comes the name of the cipher, with its length.
    const MAGIC: &[u8] = b"openssh-key-v1\0";
    const NO_CIPHER: &[u8] = b"\0\0\0\x04none";
    let mut digits = String::new();
    for line in content.lines().flat_map(|line| line.split("\\n")) {
        digits.push_str(line.trim());
        if digits.len() >= DIGITS {
            break;
        }
    }
    let start = digits.get(..DIGITS).map(Base64::decode_vec);
    label.starts_with("OPENSSH")
        && start.is_some_and(|start| {
            start.is_ok_and(|start| {
                let cipher = start.strip_prefix(MAGIC);
                cipher.is_some_and(|cipher| !cipher.starts_with(NO_CIPHER))
            })
        })
}

/// As many as it takes for the cipher.
const DIGITS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn openssh(cipher: &[u8]) -> String {
        let length = u8::try_from(cipher.len()).unwrap();
        let key: [&[u8]; 4] = [b"openssh-key-v1\0\0\0\0", &[length], cipher, &[0; 40]];
        format!(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
            Base64::encode_string(&key.concat())
        )
    }

    #[test]
    fn keys_under_a_passphrase_are_none_in_clear() {
        let none = openssh(b"none");
        let sealed = openssh(b"aes256-ctr");
        let rsa = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n";
        let escaped = |key: &str| format!("{{\"k\": \"{}\"}}\n", key.replace('\n', "\\n"));
        let indented = |key: &str| format!("k: |\n  {}\n", key.replace('\n', "\n  "));
        for (text, lines) in [
            (none.clone(), &[1][..]),
            (sealed.clone(), &[]),
            (escaped(&none), &[1]),
            (escaped(&sealed), &[]),
            (indented(&none), &[2]),
            (indented(&sealed), &[]),
            (rsa.to_owned(), &[1]),
            (rsa.replace("MIIE", "Proc-Type: 4,ENCRYPTED"), &[]),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n".to_owned(),
                &[],
            ),
            // Cut: it may be one.
            (none[..50].to_owned(), &[1]),
            (format!("{sealed}{none}"), &[4]),
            (
                "the line -----BEGIN PRIVATE KEY----- starts one\n".to_owned(),
                &[],
            ),
        ] {
            assert_eq!(in_clear(&text).collect::<Vec<_>>(), lines, "{text}");
        }
    }
}
