//! What etcd asks of a certificate in its role.

use super::subject::COMMON_NAME;
use super::{OfRole, error, notice, warning, when};
use crate::certificate::encoding::oid;
use crate::certificate::{AlternativeName, Certificate, ExtendedKeyUsage};
use crate::role::{Role, Usage};

pub(super) const CHECKS: &[OfRole] = &[
    OfRole {
        lint: error(
            "leaf-is-authority",
            "the certificate of a member or client is no authority",
            "RFC 5280 section 4.2.1.9: whoever reads its key can make certificates",
            "issue a leaf",
        ),
        find: is_authority,
    },
    OfRole {
        lint: warning(
            "extended-key-usage-missing",
            "a leaf lists what it is for",
            "etcd takes a certificate without extended key usages for every role",
            "issue it anew with the usages of its role",
        ),
        find: no_usage,
    },
    OfRole {
        lint: error(
            "server-without-server-auth",
            "a server certificate has serverAuth",
            "Go refuses it in clients of etcd",
            "issue it anew with serverAuth",
        ),
        find: server_without_server_auth,
    },
    OfRole {
        lint: error(
            "server-without-client-auth",
            "a server certificate has clientAuth where the gRPC gateway is on",
            "the gateway dials its own member with it; calls fail with code 14",
            "issue it anew with clientAuth, or set etcd.enable_grpc_gateway: false and --enable-grpc-gateway=false",
        ),
        find: server_without_client_auth,
    },
    OfRole {
        lint: error(
            "server-without-names",
            "a server certificate lists what clients dial",
            "Go looks at no common name: `relies on legacy Common Name field`",
            "issue it anew with subject alternative names",
        ),
        find: server_without_names,
    },
    OfRole {
        lint: error(
            "peer-without-both-usages",
            "a peer certificate has serverAuth and clientAuth",
            "both ends of a connection use --peer-cert-file: without either there is no quorum",
            "issue it anew with both",
        ),
        find: peer_usages,
    },
    OfRole {
        lint: error(
            "peer-without-names",
            "a peer certificate lists the host of its peer URL",
            "Go, when another member dials it",
            "issue it anew with the member's addresses and name",
        ),
        find: peer_without_names,
    },
    OfRole {
        lint: warning(
            "peer-without-address",
            "a peer certificate lists the addresses that the member calls from",
            "etcd holds the caller's address against them; without any it needs reverse DNS",
            "issue it anew with the member's addresses",
        ),
        find: peer_without_address,
    },
    OfRole {
        lint: error(
            "client-without-client-auth",
            "a client certificate has clientAuth",
            "Go refuses it in etcd: incompatible key usage",
            "issue it anew with clientAuth",
        ),
        find: client_without_client_auth,
    },
    OfRole {
        lint: warning(
            "client-with-server-auth",
            "a client certificate lacks serverAuth",
            "with it, and a name, a client can pose as a member",
            "issue it anew with clientAuth alone",
        ),
        find: client_with_server_auth,
    },
    OfRole {
        lint: notice(
            "client-without-common-name",
            "the common name of a client certificate is its etcd user",
            "etcd, with authentication on; only grpc-proxy asks for an empty one",
            "issue it anew with the user's name",
        ),
        find: client_without_user,
    },
];

fn is_authority(certificate: &Certificate, _: Role, _: bool) -> Option<String> {
    when(certificate.authority.is_some(), "it is an authority")
}

fn no_usage(certificate: &Certificate, _: Role, _: bool) -> Option<String> {
    let present = certificate.encoding.extension_with(oid::EXTENDED_KEY_USAGE);
    when(present.is_none(), "it has no extended key usages")
}

fn server_without_server_auth(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    when(
        role == Role::Server && !can(certificate, Usage::ServerAuth),
        "it is a server's, and lacks serverAuth",
    )
}

fn server_without_client_auth(
    certificate: &Certificate,
    role: Role,
    grpc_gateway: bool,
) -> Option<String> {
    when(
        role == Role::Server && grpc_gateway && !can(certificate, Usage::ClientAuth),
        "it is a server's with the gRPC gateway on, and lacks clientAuth",
    )
}

fn server_without_names(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    when(
        role == Role::Server && !has_host(certificate),
        "it is a server's, and lists no DNS name and no address",
    )
}

fn peer_usages(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    let mut needed = [Usage::ServerAuth, Usage::ClientAuth].into_iter();
    let missing = needed.find(|usage| !can(certificate, *usage))?;
    when(
        role == Role::Peer,
        format!("it is a peer's, and lacks {missing}"),
    )
}

fn peer_without_names(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    when(
        role == Role::Peer && !has_host(certificate),
        "it is a peer's, and lists no DNS name and no address",
    )
}

fn peer_without_address(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    let mut names = certificate.alternative_names.iter();
    let has_address = names.any(|name| matches!(name, AlternativeName::Ip(_)));
    when(
        role == Role::Peer && has_host(certificate) && !has_address,
        "it is a peer's, and lists no address",
    )
}

fn client_without_client_auth(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    when(
        role == Role::Client && !can(certificate, Usage::ClientAuth),
        "it is a client's, and lacks clientAuth",
    )
}

fn client_with_server_auth(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    let server = ExtendedKeyUsage::Known(Usage::ServerAuth);
    when(
        role == Role::Client && certificate.extended_key_usages.contains(&server),
        "it is a client's, and has serverAuth",
    )
}

fn client_without_user(certificate: &Certificate, role: Role, _: bool) -> Option<String> {
    let mut attributes = certificate.encoding.subject.iter();
    when(
        role == Role::Client && !attributes.any(|one| one.oid == COMMON_NAME),
        "it is a client's, and has no common name",
    )
}

/// A certificate without the extension can be used for anything.
pub(super) fn can(certificate: &Certificate, usage: Usage) -> bool {
    let any = ExtendedKeyUsage::Other("anyExtendedKeyUsage".to_owned());
    let listed = &certificate.extended_key_usages;
    certificate
        .encoding
        .extension_with(oid::EXTENDED_KEY_USAGE)
        .is_none()
        || listed.contains(&ExtendedKeyUsage::Known(usage))
        || listed.contains(&any)
}

fn has_host(certificate: &Certificate) -> bool {
    let mut names = certificate.alternative_names.iter();
    names.any(|name| matches!(name, AlternativeName::Dns(_) | AlternativeName::Ip(_)))
}
