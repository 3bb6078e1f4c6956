//! What members and clients must trust.

use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;

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
    /// The bundles for the chain that a description asks for.
    ///
    /// # Errors
    ///
    /// The name of an authority that `find` does not know.
    pub fn of<'a>(
        cluster: &Cluster,
        find: impl Fn(AuthorityName) -> Option<&'a Certificate>,
    ) -> Result<Self, AuthorityName> {
        let find = |name| find(name).cloned().ok_or(name);
        let down_to_etcd = AuthorityName::chain(cluster).iter();
        let clients = down_to_etcd.filter(|name| **name != AuthorityName::Issuing);
        Ok(Self {
            members: vec![find(cluster.trust_anchor.into())?],
            clients: clients
                .rev()
                .map(|name| find(*name))
                .collect::<Result<_, _>>()?,
        })
    }
}
