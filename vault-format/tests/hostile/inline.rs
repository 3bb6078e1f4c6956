//! Encrypted values inside YAML: the scanner finds what ansible-core's loader finds, at the same
//! paths and with the same plaintexts, in documents of every shape.

use std::collections::HashMap;

use vault_format::{Secret, decrypt, inline};

use crate::ansible::{self, Found};
use crate::build::{PASSWORD, Random, SALT};

/// How many documents are compared.
const DOCUMENTS: usize = 1500;

#[test]
fn the_scanner_finds_what_ansible_core_loads() {
    let mut random = Random(11);
    let vaults = vaults();
    let mut texts: Vec<_> = (0..DOCUMENTS)
        .map(|_| document(&vaults, &mut random))
        .collect();
    let changed: Vec<_> = texts.iter().map(|text| change(text, &mut random)).collect();
    texts.extend(changed);
    let theirs = ansible::values(PASSWORD, &texts);
    let mut opened = HashMap::new();
    let mut compared = 0;
    for (number, (text, theirs)) in texts.iter().zip(theirs).enumerate() {
        // What is no YAML any more may be read in any way.
        let Some(theirs) = theirs else {
            assert!(number >= DOCUMENTS, "ansible-core refuses:\n{text}");
            continue;
        };
        compared += 1;
        assert_eq!(
            values(text, &mut opened),
            theirs,
            "document {number}:\n{text}"
        );
    }
    assert!(compared > DOCUMENTS + DOCUMENTS / 4, "{compared}");
}

/// What the scanner finds.
fn values(text: &str, opened: &mut HashMap<Vec<u8>, Vec<u8>>) -> Vec<Found> {
    let secret = Secret::new(PASSWORD).unwrap();
    let open = |vault: &[u8]| match decrypt(vault, &secret) {
        Ok(plaintext) => plaintext.as_ref().to_vec(),
        Err(error) => panic!("{error}:\n{text}"),
    };
    let found = inline::values(text);
    found
        .iter()
        .map(|value| {
            let plaintext = opened
                .entry(value.vault().to_vec())
                .or_insert_with(|| open(value.vault()));
            (value.path().to_owned(), plaintext.clone())
        })
        .collect()
}

/// A few vaults.
fn vaults() -> Vec<String> {
    let secret = Secret::new(PASSWORD).unwrap();
    let encrypt = |plaintext: &str| {
        let encryptor = vault_format::Encryptor::new(&secret).salt(SALT);
        let vault = encryptor.encrypt(plaintext.as_bytes()).unwrap();
        String::from_utf8(vault).unwrap()
    };
    ["one", "two\nlines\n", "", "drei \u{2603}"]
        .map(encrypt)
        .into()
}

fn document(vaults: &[String], random: &mut Random) -> String {
    let mut text = String::new();
    if random.below(4) == 0 {
        text.push_str("# first\n---\n");
    }
    mapping(&mut text, 0, 0, vaults, random);
    text
}

fn mapping(text: &mut String, indent: usize, depth: usize, vaults: &[String], random: &mut Random) {
    const KEYS: [&str; 6] = [
        "key",
        "two words",
        "'single'",
        "\"double\"",
        "k-e_y",
        "k.e.y",
    ];

    for number in 0..=random.below(4) {
        blank(text, indent, random);
        let key = KEYS[random.below(KEYS.len())];
        let key = match key.strip_suffix(['"', '\'']) {
            Some(open) => format!("{open}{number}{}", &open[..1]),
            None => format!("{key}{number}"),
        };
        let blanks = " ".repeat(indent);
        match random.below(8) {
            0 => text.push_str(&format!("{blanks}? {key}\n{blanks}:")),
            1 => text.push_str(&format!("{blanks}{key} :")),
            _ => text.push_str(&format!("{blanks}{key}:")),
        }
        value(text, indent, depth, vaults, random);
    }
}

fn list(text: &mut String, indent: usize, depth: usize, vaults: &[String], random: &mut Random) {
    for _ in 0..=random.below(3) {
        blank(text, indent, random);
        text.push_str(&format!("{}-", " ".repeat(indent)));
        value(text, indent, depth, vaults, random);
    }
}

/// A comment or an empty line, now and then.
fn blank(text: &mut String, indent: usize, random: &mut Random) {
    match random.below(8) {
        0 => text.push('\n'),
        1 => text.push_str(&format!("{}# !vault |\n", " ".repeat(indent))),
        _ => {}
    }
}

/// What stands behind a key or a dash, to the end of its last line.
fn value(text: &mut String, indent: usize, depth: usize, vaults: &[String], random: &mut Random) {
    const SCALARS: [&str; 15] = [
        "1",
        "say \"so, it's",
        "over\n          'two lines # !vault |",
        "\"over\n!vault | \\\n\n # two lines\"",
        "'over\n# two'' !vault |'",
        "[1,\n{a: '!vault |', # !vault |\n\"b\":c}]",
        "# note\n          !!str text",
        "plain text # !vault |",
        "https://example.org/#x",
        "\"it \\\" # !vault |\"  # note",
        "'it''s !vault |'",
        "[1, \"!vault\", {a: b}]",
        "&anchor text",
        "{}",
        "~",
    ];

    let vault = &vaults[random.below(vaults.len())];
    match random.below(if depth < 3 { 9 } else { 7 }) {
        0 | 1 => {
            let scalar = SCALARS[random.below(SCALARS.len())];
            // An anchor may be set once.
            let scalar = scalar.replace('&', &format!("&a{}", text.len()));
            text.push_str(&format!(" {scalar}\n"));
        }
        2 => {
            let header = ["|", "|-", "|+", "| # note"][random.below(4)];
            text.push_str(&format!(" {header}\n"));
            let line = "a: !vault |\n$ANSIBLE_VAULT;1.1;AES256\n# no comment\n\n- 6161\n";
            lines(text, indent + 1 + random.below(4), line);
        }
        3..=5 => tagged(text, indent, vault, random),
        6 => {
            let quoted = vault.replace('\n', "\\n");
            let folded = quoted.replace("\\n", &format!("\\n\\\n{}", " ".repeat(random.below(5))));
            let written = match random.below(5) {
                3 => format!(" !vault \"{folded}\" # note\n"),
                4 => format!(
                    " [!vault &a{}\n \"{folded}\",\n{{\"b\":!vault \"{quoted}\"}}]\n",
                    text.len()
                ),
                0 => format!(" {{a: 1, b: !vault \"{quoted}\"}}\n"),
                1 => format!(" [x, !vault \"{quoted}\"] # note\n"),
                _ => format!(" !vault \"{quoted}\"\n"),
            };
            text.push_str(&written);
        }
        7 => {
            text.push('\n');
            mapping(
                text,
                indent + 1 + random.below(3),
                depth + 1,
                vaults,
                random,
            );
        }
        _ => {
            text.push('\n');
            list(
                text,
                indent + 1 + random.below(3),
                depth + 1,
                vaults,
                random,
            );
        }
    }
}

/// A vault as a block scalar.
fn tagged(text: &mut String, indent: usize, vault: &str, random: &mut Random) {
    const TAGS: [&str; 5] = ["!vault", "!vault", "&a !vault", "!vault &a", "!<!vault>"];

    let width = 1 + random.below(9);
    let header = match random.below(6) {
        0 => "|-".to_owned(),
        1 => "|+".to_owned(),
        2 => "|  # note".to_owned(),
        3 => format!("|{width}"),
        _ => "|".to_owned(),
    };
    let tag = TAGS[random.below(TAGS.len())].replace("&a", &format!("&a{}", text.len()));
    let blanks = " ".repeat(indent + 1 + random.below(3));
    let note = ["", " # note", "\n", " # !vault |\n  # note"][random.below(4)];
    let anchor = format!("&b{}", text.len());
    text.push_str(&match random.below(6) {
        0 => format!("{note}\n{blanks}{tag} {header}\n"),
        1 => format!(" {tag}{note}\n{blanks}{header}\n"),
        2 if !tag.contains('&') => format!(" {anchor}{note}\n{blanks}{tag} {header}\n"),
        _ => format!(" {tag} {header}\n"),
    });
    lines(text, indent + width, vault);
}

fn lines(text: &mut String, indent: usize, content: &str) {
    for line in content.lines() {
        match line {
            "" => text.push('\n'),
            line => text.push_str(&format!("{}{line}\n", " ".repeat(indent))),
        }
    }
}

/// Changes whole lines or line breaks at random, so that most vaults stay whole.
fn change(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let at = random.below(lines.len());
    match random.below(5) {
        0 => lines.insert(at, String::new()),
        1 => lines.insert(at, "  # !vault |".to_owned()),
        2 => drop(lines.remove(at)),
        3 => lines.insert(at, format!("{}# note", " ".repeat(random.below(12)))),
        _ => return text.replace('\n', "\r\n"),
    }
    lines.join("\n")
}

/// Ansible's types of plain scalars are told apart as it does.
#[test]
fn plain_scalars_are_what_ansible_core_takes_them_for() {
    const PIECES: [&str; 32] = [
        "0", "1", "7", "8", "12", "60", "2001", "-", "+", ".", ":", "_", "e", "E+", "x", "b", "0x",
        "0b", "f", "yes", "No", "TRUE", "oN", "off", "~", "null", "Null", ".inf", ".NaN", "T", "Z",
        " ",
    ];
    let mut random = Random(5);
    let fixed = [
        "2001-12-14",
        "2001-1-1",
        "2001-12-14t21:59:43.10-05:00",
        "2001-12-14 21:59:43.10 -5",
        "2001-12-15 2:59:43",
        "2001-12-15T02:59:43Z",
        "190:20:30",
        "190:20:30.15",
        "1:99",
        "0:30",
        "-1:30",
        "1_000",
        "0o17",
        "0777",
        "0888",
        "685.230_15e+03",
        "1e3",
        "1.e+3",
        ".5",
        "-.5",
        ".",
        "-",
        "+.inf",
        "+12e03",
        "-.NAN",
        "_1",
        "0_",
        "1_",
        "._",
        "._5",
        "12e+3",
        "1.5e",
        "2001-12-14T1:2:3",
        "y",
        "n",
        "=",
        "<<",
        "2001-12-1",
        "2001-1-12",
        "2001-12-14T21:5:43",
        "2001-12-14T21:59:4",
        "2001-12-14T21:59:43.x",
        "2001-12-14Txx:59:43",
        "2001-12-14T21:xx:43",
        "2001-12-14T21:59:xx",
        "2001-12-14T21:59:43 Z",
        "2001-12-14T21:59:43Zx",
        "2001-12-14T21:59:43+05:30",
        "2001-12-14T21:59:43+5:3",
        "2001-12-14T21:59:43+5:300",
        "2001-12-14T21:59:43+005",
        "2001-12-14T21:59:43+x",
        "2001-12-14T21:59:43+5:xx",
        "1:30.5e+3",
        "_1:30.5",
        "1:60.5",
        "1:30.x",
        ":30.5",
    ];
    let mut scalars: Vec<_> = fixed.map(str::to_owned).into();
    for _ in 0..4000 {
        let pieces = (0..=random.below(4)).map(|_| PIECES[random.below(PIECES.len())]);
        scalars.push(pieces.collect::<String>());
    }
    // What is no plain scalar is another matter.
    scalars.retain(|scalar| {
        let text = format!("k: {scalar}\n");
        let found = inline::scalars(&text);
        matches!(&found[..], [one] if one.text() == Ok(scalar))
    });
    for (scalar, theirs) in scalars.iter().zip(ansible::kinds(&scalars)) {
        let text = format!("k: {scalar}\n");
        let ours = match inline::scalars(&text)[0].kind() {
            None => "str",
            Some(inline::Kind::Boolean) => "bool",
            Some(inline::Kind::Date) => "date",
            Some(inline::Kind::Float) => "float",
            Some(inline::Kind::Integer) => "int",
            Some(inline::Kind::Null) => "NoneType",
            Some(_) => "other",
        };
        let theirs = match theirs.as_str() {
            "datetime" => "date",
            // A date that there is not, or a number without digits: it has been recognised.
            "error" => continue,
            theirs => theirs,
        };
        assert_eq!(ours, theirs, "{scalar}");
    }
}
