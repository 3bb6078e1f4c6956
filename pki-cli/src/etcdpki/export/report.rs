//! What is told of an export.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use pki_core::export::File;
use pki_core::revocation::Revocation;
use pki_core::store::StoredLeaf;
use pki_core::store::atomic::Access;
use serde::Serialize;

use super::write::Places;
use crate::etcdpki::args::{Export, Format};
use crate::etcdpki::error::Error;
use crate::etcdpki::output::{self, BAD, GOOD, HEADING};

/// What was written, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    dry_run: bool,
    format: String,
    files: Vec<Written>,
    notes: Vec<String>,
    /// What git was told to leave alone.
    ignored: Vec<String>,
    #[serde(skip)]
    next: Option<String>,
    /// Whether the file itself goes to standard output.
    #[serde(skip)]
    printed: bool,
}

#[derive(Debug, Serialize)]
struct Written {
    path: String,
    /// Standard output has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    holds_private_key: bool,
}

impl Written {
    fn new(path: &Path, file: &File, printed: bool) -> Self {
        let holds_private_key = file.access == Access::Owner;
        let mode = match holds_private_key {
            true => "0600",
            false => "0644",
        };
        Self {
            path: path.display().to_string(),
            mode: (!printed).then_some(mode),
            holds_private_key,
        }
    }
}

impl Report {
    pub(super) fn new(
        arguments: &Export,
        places: &Places<'_>,
        ignored: Vec<String>,
        leaves: &[StoredLeaf],
        revocations: &[Revocation],
    ) -> Self {
        let paths = places.paths();
        let printed = matches!(places, Places::Stdout(_));
        let revoked = leaves.iter().filter(|leaf| {
            let serial = &leaf.certificate().serial;
            let mut active = revocations.iter().filter(|record| record.is_active());
            active.any(|record| record.serial == *serial)
        });
        Self {
            dry_run: arguments.dry_run,
            format: arguments.format.to_string(),
            files: paths
                .iter()
                .map(|(path, file)| Written::new(path, file, printed))
                .collect(),
            notes: revoked
                .map(|leaf| format!("{} is revoked, and members refuse it", leaf.id))
                .collect(),
            next: next(arguments, &paths),
            ignored,
            printed,
        }
    }

    /// Prints it: to standard error where the file goes to standard output.
    pub(super) fn print(&self, json: bool) -> Result<ExitCode, Error> {
        match (json, self.printed && !self.dry_run) {
            (true, false) => output::print_json(self)?,
            (false, false) => output::print(&self.to_text())?,
            (true, true) => output::note_json(self)?,
            (false, true) => output::note(self.to_text().trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn to_text(&self) -> String {
        let verb = match self.dry_run {
            true => "Would write",
            false => "Wrote",
        };
        let count = match self.files.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let mut text = format!("{GOOD}{verb}{GOOD:#} {count}\n\n");
        for file in &self.files {
            let mode = file.mode.map(|mode| format!("{mode}  "));
            let _ = writeln!(text, "  {}{}", mode.unwrap_or_default(), file.path);
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{BAD}note{BAD:#}: {note}");
        }
        let secret = |file: &Written| file.holds_private_key && file.mode.is_some();
        match (self.dry_run, self.files.iter().any(secret)) {
            (true, _) => text.push_str("\nNothing was written: this is a dry run.\n"),
            (false, false) => {}
            (false, true) => {
                let git = match self.ignored.as_slice() {
                    [] => "keep them out of git".to_owned(),
                    [one] => format!("git ignores /{one}"),
                    many => format!("git ignores these {}", many.len()),
                };
                let _ = writeln!(
                    text,
                    "\n{BAD}note{BAD:#}: files of mode 0600 hold private keys: {git}; remove them once they are installed"
                );
            }
        }
        if let (false, Some(next)) = (self.dry_run, &self.next) {
            let _ = writeln!(
                text,
                "\n{HEADING}Next{HEADING:#}\n  {}",
                output::whole(next)
            );
        }
        text
    }
}

/// A command to go on with.
fn next(arguments: &Export, paths: &[(&Path, &File)]) -> Option<String> {
    let out = arguments.out.display();
    let first = paths.first()?.0.display();
    match arguments.format {
        _ if arguments.out.as_os_str() == "-" => None,
        Format::KubernetesOpaque | Format::KubernetesTls => {
            Some(format!("kubectl apply -f {first}"))
        }
        Format::Pkcs12 | Format::Truststore => Some(format!("keytool -list -keystore {first}")),
        Format::EasyRsa => Some(format!("EASYRSA_PKI={out}/pki easyrsa show-expire")),
        Format::ExternalEtcd | Format::Kubeadm => {
            Some(format!("rsync -a {out}/ NODE:/etc/kubernetes/pki/"))
        }
        Format::Cfssl | Format::Combined | Format::Der | Format::Pem => {
            Some(format!("etcdpki inspect {first}"))
        }
    }
}
