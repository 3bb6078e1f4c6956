//! `etcdpki agent access`: what etcd must permit an agent.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::store::etcd::Letter;

use super::AgentError;
use crate::etcdpki::args::AgentAccess;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;
use crate::etcdpki::place::Place;

/// Runs the command.
pub(super) fn run(arguments: &AgentAccess) -> Result<ExitCode, Error> {
    let place = Place::own();
    let address = place.address().ok_or(AgentError::NoStore)?;
    let AgentAccess { owner, user } = arguments;
    let prefix = address.prefix().trim_matches('/').replace('/', ".");
    let role = quoted(&format!("etcdpki.{prefix}.{owner}"));
    let mut text = format!("etcdctl role add {role}\n");
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
    let user = quoted(user);
    let _ = writeln!(text, "etcdctl user add {user} --no-password");
    let _ = writeln!(text, "etcdctl user grant-role {user} {role}");
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| "''".to_owned(), Into::into)
}
