//! The names that an authority may sign.

use super::{OfCertificate, REISSUE, error, warning, when};
use crate::certificate::Certificate;
use crate::certificate::encoding::oid;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "name-constraints-in-leaf",
            "only an authority has name constraints",
            "RFC 5280 section 4.2.1.10",
            REISSUE,
        ),
        find: in_leaf,
    },
    OfCertificate {
        lint: error(
            "name-constraints-not-critical",
            "name constraints are critical",
            "RFC 5280 section 4.2.1.10: who does not know them must refuse the certificate",
            REISSUE,
        ),
        find: not_critical,
    },
    OfCertificate {
        lint: error(
            "name-constraints-empty",
            "name constraints list something",
            "RFC 5280 section 4.2.1.10",
            REISSUE,
        ),
        find: empty,
    },
    OfCertificate {
        lint: error(
            "name-constraints-of-other-type",
            "name constraints are of DNS names and addresses alone",
            "RFC 5280 section 4.2.1.10; GnuTLS, Go and webpki each leave out others, and refuse what is critical and left out",
            "constrain DNS names and addresses: etcd looks at no other names",
        ),
        find: other_type,
    },
    OfCertificate {
        lint: warning(
            "name-constraints-leading-dot",
            "a constrained domain does not begin with a dot",
            "RFC 5280 section 4.2.1.10; verifiers differ on whether the domain itself is meant",
            "write the domain without the dot",
        ),
        find: leading_dot,
    },
];

fn in_leaf(certificate: &Certificate) -> Option<String> {
    let present = certificate.encoding.extension_with(oid::NAME_CONSTRAINTS);
    when(
        present.is_some() && certificate.authority.is_none(),
        "it has name constraints, and is no authority",
    )
}

fn not_critical(certificate: &Certificate) -> Option<String> {
    let extension = certificate.encoding.extension_with(oid::NAME_CONSTRAINTS)?;
    when(!extension.critical, "its name constraints are not critical")
}

fn empty(certificate: &Certificate) -> Option<String> {
    let permitted = certificate.name_constraints.as_ref()?;
    let lists = |constraints: &crate::certificate::NameConstraints| {
        !constraints.dns.is_empty() || !constraints.addresses.is_empty()
    };
    let nothing = !lists(permitted)
        && !certificate.excluded_names.as_ref().is_some_and(lists)
        && certificate.encoding.other_constraints.is_empty();
    when(nothing, "its name constraints list nothing")
}

fn other_type(certificate: &Certificate) -> Option<String> {
    let kind = certificate.encoding.other_constraints.first()?;
    Some(format!("its name constraints are of {kind}"))
}

fn leading_dot(certificate: &Certificate) -> Option<String> {
    let both = [&certificate.name_constraints, &certificate.excluded_names];
    let mut domains = both.into_iter().flatten().flat_map(|one| &one.dns);
    let dotted = domains.find(|domain| domain.starts_with('.'))?;
    Some(format!("its name constraint `{dotted}` begins with a dot"))
}
