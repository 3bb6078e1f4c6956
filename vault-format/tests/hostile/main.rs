//! Damaged, foreign and malicious inputs: each is read, or refused with the error that says why,
//! and ansible-core decides the same.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod ansible;
mod build;
mod cases;
mod inline;

use std::cell::RefCell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use vault_format::{Decryptor, Error, FormatProblem, Label, Secret, decrypt};

use self::build::{PASSWORD, PLAINTEXT, SALT};
use self::cases::{Case, Outcome, all};

/// What becomes of a vault, in two passes and in one.
fn outcome(vault: &[u8]) -> Outcome {
    let secret = Secret::new(PASSWORD).unwrap();
    let outcome = classify(decrypt(vault, &secret).map(|plaintext| plaintext.as_ref().to_vec()));
    let mut output = Cursor::new(Vec::new());
    let in_one_pass = Decryptor::new(Cursor::new(vault))
        .and_then(|decryptor| decryptor.decrypt_into(&secret, &mut output));
    let in_one_pass = classify(in_one_pass.map(|_| output.into_inner()));
    assert_eq!(in_one_pass, outcome, "{}", String::from_utf8_lossy(vault));
    outcome
}

fn classify(result: Result<Vec<u8>, Error>) -> Outcome {
    match result {
        Ok(plaintext) => Outcome::Ok(plaintext),
        Err(Error::CorruptPayload { .. }) => Outcome::Corrupt,
        Err(Error::DecryptFailed) => Outcome::DecryptFailed,
        Err(Error::Format { .. }) => Outcome::Format,
        Err(Error::NotVault { .. }) => Outcome::NotVault,
        Err(Error::UnsupportedMethod { .. }) => Outcome::Unsupported,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_case_has_its_outcome() {
    for Case {
        name,
        vault,
        expected,
    } in all()
    {
        assert_eq!(outcome(&vault), expected, "{name}");
    }
}

#[test]
fn ansible_core_decides_the_same() {
    let cases = all();
    let vaults: Vec<_> = cases.iter().map(|case| &case.vault[..]).collect();
    for (case, theirs) in cases.iter().zip(ansible::decrypt(PASSWORD, &vaults)) {
        assert_eq!(theirs, case.expected, "{}", case.name);
    }
}

#[test]
fn ansible_core_decides_the_same_about_random_damage() {
    let good = build::good();
    let [header, body] = [&good[..26], &good[26..]];
    let with_label = [b"$ANSIBLE_VAULT;1.2;AES256;a b \n", body].concat();
    let crlf = good
        .split(|&byte| byte == b'\n')
        .collect::<Vec<_>>()
        .join(&b"\r\n"[..]);
    let upper = [header, &body.to_ascii_uppercase()].concat();
    let mut random = build::Random(7);
    let damaged: Vec<Vec<u8>> = [good, with_label, crlf, upper]
        .iter()
        .flat_map(|vault| std::iter::repeat_n(vault, 300))
        .map(|vault| build::damage(vault, &mut random))
        .collect();
    let vaults: Vec<_> = damaged.iter().map(|vault| &vault[..]).collect();
    let theirs = ansible::decrypt(PASSWORD, &vaults);
    let read = theirs
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Ok(_)));
    assert!(read.count() > 10, "the damage leaves nothing to read");
    for (vault, theirs) in damaged.iter().zip(theirs) {
        assert_eq!(outcome(vault), theirs, "{}", String::from_utf8_lossy(vault));
    }
}

#[test]
fn ansible_core_reads_what_is_written_here_and_the_other_way_round() {
    let secret = Secret::new(PASSWORD).unwrap();
    let borders = [0_usize, 16, 20, 32, 40, 64, 80, 4096, 32_768, 1 << 20];
    let sizes = borders
        .into_iter()
        .flat_map(|n| [n.saturating_sub(1), n, n + 1]);
    let plaintexts: Vec<Vec<u8>> = sizes.map(|n| (0..=255).cycle().take(n).collect()).collect();
    let ours: Vec<_> = plaintexts
        .iter()
        .map(|plaintext| vault_format::encrypt(plaintext, &secret, None).unwrap())
        .collect();
    let vaults: Vec<_> = ours.iter().map(|vault| &vault[..]).collect();
    for (plaintext, theirs) in plaintexts.iter().zip(ansible::decrypt(PASSWORD, &vaults)) {
        assert!(
            theirs == Outcome::Ok(plaintext.clone()),
            "{} bytes",
            plaintext.len()
        );
    }
    for (plaintext, vault) in
        plaintexts
            .iter()
            .zip(ansible::encrypt(PASSWORD, None, None, &plaintexts))
    {
        assert_eq!(decrypt(&vault, &secret).unwrap().as_ref(), plaintext);
    }
}

#[test]
fn with_the_same_salt_the_bytes_are_those_of_ansible_core() {
    let plaintexts: Vec<Vec<u8>> = [0, 1, 15, 16, 17, 100, 5000].map(|n| vec![b'x'; n]).into();
    let long = "s".repeat(4096);
    for password in [
        &b"p"[..],
        &[b'x'; 64],
        &[b'x'; 65],
        &[0xfe; 200],
        b" sp ace\xff",
        b"pw\0",
    ] {
        let secret = Secret::new(password).unwrap();
        for salt in ["s", "seven77", "ä ; \n", &long] {
            let theirs = ansible::encrypt(password, Some(salt), None, &plaintexts);
            for (plaintext, theirs) in plaintexts.iter().zip(theirs) {
                let encryptor = vault_format::Encryptor::new(&secret).salt(salt);
                let ours = encryptor.encrypt(plaintext).unwrap();
                assert_eq!(String::from_utf8(ours), String::from_utf8(theirs));
            }
        }
    }
}

#[test]
fn a_label_is_written_as_ansible_core_writes_it() {
    let secret = Secret::new(PASSWORD).unwrap();
    for label in ["dev", "default", "a b", "~!@#", &"x".repeat(255)] {
        let theirs = ansible::encrypt(PASSWORD, Some("s"), Some(label), &[b"x".to_vec()]);
        let label = Label::new(label).unwrap();
        let encryptor = vault_format::Encryptor::new(&secret).label(Some(&label));
        let ours = encryptor.salt(*b"s").encrypt(b"x").unwrap();
        assert_eq!(
            String::from_utf8(ours),
            String::from_utf8(theirs[0].clone())
        );
    }
}

/// A counter whose low 32 bits wrap: the authentication code is right even if the tail is not.
#[test]
fn the_counter_carries_through_all_of_its_bytes() {
    let secret = Secret::new(PASSWORD).unwrap();
    let counter = build::keys(build::WRAPPING_SALT.as_bytes()).counter;
    let low = u32::from_be_bytes(counter[12..].try_into().unwrap());
    assert_eq!(u32::MAX - low, 10_405);
    let plaintext = vec![b'c'; 10_500 * 16];
    let encryptor = vault_format::Encryptor::new(&secret).salt(build::WRAPPING_SALT);
    let vault = encryptor.encrypt(&plaintext).unwrap();
    assert_eq!(
        ansible::decrypt(PASSWORD, &[&vault]),
        [Outcome::Ok(plaintext.clone())]
    );
    assert_eq!(decrypt(&vault, &secret).unwrap().as_ref(), plaintext);
}

#[test]
fn a_bad_digit_is_found_at_its_line_and_column() {
    let secret = Secret::new(PASSWORD).unwrap();
    let good = build::good();
    for (line, column, bad, problem) in [
        (2, 1, b'g', FormatProblem::BadDigit),
        (2, 1, b' ', FormatProblem::Indented),
        (3, 1, b'<', FormatProblem::MergeConflict),
        (4, 1, b'$', FormatProblem::SecondVault),
        (3, 17, b' ', FormatProblem::Blank),
        (5, 80, b'x', FormatProblem::BadDigit),
    ] {
        let mut lines: Vec<_> = good
            .split(|&byte| byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        lines[line - 1][column - 1] = bad;
        for end in ["\n", "\r\n", "\r"] {
            let vault = lines.join(end.as_bytes());
            match decrypt(&vault, &secret).unwrap_err() {
                Error::Format {
                    problem: found,
                    line: l,
                    column: c,
                } => {
                    let at = (usize::try_from(l).unwrap(), usize::try_from(c).unwrap());
                    assert_eq!((found, at), (problem, (line, column)));
                }
                other => panic!("{other}"),
            }
        }
    }
}

/// What is wrong with a vault, at which line and column.
fn problem(vault: &[u8]) -> (FormatProblem, u64, u64) {
    match decrypt(vault, &Secret::new(PASSWORD).unwrap()).unwrap_err() {
        Error::Format {
            problem,
            line,
            column,
        } => (problem, line, column),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_wrong_below_the_first_layer_is_found_at_its_line_and_column() {
    let header = "$ANSIBLE_VAULT;1.1;AES256";
    let good = build::inner(&build::fields());
    let replaced =
        |from: usize, to: usize, bytes: &[u8]| [&good[..from], bytes, &good[to..]].concat();
    // 64 digits, newline, 64 digits, newline, 96 digits; in 5 lines of 80 digits and one of 52.
    for (name, inner, expected) in [
        (
            "bad digit in the salt",
            replaced(0, 1, b"g"),
            (FormatProblem::BadInnerDigit, 2, 2),
        ),
        (
            "bad digit in the ciphertext",
            replaced(130, 131, b"g"),
            (FormatProblem::BadInnerDigit, 5, 22),
        ),
        (
            "a fourth field",
            [&good[..], b"\n00"].concat(),
            (FormatProblem::BadInnerDigit, 7, 54),
        ),
        (
            "salt with an odd number of digits",
            replaced(0, 1, b""),
            (FormatProblem::OddInnerLength, 3, 48),
        ),
        (
            "code with an odd number of digits",
            replaced(65, 66, b""),
            (FormatProblem::OddInnerLength, 5, 18),
        ),
        (
            "ciphertext with an odd number of digits",
            replaced(130, 131, b""),
            (FormatProblem::OddInnerLength, 8, 1),
        ),
        (
            "no field",
            good[..64].to_vec(),
            (FormatProblem::MissingField, 4, 1),
        ),
        (
            "one field",
            good[..65].to_vec(),
            (FormatProblem::MissingField, 4, 1),
        ),
    ] {
        assert_eq!(problem(&build::wrap(header, &inner)), expected, "{name}");
    }
    let good = build::good();
    let end = good.len() - 2;
    assert_eq!(problem(&good[..end]), (FormatProblem::OddLength, 7, 52));
    let mut upper = [&good[..26], &good[26..].to_ascii_uppercase()].concat();
    upper[end] = b'g';
    assert_eq!(problem(&upper), (FormatProblem::BadDigit, 7, 52));
    // A ciphertext is as long as it may be.
    let secret = Secret::new(PASSWORD).unwrap();
    let mut long = vault_format::encrypt(&[7; 70_000], &secret, None).unwrap();
    let end = long.len() - 2;
    long[end] = b'g';
    assert_eq!(problem(&long).0, FormatProblem::BadDigit);
}

#[test]
fn a_salt_may_have_so_many_bytes_and_no_more() {
    let header = "$ANSIBLE_VAULT;1.1;AES256";
    let padded = [PLAINTEXT, &[15; 15]].concat();
    let vault = |length: usize| {
        let fields = build::authentic(&vec![b's'; length], &padded);
        build::wrap(header, &build::inner(&fields))
    };
    assert_eq!(outcome(&vault(65_536)), Outcome::Ok(PLAINTEXT.to_vec()));
    // The digit that is one too many: four digits for each byte, 80 on a line.
    let (line, column) = (2 + 4 * 65_536 / 80, 4 * 65_536 % 80 + 2);
    assert_eq!(
        problem(&vault(65_537)),
        (FormatProblem::TooLong, line, column)
    );
}

/// Remembers how much was asked for at once, and how much was read.
struct Asked<R> {
    input: R,
    most: Rc<RefCell<usize>>,
    read: Rc<RefCell<usize>>,
}

impl<R: Read> Read for Asked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut most = self.most.borrow_mut();
        *most = buf.len().max(*most);
        let length = self.input.read(buf)?;
        *self.read.borrow_mut() += length;
        Ok(length)
    }
}

impl<R: Seek> Seek for Asked<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.input.seek(pos)
    }
}

#[test]
fn a_header_that_does_not_end_is_refused_without_keeping_it() {
    let with_line_of = |length: usize| {
        let label = "x".repeat(length - "$ANSIBLE_VAULT;1.2;AES256;\n".len());
        let header = format!("$ANSIBLE_VAULT;1.2;AES256;{label}");
        build::wrap(&header, &build::inner(&build::fields()))
    };
    let ok = Outcome::Ok(PLAINTEXT.to_vec());
    assert_eq!(outcome(&with_line_of(1 << 20)), ok);
    for length in [(1 << 20) + 1, 8 << 20] {
        let most = Rc::default();
        let asked = Asked {
            input: Cursor::new(with_line_of(length)),
            most: Rc::clone(&most),
            read: Rc::default(),
        };
        let error = Decryptor::new(asked).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Format {
                    problem: FormatProblem::HeaderTooLong,
                    line: 1,
                    column: 1
                }
            ),
            "{length}: {error}"
        );
        assert!(*most.borrow() <= 1 << 20, "{length}: {most:?}");
    }
}

#[test]
fn a_salt_that_does_not_end_is_refused_without_keeping_it() {
    let inner = vec![b'0'; 1 << 20];
    let vault = build::wrap("$ANSIBLE_VAULT;1.1;AES256", &inner);
    let length = vault.len();
    let read = Rc::default();
    let asked = Asked {
        input: Cursor::new(vault),
        most: Rc::default(),
        read: Rc::clone(&read),
    };
    let error = Decryptor::new(asked).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Format {
                problem: FormatProblem::TooLong,
                ..
            }
        ),
        "{error}"
    );
    // All of it is read once, to find what is wrong with it, and not kept.
    assert!(*read.borrow() < length + length / 2, "{read:?} of {length}");
}

/// A file that somebody else can write.
#[derive(Clone)]
struct Shared(Rc<RefCell<Cursor<Vec<u8>>>>);

impl Read for Shared {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buf)
    }
}

impl Seek for Shared {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.0.borrow_mut().seek(pos)
    }
}

#[test]
fn a_vault_that_is_replaced_while_it_is_read_is_told() {
    let header = "$ANSIBLE_VAULT;1.1;AES256";
    let [salt, code, data] = build::fields();
    let with = |salt: &[u8], code: &[u8]| {
        let fields = [salt.to_vec(), code.to_vec(), data.clone()];
        build::wrap(header, &build::inner(&fields))
    };
    let other_salt = SALT.to_ascii_uppercase();
    for other in [with(&other_salt, &code), with(&salt, &[0; 32])] {
        let file = Shared(Rc::new(RefCell::new(Cursor::new(build::good()))));
        let mut vault = Decryptor::new(file.clone()).unwrap();
        *file.0.borrow_mut().get_mut() = other;
        let secret = Secret::new(PASSWORD).unwrap();
        let error = vault.find(&[&secret]).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Format {
                    problem: FormatProblem::Changed,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_vault_is_checked_without_a_secret() {
    let header = "$ANSIBLE_VAULT;1.1;AES256";
    let validate =
        |vault: &[u8]| Decryptor::new(Cursor::new(vault)).and_then(|mut vault| vault.validate());
    let [salt, code, data] = build::fields();
    let with = |code: &[u8], data: &[u8]| {
        let fields = [salt.clone(), code.to_vec(), data.to_vec()];
        build::wrap(header, &build::inner(&fields))
    };
    validate(&build::good()).unwrap();
    // Who has changed it only a secret can tell.
    validate(&with(&[0; 32], &data)).unwrap();
    for length in [0, 15, 47] {
        let error = validate(&with(&code, &data[..length])).unwrap_err();
        assert!(matches!(error, Error::CorruptPayload { .. }), "{error}");
    }
    let mut bad_digit = build::good();
    let last = bad_digit.len() - 2;
    bad_digit[last] = b'g';
    let error = validate(&bad_digit).unwrap_err();
    assert!(matches!(error, Error::Format { .. }), "{error}");
}

#[test]
fn hints_say_what_an_input_is_instead() {
    for (input, hint) in [
        (&b""[..], "empty"),
        (
            b"\xef\xbb\xbf$ANSIBLE_VAULT;1.1;AES256\n",
            "byte order mark",
        ),
        (b"$\0A\0N\0S\0I\0B\0L\0E\0_\0V\0A\0U\0L\0T\0", "UTF-16"),
        (b"\n$ANSIBLE_VAULT;1.1;AES256\n", "blank"),
        (b"<<<<<<< HEAD\n$ANSIBLE_VAULT;1.1;AES256\n", "conflict"),
        (b"\x1f\x8b\x08", "gzip"),
        (
            b"a: 1\nb: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n",
            "inline",
        ),
        (b"$ANSIBLE_VAULT;1.1;AES256\n61\xc3\xa4", "ASCII"),
    ] {
        let error = decrypt(input, &Secret::new(PASSWORD).unwrap()).unwrap_err();
        assert!(
            matches!(error, Error::NotVault { hint: Some(_) }),
            "{input:?}"
        );
        assert!(error.to_string().contains(hint), "{error}");
    }
    assert_eq!(
        PLAINTEXT.len() % 16,
        1,
        "the cases about whole blocks count on it"
    );
}
