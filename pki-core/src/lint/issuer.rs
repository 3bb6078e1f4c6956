//! A certificate and the authority that signed it.

use super::{OfIssued, REISSUE, error, warning, when};
use crate::certificate::Certificate;
use crate::certificate::encoding::oid;

pub(super) const CHECKS: &[OfIssued] = &[
    OfIssued {
        lint: error(
            "issuer-name-mismatch",
            "a certificate names its issuer exactly as the issuer names itself",
            "RFC 5280 section 6.1.3 (a)(4)",
            "put the authority that issued it into its place",
        ),
        find: name_mismatch,
    },
    OfIssued {
        lint: error(
            "issuer-not-authority",
            "the issuer of a certificate is an authority",
            "RFC 5280 section 6.1.4 (k)",
            "issue it anew by an authority",
        ),
        find: not_authority,
    },
    OfIssued {
        lint: error(
            "authority-key-identifier-mismatch",
            "the authority key identifier is the subject key identifier of the issuer",
            "RFC 5280 section 4.2.1.1; OpenSSL and GnuTLS look for another issuer",
            REISSUE,
        ),
        find: identifier_mismatch,
    },
    OfIssued {
        lint: warning(
            "outside-issuer-validity",
            "a certificate holds no longer than its issuer, and not before it",
            "every path ends with the first of its certificates, the anchor too: etcd refuses it then",
            "issue it anew within its issuer's validity, or renew the issuer",
        ),
        find: outside_validity,
    },
    OfIssued {
        lint: warning(
            "path-len-exceeded",
            "an authority has a shorter path length than its issuer",
            "RFC 5280 section 6.1.4 (l); Go and OpenSSL hold a trust anchor to its own too",
            "issue it anew by an authority with room for it",
        ),
        find: path_len,
    },
    OfIssued {
        lint: error(
            "extended-key-usage-not-nested",
            "an authority with extended key usages has all those of what it signs",
            "Go, OpenSSL and webpki nest them: a single serverAuth above ends all client authentication",
            "issue the authority anew without extended key usages",
        ),
        find: usage_not_nested,
    },
    OfIssued {
        lint: error(
            "name-outside-constraints",
            "every name lies within the name constraints of the issuer",
            "RFC 5280 section 6.1.3 (b) and (c)",
            "leave the name out, or make an authority that may sign it",
        ),
        find: outside_constraints,
    },
];

fn name_mismatch(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    when(
        !certificate.names_issuer(issuer),
        format!(
            "it was issued by `{}`, not by `{}`",
            certificate.issuer, issuer.subject
        ),
    )
}

fn not_authority(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    when(
        issuer.authority.is_none(),
        format!("its issuer `{}` is no authority", certificate.issuer),
    )
}

fn identifier_mismatch(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    if let Some(serial) = &certificate.encoding.authority_serial
        && *serial != issuer.encoding.serial
    {
        return Some(format!(
            "it names the serial number {} for its issuer's certificate, which is {}",
            const_hex::encode(serial),
            issuer.serial_text()
        ));
    }
    let named = certificate.authority_key_identifier.as_ref()?;
    let own = issuer.subject_key_identifier.as_ref()?;
    when(
        named != own,
        format!(
            "its issuer's key is {}, and it names {}",
            const_hex::encode(own),
            const_hex::encode(named)
        ),
    )
}

fn outside_validity(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    let (own, outer) = (&certificate.validity, &issuer.validity);
    if own.not_after > outer.not_after {
        return Some(format!(
            "it says that it holds until {}, and its issuer ends on {}",
            own.not_after.date(),
            outer.not_after.date()
        ));
    }
    // An authority may be older than the one over it: that one was signed again, as in a rotation.
    when(
        own.not_before < outer.not_before && certificate.authority.is_none(),
        format!(
            "it begins on {}, before its issuer on {}",
            own.not_before.date(),
            outer.not_before.date()
        ),
    )
}

fn path_len(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    let below = certificate.authority?;
    let most = issuer.authority?.path_len?;
    let too_long = match below.path_len {
        _ if certificate.is_self_issued() => false,
        Some(own) => own >= most,
        None => most == 0,
    };
    when(
        too_long,
        format!("it is an authority under one of path length {most}, which it exceeds"),
    )
}

fn usage_not_nested(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    issuer.encoding.extension_with(oid::EXTENDED_KEY_USAGE)?;
    let above: Vec<String> = issuer
        .extended_key_usages
        .iter()
        .map(ToString::to_string)
        .collect();
    if above.iter().any(|usage| usage == "anyExtendedKeyUsage") {
        return None;
    }
    let mut below = certificate
        .extended_key_usages
        .iter()
        .map(ToString::to_string);
    let missing = below.find(|usage| !above.contains(usage))?;
    Some(format!("it has {missing}, which its issuer has not"))
}

fn outside_constraints(certificate: &Certificate, issuer: &Certificate) -> Option<String> {
    let mut names = certificate.alternative_names.iter();
    let outside = names.find(|name| !issuer.may_sign(name))?;
    Some(format!(
        "its name `{outside}` is not one that its issuer may sign"
    ))
}
