//! How a revocation list is shown.

use std::fmt::Write as _;

use pki_core::crl::Crl;
use pki_core::serial::serial_text;
use serde::Serialize;

use crate::etcdpki::output::{DIM, timestamp};

#[derive(Debug, Serialize)]
pub(super) struct CrlView {
    issuer: String,
    number: Option<String>,
    this_update: String,
    next_update: Option<String>,
    authority_key_identifier: Option<String>,
    revoked: Vec<EntryView>,
}

#[derive(Debug, Serialize)]
struct EntryView {
    serial: String,
    revoked: String,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_since: Option<String>,
}

impl CrlView {
    pub(super) fn new(crl: &Crl) -> Self {
        Self {
            issuer: crl.issuer.clone(),
            number: crl.number.as_ref().map(ToString::to_string),
            this_update: timestamp(crl.this_update),
            next_update: crl.next_update.map(timestamp),
            authority_key_identifier: crl.authority_key_identifier.as_deref().map(serial_text),
            revoked: crl
                .entries
                .iter()
                .map(|entry| EntryView {
                    serial: serial_text(&entry.serial),
                    revoked: timestamp(entry.revoked),
                    reason: entry.reason.as_str(),
                    invalid_since: entry.invalid_since.map(timestamp),
                })
                .collect(),
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let none = || "none".to_owned();
        let lines = [
            ("issuer", self.issuer.clone()),
            ("number", self.number.clone().unwrap_or_else(none)),
            ("this update", self.this_update.clone()),
            ("next update", self.next_update.clone().unwrap_or_else(none)),
            (
                "authority key id",
                self.authority_key_identifier.clone().unwrap_or_else(none),
            ),
        ];
        let _ = writeln!(text, "  certificate revocation list");
        for (name, value) in lines {
            let _ = writeln!(text, "    {name:18} {value}");
        }
        let _ = writeln!(text, "    {:18} {}", "revoked", self.revoked.len());
        for entry in &self.revoked {
            let since = entry.invalid_since.as_ref();
            let since = since.map_or_else(String::new, |since| format!(", invalid since {since}"));
            let _ = writeln!(
                text,
                "      {}  {DIM}{} {}{since}{DIM:#}",
                entry.serial, entry.revoked, entry.reason
            );
        }
    }
}
