//! Command lines in blocks of `console` and in backquotes: each is parsed by the program that it names.
//!
//! With `--help` behind it a program reads every option and value before, and does nothing.

use std::process::Command;

use fixtures::invocations;

use crate::pages;

#[test]
fn commands_can_be_typed() {
    let mut faults = Vec::new();
    let mut parsed = 0;
    for page in pages::all() {
        let blocks = page.blocks();
        let blocks = blocks.iter().filter(|block| block.language == "console");
        let lines = blocks.flat_map(|block| prompts(&block.lines));
        // That of changes tells of what was once typed.
        let quoted = match page.path.ends_with("CHANGELOG.md") {
            true => Vec::new(),
            false => page.quoted_commands(),
        };
        for line in lines.chain(quoted.iter().map(|text| filled_in(text))) {
            for words in invocations(&line).iter().filter(|words| is_built(words)) {
                parsed += 1;
                if let Err(fault) = parse(words) {
                    faults.push(format!("{}: {line}\n  {fault}", page.path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(parsed > 50, "only {parsed} were found");
}

/// What stands behind each prompt, with the lines that a backslash adds to it.
fn prompts(lines: &[String]) -> Vec<String> {
    let mut prompts: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let text = match line.strip_prefix("$ ") {
            Some(text) => {
                prompts.push(String::new());
                text
            }
            None if goes_on => line,
            None => continue,
        };
        let (text, more) = match text.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (text, false),
        };
        goes_on = more;
        prompts.last_mut().unwrap().push_str(text);
    }
    prompts
}

/// Something in place of each placeholder that is checked.
fn filled_in(text: &str) -> String {
    text.replace(" NAME", " etcd")
        .replace(" ROLE", " server")
        .replace(" etcd://…", " etcd://10.0.0.10:2379/pki")
}

/// Whether this build has the command: those of the store are a feature.
fn is_built(words: &[String]) -> bool {
    let of_the_store =
        |word: &String| ["agent", "store", "--fleet", "--by-agents"].contains(&word.as_str());
    cfg!(feature = "etcd") || words[0] != "etcdpki" || !words.iter().any(of_the_store)
}

fn parse(words: &[String]) -> Result<(), String> {
    let program = match words[0].as_str() {
        "etcdpki" => env!("CARGO_BIN_EXE_etcdpki"),
        _ => env!("CARGO_BIN_EXE_vault"),
    };
    let output = Command::new(program)
        .args(&words[1..])
        .arg("--help")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn what_is_typed_is_found() {
    let lines = [
        "$ etcdpki init \\",
        "    --dry-run       # nothing is written",
        "ok: etcdpki is no prompt here",
        "$ cargo run --release -- -C demo init",
        "$ export A=b",
        "$ etcdpki doctor $(printf x) <(age -d k) 2>log | vault view - >out && A=b etcdpki status …",
    ]
    .map(str::to_owned);
    let found: Vec<_> = prompts(&lines)
        .iter()
        .flat_map(|line| invocations(line))
        .map(|words| words.join(" "))
        .collect();
    assert_eq!(
        found,
        [
            "etcdpki init --dry-run",
            "etcdpki -C demo init",
            "etcdpki doctor FILE",
            "vault view -",
            "etcdpki status",
        ]
    );
    let words = |line: &str| invocations(line).remove(0);
    assert_eq!(parse(&words("etcdpki rotate ca etcd --plan")), Ok(()));
    assert!(parse(&words("etcdpki rotate ca etcd --plam")).is_err());
    assert!(parse(&words("etcdpki rotate can etcd")).is_err());
    assert_eq!(parse(&words("vault rekey -r --dry-run .")), Ok(()));
    assert!(parse(&words("vault rekey --recursively .")).is_err());
}
