//! Whether members have loaded what there is, by what their agents report.

use pki_core::Cluster;
use pki_core::agent::{Loaded, Message as _, Report};
use pki_core::name::Label;
use pki_core::seal::Unlocked;
use pki_core::store::Pki;
use pki_core::store::etcd::Letter;
use time::{Duration, OffsetDateTime};

use super::contents::Contents;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;

/// The members that have not loaded all there is, as far as is known, each with what it lacks.
pub(in crate::etcdpki) fn behind(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: &Unlocked,
    without: &[Label],
) -> Result<Vec<String>, Error> {
    let reports = pki.store().etcd()?.letters(Letter::Report)?;
    let contents = Contents::read(cluster, pki, keys)?;
    let now = OffsetDateTime::now_utc();
    let mut behind = Vec::new();
    for node in cluster
        .nodes
        .iter()
        .filter(|node| !without.contains(&node.name))
    {
        let name = node.name.as_str();
        let report = reports.get(name);
        let report = report.and_then(|text| Report::from_json(text).ok());
        let content = contents.of(name)?;
        if let Some(lack) = lack(report.as_ref(), &content.fingerprint().to_string(), now) {
            behind.push(format!("{name}: {lack}"));
        }
    }
    Ok(behind)
}

fn lack(report: Option<&Report>, content: &str, now: OffsetDateTime) -> Option<String> {
    let Some(report) = report else {
        return Some("no agent has reported from there".to_owned());
    };
    let silent = (now - report.at).whole_minutes();
    match () {
        () if now - report.at > FRESH => {
            Some(format!("its agent has not reported for {silent} minutes"))
        }
        () if report.failure.is_some() => report.failure.clone(),
        () if report.content != content => Some("its agent has not got what is new".to_owned()),
        () => match report.loaded {
            Some(Loaded::All) => None,
            Some(Loaded::OldTrust) => Some("it has not loaded what members trust now".to_owned()),
            Some(Loaded::OldCertificate) => Some("it presents another certificate".to_owned()),
            Some(Loaded::Nothing) | None => Some("it does not run".to_owned()),
        },
    }
}

/// How old a report may be: agents report after every run.
const FRESH: Duration = Duration::minutes(10);
