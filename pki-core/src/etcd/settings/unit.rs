//! systemd units and drop-ins: `systemd.service(5)`.

use super::source::{self, Command, Content, EnvironmentFile, OPEN_QUOTE, Read};
use super::words::{self, Dialect, Word};

pub(super) fn read(text: &str) -> Read<Content> {
    let comment = |line: &str| line.trim_start().starts_with(['#', ';']);
    let mut content = Content::default();
    let mut section = String::new();
    let mut another = None;
    for (line, text) in words::logical_lines(text, comment) {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if let Some(name) = text.strip_prefix('[') {
            let name = name.strip_suffix(']').ok_or_else(|| {
                (
                    line,
                    format!("`{text}` is no section: write one such as [Service]"),
                )
            })?;
            name.clone_into(&mut section);
            continue;
        }
        let (key, value) = text.split_once('=').ok_or_else(|| {
            let message = format!("`{text}` is no setting of a unit: write KEY=VALUE");
            (line, message)
        })?;
        if section != "Service" {
            continue;
        }
        // The value begins on the line of its key, wherever its first word is.
        let value = value.trim_start_matches([' ', '\t']);
        match key.trim_end() {
            "ExecStart" => match value.trim() {
                "" => content.command = None,
                value => match exec(value, line, &mut content)? {
                    Some(command) => content.command = Some(command),
                    None => another = Some(line),
                },
            },
            "Environment" => {
                let words = words::split(value, line, Dialect::Systemd);
                let words = words.ok_or_else(|| (line, OPEN_QUOTE.to_owned()))?;
                if words.is_empty() {
                    content.variables.clear();
                }
                content.variables.extend(
                    words
                        .into_iter()
                        .map(filled_in)
                        .filter_map(source::assignment),
                );
            }
            "EnvironmentFile" => match value.trim() {
                "" => content.files.clear(),
                path => content.files.push(EnvironmentFile {
                    // A file with a dash need not be there.
                    path: path.strip_prefix('-').unwrap_or(path).to_owned(),
                    line,
                }),
            },
            "ExecReload" if sends_hangup(value) => content.reload = Some(line),
            _ => {}
        }
    }
    match another {
        Some(line) if content.command.is_none() => Err((
            line,
            "another program than etcd is started here: give the unit of etcd".to_owned(),
        )),
        _ if content.says_nothing() => Err((
            1,
            "no ExecStart= of etcd and no Environment= stands in it: give the unit of etcd"
                .to_owned(),
        )),
        _ => Ok(content),
    }
}

impl Content {
    fn says_nothing(&self) -> bool {
        self.command.is_none()
            && self.variables.is_empty()
            && self.files.is_empty()
            && self.reload.is_none()
    }
}

/// The command of `ExecStart=`, if it starts etcd.
fn exec(value: &str, line: u64, content: &mut Content) -> Read<Option<Command>> {
    let command = value.trim_start_matches(['@', '-', ':', '+', '!', '|']);
    let prefix = &value[..value.len() - command.len()];
    let words = words::split(command, line, Dialect::Systemd);
    let mut words = words.ok_or_else(|| (line, OPEN_QUOTE.to_owned()))?;
    // After an @, the second word is what the program is told that it is called.
    if prefix.contains('@') && words.len() > 1 {
        words.remove(1);
    }
    let Some((mut command, variables)) = source::command(words, Dialect::Systemd)? else {
        return Ok(None);
    };
    if prefix.contains(':') {
        // Nothing is put in for variables.
        for word in &mut command.words {
            word.text = word.text.replace('$', "$$");
        }
    }
    content.variables.extend(variables);
    Ok(Some(command))
}

fn filled_in(mut word: Word) -> Word {
    let text = words::specifiers(&word.text, &mut word.is_open).into_owned();
    Word { text, ..word }
}

/// Whether a command of `ExecReload=` sends SIGHUP.
fn sends_hangup(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let kills = words.next().is_some_and(|program| {
        program
            .trim_start_matches(['-', '+', '!', ':'])
            .ends_with("kill")
    });
    kills
        && words.any(|word| {
            let signal = word.trim_start_matches('-');
            let signal = signal.strip_prefix("signal=").unwrap_or(signal);
            let signal = signal
                .trim_start_matches(['s', 'S'])
                .trim_start_matches("IG");
            signal.eq_ignore_ascii_case("hup") || word == "-1"
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reloads_that_kill_are_known() {
        for command in [
            "/bin/kill -HUP $MAINPID",
            "/bin/kill -s HUP $MAINPID",
            "-/usr/bin/kill -s SIGHUP $MAINPID",
            "kill -1 $MAINPID",
            "/bin/kill --signal=HUP $MAINPID",
        ] {
            assert!(sends_hangup(command), "{command}");
        }
        for command in [
            "/bin/kill -USR1 $MAINPID",
            "/usr/bin/etcdctl endpoint health",
            "",
        ] {
            assert!(!sends_hangup(command), "{command}");
        }
    }

    #[test]
    fn what_is_no_unit_of_etcd_is_refused() {
        for (text, line, said) in [
            ("[Service]\nExecStart=/usr/bin/true\n", 2, "another program"),
            ("[Unit]\nDescription=etcd\n", 1, "no ExecStart="),
            ("[Service]\nfoo\n", 2, "no setting of a unit"),
            ("[Service\nExecStart=etcd\n", 1, "no section"),
            ("[Service]\nExecStart=etcd \"--name\n", 2, "a quote"),
            ("[Service]\nExecStart=/bin/sh -c 'etcd \"'\n", 2, "a quote"),
            (
                "[Service]\n\nExecStart=etcd grpc-proxy start\n",
                3,
                "a proxy",
            ),
        ] {
            let (at, message) = read(text).err().unwrap();
            assert_eq!(at, line, "{message}");
            assert!(message.contains(said), "{message}");
        }
    }
}
