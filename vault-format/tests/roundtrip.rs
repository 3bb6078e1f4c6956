//! What goes in comes out, whatever the size, the salt and the layout.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom, Write};

use proptest::prelude::*;
use vault_format::{Decryptor, Encryptor, Error, Label, Secret, decrypt, encrypt, is_encrypted};

fn secret() -> Secret {
    Secret::new(*b"correct horse").unwrap()
}

/// Breaks the body of a vault differently.
fn rewrap(vault: &[u8], width: usize, end: &[u8]) -> Vec<u8> {
    let mut lines = vault.split(|&byte| byte == b'\n');
    let mut wrapped = lines.next().unwrap().to_vec();
    wrapped.extend_from_slice(end);
    let digits = lines.flatten().copied().collect::<Vec<_>>();
    for line in digits.chunks(width) {
        wrapped.extend_from_slice(line);
        wrapped.extend_from_slice(end);
    }
    wrapped
}

/// A last line that has the length of a full one only with both characters of its end.
#[test]
fn a_last_line_one_digit_short_of_a_full_one() {
    let secret = secret();
    let mut tried = 0;
    for length in (0..400).step_by(16) {
        let plaintext = vec![b'x'; length];
        let vault = encrypt(&plaintext, &secret, None).unwrap();
        let lines = vault.split(|&byte| byte == b'\n').skip(1);
        let digits: usize = lines.map(<[u8]>::len).sum();
        for width in (81..400).filter(|width| digits % width == 79) {
            for end in [b"\r\n", b"\n\n"] {
                let wrapped = rewrap(&vault, width, end);
                assert_eq!(decrypt(&wrapped, &secret).unwrap().as_ref(), plaintext);
                tried += 1;
            }
        }
    }
    assert!(tried > 0);
}

#[test]
fn sizes_around_every_border() {
    let secret = secret();
    let borders = [0, 16, 20, 40, 80, 32_768, 65_536, 131_072];
    for size in borders
        .into_iter()
        .flat_map(|n: usize| n.saturating_sub(1)..=n + 1)
    {
        let plaintext: Vec<u8> = (0..=255).cycle().take(size).collect();
        let vault = encrypt(&plaintext, &secret, None).unwrap();
        assert!(is_encrypted(&vault));
        assert_eq!(
            decrypt(&vault, &secret).unwrap().as_ref(),
            plaintext,
            "{size}"
        );
        let lines: Vec<_> = vault
            .strip_suffix(b"\n")
            .unwrap()
            .split(|&b| b == b'\n')
            .collect();
        let (last, full) = lines[1..].split_last().unwrap();
        assert!(full.iter().all(|line| line.len() == 80), "{size}");
        assert!((1..=80).contains(&last.len()), "{size}");
    }
}

#[test]
fn a_vault_larger_than_what_is_kept_is_read_twice() {
    let secret = secret();
    let plaintext: Vec<u8> = (0..=250).cycle().take(5 << 20).collect();
    let vault = encrypt(&plaintext, &secret, None).unwrap();
    assert_eq!(decrypt(&vault, &secret).unwrap().as_ref(), plaintext);
    assert_eq!(
        decrypt(&rewrap(&vault, 26, b"\n"), &secret)
            .unwrap()
            .as_ref(),
        plaintext
    );
}

#[test]
fn a_large_vault_that_changes_between_the_passes_is_noticed() {
    let secret = secret();
    let mut vault = encrypt(&vec![7; 5 << 20], &secret, None).unwrap();
    let mut decryptor = Decryptor::new(Cursor::new(&vault)).unwrap();
    let found = decryptor.find(&[&secret]).unwrap().unwrap();
    drop(decryptor);
    let end = vault.len() - 2;
    vault[end] = if vault[end] == b'0' { b'1' } else { b'0' };
    let reader = Decryptor::new(Cursor::new(&vault))
        .unwrap()
        .open(found)
        .unwrap();
    let error = std::io::copy(&mut { reader }, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[test]
fn a_vault_may_start_anywhere_in_its_output_and_input() {
    let secret = secret();
    let mut output = Cursor::new(Vec::new());
    output.write_all(b"before").unwrap();
    let mut writer = Encryptor::new(&secret).wrap_output(output).unwrap();
    writer.write_all(&[1; 1000]).unwrap();
    let mut output = writer.finish().unwrap();
    assert_eq!(
        output.position(),
        u64::try_from(output.get_ref().len()).unwrap()
    );
    output.set_position(6);
    let mut plaintext = Vec::new();
    let mut reader = Decryptor::new(output).unwrap().unlock(&[&secret]).unwrap();
    assert_eq!(reader.plaintext_length(), 1000);
    reader.read_to_end(&mut plaintext).unwrap();
    assert_eq!(plaintext, [1; 1000]);
}

/// Sizes around the borders of the pieces that threads hand over.
const PIECES: [usize; 9] = [
    0, 1, 32_767, 32_768, 32_769, 65_536, 98_303, 98_304, 3_000_001,
];

#[test]
fn a_copy_is_what_is_encrypted_in_memory() {
    let secret = secret();
    for size in PIECES {
        let plaintext: Vec<u8> = (0..=250).cycle().take(size).collect();
        let encryptor = || Encryptor::new(&secret).salt(*b"salt");
        let mut output = Cursor::new(b"before".to_vec());
        output.set_position(6);
        let output = encryptor().copy(&mut &plaintext[..], output).unwrap();
        let end = u64::try_from(output.get_ref().len()).unwrap();
        assert_eq!(output.position(), end, "{size}");
        let expected = encryptor().encrypt(&plaintext).unwrap();
        assert!(output.get_ref()[6..] == expected, "{size}");
    }
}

/// An output that forgets what was written at one place.
struct Forgetful {
    output: Cursor<Vec<u8>>,
    place: usize,
}

impl Write for Forgetful {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let length = self.output.write(buf)?;
        if let Some(byte) = self.output.get_mut().get_mut(self.place) {
            *byte = b'x';
        }
        Ok(length)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.output.flush()
    }
}

impl Read for Forgetful {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.output.read(buf)
    }
}

impl Seek for Forgetful {
    fn seek(&mut self, pos: SeekFrom) -> std::io::Result<u64> {
        self.output.seek(pos)
    }
}

#[test]
fn what_reads_back_differently_is_an_error() {
    let secret = secret();
    let plaintext = vec![7; 200_000];
    let forgetful = |place| Forgetful {
        output: Cursor::new(Vec::new()),
        place,
    };
    // Magic, version, method, salt, authentication code, ciphertext at its start and its end.
    for place in [0, 17, 20, 30, 200, 300, 400_000, 809_000] {
        let error = Encryptor::new(&secret)
            .copy(&mut &plaintext[..], forgetful(place))
            .map(|written| written.output.get_ref().len())
            .unwrap_err();
        match error {
            Error::Io(error) if error.kind() == ErrorKind::InvalidData => {}
            other => panic!("{place}: {other}"),
        }
    }
    let vault = encrypt(&plaintext, &secret, None).unwrap();
    for place in [0, 100_000, 199_999] {
        let decryptor = Decryptor::new(Cursor::new(&vault)).unwrap();
        let error = decryptor.decrypt_into(&secret, &mut forgetful(place));
        assert!(matches!(error, Err(Error::Io(_))), "{place}");
    }
}

#[test]
fn one_pass_decrypts_the_same_as_two() {
    let secret = secret();
    for size in PIECES {
        let plaintext: Vec<u8> = (0..=250).cycle().take(size).collect();
        let vault = encrypt(&plaintext, &secret, None).unwrap();
        for vault in [&vault, &rewrap(&vault, 7, b"\r\n")] {
            let mut output = Cursor::new(Vec::new());
            let decryptor = Decryptor::new(Cursor::new(vault)).unwrap();
            let length = decryptor.decrypt_into(&secret, &mut output).unwrap();
            assert_eq!(length, u64::try_from(size).unwrap());
            assert!(output.into_inner() == plaintext, "{size}");
            let decryptor = Decryptor::new(Cursor::new(vault)).unwrap();
            let mut read = Vec::new();
            let mut reader = decryptor.unlock(&[&secret]).unwrap();
            reader.read_to_end(&mut read).unwrap();
            assert!(read == plaintext, "{size}");
        }
    }
}

#[test]
fn the_secret_is_found_among_many() {
    let secrets: Vec<_> = (0..7)
        .map(|n| Secret::new(format!("password {n}")).unwrap())
        .collect();
    let candidates: Vec<_> = secrets.iter().collect();
    for (index, secret) in secrets.iter().enumerate() {
        let vault = encrypt(b"text", secret, None).unwrap();
        let reader = Decryptor::new(Cursor::new(&vault))
            .unwrap()
            .unlock(&candidates)
            .unwrap();
        assert_eq!(reader.secret_index(), index);
        let mut decryptor = Decryptor::new(Cursor::new(&vault)).unwrap();
        let found = decryptor.find(&candidates).unwrap().unwrap();
        assert_eq!((found.index(), found.plaintext_length()), (index, 4));
        let others: Vec<_> = candidates.iter().copied().skip(index + 1).collect();
        let error = Decryptor::new(Cursor::new(&vault))
            .unwrap()
            .unlock(&others)
            .unwrap_err();
        assert!(matches!(error, Error::DecryptFailed));
    }
    let vault = encrypt(b"x", &secrets[0], None).unwrap();
    let mut decryptor = Decryptor::new(Cursor::new(&vault)).unwrap();
    assert!(decryptor.find(&[]).unwrap().is_none(), "no secret at all");
}

#[test]
fn nothing_prints_a_secret() {
    let secret = secret();
    let vault = encrypt(b"battery staple", &secret, None).unwrap();
    let plaintext = decrypt(&vault, &secret).unwrap();
    let printed = format!("{secret:?} {plaintext:?} {:?}", Encryptor::new(&secret));
    assert!(
        !printed.contains("horse") && !printed.contains("staple"),
        "{printed}"
    );
    assert!(matches!(Secret::new(Vec::new()), Err(Error::EmptySecret)));
}

#[test]
fn the_label_decides_the_header() {
    for (label, header) in [
        (None, "$ANSIBLE_VAULT;1.1;AES256\n"),
        (Some("default"), "$ANSIBLE_VAULT;1.1;AES256\n"),
        (Some("prod"), "$ANSIBLE_VAULT;1.2;AES256;prod\n"),
    ] {
        let label = label.map(|label| Label::new(label).unwrap());
        let vault = encrypt(b"", &secret(), label.as_ref()).unwrap();
        assert!(vault.starts_with(header.as_bytes()));
    }
}

#[test]
fn salts_of_a_size_that_nobody_could_read_are_refused() {
    for length in [0, 65_537] {
        let error = Encryptor::new(&secret())
            .salt(vec![1; length])
            .encrypt(b"x")
            .unwrap_err();
        assert!(matches!(error, Error::InvalidSalt { .. }), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_plaintext_in_any_layout(
        plaintext in proptest::collection::vec(any::<u8>(), 0..3000),
        password in proptest::collection::vec(any::<u8>(), 1..150),
        salt in proptest::collection::vec(any::<u8>(), 1..100),
        width in 1_usize..200,
        end in prop::sample::select(vec![&b"\n"[..], b"\r\n", b"\r", b"\n\n"]),
        upper: bool,
        pieces in 1_usize..4000,
    ) {
        let secret = Secret::new(password).unwrap();
        let encryptor = Encryptor::new(&secret).salt(salt.clone());
        let mut writer = encryptor.wrap_output(Cursor::new(Vec::new())).unwrap();
        for piece in plaintext.chunks(pieces) {
            writer.write_all(piece).unwrap();
        }
        let vault = writer.finish().unwrap().into_inner();
        prop_assert_eq!(&vault, &Encryptor::new(&secret).salt(salt).encrypt(&plaintext).unwrap());
        let mut wrapped = rewrap(&vault, width, end);
        if upper {
            wrapped.make_ascii_uppercase();
        }
        let decrypted = decrypt(&wrapped, &secret).unwrap();
        prop_assert_eq!(decrypted.as_ref(), &plaintext[..]);
    }

    #[test]
    fn any_changed_byte_is_noticed(position in 26_usize..900, flip in 1_u8..255) {
        let secret = secret();
        let mut vault = Encryptor::new(&secret).salt(*b"salt").encrypt(&[7; 150]).unwrap();
        let position = position % vault.len();
        prop_assume!(position >= 26);
        let before = vault.clone();
        vault[position] ^= flip;
        // The case of digits and the kind of a line break mean nothing; all else does.
        if let Ok(plaintext) = decrypt(&vault, &secret) {
            prop_assert_eq!(plaintext.as_ref(), &[7; 150][..]);
            let digits = |vault: &[u8]| {
                let text: Vec<u8> = vault[26..].iter().copied().filter(|b| b.is_ascii_hexdigit()).collect();
                const_hex::decode(text).unwrap().to_ascii_lowercase()
            };
            prop_assert_eq!(digits(&vault), digits(&before));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let with_header = [b"$ANSIBLE_VAULT;1.1;AES256\n", &bytes[..]].concat();
        prop_assert!(decrypt(&bytes, &secret()).is_err());
        prop_assert!(decrypt(&with_header, &secret()).is_err());
    }
}

/// Text that is full of what the scanner looks at.
fn yaml() -> impl Strategy<Value = String> {
    let pieces = [
        "a:",
        "b: ",
        "!vault",
        " |",
        " |-",
        ">",
        "\n",
        "\r\n",
        "\n  ",
        "\n    ",
        "- ",
        "\"",
        "'",
        "#",
        " # ",
        "é",
        "x",
        ": ",
        "{",
        "}",
        "[",
        ",",
        "\t",
        "---",
        "\\",
        "&a ",
        "\n      6161",
        "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6161\n",
        "!vault \"x\"",
        " ",
    ];
    proptest::collection::vec(prop::sample::select(pieces.to_vec()), 0..30).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn the_scanner_takes_any_text(text in yaml()) {
        use vault_format::inline;
        let values = inline::values(&text);
        let same: Vec<_> = values.iter().map(|value| (value, value.vault())).collect();
        prop_assert_eq!(&inline::replace(&text, &same), &text);
        let other: &[u8] = b"$ANSIBLE_VAULT;1.2;AES256;x\n6262\n";
        let others: Vec<_> = values.iter().map(|value| (value, other)).collect();
        let found = inline::values(&inline::replace(&text, &others));
        let understood = inline::overlooked(&text).is_empty();
        prop_assert!(!understood || found.iter().all(|value| value.vault() == other));
        let paths = |values: &[inline::Value]| values.iter().map(|v| v.path().to_owned()).collect::<Vec<_>>();
        prop_assert!(!understood || paths(&found) == paths(&values));
        let clear: Vec<_> = values.iter().map(|value| (value, "text")).collect();
        let _ = inline::reveal(&text, &clear);
        let scalars = inline::scalars(&text);
        let vault: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";
        let sealed: Vec<_> = scalars.iter().map(|scalar| (scalar, vault)).collect();
        let _ = inline::conceal(&text, &sealed);
    }
}
