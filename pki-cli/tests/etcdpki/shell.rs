//! `etcdpki shell`: manual pages and completions.

use std::fs;
use std::process::Command;

use fixtures::{fish, groff, run, zsh};

use crate::workspace::Workspace;

#[test]
fn pages_and_completions_are_installed_and_the_same_each_time() {
    let workspace = Workspace::new();
    let told = workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    let first = workspace.files();
    for name in [
        "usr/share/man/man1/etcdpki.1",
        "usr/share/man/man1/etcdpki-rotate-ca.1",
        "usr/share/man/man1/vault.1",
        "usr/share/man/man1/vault-encrypt_string.1",
        "usr/share/bash-completion/completions/etcdpki",
        "usr/share/bash-completion/completions/vault",
        "usr/share/fish/vendor_completions.d/etcdpki.fish",
        "usr/share/zsh/site-functions/_vault",
    ] {
        assert!(first.iter().any(|(found, _)| found == name), "{name}");
    }
    let listed: Vec<_> = told.lines().take_while(|line| !line.is_empty()).collect();
    let pages = first
        .iter()
        .filter(|(name, _)| name.ends_with(".1"))
        .count();
    let expected = [
        "Wrote".to_owned(),
        format!("  usr/share/man/man1/                     {pages} manual pages"),
        "  usr/share/bash-completion/completions/  2 completions".to_owned(),
        "  usr/share/fish/vendor_completions.d/    2 completions".to_owned(),
        "  usr/share/zsh/site-functions/           2 completions".to_owned(),
    ];
    assert_eq!(listed, expected);
    let functions = workspace.path("usr/share/zsh/site-functions");
    let next = format!("fpath=({} $fpath)", functions.display());
    assert!(told.contains("\nNext\n") && told.contains(&next), "{told}");
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    assert_eq!(workspace.files(), first);
}

#[test]
fn one_page_or_script_is_printed_as_it_is_installed() {
    let workspace = Workspace::new();
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    let page = workspace.succeeds(&["shell", "man", "vault-rekey"]);
    let installed = workspace.read("usr/share/man/man1/vault-rekey.1");
    assert_eq!(page.as_bytes(), installed);
    let script = ["shell", "completions", "zsh", "--program", "vault"];
    let installed = workspace.read("usr/share/zsh/site-functions/_vault");
    assert_eq!(workspace.succeeds(&script).as_bytes(), installed);
    let said = workspace.fails(1, &["shell", "man", "etcdpki-rotat"]);
    assert!(
        said.contains("`etcdpki-rotat`") && said.contains("etcdpki-rotate-ca"),
        "{said}"
    );
}

#[test]
fn it_goes_home_where_no_prefix_says_otherwise() {
    let workspace = Workspace::new();
    let install = |variables: &[(&str, &str)]| {
        let mut command = workspace.command(&["shell", "install"]);
        command.env_remove("XDG_DATA_HOME").env_remove("HOME");
        run(command.envs(variables.iter().copied()))
    };
    let home = workspace.path("home").display().to_string();
    let data = workspace.path("data").display().to_string();
    install(&[("HOME", &home)]).expect_success();
    assert!(
        workspace
            .path("home/.local/share/man/man1/vault.1")
            .exists()
    );
    install(&[("HOME", &home), ("XDG_DATA_HOME", &data)]).expect_success();
    assert!(workspace.path("data/man/man1/vault.1").exists());
    let nowhere = install(&[("XDG_DATA_HOME", "not/absolute")]);
    assert!(
        !nowhere.status.success() && nowhere.output().contains("--prefix"),
        "{nowhere}"
    );
    // A directory where a file is to be.
    fs::create_dir_all(workspace.path("usr/share/man")).unwrap();
    workspace.write("usr/share/man/man1", "");
    let before = workspace.files();
    let said = workspace.fails(1, &["shell", "install", "--prefix", "usr"]);
    assert!(said.contains("usr/share/man/man1"), "{said}");
    assert_eq!(workspace.files(), before);
}

/// What a shell makes of an unfinished word, by a script that has it in `$word` after `etcdpki` and
/// `$command`.
fn completed(mut shell: Command, script: &str, command: &str, word: &str) -> String {
    let workspace = Workspace::new();
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    shell.args(["-c", script]).current_dir(workspace.path(""));
    shell.env("command", command).env("word", word);
    // Neither reads nor writes what is the user's own.
    shell.env("HOME", workspace.path(""));
    run(&mut shell).expect_success().stdout
}

fn completed_by_bash(command: &str, word: &str) -> String {
    let mut bash = Command::new("bash");
    bash.arg("--norc");
    let script = "source usr/share/bash-completion/completions/etcdpki
        COMP_WORDS=(etcdpki $command $word); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _etcdpki etcdpki $word; echo \"${COMPREPLY[@]}\"";
    completed(bash, script, command, word)
}

/// With what each of them means, behind a tab.
fn completed_by_fish(command: &str, word: &str) -> String {
    let mut fish = fish();
    fish.arg("--no-config");
    let script = "source usr/share/fish/vendor_completions.d/etcdpki.fish
        complete -C \"etcdpki $command $word\"";
    completed(fish, script, command, word)
}

/// The line as it is after the key, since completions are made where lines are typed alone.
fn completed_by_zsh(command: &str, word: &str) -> String {
    let mut zsh = zsh();
    zsh.arg("-f");
    let script = r#"zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'fpath=($PWD/usr/share/zsh/site-functions $fpath)'
        zpty -w shell 'autoload -Uz compinit; compinit -D -u; bindkey "^I" complete-word'
        zpty -w shell 'show() { print -r -- "<""<$BUFFER>"">" }; zle -N show; bindkey "^X" show'
        zpty -w -n shell "etcdpki $command $word"$'\t\x18'
        zpty -r shell seen '*<<*>>*'
        zpty -d shell
        print -r -- ${${seen##*<<}%%>>*}"#;
    completed(zsh, script, command, word)
}

#[test]
fn shells_complete_commands() {
    assert_eq!(completed_by_bash("rotate", "c"), "ca\n");
    assert!(completed_by_fish("rotate", "c").starts_with("ca\t"));
    assert_eq!(completed_by_zsh("rotate", "c"), "etcdpki rotate ca \n");
}

#[test]
fn shells_complete_the_codes_of_findings() {
    let (word, code) = ("member-trust-st", "member-trust-stale");
    assert_eq!(completed_by_bash("explain", word), format!("{code}\n"));
    let fish = completed_by_fish("explain", word);
    assert!(fish.starts_with(&format!("{code}\t")), "{fish}");
    let zsh = completed_by_zsh("explain", word);
    assert_eq!(zsh, format!("etcdpki explain {code} \n"));
    // Below two commands, too.
    assert_eq!(completed_by_bash("shell completions", "zs"), "zsh\n");
    assert_eq!(completed_by_fish("shell completions", "zs"), "zsh\n");
    let zsh = completed_by_zsh("shell completions", "zs");
    assert_eq!(zsh, "etcdpki shell completions zsh \n");
}

#[test]
fn the_value_of_an_option_is_taken_for_no_command() {
    let (word, code) = ("member-trust-st", "member-trust-stale\n");
    // The last is how bash has --store=ca.
    for options in ["-C dir", "-C ca", "--store issue", "--store = ca"] {
        let command = format!("{options} explain");
        assert_eq!(completed_by_bash(&command, word), code, "{options}");
        assert_eq!(completed_by_bash(options, "expl"), "explain\n", "{options}");
    }
    assert_eq!(
        completed_by_bash("--store ca shell completions", "zs"),
        "zsh\n"
    );
}

/// Rules hold quotes and more that a shell would read.
#[test]
fn fish_tells_what_each_code_means() {
    let workspace = Workspace::new();
    let rules = workspace.succeeds(&["verify", "--rules", "--json"]);
    let rules: serde_json::Value = serde_json::from_str(&rules).unwrap();
    let rules = rules.as_array().unwrap().iter();
    let mut expected: Vec<_> = rules
        .map(|rule| {
            format!(
                "{}\t{}",
                rule["code"].as_str().unwrap(),
                rule["rule"].as_str().unwrap()
            )
        })
        .collect();
    expected.sort();
    let completed = completed_by_fish("explain", "");
    let mut completed: Vec<_> = completed.lines().collect();
    completed.sort_unstable();
    assert_eq!(completed, expected);
}

#[test]
fn help_and_pages_do_not_list_the_codes() {
    let workspace = Workspace::new();
    for text in [
        workspace.succeeds(&["explain", "--help"]),
        workspace.succeeds(&["shell", "man", "etcdpki-explain"]),
    ] {
        let text = text.replace(r"\-", "-");
        assert!(text.contains("member-trust-stale"), "{text}");
        assert!(!text.contains("crl-missing"), "{text}");
    }
}

#[test]
fn groff_has_no_remark_on_the_pages() {
    let workspace = Workspace::new();
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    for entry in fs::read_dir(workspace.path("usr/share/man/man1")).unwrap() {
        let mut groff = groff();
        groff.args(["-man", "-Tutf8", "-ww", "-z"]);
        let read = run(groff.arg(entry.unwrap().path())).expect_success();
        assert_eq!(read.output(), "", "{read}");
    }
}

#[test]
fn what_was_mistyped_gets_a_tip_that_leads_on() {
    let workspace = Workspace::new();
    for (typed, tip) in [
        (
            &["rotate", "--ca", "etcd"][..],
            "'ca' is a command, without dashes: 'etcdpki rotate ca'",
        ),
        (&["-C", ".", "--init"], "'etcdpki init'"),
        (
            &["issue", "etcd-0", "--renw"],
            "a similar argument exists: '--renew'",
        ),
    ] {
        let told = workspace.fails(2, typed);
        assert!(told.contains(tip), "{told}");
    }
    let told = workspace.fails(2, &["rotate", "ca", "etcd", "--force"]);
    assert!(
        !told.contains("--store") && !told.contains("similar"),
        "{told}"
    );
}
