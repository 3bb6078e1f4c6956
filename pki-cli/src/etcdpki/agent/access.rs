//! `etcdpki agent access`: what etcd must permit an agent.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::store::Address;
use pki_core::store::etcd::Letter;

use super::AgentError;
use crate::etcdpki::args::AgentAccess;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Place;
use crate::etcdpki::{description, output};

/// Runs the command.
pub(super) fn run(arguments: &AgentAccess) -> Result<ExitCode, Error> {
    let place = Place::own();
    let address = place.address().ok_or(AgentError::NoStore)?;
    let AgentAccess { owner, user } = arguments;
    // No such agent would ever be admitted.
    super::check_described(&description::read()?, owner)?;
    let (role, user) = (quoted(&address.agent_role(owner)), quoted(user));
    // It may be done again, to mend what is missing, and the first that fails is the last.
    let mut text = "set -e\n".to_owned();
    let _ = writeln!(
        text,
        "{} || etcdctl role add {role}",
        is_there("role", &role)
    );
    let mut grant = |permission: &str, key: &str| {
        let key = quoted(key);
        let _ = writeln!(
            text,
            "etcdctl role grant-permission {role} {permission} {key}"
        );
    };
    for letter in Letter::ALL {
        let permission = match letter.is_of_agents() {
            true => "readwrite",
            false => "read",
        };
        grant(permission, &address.letter(letter, owner));
    }
    grant("readwrite", &address.turn());
    let _ = writeln!(
        text,
        "{} || etcdctl user add {user} --no-password",
        is_there("user", &user)
    );
    let _ = writeln!(text, "etcdctl user grant-role {user} {role}");
    output::print_verbatim(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The commands that take that away, and the user too if it is given.
pub(super) fn withdrawal(address: &Address, owner: &str, user: Option<&str>) -> String {
    let role = quoted(&address.agent_role(owner));
    let mut text = format!("set -e\n{}", removal("role", &role));
    if let Some(user) = user {
        text.push_str(&removal("user", &quoted(user)));
    }
    text
}

fn removal(kind: &str, name: &str) -> String {
    let is_there = is_there(kind, name);
    format!("if {is_there}; then etcdctl {kind} delete {name}; fi\n")
}

fn is_there(kind: &str, name: &str) -> String {
    format!("etcdctl {kind} get {name} >/dev/null 2>&1")
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| "''".to_owned(), Into::into)
}
