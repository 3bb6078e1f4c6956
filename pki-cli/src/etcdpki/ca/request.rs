//! `etcdpki ca request`: a request for an authority that is signed elsewhere.

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::ConvergeError;
use pki_core::import::ImportError;
use pki_core::key::PrivateKey;
use pki_core::store::atomic::{Access, Group};
use pki_core::store::{Batch, Pki, StoreError, StoredRequest};
use serde::Serialize;

use crate::etcdpki::args::CaRequest;
use crate::etcdpki::description;
use crate::etcdpki::error::Error;
use crate::etcdpki::opened::{self, Opened};
use crate::etcdpki::output::{self, GOOD, HEADING};
use crate::etcdpki::place::Kept;

/// Runs the command.
pub(super) fn run(arguments: &CaRequest) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let pki = opened::writable("ca request")?;
    let (pki, stored) = match pki.request(arguments.name)? {
        Some(waiting) => (pki, waiting),
        None => make(arguments, &cluster, pki)?,
    };
    let pem = stored.request.to_pem();
    let report = Report {
        name: arguments.name.to_string(),
        generation: stored.generation,
        subject: stored.request.subject.clone(),
        path: pki.locate_request(&stored),
        out: arguments
            .out
            .as_ref()
            .map(|path| path.display().to_string()),
        above: arguments
            .name
            .issuer(&cluster)
            .map_or_else(String::new, |above| above.to_string()),
        succeeds: arguments.next,
    };
    match arguments.out.as_deref() {
        Some(path) if path == Path::new("-") => {
            output::print_verbatim(&pem)?;
            output::note(report.to_text().trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Some(path) => {
            let mut group = Group::default();
            group.stage_file(path, pem.as_bytes(), Access::Everyone)?;
            group.commit()?;
        }
        None => {}
    }
    match arguments.json {
        true => output::print_json(&report)?,
        false => output::print(&report.to_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn make(
    arguments: &CaRequest,
    cluster: &Cluster,
    pki: Pki<Kept>,
) -> Result<(Pki<Kept>, StoredRequest), Error> {
    let name = arguments.name;
    if !name.is_described(cluster) {
        return Err(ImportError::Unknown(name).into());
    }
    if name.issuer(cluster).is_none() {
        return Err(ConvergeError::NoneAbove(name).into());
    }
    if let Some(present) = pki.authority(name)?.filter(|_| !arguments.next) {
        let path = pki.locate_authority(&present);
        return Err(ImportError::Present { name, path }.into());
    }
    let mut opened = Opened::open_or_generate(cluster, pki, &arguments.keys)?;
    let generation = opened.pki.next_authority(name)?;
    let key = PrivateKey::generate(name.setting(cluster).key).map_err(ConvergeError::from)?;
    let profile = name.profile(cluster, generation);
    let stored = StoredRequest {
        name,
        generation,
        request: profile.request(&key).map_err(ConvergeError::from)?,
    };
    let mut batch = Batch::default();
    Pki::<Kept>::add_request(&mut batch, &stored, &key, &opened.keys)
        .map_err(|error: StoreError| Error::from(error))?;
    opened.commit(batch)?;
    Ok((opened.pki, stored))
}

#[derive(Serialize)]
struct Report {
    name: String,
    generation: u32,
    subject: String,
    path: String,
    out: Option<String>,
    #[serde(skip)]
    above: String,
    #[serde(skip)]
    succeeds: bool,
}

impl Report {
    fn to_text(&self) -> String {
        let Self {
            name,
            subject,
            path,
            above,
            ..
        } = self;
        let file = self
            .out
            .as_deref()
            .filter(|out| *out != "-")
            .unwrap_or(path);
        let then = match self.succeeds {
            true => format!("  and then: etcdpki rotate ca {name}\n"),
            false => String::new(),
        };
        format!(
            "{GOOD}Requested{GOOD:#} {HEADING}the {name} authority{HEADING:#}\n\n  \
             subject  {subject}\n  request  {file}\n  key      sealed beside {path}\n\n\
             {HEADING}Next{HEADING:#}\n  \
             where the {above} authority is: etcdpki issue --csr {file} --authority {name} --out {name}.crt\n  \
             or with openssl: echo authorityKeyIdentifier=keyid > ext; openssl x509 -req -copy_extensions copyall -extfile ext -in {file} -CA {above}.crt -CAkey {above}.key -days 3650 -out {name}.crt\n  \
             then here: etcdpki ca accept {name}.crt {above}.crt\n{then}"
        )
    }
}
