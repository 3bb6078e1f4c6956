//! Manual pages, one for each program and each of its commands.

use std::fmt::Write as _;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::etcdpki::args::Program;

/// A page of section 1.
#[derive(Debug)]
pub(super) struct Page {
    /// Such as `etcdpki-rotate-ca`.
    pub(super) name: String,
    /// What man reads.
    pub(super) text: String,
}

/// All pages of both programs.
pub(super) fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    for program in Program::ALL {
        let mut command = program.command().disable_help_subcommand(true);
        command.build();
        add(program, None, &command, &mut pages);
    }
    pages
}

/// The pages of a command and of those below it.
fn add(program: Program, above: Option<&str>, command: &Command, pages: &mut Vec<Page>) {
    let name = match above {
        Some(above) => format!("{above}-{}", command.get_name()),
        None => command.get_name().to_owned(),
    };
    if !command.is_hide_set() {
        pages.push(Page {
            text: page(program, above, &name, command),
            name: name.clone(),
        });
        for below in command.get_subcommands() {
            add(program, Some(&name), below, pages);
        }
    }
}

fn page(program: Program, above: Option<&str>, name: &str, command: &Command) -> String {
    let facts = facts(program);
    let version = format!("etcdpki {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone().display_name(name.to_owned()));
    let mut page = Roff::new();
    // No date: the same program has the same pages.
    page.control("TH", [name, "1", " ", &version, facts.manual]);
    page.control("SH", ["NAME"]);
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    page.text([roman(format!("{name} - {}", about.trim_end_matches('.')))]);
    page.control("SH", ["SYNOPSIS"]);
    let usage = command.clone().render_usage().to_string();
    literal(&mut page, usage.trim_start_matches("Usage:").trim_start());
    page.control("SH", ["DESCRIPTION"]);
    let about = command.get_long_about().or(command.get_about());
    prose(
        &mut page,
        &about.map(ToString::to_string).unwrap_or_default(),
    );
    let mut text = page.render().into_bytes();
    // Nothing fails to be written to memory.
    if command.get_opts().next().is_some() || command.get_positionals().next().is_some() {
        let _ = man.render_options_section(&mut text);
    }
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    let mut rest = Roff::new();
    let help = command.get_after_long_help().or(command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    if let Some(examples) = help.strip_prefix(EXAMPLES) {
        rest.control("SH", ["EXAMPLES"]);
        let examples = examples.split("\n\n").next();
        literal(&mut rest, examples.unwrap_or_default());
    }
    rest.control("SH", ["EXIT STATUS"]);
    list(&mut rest, facts.exit_codes);
    if above.is_none() {
        rest.control("SH", ["ENVIRONMENT"]);
        list(&mut rest, facts.environment);
        rest.control("SH", ["FILES"]);
        list(&mut rest, facts.files);
    }
    rest.control("SH", ["SEE ALSO"]);
    let programs = Program::ALL.map(Program::name);
    let above = above.filter(|above| !programs.contains(above));
    let others = programs.into_iter().filter(|other| *other != name);
    let others: Vec<String> = others
        .chain(above)
        .map(|other| format!("{other}(1)"))
        .collect();
    rest.text([roman(others.join(", "))]);
    ascii(&(String::from_utf8_lossy(&text).into_owned() + &rest.render()))
}

/// Letters beyond ASCII as escapes, which every troff reads.
fn ascii(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for letter in page.chars() {
        match letter.is_ascii() {
            true => text.push(letter),
            false => {
                let _ = write!(text, "\\[u{:04X}]", u32::from(letter));
            }
        }
    }
    text
}

/// Paragraphs; one whose lines are indented keeps them.
fn prose(page: &mut Roff, text: &str) {
    for paragraph in text.split("\n\n") {
        page.control("PP", []);
        match paragraph.lines().any(|line| line.starts_with("  ")) {
            true => literal(page, paragraph),
            false => {
                page.text([roman(paragraph)]);
            }
        }
    }
}

/// Lines as they stand, without the indentation that all of them have.
fn literal(page: &mut Roff, lines: &str) {
    page.control("nf", []);
    for line in lines.trim_matches('\n').lines() {
        let line = line.strip_prefix("  ").unwrap_or(line);
        page.text([roman(line)]);
    }
    page.control("fi", []);
}

fn list(page: &mut Roff, entries: &[(&str, &str)]) {
    for (term, meaning) in entries {
        page.control("TP", []);
        page.text([bold(*term)]);
        page.text([roman(*meaning)]);
    }
}

/// What holds for a program as a whole.
struct Facts {
    manual: &'static str,
    exit_codes: &'static [(&'static str, &'static str)],
    environment: &'static [(&'static str, &'static str)],
    files: &'static [(&'static str, &'static str)],
}

fn facts(program: Program) -> Facts {
    match program {
        Program::Etcdpki => Facts {
            manual: "Certificates for etcd",
            exit_codes: &[
                ("0", "Done."),
                ("1", "It failed, and what there was is as it was."),
                ("2", "Wrong usage."),
                (
                    "3",
                    "Something was found (verify, doctor, provision, hook check) or is due (status, doctor, agent).",
                ),
                ("130", "Interrupted by Ctrl-C."),
                ("129, 143", "Interrupted by SIGHUP, SIGTERM."),
            ],
            environment: &[
                (
                    "ETCDPKI_PASSPHRASE_FILE",
                    "A file with the passphrase of the sealed keys.",
                ),
                (
                    "ANSIBLE_VAULT_PASSWORD_FILE",
                    "A file with the vault password, or a program that prints it.",
                ),
                (
                    "ETCDPKI_AGE_IDENTITY",
                    "A file with age identities that open the keys.",
                ),
                (
                    "ETCDPKI_STORE, ETCDPKI_STORE_CA, ETCDPKI_STORE_CERT, ETCDPKI_STORE_KEY",
                    "The etcd cluster that the PKI is kept in, and the files to reach it with.",
                ),
                (
                    "XDG_DATA_HOME",
                    "Where etcdpki shell install writes, if it has no --prefix.",
                ),
                ("NO_COLOR", "No colours, whatever it is set to."),
            ],
            files: &[
                ("etcdpki.yml", "The description of the cluster."),
                (
                    "pki/",
                    "Certificates, sealed keys, revocation lists, the journal.",
                ),
                (
                    "roles/*/vars/certificates.vault.yml",
                    "What Ansible installs, encrypted.",
                ),
                (
                    "etcdpki-passphrase.txt, vault-password.txt",
                    "The two secrets, where --generate-secrets made them.",
                ),
            ],
        },
        Program::Vault => Facts {
            manual: "Ansible vaults",
            exit_codes: &[
                ("0", "Done."),
                (
                    "1",
                    "It failed: a wrong password, no vault, a file that cannot be read or written.",
                ),
                ("2", "Wrong usage."),
                ("3", "check, status or verify found something."),
                (
                    "5",
                    "Options that do not go together, or a label that is missing or ambiguous.",
                ),
                ("99", "Interrupted by Ctrl-C."),
            ],
            environment: &[
                (
                    "ANSIBLE_VAULT_PASSWORD_FILE",
                    "A file with the vault password, or a program that prints it.",
                ),
                (
                    "ANSIBLE_VAULT_IDENTITY_LIST, ANSIBLE_VAULT_IDENTITY, ANSIBLE_VAULT_ENCRYPT_IDENTITY, ANSIBLE_VAULT_ID_MATCH",
                    "Vault ids, as ansible-vault takes them.",
                ),
                (
                    "ANSIBLE_VAULT_AGE_IDENTITY",
                    "A file with age identities, for LABEL@age:FILE.",
                ),
                ("ANSIBLE_CONFIG", "The configuration file."),
                (
                    "ANSIBLE_PAGER, PAGER, ANSIBLE_EDITOR, EDITOR",
                    "What shows and edits plaintext.",
                ),
                ("NO_COLOR, ANSIBLE_NOCOLOR", "No colours."),
            ],
            files: &[(
                "ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg",
                "Settings in the section [defaults]; the first that there is counts.",
            )],
        },
    }
}

/// How examples begin.
const EXAMPLES: &str = "Examples:\n";

#[cfg(test)]
mod tests {
    use fixtures::invocations;

    use super::*;

    /// Every command of both programs, by its words.
    fn commands() -> Vec<(Program, Command)> {
        fn add(program: Program, command: &Command, all: &mut Vec<(Program, Command)>) {
            all.push((program, command.clone()));
            let below = command.get_subcommands();
            below
                .filter(|one| one.get_name() != "help")
                .for_each(|one| add(program, one, all));
        }
        let mut all = Vec::new();
        for program in Program::ALL {
            let mut command = program.command();
            command.build();
            add(program, &command, &mut all);
        }
        all
    }

    fn examples(command: &Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        let help = help.split("\\\n").map(str::trim).collect::<Vec<_>>();
        let help = help.join(" ");
        let examples = help.strip_prefix(EXAMPLES).unwrap_or_default();
        let lines = examples.split("\n\n").next().unwrap_or_default().lines();
        lines.map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn every_command_has_examples_that_can_be_typed() {
        for (_, command) in commands() {
            let examples = examples(&command);
            let name = command.get_bin_name().unwrap_or(command.get_name());
            assert!(
                examples.iter().any(|line| line.contains(name)),
                "{name}: {examples:?}"
            );
            // What is told behind the command stands in a column of its own.
            let lines = examples.iter().filter_map(|line| line.split("   ").next());
            for words in lines.flat_map(invocations) {
                let program = Program::ALL.into_iter().find(|one| one.name() == words[0]);
                let parsed = program.unwrap().command().try_get_matches_from(&words);
                parsed.unwrap_or_else(|error| panic!("{words:?}: {error}"));
            }
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = pages();
        for (_, command) in commands() {
            let name = command.get_bin_name().unwrap_or(command.get_name());
            let name = name.replace(' ', "-");
            let page = pages.iter().find(|page| page.name == name);
            let text = &page.unwrap_or_else(|| panic!("{name}")).text;
            let sections = [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "EXAMPLES",
                "\"EXIT STATUS\"",
            ];
            for section in sections {
                assert!(
                    text.contains(&format!(".SH {section}")),
                    "{name}: {section}"
                );
            }
            let others = text.trim_end().lines().last().unwrap();
            let others: Vec<&str> = others.split(", ").collect();
            let mut once = others.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), others.len(), "{name}: {others:?}");
        }
    }
}
