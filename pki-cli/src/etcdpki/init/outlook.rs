//! Which files `init` would write, told without a passphrase or a password.

use std::path::Path;

use pki_core::Cluster;
use pki_core::converge::{Action, Plan};
use pki_core::description::VaultFiles;
use pki_core::document::{self, VaultFile};
use pki_core::store::Pki;
use vault_format::Label;

use super::Work;
use crate::etcdpki::description::{self, Described};
use crate::etcdpki::error::Error;
use crate::etcdpki::files::{self, Old};
use crate::etcdpki::place::Kept;
use crate::etcdpki::secrets::{self, Source};

/// The files that would be written, and the encrypted ones that stay unless something else is in
/// them than is described: that cannot be known while they are closed.
pub(super) struct Outlook {
    pub(super) written: Vec<String>,
    pub(super) closed: Vec<String>,
}

impl Outlook {
    pub(super) fn of(
        arguments: &Work<'_>,
        described: &Described,
        pki: &Pki<Kept>,
        plan: &Plan,
    ) -> Result<Self, Error> {
        let cluster = &described.cluster;
        let mut written = Vec::new();
        written.extend(described.is_new.then(|| description::FILE.to_owned()));
        let generated = match arguments.generate_secrets {
            true => generated(arguments, cluster, pki)?,
            false => Vec::new(),
        };
        let is_new = pki.keyring()?.is_none();
        if secrets::are_to_be_ignored(&generated, is_new)
            && files::with_ignored(&secrets::IGNORED)?.is_some()
        {
            written.push(files::GITIGNORE.to_owned());
        }
        written.extend(generated);
        if is_new {
            written.push(pki.locate_keyring());
        }
        written.extend(plan.files(cluster, pki)?);
        let mut closed = Vec::new();
        for file in document::vault_files(cluster) {
            match is_rewritten(&file, cluster, plan)? {
                true => written.push(file.path),
                false => closed.push(file.path),
            }
        }
        for document in document::references_documents(cluster) {
            if files::merge(&document, &Old::read_plain(&document)?)?.is_some() {
                written.push(document.path);
            }
        }
        if gets_list(pki, &written)? {
            written.push(files::LIST.to_owned());
        }
        Ok(Self { written, closed })
    }
}

/// Whether the role that runs members has another list of what is revoked than it will be.
fn gets_list(pki: &Pki<Kept>, written: &[String]) -> Result<bool, Error> {
    Ok(match pki.revocation_list_file()? {
        Some((path, content)) => written.contains(&path) || !files::has_list(&content)?,
        // The first one is signed with the first authorities.
        None => true,
    })
}

/// The files with secrets that would be made.
fn generated(
    arguments: &Work<'_>,
    cluster: &Cluster,
    pki: &Pki<Kept>,
) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    if pki.keyring()?.is_none() {
        files.extend(Source::passphrase(&arguments.keys.passphrase).place_for_new());
    }
    files.extend(Source::vault_password(arguments.vault).place_for_new());
    if cluster.ansible.vault_files == VaultFiles::Host {
        for node in &cluster.nodes {
            let file = secrets::host_password_file(&node.name);
            files.extend(Source::host_password(&file).place_for_new());
        }
    }
    let names = files.iter().map(|file| file.display().to_string());
    Ok(names.collect())
}

/// Whether it is missing, what it holds is made anew, or another vault id is described.
fn is_rewritten(file: &VaultFile, cluster: &Cluster, plan: &Plan) -> Result<bool, Error> {
    let path = Path::new(&file.path);
    let Some(content) = files::if_there(path)? else {
        return Ok(true);
    };
    let is_made = plan.actions().iter().any(|action| match action {
        Action::Issue { id, .. } => file.holds(id),
        Action::MakeAuthority(name) => !name.is_other(),
    });
    let label = |label: Option<&Label>| label.map_or("default", Label::as_str).to_owned();
    let wanted = match &file.host {
        Some(node) => node.to_string(),
        None => label(cluster.ansible.vault_id.as_ref()),
    };
    let is_relabelled = label(files::vault_header(path, &content)?.label()) != wanted;
    Ok(is_made || is_relabelled)
}
