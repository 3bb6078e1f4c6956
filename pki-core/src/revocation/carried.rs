//! Authorities that certificates in use send along.

use std::fmt;

use crate::certificate::Certificate;
use crate::leaf::LeafId;
use crate::store::StoredLeaf;

/// A revoked authority that leaves carry in their chains.
///
/// etcd compares the serial number of every certificate that a client sends with its list, not
/// the leaf's alone: members refuse each of these leaves, those of the other members among them.
/// Where all of them carry it, the cluster stops.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Carried {
    /// The authority.
    pub certificate: Certificate,
    /// The leaves that carry it.
    pub leaves: Vec<LeafId>,
}

impl Carried {
    /// Of the authorities that `leaves` carry, those that are revoked.
    pub fn find<'a>(
        leaves: impl IntoIterator<Item = &'a StoredLeaf>,
        is_revoked: impl Fn(&[u8]) -> bool,
    ) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for leaf in leaves {
            for authority in leaf.chain.iter().skip(1) {
                if !is_revoked(&authority.serial) {
                    continue;
                }
                let mut known = found.iter_mut();
                match known.find(|one| one.certificate.serial == authority.serial) {
                    Some(known) => known.leaves.push(leaf.id.clone()),
                    None => found.push(Self {
                        certificate: authority.clone(),
                        leaves: vec![leaf.id.clone()],
                    }),
                }
            }
        }
        found
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.certificate.subject;
        match &self.leaves[..] {
            [one] => write!(f, "{one} is sent along with `{subject}`, which is revoked")?,
            leaves => {
                write!(f, "{} certificates", leaves.len())?;
                if let Some(first) = leaves.first() {
                    write!(f, ", such as {first},")?;
                }
                write!(f, " are sent along with `{subject}`, which is revoked")?;
            }
        }
        f.write_str(": members that have the list refuse whoever sends it, each other too")
    }
}
