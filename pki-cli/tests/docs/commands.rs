//! Command lines in blocks of `console`: each is parsed by the program that it names.
//!
//! With `--help` behind it a program reads every option and value before, and does nothing.

use std::process::Command;

use crate::pages;

/// In place of one that is cut short.
const RECIPIENT: &str = "age19mzdzv9k57pd28pzruw6cmzvr2284447usp8pufdxnfaynvhhglst5ys2x";

#[test]
fn commands_can_be_typed() {
    let mut faults = Vec::new();
    let mut parsed = 0;
    for page in pages::all() {
        for block in page.blocks() {
            if block.language != "console" {
                continue;
            }
            for line in prompts(&block.lines) {
                for words in invocations(&line) {
                    if !is_built(&words) {
                        continue;
                    }
                    parsed += 1;
                    if let Err(fault) = parse(&words) {
                        faults.push(format!("{}: {line}\n  {fault}", page.path.display()));
                    }
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

/// The invocations of our programs in a line of the shell, each as its words.
fn invocations(line: &str) -> Vec<Vec<String>> {
    let line = without_substitutions(line);
    let words = shlex::split(&line).unwrap_or_else(|| panic!("no shell reads: {line}"));
    let mut words = words.into_iter().peekable();
    let mut commands = vec![Vec::new()];
    while let Some(word) = words.next() {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        match word.as_str() {
            "|" | "||" | "&&" | ";" => commands.push(Vec::new()),
            ">" | ">>" | "<" => drop(words.next()),
            // What stands for more of the same.
            "…" => {}
            _ if digits.starts_with(['>', '<']) => {}
            _ if word.starts_with("age1") && word.ends_with('…') => {
                commands.last_mut().unwrap().push(RECIPIENT.to_owned());
            }
            _ => commands.last_mut().unwrap().push(word),
        }
    }
    commands.into_iter().filter_map(ours).collect()
}

/// From the name of the program on: `cargo run` runs `etcdpki`.
fn ours(words: Vec<String>) -> Option<Vec<String>> {
    let is_variable = |word: &&String| word.contains('=') && !word.starts_with('-');
    let begin = words.iter().take_while(is_variable).count();
    let words = &words[begin..];
    match words.first()?.as_str() {
        "etcdpki" | "vault" => Some(words.to_vec()),
        "cargo" if words.get(1)? == "run" && !words.contains(&"--example".to_owned()) => {
            let arguments = words.iter().position(|word| word == "--")?;
            let mut words = words[arguments..].to_vec();
            "etcdpki".clone_into(&mut words[0]);
            Some(words)
        }
        _ => None,
    }
}

/// A file in place of `<(…)`, and nothing in place of `$(…)`.
fn without_substitutions(line: &str) -> String {
    let mut rest = line;
    let mut plain = String::new();
    while let Some((before, after, file)) = [("<(", "FILE"), ("$(", "")]
        .into_iter()
        .filter_map(|(mark, file)| {
            let (before, after) = rest.split_once(mark)?;
            Some((before, after, file))
        })
        .min_by_key(|(before, ..)| before.len())
    {
        plain.push_str(before);
        plain.push_str(file);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain + rest
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
