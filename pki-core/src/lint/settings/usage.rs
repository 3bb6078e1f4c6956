//! Whether certificates can be used for what the settings use them for.

use super::super::role::can;
use super::super::{Violation, error, role};
use super::side::{CLIENTS, SIDES};
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;
use crate::role::{Role, Usage};

pub(super) const CHECKS: &[OfSettings] = &[OfSettings {
    lint: error(
        "own-client-certificate-without-client-auth",
        "a certificate that a member calls with alone has clientAuth",
        "Go refuses it in --client-cert-file and --peer-client-cert-file: `incompatible key usage`",
        "issue it anew with clientAuth",
    ),
    find: own_certificate,
}];

fn own_certificate(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let sides = SIDES.iter().filter_map(|side| {
        settings.text(side.own_certificate)?;
        let lacks = !can(side.own(member)?, Usage::ClientAuth);
        lacks.then(|| {
            format!(
                "the certificate in --{} lacks clientAuth",
                side.own_certificate
            )
        })
    });
    sides.collect()
}

/// What [`role`] finds in the server certificate because of the settings: that it is not for
/// the gateway, which dials the member with it.
pub(super) fn of_role(settings: &Settings, member: &Member<'_>) -> Vec<Violation> {
    let dials = runs_gateway(settings)
        && CLIENTS.asks_for_certificates(settings)
        && settings.lacks(CLIENTS.own_certificate);
    let Some(server) = member.server.filter(|_| dials) else {
        return Vec::new();
    };
    let anyway = role(server, Role::Server, false);
    let mut found = role(server, Role::Server, true);
    found.retain(|violation| !anyway.contains(violation));
    found
}

/// Whether the gRPC gateway is on, as it is where nothing is said.
pub(super) fn runs_gateway(settings: &Settings) -> bool {
    settings.is_on("enable-grpc-gateway") || settings.lacks("enable-grpc-gateway")
}
