//! One input each, and what has to become of it.

use crate::build::{PLAINTEXT, SALT, authentic, ciphertext, fields, good, hmac, inner, keys, wrap};

const HEADER: &str = "$ANSIBLE_VAULT;1.1;AES256";

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Corrupt,
    DecryptFailed,
    Format,
    NotVault,
    Ok(Vec<u8>),
    Unsupported,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) vault: Vec<u8>,
    pub(crate) expected: Outcome,
}

pub(crate) fn all() -> Vec<Case> {
    let groups = [
        tolerated(),
        headers(),
        not_vaults(),
        bodies(),
        inner_fields(),
        tampered(),
        corrupt(),
    ];
    groups.into_iter().flatten().collect()
}

fn case(name: impl Into<String>, vault: impl Into<Vec<u8>>, expected: &Outcome) -> Case {
    Case {
        name: name.into(),
        vault: vault.into(),
        expected: expected.clone(),
    }
}

fn ok() -> Outcome {
    Outcome::Ok(PLAINTEXT.to_vec())
}

fn digits() -> Vec<u8> {
    const_hex::encode(inner(&fields())).into_bytes()
}

/// The good body, in other lines.
fn lines(width: usize, end: &str) -> Vec<u8> {
    let mut vault = [HEADER.as_bytes(), end.as_bytes()].concat();
    for line in digits().chunks(width) {
        vault.extend_from_slice(line);
        vault.extend_from_slice(end.as_bytes());
    }
    vault
}

fn tolerated() -> Vec<Case> {
    let good = good();
    let upper_inner = wrap(HEADER, &inner(&fields()).to_ascii_uppercase());
    let body_upper = [&good[..26], &good[26..].to_ascii_uppercase()].concat();
    let mut mixed = good.clone();
    mixed[26..]
        .iter_mut()
        .step_by(3)
        .for_each(u8::make_ascii_uppercase);
    let salts = [vec![b's'], vec![b'S'; 4096], Vec::new()];
    let mut cases: Vec<_> = salts
        .iter()
        .map(|salt| {
            let padded = [PLAINTEXT, &[15; 15]].concat();
            let vault = wrap(HEADER, &inner(&authentic(salt, &padded)));
            case(format!("salt of {} bytes", salt.len()), vault, &ok())
        })
        .collect();
    cases.extend([
        case("good", good.clone(), &ok()),
        case("CRLF", lines(80, "\r\n"), &ok()),
        case("CR only", lines(80, "\r"), &ok()),
        case("no final newline", &good[..good.len() - 1], &ok()),
        case("blank lines", lines(80, "\n\n"), &ok()),
        case("one line", lines(usize::MAX, "\n"), &ok()),
        case("lines of 7", lines(7, "\n"), &ok()),
        case("lines of 26", lines(26, "\n"), &ok()),
        case("lines of 76", lines(76, "\n"), &ok()),
        case("lines of 1", lines(1, "\n"), &ok()),
        case("upper case", body_upper, &ok()),
        case("mixed case", mixed, &ok()),
        case("upper case inside", upper_inner, &ok()),
        case(
            "no plaintext",
            wrap(HEADER, &inner(&authentic(SALT, &[16; 16]))),
            &Outcome::Ok(vec![]),
        ),
    ]);
    cases
}

fn headers() -> Vec<Case> {
    let label = format!("$ANSIBLE_VAULT;1.2;AES256;{}", "x".repeat(100_000));
    let read = [
        "$ANSIBLE_VAULT;1.1;AES256   ",
        "$ANSIBLE_VAULT; 1.1 ; AES256 ",
        "$ANSIBLE_VAULT;1.2;AES256",
        "$ANSIBLE_VAULT;1.1;AES256;label",
        "$ANSIBLE_VAULT;1.2;AES256;",
        "$ANSIBLE_VAULT;1.2;AES256;label;more;fields",
        "$ANSIBLE_VAULT;9.9;AES256",
        "$ANSIBLE_VAULT;1.0;AES256",
        "$ANSIBLE_VAULT;;AES256",
        "$ANSIBLE_VAULT;../../etc;AES256",
        "$ANSIBLE_VAULT_X;1.1;AES256",
        "$ANSIBLE_VAULT;1.1;\x0bAES256\x0c",
        &label,
    ];
    let unsupported = ["AES", "aes256", "", "V2", "AES256\0", "AES 256", "AES-256"];
    let short = ["$ANSIBLE_VAULT", "$ANSIBLE_VAULT;", "$ANSIBLE_VAULT;1.1"];
    let body = inner(&fields());
    let name = |header: &str| header.chars().take(50).collect::<String>();
    let read = read.map(|header| case(name(header), wrap(header, &body), &ok()));
    let unsupported = unsupported.map(|method| {
        let vault = wrap(&format!("$ANSIBLE_VAULT;1.1;{method}"), &body);
        case(format!("method {method:?}"), vault, &Outcome::Unsupported)
    });
    let short = short.map(|header| case(header, wrap(header, &body), &Outcome::Format));
    let one_line = [HEADER.as_bytes(), &digits()].concat();
    let mut cases = vec![case(
        "header and body on one line",
        one_line,
        &Outcome::Unsupported,
    )];
    cases.extend(short.map(|case| Case {
        name: format!("{} with body", case.name),
        ..case
    }));
    cases.extend(["$ANSIBLE_VAULT", "$ANSIBLE_VAULT;"].map(|h| case(h, h, &Outcome::Format)));
    cases.extend(read);
    cases.extend(unsupported);
    cases
}

fn not_vaults() -> Vec<Case> {
    let good = good();
    let before = |prefix: &[u8]| [prefix, &good].concat();
    let utf16: Vec<u8> = good.iter().flat_map(|&byte| [byte, 0]).collect();
    let mut in_body = good.clone();
    in_body[100] = 0xe4;
    let label = wrap("$ANSIBLE_VAULT;1.2;AES256;\u{e4}", &inner(&fields()));
    let method_and_body = [b"$ANSIBLE_VAULT;1.1;V2\n", &in_body[26..]].concat();
    [
        ("empty", Vec::new()),
        ("a newline", b"\n".to_vec()),
        ("magic cut", good[..13].to_vec()),
        ("magic in lower case", before(b"")[..].to_ascii_lowercase()),
        ("leading newline", before(b"\n")),
        ("leading space", before(b" ")),
        ("byte order mark", before(b"\xef\xbb\xbf")),
        ("UTF-16 with mark", [b"\xff\xfe", &utf16[..]].concat()),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
        ("inline value", before(b"a: !vault |\n")),
        ("byte beyond ASCII in the body", in_body),
        (
            "byte beyond ASCII after the body",
            [&good, &b"\xff"[..]].concat(),
        ),
        ("label beyond ASCII", label),
        ("unknown method and a byte beyond ASCII", method_and_body),
        (
            "bad header and a byte beyond ASCII",
            b"$ANSIBLE_VAULT\n\xff".to_vec(),
        ),
        ("plaintext", b"key: value\n".to_vec()),
        ("conflict marker first", before(b"<<<<<<< HEAD\n")),
    ]
    .map(|(name, vault)| case(name, vault, &Outcome::NotVault))
    .into()
}

fn bodies() -> Vec<Case> {
    let good = good();
    let digits = digits();
    let body = |text: &[u8]| [HEADER.as_bytes(), b"\n", text].concat();
    let at = |position: usize, bytes: &[u8]| [&good[..position], bytes, &good[position..]].concat();
    let mut not_hex = good.clone();
    not_hex[60] = b'g';
    let indented = String::from_utf8(good.clone())
        .unwrap()
        .replace('\n', "\n          ");
    let conflict = at(26 + 81, b"<<<<<<< HEAD\n");
    [
        ("digit that is none", not_hex),
        ("odd number of digits", body(&digits[..digits.len() - 1])),
        ("half", body(&digits[..60])),
        ("trailing space", at(26 + 80, b" ")),
        ("indented", indented.into_bytes()),
        ("tab", at(50, b"\t")),
        ("vertical tab", at(50, b"\x0b")),
        ("NUL at the end", [&good[..], b"\0"].concat()),
        ("comment after", [&good[..], b"# comment\n"].concat()),
        ("two vaults", [&good[..], &good].concat()),
        ("conflict marker", conflict),
        ("0x", body(&[b"0x", &digits[..]].concat())),
        ("0x at the end", [&good[..], b"0x"].concat()),
        ("base64", body(b"c2VjcmV0IHRleHQ=\n")),
        (
            "label with a newline",
            wrap("$ANSIBLE_VAULT;1.2;AES256;a\nb", &inner(&fields())),
        ),
        ("header only", HEADER.into()),
        ("header and newline", body(b"")),
        ("header and blank lines", body(b"\n\n\r\n")),
    ]
    .map(|(name, vault)| case(name, vault, &Outcome::Format))
    .into()
}

fn inner_fields() -> Vec<Case> {
    let good = inner(&fields());
    let replace =
        |from: usize, to: usize, bytes: &[u8]| [&good[..from], bytes, &good[to..]].concat();
    // 64 digits, newline, 64 digits, newline, ciphertext.
    [
        ("no newline", good[..64].to_vec()),
        ("one newline", good[..129].to_vec()),
        ("four fields", [&good[..], b"\n00"].concat()),
        ("newline at the end", [&good[..], b"\n"].concat()),
        ("CRLF", replace(64, 65, b"\r\n")),
        ("salt with a bad digit", replace(0, 1, b"g")),
        ("salt with an odd number of digits", replace(0, 1, b"")),
        ("code with a bad digit", replace(65, 66, b"g")),
        ("code with an odd number of digits", replace(65, 66, b"")),
        ("ciphertext with a bad digit", replace(130, 131, b"g")),
        (
            "ciphertext with an odd number of digits",
            replace(130, 131, b""),
        ),
        ("salt with 0x", replace(0, 0, b"0x")),
        ("ciphertext with 0x", replace(130, 130, b"0x")),
        ("spaces", replace(130, 130, b" ")),
        ("bytes", b"salt\ncode\nciphertext".to_vec()),
        ("bytes beyond ASCII", replace(130, 132, b"\xff\xff")),
    ]
    .map(|(name, inner)| {
        case(
            format!("inside: {name}"),
            wrap(HEADER, &inner),
            &Outcome::Format,
        )
    })
    .into()
}

fn tampered() -> Vec<Case> {
    let [salt, code, data] = fields();
    let good = good();
    let text: Vec<_> = good.split_inclusive(|&byte| byte == b'\n').collect();
    let keys = keys(SALT);
    let flipped = |field: &[u8], at: usize| {
        let mut field = field.to_vec();
        field[at] ^= 1;
        field
    };
    let with = |salt: &[u8], code: &[u8], data: &[u8]| {
        wrap(
            HEADER,
            &inner(&[salt.to_vec(), code.to_vec(), data.to_vec()]),
        )
    };
    let last = data.len() - 1;
    let first_missing = [&text[..1], &text[2..]].concat().concat();
    let whole_lines = text[..text.len() - 1].concat();
    let swapped = [&text[..4], &[text[5], text[4]], &text[6..]]
        .concat()
        .concat();
    let doubled = [&text[..6], &text[5..]].concat().concat();
    let padded = ciphertext(&keys, &data);
    [
        ("first line missing", first_missing),
        ("last line missing", whole_lines),
        ("last bytes missing", with(&salt, &code, &data[..last])),
        ("two lines swapped", swapped),
        ("line doubled", doubled),
        ("no ciphertext", with(&salt, &code, b"")),
        ("no code", with(&salt, b"", &data)),
        ("code of 31 bytes", with(&salt, &code[..31], &data)),
        (
            "code of 33 bytes",
            with(&salt, &[&code[..], b"\0"].concat(), &data),
        ),
        ("salt changed", with(&flipped(&salt, 0), &code, &data)),
        ("code changed", with(&salt, &flipped(&code, 31), &data)),
        ("first byte changed", with(&salt, &code, &flipped(&data, 0))),
        (
            "last byte changed",
            with(&salt, &code, &flipped(&data, last)),
        ),
        (
            "extended",
            with(&salt, &code, &[&data[..], &[0; 16]].concat()),
        ),
        ("cut by a block", with(&salt, &code, &data[..last + 1 - 16])),
        (
            "code over the plaintext",
            with(&salt, &hmac(&keys.mac, &padded), &data),
        ),
        (
            "code under the cipher's key",
            with(&salt, &hmac(&keys.cipher, &data), &data),
        ),
        ("zero code", with(&salt, &[0; 32], &data)),
    ]
    .map(|(name, vault)| case(name, vault, &Outcome::DecryptFailed))
    .into()
}

fn corrupt() -> Vec<Case> {
    let block = |tail: &[u8]| [&[b'x'; 32][..tail.len().abs_diff(32)], tail].concat();
    [
        ("padding of 0", block(&[0])),
        ("padding of 17", block(&[17; 17])),
        ("padding of 255", block(&[255])),
        ("padding that differs", block(&[3, 4, 4, 4])),
        ("no padding", vec![b'x'; 16]),
        ("no whole block", vec![1; 15]),
        ("one byte", vec![1]),
        ("no bytes", Vec::new()),
    ]
    .map(|(name, padded)| {
        let vault = wrap(HEADER, &inner(&authentic(SALT, &padded)));
        case(format!("authentic: {name}"), vault, &Outcome::Corrupt)
    })
    .into()
}
