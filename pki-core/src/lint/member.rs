//! Rules for members that run, held against the PKI and against each other.

use super::{Lint, error, warning};

/// A member does not answer.
pub const UNREACHABLE: Lint = error(
    "member-unreachable",
    "every described member answers with TLS on both of its ports",
    "the description",
    "start it; have its firewall let this computer in (firewall_operators of the playbook), or say with --endpoint NODE=ADDRESS:PORT,ADDRESS:PORT where it is reached",
);
/// There is no TLS handshake with a member.
pub const NO_HANDSHAKE: Lint = error(
    "member-no-handshake",
    "every member ends a TLS handshake with who reaches it",
    "etcd sends an alert where a key does not fit its certificate or a file cannot be read, speaks no TLS where a URL is http://, and says nothing while it waits for other members at its start",
    "see its log: `journalctl -u etcd`; give it a key that fits its certificate, and URLs with https://; start the members that it waits for; see that no other program has the port",
);
/// A member presents another certificate than the newest.
pub const CERTIFICATE_STALE: Lint = error(
    "member-certificate-stale",
    "every member presents its newest certificate",
    "etcd reads certificates at each handshake: the file on its disk is another",
    "bring it the files: `ansible-playbook etcd.yml`; nothing is restarted",
);
/// A member presents a certificate that is refused.
pub const CERTIFICATE_REFUSED: Lint = error(
    "member-certificate-refused",
    "what every member presents is taken by its clients and by other members",
    "RFC 5280 section 6, RFC 6125; connections that stand are not looked at again",
    "bring it the newest certificate before it is restarted: `ansible-playbook etcd.yml`; if another member answers there, correct its addresses in etcdpki.yml, or --endpoint",
);
/// A member sends other authorities along than it should.
pub const CHAIN_STALE: Lint = warning(
    "member-chain-stale",
    "every member sends the authorities along that its newest certificate carries",
    "in a rotation the next step waits for them",
    "bring it the files: `ansible-playbook etcd.yml`; nothing is restarted",
);
/// A member does not trust what members must trust now.
pub const TRUST_STALE: Lint = error(
    "member-trust-stale",
    "every member has loaded the CA file that members have now",
    "etcd reads CA files at its start alone, whatever is on its disk",
    "bring it the files and restart it, one member at a time: `ansible-playbook etcd.yml`; after a rotation by compromise, or where what it has loaded has expired, all members at once: `-e etcd_server_restart_together=true`; where it has loaded them, set its clock, or the one here",
);
/// A member hangs up on a client whose certificate it took.
pub const HANGS_UP: Lint = error(
    "member-hangs-up",
    "every member answers a client whose certificate it takes",
    "etcd hangs up on whom its revocation list has, and on everybody where it cannot read the list: it is not there, not for its user to read, or PEM from etcd 3.6 on",
    "bring it crl/etcd.crl, where --client-crl-file says: `ansible-playbook etcd.yml`; nothing is restarted",
);
/// A member trusts an authority that was replaced.
pub const REPLACED_TRUSTED: Lint = error(
    "member-trusts-replaced",
    "no member takes clients of an authority that was replaced",
    "etcd reads CA files at its start alone: the file on its disk may be the new one",
    "bring it the files and restart it, one member at a time: `ansible-playbook etcd.yml`",
);
/// A member takes clients without a certificate.
pub const TAKES_STRANGERS: Lint = error(
    "member-takes-strangers",
    "no member answers who shows no certificate",
    "etcd without --client-cert-auth and --trusted-ca-file, or their counterparts for peers",
    "set them, and restart it: `etcdpki doctor --settings FILE` judges a unit",
);
/// Members cannot be asked what they trust.
pub const NO_PROBE: Lint = warning(
    "no-probe",
    "a client's certificate can be made to ask members with",
    "it shows what a member has loaded, whatever is on its disk",
    "open the tier of the authority that members trust, or pass this over: --without-keys",
);
/// A member is not healthy.
pub const UNHEALTHY: Lint = error(
    "member-unhealthy",
    "every member is healthy",
    "its /health: it sees a leader and can commit",
    "look at its log: `journalctl -u etcd`; restart no other member meanwhile",
);
/// A member runs another version than is described.
pub const VERSION: Lint = warning(
    "member-version-other",
    "every member runs the described version of etcd",
    "flags are chosen and judged by etcd.version",
    "set etcd.version in etcdpki.yml, or bring the members to it",
);
/// A member's clock is wrong.
pub const CLOCK: Lint = warning(
    "member-clock-wrong",
    "the clock of every member is within a minute of this one",
    "RFC 5280 section 6.1.3 (a)(2): a new certificate does not hold yet where the clock is late",
    "synchronise both clocks, with chrony or systemd-timesyncd",
);
/// Members belong to different clusters.
pub const APART: Lint = error(
    "members-apart",
    "all members are of one cluster",
    "etcd's cluster id; one that was bootstrapped anew has another",
    "remove the data directory of the one that is apart and let it join: etcd.yml does so with `member add`",
);
/// The members that etcd knows are not those described.
pub const MEMBERSHIP: Lint = warning(
    "membership-not-as-described",
    "the members of the cluster are those described",
    "etcd's member list",
    "edit nodes in etcdpki.yml, or let `ansible-playbook etcd.yml` add and remove members",
);

pub(crate) const LINTS: &[Lint] = &[
    UNREACHABLE,
    NO_HANDSHAKE,
    CERTIFICATE_STALE,
    CERTIFICATE_REFUSED,
    CHAIN_STALE,
    TRUST_STALE,
    HANGS_UP,
    REPLACED_TRUSTED,
    TAKES_STRANGERS,
    NO_PROBE,
    UNHEALTHY,
    VERSION,
    CLOCK,
    APART,
    MEMBERSHIP,
];
