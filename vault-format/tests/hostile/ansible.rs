//! ansible-core's own reader and writer, many inputs in one process.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::cases::Outcome;

/// Reads lines of a verb, a password, a salt, a label and data, all but the verb in hexadecimal
/// digits.
const SCRIPT: &str = r#"
import sys
from ansible.parsing.vault import VaultLib, VaultSecret
for line in sys.stdin:
    verb, *parts = line.rstrip('\n').split(' ')
    password, salt, label, data = (bytes.fromhex(part) for part in parts)
    secret = VaultSecret(password)
    try:
        if verb == 'decrypt':
            print('ok', VaultLib([('default', secret)]).decrypt(data).hex())
        else:
            salt, label = salt.decode() or None, label.decode() or None
            print('ok', VaultLib().encrypt(data, secret=secret, salt=salt, vault_id=label).hex())
    except Exception as error:
        causes = []
        while error:
            causes.append('%s: %s' % (type(error).__name__, error))
            error = error.__cause__ or error.__context__
        print('error', ' / '.join(causes).replace('\n', ' '))
"#;

/// Reads lines of a password and a YAML text in hexadecimal digits; writes the path and the plaintext
/// of each encrypted value that ansible-core's loader finds.
const INLINE_SCRIPT: &str = r#"
import sys
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import EncryptedString, VaultLib, VaultSecret
def walk(value, path, seen):
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, EncryptedString):
        yield '.'.join(path), vault.decrypt(value._ciphertext)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, path + [str(key)], seen)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from walk(inner, path + ['[%d]' % number], seen)
for line in sys.stdin:
    password, text = (bytes.fromhex(part) for part in line.rstrip('\n').split(' '))
    secrets = [('default', VaultSecret(password))]
    vault, loader = VaultLib(secrets), DataLoader()
    loader.set_vault_secrets(secrets)
    try:
        found = list(walk(loader.load(text.decode(), show_content=False), [], set()))
        print('ok', ' '.join(path.encode().hex() + ':' + data.hex() for path, data in found))
    except Exception as error:
        print('error', type(error).__name__)
"#;

/// Reads YAML texts in hexadecimal digits; writes the name of the type of each.
const KIND_SCRIPT: &str = r#"
import sys
from ansible.parsing.dataloader import DataLoader
for line in sys.stdin:
    text = bytes.fromhex(line.rstrip('\n')).decode()
    try:
        value = DataLoader().load(text, show_content=False)['k']
        print(next(base.__name__ for base in type(value).__mro__ if base.__module__ != 'ansible._internal._datatag._tags' and not base.__module__.startswith('ansible')))
    except Exception as error:
        print('error')
"#;

/// The name of the type in Python that `k: TEXT` has for ansible-core.
pub(crate) fn kinds(scalars: &[String]) -> Vec<String> {
    let line = |scalar: &String| format!("{}\n", const_hex::encode(format!("k: {scalar}\n")));
    feed(KIND_SCRIPT, scalars.iter().map(line).collect())
}

/// The path and the plaintext of an encrypted value.
pub(crate) type Found = (String, Vec<u8>);

/// The encrypted values that ansible-core finds in each text; [`None`] for one that it refuses.
pub(crate) fn values(password: &[u8], texts: &[String]) -> Vec<Option<Vec<Found>>> {
    let password = const_hex::encode(password);
    let input = texts
        .iter()
        .map(|text| format!("{password} {}\n", const_hex::encode(text)));
    let decode = |digits: &str| const_hex::decode(digits).unwrap();
    let value = |pair: &str| {
        let (path, plaintext) = pair.split_once(':').unwrap();
        (String::from_utf8(decode(path)).unwrap(), decode(plaintext))
    };
    feed(INLINE_SCRIPT, input.collect())
        .iter()
        .map(|line| {
            let found = line.strip_prefix("ok")?;
            Some(found.split_whitespace().map(value).collect())
        })
        .collect()
}

/// What ansible-core makes of each vault.
pub(crate) fn decrypt(password: &[u8], vaults: &[&[u8]]) -> Vec<Outcome> {
    run("decrypt", password, ["", ""], vaults)
        .iter()
        .map(|line| classify(line))
        .collect()
}

/// Vaults that ansible-core writes; without a salt it draws one.
pub(crate) fn encrypt(
    password: &[u8],
    salt: Option<&str>,
    label: Option<&str>,
    plaintexts: &[Vec<u8>],
) -> Vec<Vec<u8>> {
    let plaintexts: Vec<_> = plaintexts.iter().map(|plaintext| &plaintext[..]).collect();
    let options = [salt, label].map(Option::unwrap_or_default);
    let lines = run("encrypt", password, options, &plaintexts);
    let decode = |line: &String| const_hex::decode(line.strip_prefix("ok ").unwrap()).unwrap();
    lines.iter().map(decode).collect()
}

fn classify(line: &str) -> Outcome {
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| line.contains(phrase));
    if let Some(plaintext) = line.strip_prefix("ok ") {
        Outcome::Ok(const_hex::decode(plaintext).unwrap())
    } else if line == "ok" {
        Outcome::Ok(Vec::new())
    } else if has(&["not vault encrypted data"]) {
        Outcome::NotVault
    } else if has(&["could not be found"]) {
        Outcome::Unsupported
    } else if has(&[
        "unhexlify error",
        "format error",
        "Non-hexadecimal",
        "Odd-length",
    ]) {
        Outcome::Format
    } else if has(&["padding", "multiple of the block length"]) {
        Outcome::Corrupt
    } else if has(&["no vault secrets were found"]) {
        Outcome::DecryptFailed
    } else {
        panic!("ansible-core says something new: {line}")
    }
}

/// `options` are salt and label.
fn run(verb: &str, password: &[u8], options: [&str; 2], inputs: &[&[u8]]) -> Vec<String> {
    let password = const_hex::encode(password);
    let [salt, label] = options.map(const_hex::encode);
    let line = |input: &&[u8]| {
        let data = const_hex::encode(input);
        format!("{verb} {password} {salt} {label} {data}\n")
    };
    feed(SCRIPT, inputs.iter().map(line).collect())
}

/// Runs a script that answers each line with one.
fn feed(script: &str, input: Vec<String>) -> Vec<String> {
    let mut child = Command::new(python())
        .args(["-c", script])
        .env("LC_ALL", "C.UTF-8")
        .env("ANSIBLE_HOME", env::temp_dir().join("vault-format-tests"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let count = input.len();
    let writer = thread::spawn(move || stdin.write_all(input.concat().as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(
        output.status.success(),
        "ansible-core could not be imported"
    );
    let lines: Vec<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|l| l.trim_end().to_owned())
        .collect();
    assert_eq!(lines.len(), count);
    lines
}

/// The Python that has ansible-core: `$ETCDPKI_ANSIBLE_BIN`, `.peers/ansible` or `PATH`.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let chosen = env::var_os("ETCDPKI_ANSIBLE_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let places = chosen.into_iter().chain([root.join(".peers/ansible/bin")]);
    let found = places
        .chain(env::split_paths(&path))
        .find(|p| p.join("ansible-vault").exists());
    found.map(|directory| directory.join("python3")).expect(
        "ansible-core is missing; run: python3 -m venv .peers/ansible && \
         .peers/ansible/bin/pip install ansible-core==2.19.14",
    )
}
