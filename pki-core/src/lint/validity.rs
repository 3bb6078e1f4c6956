//! The period of validity.

use super::{OfCertificate, REISSUE, error, when};
use crate::certificate::Certificate;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "validity-backwards",
            "a certificate begins to hold before it ends",
            "RFC 5280 section 4.1.2.5",
            REISSUE,
        ),
        find: backwards,
    },
    OfCertificate {
        lint: error(
            "validity-not-utc-time",
            "instants before 2050 are written as UTCTime, later ones as GeneralizedTime",
            "RFC 5280 section 4.1.2.5",
            REISSUE,
        ),
        find: not_utc_time,
    },
];

fn backwards(certificate: &Certificate) -> Option<String> {
    let validity = &certificate.validity;
    when(
        validity.not_before >= validity.not_after,
        "it ends before it begins",
    )
}

fn not_utc_time(certificate: &Certificate) -> Option<String> {
    let (validity, encoding) = (&certificate.validity, &certificate.encoding);
    let wrong = [
        (validity.not_before, encoding.not_before_generalized),
        (validity.not_after, encoding.not_after_generalized),
    ];
    when(
        wrong
            .iter()
            .any(|(at, generalized)| *generalized && at.year() < 2050),
        "an instant before 2050 is written as GeneralizedTime",
    )
}
