//! From files to authorities and leaves.

use time::OffsetDateTime;

use super::proposal::{self, Candidate, Made};
use super::{
    AdoptError, AdoptedAuthority, AdoptedLeaf, Adoption, Hints, Problem, Source, problems,
};
use crate::certificate::{Certificate, ExtendedKeyUsage, bundle};
use crate::description::Levels;
use crate::hierarchy::AuthorityName;
use crate::key::{KeyError, PrivateKey};
use crate::leaf::LeafId;
use crate::role::{Role, Usage};
use crate::verify::is_signed_by;

pub(super) fn adoption(
    sources: &[Source],
    hints: &Hints,
    now: OffsetDateTime,
) -> Result<Adoption, AdoptError> {
    let mut found = Found::read(sources);
    let chain = found.chain()?;
    let (levels, names) = names(chain.len())?;
    let authorities: Vec<_> = chain
        .iter()
        .zip(names)
        .map(|(index, name)| found.authority(*index, *name))
        .collect();
    let signing = &authorities[authorities.len() - 1].certificate;
    let (candidates, left_out) = found.candidates(signing);
    found.problems.extend(left_out);
    let Made {
        proposal,
        ids,
        undecided,
    } = proposal::make(&candidates, hints, levels, names)?;
    for path in &undecided {
        found.problem(path, UNDECIDED);
    }
    let leaves = found.leaves(candidates, ids, &authorities, &undecided);
    let mut adoption = Adoption {
        proposal,
        authorities,
        leaves,
        problems: found.problems,
        undecided,
        keys: found.keys,
    };
    problems::look(&mut adoption, now);
    Ok(adoption)
}

/// The chain's names from the top, by its length.
fn names(length: usize) -> Result<(Levels, &'static [AuthorityName]), AdoptError> {
    use AuthorityName::{Etcd, Root};
    match length {
        1 => Ok((Levels::One, &[Etcd])),
        2 => Ok((Levels::Two, &[Root, Etcd])),
        3 => Ok((Levels::Three, &AuthorityName::CHAIN[..3])),
        4 => Ok((Levels::Three, &AuthorityName::CHAIN)),
        other => Err(AdoptError::TooDeep(other)),
    }
}

struct Found {
    certificates: Vec<(String, Certificate)>,
    keys: Vec<(String, PrivateKey)>,
    problems: Vec<Problem>,
}

impl Found {
    fn read(sources: &[Source]) -> Self {
        let mut found = Self {
            certificates: Vec::new(),
            keys: Vec::new(),
            problems: Vec::new(),
        };
        for source in sources {
            found.read_certificates(source);
            found.read_key(source);
        }
        found
    }

    fn read_certificates(&mut self, source: &Source) {
        let certificates = match source.content.first() {
            Some(0x30) => Certificate::from_der(&source.content)
                .map(|one| vec![one])
                .ok(),
            _ if !holds(source, "BEGIN CERTIFICATE-----") => None,
            _ => match bundle::read(&source.content) {
                Ok(certificates) => Some(certificates),
                Err(error) => return self.problem(&source.name, error.to_string()),
            },
        };
        for certificate in certificates.unwrap_or_default() {
            let known = self
                .certificates
                .iter_mut()
                .find(|(_, known)| *known == certificate);
            match known {
                // easy-rsa keeps each a second time under its serial number, which tells less.
                Some((path, _)) if path.contains(BY_SERIAL) => path.clone_from(&source.name),
                // Chains repeat the authorities.
                Some(_) => {}
                None => self.certificates.push((source.name.clone(), certificate)),
            }
        }
    }

    fn read_key(&mut self, source: &Source) {
        let is_der = source.content.first() == Some(&0x30);
        if !is_der && !holds(source, "PRIVATE KEY-----") {
            return;
        }
        match PrivateKey::read(&source.content, None) {
            // Each control plane of kubeadm has a copy of the authority's.
            Ok(key)
                if self
                    .keys
                    .iter()
                    .any(|(_, known)| known.public() == key.public()) => {}
            Ok(key) => self.keys.push((source.name.clone(), key)),
            Err(_) if is_der => {}
            Err(KeyError::Encrypted | KeyError::LegacyEncryption) => self.problem(
                &source.name,
                "the key is encrypted: decrypt it beside this (openssl pkey) and adopt again",
            ),
            Err(error) => self.problem(&source.name, error.to_string()),
        }
    }

    fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            path: path.to_owned(),
            message: message.into(),
        });
    }

    /// The authority that signed etcd's leaves, and those above it, the top first.
    fn chain(&self) -> Result<Vec<usize>, AdoptError> {
        let signing = self.signing().ok_or(AdoptError::NoAuthority)?;
        let mut chain = vec![signing];
        let mut current = signing;
        while !self.certificates[current].1.is_self_issued() {
            let certificate = &self.certificates[current].1;
            let above = self
                .issuer_of(certificate)
                .filter(|above| !chain.contains(above));
            current = above.ok_or_else(|| AdoptError::Incomplete {
                subject: certificate.subject.clone(),
                issuer: certificate.issuer.clone(),
            })?;
            chain.push(current);
        }
        chain.reverse();
        Ok(chain)
    }

    /// Kubernetes keeps several authorities side by side: the one called etcd comes before the
    /// one that signed most.
    fn signing(&self) -> Option<usize> {
        let signed = |issuer: &Certificate| {
            let leaves = self.certificates.iter().filter(|(_, leaf)| {
                leaf.authority.is_none() && leaf.names_issuer(issuer) && is_signed_by(leaf, issuer)
            });
            leaves.count()
        };
        let authorities = self.certificates.iter().enumerate();
        authorities
            .filter(|(_, (_, certificate))| certificate.authority.is_some())
            .map(|(index, (path, certificate))| {
                let etcd = path.contains("etcd") || certificate.subject.contains("etcd");
                (index, etcd, signed(certificate))
            })
            .filter(|(_, _, signed)| *signed > 0)
            .max_by_key(|(index, etcd, signed)| (*etcd, *signed, usize::MAX - index))
            .map(|(index, ..)| index)
    }

    fn issuer_of(&self, certificate: &Certificate) -> Option<usize> {
        self.certificates.iter().position(|(_, issuer)| {
            issuer.authority.is_some()
                && certificate.names_issuer(issuer)
                && is_signed_by(certificate, issuer)
        })
    }

    fn authority(&self, index: usize, name: AuthorityName) -> AdoptedAuthority {
        let (path, certificate) = &self.certificates[index];
        AdoptedAuthority {
            name,
            path: path.clone(),
            certificate: certificate.clone(),
            key: self.key_of(certificate),
        }
    }

    fn key_of(&self, certificate: &Certificate) -> Option<usize> {
        self.keys
            .iter()
            .position(|(_, key)| *key.public() == certificate.public_key)
    }

    /// Leaves of the signing authority with their keys, and what was left out.
    fn candidates(&self, signing: &Certificate) -> (Vec<Candidate>, Vec<Problem>) {
        let (mut candidates, mut left_out) = (Vec::new(), Vec::new());
        for (path, certificate) in &self.certificates {
            if certificate.authority.is_some() {
                continue;
            }
            let leave_out = |message: &str| Problem {
                path: path.clone(),
                message: message.to_owned(),
            };
            if !certificate.names_issuer(signing) || !is_signed_by(certificate, signing) {
                left_out.push(leave_out(
                    "left out: another authority than etcd's signed it",
                ));
                continue;
            }
            let Some(key) = self.key_of(certificate) else {
                left_out.push(leave_out(
                    "left out: its private key is not among the files",
                ));
                continue;
            };
            candidates.extend(roles(path, certificate).iter().map(|role| Candidate {
                path: path.clone(),
                certificate: certificate.clone(),
                role: *role,
                key,
            }));
        }
        (candidates, left_out)
    }

    /// Of several for the same place, the one that was made last.
    fn leaves(
        &mut self,
        candidates: Vec<Candidate>,
        ids: Vec<Option<LeafId>>,
        authorities: &[AdoptedAuthority],
        undecided: &[String],
    ) -> Vec<AdoptedLeaf> {
        let below_top = authorities.iter().skip(1).rev();
        let below_top: Vec<_> = below_top.map(|found| found.certificate.clone()).collect();
        let mut leaves: Vec<AdoptedLeaf> = Vec::new();
        for (candidate, id) in candidates.into_iter().zip(ids) {
            let Some(id) = id else {
                if undecided.contains(&candidate.path) {
                    continue;
                }
                self.problem(&candidate.path, "left out: it is of no node and no client");
                continue;
            };
            let certificates = std::iter::once(candidate.certificate);
            let leaf = AdoptedLeaf {
                id,
                path: candidate.path,
                chain: certificates.chain(below_top.iter().cloned()).collect(),
                key: candidate.key,
            };
            let start = |leaf: &AdoptedLeaf| leaf.chain[0].validity.not_before;
            match leaves.iter_mut().find(|other| other.id == leaf.id) {
                None => leaves.push(leaf),
                Some(other) => {
                    let newer = start(&leaf) > start(other);
                    let older = match newer {
                        true => std::mem::replace(other, leaf),
                        false => leaf,
                    };
                    let message =
                        format!("left out: {} was made later for {}", other.path, other.id);
                    self.problem(&older.path, message);
                }
            }
        }
        leaves.sort_by_cached_key(|leaf| leaf.id.to_string());
        leaves
    }
}

fn holds(source: &Source, text: &str) -> bool {
    source
        .content
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The roles of a leaf: by its usages where these leave no choice, else by what it is called.
/// kubespray's `member` files serve as server and as peer.
fn roles(path: &str, certificate: &Certificate) -> &'static [Role] {
    let usages = &certificate.extended_key_usages;
    let has = |usage| usages.is_empty() || usages.contains(&ExtendedKeyUsage::Known(usage));
    let file = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let called = |word: &str| file.contains(word);
    match (has(Usage::ServerAuth), has(Usage::ClientAuth)) {
        (false, true) => &[Role::Client],
        (true, false) if called("peer") => &[Role::Peer],
        (true, false) => &[Role::Server],
        (false, false) => &[],
        (true, true) if called("peer") => &[Role::Peer],
        (true, true) if called("member") => &[Role::Server, Role::Peer],
        (true, true) if called("client") || called("admin") => &[Role::Client],
        (true, true) if file.starts_with("node-") => &[Role::Client],
        (true, true) if certificate.alternative_names.is_empty() => &[Role::Client],
        (true, true) if called("server") => &[Role::Server],
        // One certificate for everything, as small PKIs have it.
        (true, true) => &[Role::Server, Role::Peer],
    }
}

const UNDECIDED: &str = "by its usages it is a server's or a peer's, and its names and addresses do not tell of which node: name all nodes with --node NAME=ADDRESS, or leave the file out if it is no member's";
/// Where easy-rsa keeps a copy of each certificate.
const BY_SERIAL: &str = "certs_by_serial";
