//! What members and clients must trust.

use crate::certificate::Certificate;
use crate::description::TrustAnchor;

/// The bundles that members and clients hold in their CA files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bundles {
    /// For `--trusted-ca-file` and `--peer-trusted-ca-file`: the trust anchor alone.
    pub members: Vec<Certificate>,
    /// For clients: from the etcd authority up to the root. OpenSSL and Python take no chain
    /// that ends below a self-signed certificate, so the root is the last.
    pub clients: Vec<Certificate>,
}

impl Bundles {
    /// The bundles for a chain of authorities, the root first.
    pub fn new(
        root: &Certificate,
        intermediate: &Certificate,
        etcd: &Certificate,
        anchor: TrustAnchor,
    ) -> Self {
        let member = match anchor {
            TrustAnchor::Etcd => etcd,
            TrustAnchor::Intermediate => intermediate,
            TrustAnchor::Root => root,
        };
        Self {
            members: vec![member.clone()],
            clients: vec![etcd.clone(), intermediate.clone(), root.clone()],
        }
    }
}
