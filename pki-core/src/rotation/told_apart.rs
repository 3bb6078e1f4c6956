//! Certificates by their subjects, where several may have the same.

use crate::certificate::Certificate;

/// The subject of each; of those that share one with another also what tells them apart: who signed
/// them, as with a cross-certificate, or else until when they hold.
pub(super) fn told_apart(certificates: &[Certificate]) -> Vec<String> {
    let names = certificates.iter().map(|one| {
        let subject = &one.subject;
        let others = certificates.iter();
        let others = others.filter(|other| *other != one && other.subject == *subject);
        let mut issuers = others.map(|other| &other.issuer).peekable();
        if issuers.peek().is_none() {
            subject.clone()
        } else if issuers.all(|issuer| *issuer != one.issuer) {
            format!("{subject}, signed by {}", one.issuer)
        } else {
            format!("{subject}, until {}", one.validity.not_after.date())
        }
    });
    names.collect()
}
