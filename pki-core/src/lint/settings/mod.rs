//! What etcd asks of the settings of a member, together with its certificates.

mod allow_list;
mod authentication;
mod cipher_suites;
mod cluster;
mod files;
mod flag;
mod form;
mod revocation;
mod side;
mod tls_version;
mod url;
mod usage;

use super::{Check, Lint, Violation};
use crate::certificate::Certificate;
use crate::description::{Cluster, Node};
use crate::etcd::EtcdVersion;
use crate::etcd::settings::{Settings, SourceKind};

/// The member whose settings are judged.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Member<'a> {
    /// The cluster, as described.
    pub cluster: &'a Cluster,
    /// The member, as described.
    pub node: &'a Node,
    /// The version of etcd that it runs; without one, what holds for every version is judged.
    pub version: Option<EtcdVersion>,
    /// What stands in its `--cert-file`.
    pub server: Option<&'a Certificate>,
    /// What stands in its `--client-cert-file`, where that is another file.
    pub server_client: Option<&'a Certificate>,
    /// What stands in its `--peer-cert-file`.
    pub peer: Option<&'a Certificate>,
    /// What stands in its `--peer-client-cert-file`, where that is another file.
    pub peer_client: Option<&'a Certificate>,
    /// The content of its `--client-crl-file`.
    pub crl: Option<&'a [u8]>,
    /// Whether a certificate is revoked that the member takes otherwise.
    pub has_revoked: bool,
}

impl<'a> Member<'a> {
    /// A member of which the description is known, and nothing else yet.
    pub fn new(cluster: &'a Cluster, node: &'a Node) -> Self {
        Self {
            cluster,
            node,
            version: None,
            server: None,
            server_client: None,
            peer: None,
            peer_client: None,
            crl: None,
            has_revoked: false,
        }
    }
}

/// Checks the settings of a member.
///
/// What a file says that was not given is not missed: [`Settings::unread`] has a violation of its
/// own. Values that are known on the host alone, such as `%H` in a unit, are not judged.
pub fn settings(settings: &Settings, member: &Member<'_>) -> Vec<Violation> {
    let is_hidden = |file: &crate::etcd::settings::FurtherFile| file.kind == SourceKind::ConfigFile;
    // Nothing else counts then, and what counts is not known.
    let subjects = match settings.unread().iter().any(is_hidden) {
        true => &SUBJECTS[..OF_FORM],
        false => SUBJECTS,
    };
    let checks = subjects.iter().copied().flatten();
    checks
        .flat_map(|check| {
            let found = (check.find)(settings, member);
            found.into_iter().map(|message| Violation {
                lint: &check.lint,
                message,
            })
        })
        .chain(usage::of_role(settings, member))
        .collect()
}

type OfSettings = Check<fn(&Settings, &Member<'_>) -> Vec<String>>;

const SUBJECTS: &[&[OfSettings]] = &[
    form::CHECKS,
    flag::CHECKS,
    authentication::CHECKS,
    usage::CHECKS,
    allow_list::CHECKS,
    cipher_suites::CHECKS,
    tls_version::CHECKS,
    url::CHECKS,
    cluster::CHECKS,
    revocation::CHECKS,
    files::CHECKS,
];

/// How many of the subjects are judged before it is known what counts.
const OF_FORM: usize = 2;

/// The rules, in the order of the subjects.
pub(super) fn lints() -> impl Iterator<Item = &'static Lint> {
    SUBJECTS.iter().copied().flatten().map(|check| &check.lint)
}

/// Whether a rule about a version says something of this one.
fn is(version: Option<EtcdVersion>, what: impl Fn(EtcdVersion) -> bool) -> bool {
    version.is_some_and(what)
}
