//! Where a member listens, and what it tells others to dial.

use std::net::IpAddr;

use super::super::{error, notice, warning};
use super::allow_list::host_name;
use super::side::{CLIENTS, PEERS, SIDES, Side, listed, on_each};
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;
use crate::verify::check_name;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "url-malformed",
            "a URL is a scheme, a host and a port, and nothing else",
            "etcd ends: `URL scheme must be http, https, unix, or unixs` and the like",
            "write one such as https://10.0.0.1:2379",
        ),
        find: malformed,
    },
    OfSettings {
        lint: error(
            "listen-on-name",
            "a member listens on addresses",
            "etcd ends: `expected IP in URL for binding`",
            "write the address, or 0.0.0.0 for all",
        ),
        find: on_name,
    },
    OfSettings {
        lint: error(
            "url-in-clear",
            "URLs that others reach are https://",
            "etcd logs `The scheme of … url is HTTP while … key/cert files are presented` and serves in clear, whoever asks",
            "write https://",
        ),
        find: in_clear,
    },
    OfSettings {
        lint: warning(
            "url-in-clear-on-loopback",
            "URLs of loopback addresses are https:// too",
            "whoever has a process on the host may read and write without a certificate; it is what etcd does where no URL is given",
            "write https://, and give etcdctl a client certificate",
        ),
        find: in_clear_on_loopback,
    },
    OfSettings {
        lint: notice(
            "metrics-in-clear",
            "metrics are served in clear on loopback addresses alone",
            "they tell the names of members, versions and load",
            "write https://, or a loopback address",
        ),
        find: metrics_in_clear,
    },
    OfSettings {
        lint: error(
            "https-without-certificate",
            "where a URL is https://, a certificate is given",
            "etcd ends: `TLS key/cert must be provided for client url … with HTTPS scheme`, or `KeyFile and CertFile are not presented` for peers",
            "set the certificate and its key",
        ),
        find: without_certificate,
    },
    OfSettings {
        lint: error(
            "advertised-urls-missing",
            "where URLs to listen on are given, those to dial are given too",
            "etcd ends: `--advertise-client-urls is required when --listen-client-urls is set explicitly`",
            "set --advertise-client-urls",
        ),
        find: advertised_missing,
    },
    OfSettings {
        lint: error(
            "advertised-host-not-in-certificate",
            "the certificate of a member carries what others are told to dial",
            "Go refuses it in clients, and in other members: `certificate is valid for …, not …`",
            "issue it anew with the name, or advertise one that it has",
        ),
        find: advertised_host,
    },
    OfSettings {
        lint: error(
            "discovery-domain-not-in-certificate",
            "with --discovery-srv and no --peer-trusted-ca-file, peer certificates carry the domain",
            "etcd asks every member for the domain itself then, instead of the host that it dials",
            "set --peer-trusted-ca-file, or issue peer certificates anew with the domain",
        ),
        find: discovery_domain,
    },
];

/// What etcd takes for a URL.
struct Url<'a> {
    text: &'a str,
    scheme: &'a str,
    host: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
        let host = match scheme {
            "unix" | "unixs" => "",
            "http" | "https" => {
                let (host, port) = rest.rsplit_once(':').ok_or("it has no port")?;
                if port.contains('/') {
                    return Err("it has a path");
                }
                if port.is_empty() || port.parse::<u16>().is_err() {
                    return Err("its port is no number");
                }
                let bare = host
                    .strip_prefix('[')
                    .and_then(|host| host.strip_suffix(']'));
                match bare {
                    Some(bare) => bare,
                    None if host.contains(':') => return Err("its address needs brackets"),
                    None => host,
                }
            }
            _ => return Err("its scheme is none of http, https, unix and unixs"),
        };
        Ok(Self { text, scheme, host })
    }

    fn is_in_clear(&self) -> bool {
        self.scheme == "http"
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.address().is_some_and(|address| address.is_loopback())
    }
}

const CLIENT_HTTP: &str = "listen-client-http-urls";
const METRICS: &str = "listen-metrics-urls";

/// Each URL of a flag that can be read.
fn urls<'a>(settings: &'a Settings, flag: &str) -> Vec<Url<'a>> {
    let texts = settings.text(flag).map(listed).unwrap_or_default();
    texts
        .into_iter()
        .filter_map(|text| Url::parse(text).ok())
        .collect()
}

/// Where a member listens, metrics aside.
const LISTENING: [&str; 3] = [CLIENTS.listen, CLIENT_HTTP, PEERS.listen];

const ADVERTISED: [&str; 2] = [CLIENTS.advertise, PEERS.advertise];

fn malformed(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let flags = LISTENING.into_iter().chain(ADVERTISED).chain([METRICS]);
    let mut found = Vec::new();
    for flag in flags {
        let Some(text) = settings.text(flag) else {
            continue;
        };
        let items = text.split(',').map(str::trim);
        found.extend(items.filter_map(|item| {
            let problem = Url::parse(item).err()?;
            Some(format!("--{flag} has `{item}`: {problem}"))
        }));
    }
    found
}

fn on_name(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for flag in LISTENING.into_iter().chain([METRICS]) {
        let urls = urls(settings, flag).into_iter();
        let names = urls.filter(|url| {
            let is_name = url.address().is_none() && url.host != "localhost";
            url.scheme.starts_with("http") && is_name
        });
        found.extend(names.map(|url| format!("--{flag} has {}", url.text)));
    }
    found
}

fn in_clear(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for flag in LISTENING.into_iter().chain(ADVERTISED) {
        let advertised = ADVERTISED.contains(&flag);
        let urls = urls(settings, flag).into_iter();
        let clear = urls.filter(|url| url.is_in_clear() && (advertised || !url.is_loopback()));
        found.extend(clear.map(|url| format!("--{flag} has {}", url.text)));
    }
    let cluster = settings
        .text("initial-cluster")
        .map(listed)
        .unwrap_or_default();
    let clear = cluster.into_iter().filter_map(|member| {
        let (_, url) = member.split_once('=')?;
        url.starts_with("http://").then_some(member)
    });
    found.extend(clear.map(|member| format!("--initial-cluster has {member}")));
    found
}

fn in_clear_on_loopback(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for flag in LISTENING {
        let urls = urls(settings, flag).into_iter();
        let clear = urls.filter(|url| url.is_in_clear() && url.is_loopback());
        found.extend(clear.map(|url| format!("--{flag} has {}", url.text)));
    }
    let defaults = on_each(|side| {
        let url = default_of(side);
        let counts = settings.lacks(side.listen);
        counts.then(|| format!("--{} is not set: it is {url} then", side.listen))
    });
    found.extend(defaults);
    found
}

fn default_of(side: &Side) -> &'static str {
    match *side == CLIENTS {
        true => "http://localhost:2379",
        false => "http://localhost:2380",
    }
}

fn metrics_in_clear(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let urls = urls(settings, METRICS).into_iter();
    let clear = urls.filter(|url| url.is_in_clear() && !url.is_loopback());
    clear
        .map(|url| format!("--{METRICS} has {}", url.text))
        .collect()
}

fn without_certificate(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for side in SIDES {
        let has_none = side.is_without_tls(settings) && !settings.is_on(side.automatic);
        let more: &[&str] = match side == CLIENTS {
            true => &[CLIENT_HTTP, METRICS],
            false => &[],
        };
        for flag in std::iter::once(&side.listen)
            .chain(more)
            .filter(|_| has_none)
        {
            let urls = urls(settings, flag).into_iter();
            let tls = urls.filter(|url| matches!(url.scheme, "https" | "unixs"));
            found.extend(tls.map(|url| {
                format!(
                    "--{flag} has {}, and --{} is not set",
                    url.text, side.certificate
                )
            }));
        }
    }
    found
}

fn advertised_missing(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let listens = settings.text(CLIENTS.listen).is_some();
    let found = (listens && settings.lacks(CLIENTS.advertise)).then(|| {
        format!(
            "--{} is set without --{}",
            CLIENTS.listen, CLIENTS.advertise
        )
    });
    found.into_iter().collect()
}

fn advertised_host(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for side in SIDES {
        let Some(certificate) = side.shown(member) else {
            continue;
        };
        let urls = urls(settings, side.advertise).into_iter();
        let others = urls.filter(|url| {
            let is_dialled = !url.host.is_empty() && !url.is_in_clear();
            is_dialled && check_name(certificate, &host_name(url.host)).is_err()
        });
        found.extend(others.map(|url| {
            format!(
                "--{} has {}, which is not in the certificate of --{}",
                side.advertise, url.text, side.certificate
            )
        }));
    }
    found
}

fn discovery_domain(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let domain = settings
        .text("discovery-srv")
        .filter(|_| settings.lacks(PEERS.trust));
    let lacks = |domain: &&str| {
        let certificate = PEERS.shown(member);
        certificate.is_some_and(|peer| check_name(peer, &host_name(domain)).is_err())
    };
    let found = domain.filter(lacks).map(|domain| {
        format!(
            "--discovery-srv is `{domain}`, which is not in the certificate of --{}",
            PEERS.certificate
        )
    });
    found.into_iter().collect()
}
