//! The path that OpenSSL builds, which clients in C, Python and many more go by.
//!
//! Unlike Go it never comes back from an issuer that it chose: of those that fit it takes the first
//! that is trusted, or else the first that was sent, and from a trusted one on it looks among the
//! trusted alone (`build_chain` in `crypto/x509/x509_vfy.c`). Without `-partial_chain` the path
//! ends at a trusted certificate that signed itself.

use time::OffsetDateTime;

use super::{Anchors, PathError, PathValidator};
use crate::certificate::Certificate;
use crate::role::Usage;

/// Validates as OpenSSL does: the one path that it builds, or none.
///
/// # Errors
///
/// When that path does not hold, or does not end at a root that is trusted.
pub(crate) fn validate(
    validator: &PathValidator,
    chain: &[Certificate],
    trusted: &[Certificate],
    usage: Usage,
    at: OffsetDateTime,
) -> Result<(), PathError> {
    let path = path(chain, trusted, at).ok_or(PathError::UnknownIssuer)?;
    let (anchor, links) = path.split_last().ok_or(PathError::Malformed)?;
    let anchors = Anchors::new(std::slice::from_ref(*anchor))?;
    let links: Vec<_> = links.iter().copied().cloned().collect();
    validator.validate(&links, &anchors, usage, at)
}

/// From the first of `chain` to a root in `trusted`.
fn path<'a>(
    chain: &'a [Certificate],
    trusted: &'a [Certificate],
    at: OffsetDateTime,
) -> Option<Vec<&'a Certificate>> {
    let (leaf, sent) = chain.split_first()?;
    let mut path = vec![leaf];
    let mut is_trusted = false;
    loop {
        let last = *path.last()?;
        let mut issuer = find_issuer(last, trusted, &path, at);
        is_trusted |= issuer.is_some();
        if !is_trusted {
            issuer = find_issuer(last, sent, &path, at);
        }
        let issuer = issuer?;
        path.push(issuer);
        if is_trusted && may_have_issued(issuer, issuer) {
            return Some(path);
        }
    }
}

/// The first that is valid, or else the one that ends last.
fn find_issuer<'a>(
    of: &Certificate,
    among: &'a [Certificate],
    path: &[&Certificate],
    at: OffsetDateTime,
) -> Option<&'a Certificate> {
    let fitting = || {
        let fits = |one: &&Certificate| may_have_issued(one, of) && !path.contains(one);
        among.iter().filter(fits)
    };
    let valid = fitting().find(|one| one.validity.contains(at));
    valid.or_else(|| fitting().max_by_key(|one| one.validity.not_after))
}

/// By name and, where both are there, key identifiers; signatures are looked at when the path
/// stands.
fn may_have_issued(issuer: &Certificate, one: &Certificate) -> bool {
    let identifiers = (
        &one.authority_key_identifier,
        &issuer.subject_key_identifier,
    );
    one.names_issuer(issuer)
        && match identifiers {
            (Some(own), Some(its)) => own == its,
            _ => true,
        }
}
