//! Our reader of `ansible.cfg` against the `configparser` of ansible-core's Python.

use std::collections::HashMap;
use std::io::Write;
use std::process::Stdio;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[path = "../../src/vault/ini.rs"]
mod reader;

const TEXTS: usize = 5_000;

/// Reads texts, each after its length in octets, and answers with what is in `[defaults]`.
const PEER: &str = r#"
import configparser, json, sys
answers = []
while size := sys.stdin.buffer.readline():
    text = sys.stdin.buffer.read(int(size)).decode()
    parser = configparser.ConfigParser(inline_comment_prefixes=(';',))
    try:
        parser.read_string(text)
        keys = parser.options('defaults') if parser.has_section('defaults') else []
        answers.append({key: parser.get('defaults', key, raw=True) for key in keys})
    except configparser.Error:
        answers.append(None)
json.dump(answers, sys.stdout)
"#;

#[test]
fn settings_are_read_as_python_reads_them() {
    let pieces = prop::sample::select(vec![
        "[defaults]",
        "[DEFAULT]",
        "[other]",
        "[",
        "]",
        "a",
        "b",
        "A",
        "=",
        ":",
        ";",
        "#",
        " ",
        "\t",
        "\n",
        "\n",
        "\n",
        "\n  ",
        "\r\n",
        "'",
        "\"",
        "%",
        "\u{feff}",
        "é",
        "= 1\n",
        "a = b\n",
    ]);
    let texts = prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat());
    let headed = (any::<bool>(), texts).prop_map(|(headed, text)| match headed {
        true => format!("[defaults]\n{text}"),
        false => text,
    });
    let mut runner = TestRunner::default();
    let texts: Vec<_> = (0..TEXTS)
        .map(|_| headed.new_tree(&mut runner).unwrap().current())
        .collect();
    let answers = ask(&texts);
    assert_eq!(answers.len(), texts.len());
    let mut read = 0;
    for (text, theirs) in texts.iter().zip(answers) {
        let ours = reader::section(text, "defaults").ok();
        read += usize::from(ours.as_ref().is_some_and(|values| !values.is_empty()));
        assert_eq!(ours, theirs, "{text:?}");
    }
    assert!(read > TEXTS / 20, "only {read} texts say something");
}

fn ask(texts: &[String]) -> Vec<Option<HashMap<String, String>>> {
    let mut python = fixtures::ansible()
        .python()
        .args(["-c", PEER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    for text in texts {
        write!(stdin, "{}\n{text}", text.len()).unwrap();
    }
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
