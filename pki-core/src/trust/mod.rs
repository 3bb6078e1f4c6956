//! What leaves carry behind them, and what members and clients must trust.
//!
//! Three files say it: the chain that every leaf carries, and the CA files of members and of
//! clients. They are state, for in the midst of a rotation they are not those of the newest
//! authorities: a new authority may be there and sign nothing yet, a chain may hold a
//! cross-certificate for a while, members may trust two generations.

mod standing;

use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::revocation::Revocation;
use crate::store::StoredAuthority;

pub use standing::{StandingError, standing};

/// The chain that leaves carry, and the CA files of members and clients.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bundles {
    /// The authority that signs leaves first, then every one between it and the top; in the midst
    /// of a rotation the cross-certificates, too.
    pub chain: Vec<Certificate>,
    /// For `--trusted-ca-file` and `--peer-trusted-ca-file`: the trust anchor; in the midst of a
    /// rotation perhaps two generations of it.
    pub members: Vec<Certificate>,
    /// For clients: from the etcd authority up to the root. OpenSSL and Python take no chain
    /// that ends below a self-signed certificate, so the root is the last.
    pub clients: Vec<Certificate>,
}

impl Bundles {
    /// The bundles of a chain that no rotation is at work on.
    ///
    /// # Errors
    ///
    /// The name of an authority that is described and not among `authorities`, which hold one
    /// generation of each.
    pub(crate) fn settled(
        cluster: &Cluster,
        authorities: &[StoredAuthority],
    ) -> Result<Self, AuthorityName> {
        let find = |name| {
            let mut all = authorities.iter();
            all.find(|stored| stored.name == name)
                .map(|stored| stored.certificate.clone())
                .ok_or(name)
        };
        let signing = AuthorityName::signing(cluster);
        let top = AuthorityName::top(cluster);
        let path = AuthorityName::chain(cluster).iter().rev();
        let below_top = path.filter(|name| **name != top || **name == signing);
        let chain = below_top
            .map(|name| find(*name))
            .collect::<Result<_, _>>()?;
        find(top)?;
        let members = vec![find(cluster.trust_anchor.into())?];
        Ok(Self::new(cluster, chain, members, authorities))
    }

    /// The bundles of a chain and of what members trust. What clients must trust follows: each of
    /// `kept`, the authorities in all their generations, that stands in the one or, as another
    /// authority, in the other, and whoever signed it.
    pub(crate) fn new(
        cluster: &Cluster,
        chain: Vec<Certificate>,
        members: Vec<Certificate>,
        kept: &[StoredAuthority],
    ) -> Self {
        let clients = clients(cluster, &chain, &members, kept);
        Self {
            chain,
            members,
            clients,
        }
    }

    /// What a leaf carries behind itself: the chain without the top, which nobody needs to be
    /// sent.
    pub fn presented(&self) -> impl Iterator<Item = &Certificate> {
        self.chain.iter().filter(|one| !one.is_self_issued())
    }

    /// Whether members would take any of what is revoked without the list: it has not expired, and an
    /// authority signed it that they trust, or whose path leads to one. What is not known of it
    /// counts against it. `kept` are the authorities in all their generations.
    pub fn would_admit_any(
        &self,
        revocations: &[Revocation],
        kept: &[StoredAuthority],
        now: OffsetDateTime,
    ) -> bool {
        let trusted = self.trusted(kept);
        let is_trusted = |key: &[u8]| {
            let mut identifiers = trusted.iter().map(|one| &one.subject_key_identifier);
            identifiers.any(|own| own.as_deref().is_none_or(|own| own == key))
        };
        revocations.iter().any(|revocation| {
            let is_over = revocation.not_after.is_some_and(|end| end <= now);
            let issuer = revocation.issuer_key.as_deref();
            revocation.is_active() && !is_over && issuer.is_none_or(is_trusted)
        })
    }

    /// What members trust, and what leads there.
    fn trusted<'a>(&'a self, kept: &'a [StoredAuthority]) -> Vec<&'a Certificate> {
        let mut trusted: Vec<_> = self.members.iter().collect();
        let kept = kept.iter().map(|one| &one.certificate);
        let mut others: Vec<_> = self.chain.iter().chain(kept).collect();
        loop {
            let leads = |one: &&Certificate| trusted.iter().any(|issuer| one.is_issued_by(issuer));
            let (found, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(leads);
            if found.is_empty() {
                return trusted;
            }
            trusted.extend(found);
            others = rest;
        }
    }
}

/// The generation of an authority that is in use: the one in the chain that leaves carry, or a
/// twin of one, or that signed something in it; of those that are as good the newest.
pub(crate) fn in_use<'a>(
    kept: &'a [StoredAuthority],
    name: AuthorityName,
    chain: &[Certificate],
) -> Option<&'a StoredAuthority> {
    let newest = |fits: &dyn Fn(&Certificate, &Certificate) -> bool| {
        let mut fitting: Vec<_> = kept
            .iter()
            .filter(|one| one.name == name)
            .filter(|one| chain.iter().any(|link| fits(link, &one.certificate)))
            .collect();
        fitting.sort_by_key(|one| one.generation);
        fitting.pop()
    };
    newest(&|link, one| link == one)
        .or_else(|| newest(&Certificate::is_twin_of))
        .or_else(|| newest(&Certificate::is_issued_by))
        .or_else(|| {
            let all = kept.iter().filter(|one| one.name == name);
            all.max_by_key(|one| one.generation)
        })
}

fn clients(
    cluster: &Cluster,
    chain: &[Certificate],
    members: &[Certificate],
    kept: &[StoredAuthority],
) -> Vec<Certificate> {
    let is_twin = |one: &Certificate| chain.iter().any(|link| link.is_twin_of(one));
    let in_use = |one: &StoredAuthority| {
        let certificate = &one.certificate;
        chain.contains(certificate) || (members.contains(certificate) && !is_twin(certificate))
    };
    let of = |name: AuthorityName| {
        let mut generations: Vec<_> = kept.iter().filter(|one| one.name == name).collect();
        generations.sort_by_key(|one| std::cmp::Reverse(one.generation));
        generations
    };
    let mut wanted: Vec<&StoredAuthority> = Vec::new();
    // From below, so that of every authority those are known that it must have signed.
    for name in AuthorityName::chain(cluster).iter().rev() {
        let generations = of(*name);
        let mut chosen: Vec<&StoredAuthority> = generations
            .iter()
            .copied()
            .filter(|one| in_use(one))
            .collect();
        let below = wanted.iter().map(|one| &one.certificate).chain(chain);
        for certificate in below.filter(|one| !one.is_self_issued()) {
            let signed = |one: &&&StoredAuthority| certificate.is_issued_by(&one.certificate);
            if !chosen.iter().any(|one| signed(&one)) {
                chosen.extend(generations.iter().find(signed));
            }
        }
        chosen.sort_by_key(|one| std::cmp::Reverse(one.generation));
        chosen.dedup_by_key(|one| one.generation);
        wanted.extend(chosen);
    }
    wanted
        .into_iter()
        .filter(|one| one.name != AuthorityName::Issuing)
        .map(|one| one.certificate.clone())
        .collect()
}
