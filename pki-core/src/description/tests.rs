use super::*;

const MINIMAL: &str =
    "domain: internal.domain\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n";

#[test]
fn defaults_are_filled_in() {
    let cluster = Cluster::from_yaml(MINIMAL).unwrap();
    assert_eq!(cluster.name.as_str(), "etcd");
    assert_eq!(cluster.peer_common_name(), "etcd-peer");
    assert_eq!(cluster.nodes[0].fqdn.as_str(), "etcd-0.internal.domain");
    assert_eq!(cluster.networks, ["10.0.0.0/24".parse().unwrap()]);
    assert_eq!(cluster.clients.len(), 2);
    assert_eq!(cluster.trust_anchor, TrustAnchor::Etcd);
    assert!(cluster.grpc_gateway && !cluster.authorities.issuing);
    assert_eq!(cluster.crl.lifetime, Lifetime::days(90));
    assert_eq!(cluster.crl.authority_lifetime, Lifetime::days(365));
    assert!(cluster.etcd.version.is_none());
}

#[test]
fn lists_and_the_version_of_etcd_are_described() {
    let text = format!(
        "{MINIMAL}crl: {{ lifetime: 30d, authority_lifetime: 2y }}\netcd: {{ version: 3.5 }}\n"
    );
    let cluster = Cluster::from_yaml(&text).unwrap();
    assert_eq!(cluster.crl.lifetime, Lifetime::days(30));
    assert_eq!(cluster.crl.authority_lifetime, Lifetime::days(730));
    assert_eq!(cluster.etcd.version, Some("3.5".parse().unwrap()));
}

const STORE: &str =
    "store: { url: \"etcd://a.example:2379/pki/prod\", ca: store/ca.crt, key: me.key }\n";

#[test]
fn the_store_is_described() {
    let cluster = Cluster::from_yaml(&format!("{MINIMAL}{STORE}")).unwrap();
    let store = cluster.store.unwrap();
    assert_eq!(store.address.prefix(), "/pki/prod/");
    assert_eq!(store.ca.unwrap().path, std::path::Path::new("store/ca.crt"));
    assert!(store.certificate.is_none());
    let fault = store.key.unwrap().fault("No such file");
    assert_eq!(fault.to_string(), "store: key: me.key: No such file");
    assert_eq!(fault.position.unwrap().line, 4);
    // It is found in a description that is wrong in all else.
    let other = StoreSetting::from_octets(format!("nodez: 7\n{STORE}").as_bytes());
    assert_eq!(other.unwrap().unwrap().position.line, 2);
    assert!(
        StoreSetting::from_octets(MINIMAL.as_bytes())
            .unwrap()
            .is_none()
    );
    for (store, fault, column) in [
        (
            "{ url: \"https://a:1/pki\" }",
            "store: url: `https://a:1/pki` names no store on etcd: it does not begin with etcd://",
            15,
        ),
        (
            "{ url: \"etcd://a/pki\" }",
            "store: url: `etcd://a/pki` names no store on etcd: a member is not HOST:PORT",
            15,
        ),
        ("{ ca: ca.crt }", "store: missing key `url`", 10),
        (
            "{ url: \"etcd://a:1/pki\", cert: x }",
            "store: unknown key `cert`: write one of url, ca, certificate, key",
            33,
        ),
        (
            "{ url: \"etcd://a:1/pki\", ca: \"\" }",
            "store: ca: it is empty",
            37,
        ),
        (
            "etcd://a:1/pki",
            "store: keys with values are expected here",
            8,
        ),
    ] {
        let text = format!("{MINIMAL}store: {store}\n");
        for error in [
            Cluster::from_yaml(&text).unwrap_err(),
            StoreSetting::from_octets(text.as_bytes()).unwrap_err(),
        ] {
            assert!(error.to_string().starts_with(fault), "{error}");
            let position = error.position.unwrap();
            assert_eq!((position.line, position.column), (4, column), "{error}");
        }
    }
}

#[test]
fn constraints_follow_the_description() {
    let text = format!(
        "{MINIMAL}networks: [10.0.0.0/16, \"fd00::/64\"]\ncertificates:\n  server_sans: [etcd-0, api.internal.domain, vip.example.com, 192.0.2.1]\n"
    );
    let constraints = Cluster::from_yaml(&text)
        .unwrap()
        .name_constraints()
        .unwrap();
    assert_eq!(
        constraints.dns,
        ["internal.domain", "etcd-0", "vip.example.com", "localhost"]
    );
    let blocks: Vec<_> = constraints
        .addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        blocks,
        [
            "10.0.0.0/16",
            "127.0.0.0/8",
            "192.0.2.1/32",
            "::1/128",
            "fd00::/64"
        ]
    );
}

#[test]
fn authorities_of_other_services_are_described() {
    assert!(
        Cluster::from_yaml(MINIMAL)
            .unwrap()
            .authorities
            .others
            .is_empty()
    );
    let text = format!(
        "{MINIMAL}authorities:\n  others:\n    - name: kubernetes\n    - {{ name: front-proxy, key: p256, lifetime: 1y, path_length: 0, name_constraints: {{ dns: [a.b], addresses: [10.0.0.0/8] }}, publication: {{ crl: [\"http://a.b/c\"] }} }}\n"
    );
    let cluster = Cluster::from_yaml(&text).unwrap();
    let [kubernetes, proxy] = &cluster.authorities.others[..] else {
        panic!("{:?}", cluster.authorities.others);
    };
    assert_eq!(kubernetes.name.as_str(), "kubernetes");
    assert_eq!(kubernetes.setting.key.to_string(), "P-384");
    assert_eq!(kubernetes.setting.lifetime, "5y".parse().unwrap());
    assert_eq!((kubernetes.path_length, proxy.path_length), (1, 0));
    assert!(kubernetes.name_constraints.is_none() && kubernetes.publication.crl.is_empty());
    assert_eq!(proxy.name_constraints.as_ref().unwrap().dns, ["a.b"]);
    assert_eq!(proxy.publication.crl.len(), 1);
}

/// Each fault, the place that must be named, and a part of the message.
#[test]
fn faults_name_line_and_column() {
    let node = "  - { name: etcd-0, addresses: [10.0.0.10] }\n";
    let two = |second: &str| format!("domain: a.b\nnodes:\n{node}  - {second}\n");
    let with = |rest: &str| format!("{MINIMAL}{rest}\n");
    let others = |list: &str| with(&format!("authorities: {{ others: [{list}] }}"));
    let cases: &[(String, u64, &str)] = &[
        (with("nodez: []"), 4, "nodez"),
        (
            with("certificates: { key: p256, lifetimes: 1d }"),
            4,
            "lifetimes",
        ),
        (with("crl: { lifetime: 12h }"), 4, "less than 1d"),
        (with("crl: { lifetimes: 30d }"), 4, "lifetimes"),
        (with("etcd: { version: \"2.3\" }"), 4, "2.3"),
        (with("domain: again.example"), 4, "duplicate"),
        (others("{ name: root }"), 4, "cannot be the name"),
        (others("{ name: issuing }"), 4, "cannot be the name"),
        (others("{ name: ../etcd }"), 4, "cannot be the name"),
        (others("{ name: Kubernetes }"), 4, "lower case"),
        (others("{ name: a }, { name: a }"), 4, "a second time"),
        (others("{ name: etcd-a, keys: p256 }"), 4, "keys"),
        (others("{ key: p256 }"), 4, "name"),
        (others("{ name: a, path_length: 10 }"), 4, "write 0 to 9"),
        (others("{ name: a, path_length: -1 }"), 4, ""),
        (
            others("{ name: a, lifetime: 11y }"),
            4,
            "its issuer, intermediate",
        ),
        (
            others("{ name: a, name_constraints: auto }"),
            4,
            "nodes of etcd",
        ),
        (
            others("{ name: a, name_constraints: { dns: [a.b] } }"),
            4,
            "empty list",
        ),
        (
            others("{ name: a, publication: { crl: [\"ftp://a\"] } }"),
            4,
            "authorities: a: publication",
        ),
        (
            format!("cluster: k8s\n{}", others("{ name: k8s }")),
            5,
            "name of the cluster",
        ),
        (
            with("authorities: { levels: 1, others: [{ name: a }] }"),
            4,
            "levels: 2 or 3",
        ),
        (
            others("{ name: a }") + "trust_anchor: root\n",
            5,
            "write etcd",
        ),
        ("domain: a.b\nnodes: 3\n".to_owned(), 2, ""),
        ("domain: [a.b]\nnodes:\n".to_owned(), 1, ""),
        ("domain: a.b\nnodes: []\n".to_owned(), 2, "empty"),
        ("nodes: []\n".to_owned(), 1, "domain"),
        (
            two("{ name: etcd-0, addresses: [10.0.0.11] }"),
            4,
            "a second time",
        ),
        (
            two("{ name: etcd-1, addresses: [10.0.0.10] }"),
            4,
            "an address of etcd-0 already",
        ),
        (two("{ name: etcd-1, addresses: [] }"), 4, "no address"),
        (two("{ name: etcd-1 }"), 4, "addresses"),
        (
            two("{ name: etcd_1, addresses: [10.0.0.11] }"),
            4,
            "hyphens only",
        ),
        (
            two("{ name: etcd-1, addresses: [10.0.0.300] }"),
            4,
            "not an address",
        ),
        (
            two("{ name: etcd-1, addresses: [10.0.0.11/24] }"),
            4,
            "not an address",
        ),
        (
            two("{ name: etcd-1, addresses: [\"fd00::zz\"] }"),
            4,
            "not an address",
        ),
        (
            two("{ name: etcd-1, addresses: [\"[fd00::1]\"] }"),
            4,
            "not an address",
        ),
        (
            two("{ name: etcd-1, addresses: [\"fe80::1%eth0\"] }"),
            4,
            "not an address",
        ),
        (
            two("{ name: etcd-1, addresses: [0.0.0.0] }"),
            4,
            "cannot be the address",
        ),
        (
            two("{ name: etcd-1, addresses: [255.255.255.255] }"),
            4,
            "cannot be the address",
        ),
        (
            two("{ name: etcd-1, addresses: [\"::ffff:10.0.0.1\"] }"),
            4,
            "cannot be the address",
        ),
        (
            "domain: Upper.example\nnodes:\n".to_owned() + node,
            1,
            "lower case",
        ),
        ("domain: a..b\nnodes:\n".to_owned() + node, 1, "empty"),
        (
            "domain: ''\nnodes:\n".to_owned() + node,
            1,
            "domain: the name is empty: write the domain of the nodes, such as internal.example",
        ),
        (
            "domain: 5\nnodes:\n".to_owned() + node,
            1,
            "write the domain of the nodes, such as internal.example",
        ),
        (with("networks: [10.1.0.0/24]"), 3, "none of the networks"),
        (with("networks: [10.0.0.1/24]"), 4, "write 10.0.0.0/24"),
        (with("networks: [10.0.0.0/33]"), 4, "not a block"),
        (with("clients: []"), 4, "empty"),
        (with("clients: [a, a]"), 4, "a second time"),
        (with("clients: [backup, Backup]"), 4, "differ in case alone"),
        (with("clients: [\"a\\nb\\x1b\"]"), 4, "`a\\nb\\u{1b}`"),
        (
            with("clients: [a, etcd-peer]"),
            4,
            "take this client for one",
        ),
        (
            with("cluster: x\nclients: [a, x-peer]"),
            5,
            "take this client for one",
        ),
        (with("clients: [../a]"), 4, "letter or a digit"),
        (
            with("certificates: { lifetime: 6y }"),
            4,
            "past the 5y of its issuer, etcd",
        ),
        (
            with("authorities: { root: { lifetime: 9y } }"),
            4,
            "past the 9y of its issuer, root",
        ),
        (
            with("certificates: { lifetime: forever }"),
            4,
            "not a lifetime",
        ),
        (
            with("certificates: { renew_before: 400d }"),
            4,
            "not less than the lifetime",
        ),
        (
            with("certificates: { renew_before: 330d }"),
            4,
            "certificates: renew_before: a certificate of 1y could be due as soon as it is made",
        ),
        (
            with("certificates: { renew_before: 9/10 }"),
            4,
            "due as soon as it is made",
        ),
        (
            with("certificates: { lifetime: 1s }"),
            4,
            "certificates: lifetime: a certificate of 1s could be due",
        ),
        (with("certificates: { key: dsa }"), 4, "no key algorithm"),
        (
            with("certificates: { sharing: none }"),
            4,
            "per-node or shared",
        ),
        (
            with("authorities: { etcd: { publication: { crl: [\"file:///a\"] } } }"),
            4,
            "not a valid name",
        ),
        (
            with("authorities: { etcd: { publication: { ocsp: [\"ftp://a/b\"] } } }"),
            4,
            "fetched by nobody",
        ),
        (
            with("authorities: { root: { publication: { policies: [\"1.x\"] } } }"),
            4,
            "no object identifier",
        ),
        (with("authorities: { levels: 4 }"), 4, "4 is not possible"),
        (
            with("authorities: { levels: 1 }\ntrust_anchor: root"),
            5,
            "there is no root",
        ),
        (
            with("authorities: { levels: 2 }\ntrust_anchor: intermediate"),
            5,
            "there is no intermediate",
        ),
        (
            with("authorities: { levels: 2, root: { lifetime: 4y } }"),
            4,
            "past the 4y of its issuer, root",
        ),
        (
            with("trust_anchor: leaf"),
            4,
            "etcd or intermediate or root",
        ),
        (
            with(
                "authorities: { etcd: { name_constraints: { dns: [example.com], addresses: [10.0.0.0/8, 127.0.0.0/8, \"::1/128\"] } } }",
            ),
            1,
            "lies outside",
        ),
        (
            with(
                "authorities: { etcd: { name_constraints: { dns: [internal.domain], addresses: [10.0.0.0/8, 127.0.0.0/8, \"::1/128\"] } } }",
            ),
            4,
            "`localhost` lies outside",
        ),
        (
            with("authorities: { etcd: { name_constraints: {} } }"),
            4,
            "an empty list",
        ),
        (
            with("authorities: { etcd: { name_constraints: some } }"),
            4,
            "auto, none",
        ),
        (
            with("ansible: { common_client: nobody }"),
            4,
            "none of `clients`",
        ),
        (with("ansible: { vault_files: node }"), 4, "role or host"),
        (with("ansible: { vault_id: \"a;b\" }"), 4, "vault_id"),
        (
            with("etcd: { version: \"3.3\" }"),
            4,
            "is not a version of etcd",
        ),
        (with("etcd: { data_dir: etcd }"), 4, "not an absolute path"),
        (
            with("etcd: { data_dir: \"/a b\" }"),
            4,
            "not an absolute path",
        ),
        ("domain: a.b\nnodes: [\n".to_owned(), 2, ""),
    ];
    for (text, line, part) in cases {
        let error = Cluster::from_yaml(text).expect_err(text);
        let position = error
            .position
            .unwrap_or_else(|| panic!("no place: {error}\n{text}"));
        assert_eq!(position.line, *line, "{error}\n{text}");
        assert!(error.to_string().contains(part), "{error}\n{text}");
        assert!(!error.to_string().contains("at line"), "{error}");
    }
}

/// What the parser refuses, the keys that must be named, and a part of what to do.
#[test]
fn faults_of_syntax_and_kind_name_the_field_and_what_to_write() {
    let with = |rest: &str| format!("{MINIMAL}{rest}\n");
    let node = |node: &str| format!("domain: a.b\nnodes:\n  - {node}\n");
    let cases: &[(String, &str, &str)] = &[
        // Another kind.
        (
            with("networks: x"),
            "networks: a list",
            "write a line `- ITEM`",
        ),
        (with("clients: { a: b }"), "clients: a list", "[ITEM, ITEM]"),
        ("domain: [a.b]\n".to_owned(), "domain: one value", "quotes"),
        (
            with("certificates: [a]"),
            "certificates: keys with values",
            "KEY: VALUE",
        ),
        (with("crl:\n  - a"), "crl: keys with values", "KEY: VALUE"),
        (with("etcd: 3.5"), "etcd: keys with values", "KEY: VALUE"),
        (
            with("etcd: { enable_grpc_gateway: maybe }"),
            "etcd: enable_grpc_gateway: it is neither",
            "true",
        ),
        (
            with("authorities: { levels: two }"),
            "authorities: levels: it is not a whole number",
            "such as 2",
        ),
        (
            with("authorities: { levels: 2.5 }"),
            "authorities: levels: it is not",
            "digits alone",
        ),
        (
            with("authorities: { levels: -1 }"),
            "authorities: levels: it is not",
            "digits alone",
        ),
        (
            with("authorities: { levels: 99999999999999999999999 }"),
            "authorities: levels: it is not",
            "too large",
        ),
        (
            with("authorities: { others: [a] }"),
            "authorities: others: item 1: keys with",
            "KEY: VALUE",
        ),
        (
            with("authorities: { others: [{ name: a, path_length: x }] }"),
            "authorities: others: item 1: path_length:",
            "digits",
        ),
        (
            with("authorities: { etcd: { name_constraints: [a] } }"),
            "authorities: etcd: name_constraints:",
            "write `auto`",
        ),
        (
            with("authorities: { etcd: { name_constraints: { dns: a } } }"),
            "authorities: etcd: name_constraints: dns: a list",
            "- ITEM",
        ),
        (
            with("authorities: { etcd: { publication: { crl: \"http://a\" } } }"),
            "authorities: etcd: publication: crl: a list",
            "- ITEM",
        ),
        (
            node("etcd-0"),
            "nodes: item 1: keys with values",
            "KEY: VALUE",
        ),
        (
            node("{ name: x, addresses: 10.0.0.1 }"),
            "nodes: item 1: addresses: a list",
            "- ITEM",
        ),
        (
            node("{ name: x, addresses: [fd00::] }"),
            "nodes: item 1: addresses: item 1: one value",
            "quotes",
        ),
        // Missing, unknown and repeated keys.
        ("nodes: []\n".to_owned(), "missing key `domain`", "add it"),
        ("domain: a.b\n".to_owned(), "missing key `nodes`", "add it"),
        (
            node("name: x"),
            "nodes: item 1: missing key `addresses`",
            "add it",
        ),
        (
            with("nodez: []"),
            "unknown key `nodez`",
            "write one of cluster, domain",
        ),
        (
            with("authorities: { etcd: { isuing: true } }"),
            "authorities: etcd: unknown key `isuing`",
            "issuing",
        ),
        (
            node("{ name: x, adresses: [10.0.0.1] }"),
            "nodes: item 1: unknown key `adresses`",
            "write one of name, addresses",
        ),
        (with("3: b"), "unknown key `3`", "write one of"),
        (with("domain: a.b"), "duplicate key `domain`", "remove one"),
        (
            with("certificates: { key: p256, key: p256 }"),
            "certificates: duplicate key `key`",
            "remove one",
        ),
        // Nothing.
        (
            String::new(),
            "the file is empty",
            "write at least domain and nodes",
        ),
        (
            "# nothing\n".to_owned(),
            "the file is empty",
            "write at least",
        ),
        ("---\n".to_owned(), "the file is no map", "write at least"),
        ("null\n".to_owned(), "the file is no map", "write at least"),
        ("- a\n".to_owned(), "the file is no map", "write at least"),
        (
            "domain = \"a.b\"\n".to_owned(),
            "the file is no map",
            "write at least",
        ),
        (
            "domain:\nnodes: []\n".to_owned(),
            "domain: the value is missing",
            "write one",
        ),
        (
            "domain: a.b\nnodes:\n".to_owned(),
            "nodes: a list",
            "- ITEM",
        ),
        (
            "domain: a.b\nnodes:\n  -\n".to_owned(),
            "nodes: item 1: keys",
            "KEY: VALUE",
        ),
        (
            with("clients: [a, ~]"),
            "clients: item 2: the value is missing",
            "write one",
        ),
        (
            with("certificates:"),
            "certificates: keys with values",
            "leave the key out",
        ),
        // Syntax.
        (
            node("name: x\n\taddresses: [10.0.0.1]"),
            "not YAML:",
            "replace it by blanks",
        ),
        (
            "domain: a.b\nnodes:\n\t- name: x\n".to_owned(),
            "not YAML: tabs",
            "replace it by blanks",
        ),
        (
            "domain: a.b\n nodes: []\n".to_owned(),
            "not YAML:",
            "indent the line",
        ),
        (
            node("name: x\n    addresses: [10.0.0.1]\n - name: y"),
            "not YAML:",
            "indent the line",
        ),
        (with("cluster: a: b"), "not YAML:", "into quotes"),
        (
            with("cluster:etcd"),
            "not YAML:",
            "a blank behind the colon",
        ),
        (with("cluster: \"abc"), "not YAML: unclosed", "close it"),
        (with("clients: [a, b"), "not YAML: unclosed", "close it"),
        (with("cluster: @x"), "not YAML:", "into quotes"),
        (with("cluster: a\0b"), "not YAML:", "remove the character"),
        (with("cluster: \"a\\qb\""), "not YAML:", "single quotes"),
        (
            format!("%YAML 9.9\n---\n{MINIMAL}"),
            "not YAML:",
            "remove the line",
        ),
        (
            with(&format!("clients: {}", "[".repeat(3000))),
            "not YAML:",
            "simpler",
        ),
        // What YAML has more than it needs.
        (
            format!("{MINIMAL}---\n{MINIMAL}"),
            "more than one YAML document",
            "keep one",
        ),
        (
            with("cluster: *nothing"),
            "*NAME is an alias",
            "write the value",
        ),
        (
            "domain: a.b\nnodes: &a [*a]\n".to_owned(),
            "nodes: an alias",
            "write out",
        ),
        (with("cluster: !!int x"), "cluster: a tag", "remove it"),
    ];
    for (text, begin, advice) in cases {
        let error = Cluster::from_yaml(text).expect_err(text);
        assert!(error.position.is_some(), "{error}\n{text}");
        let message = error.to_string();
        assert!(message.starts_with(begin), "{message}\n{text}");
        assert!(message.contains(advice), "{message}\n{text}");
        let api = [
            "at line",
            "deserialize",
            "Option<",
            "from_str",
            "Policy",
            "u64",
        ];
        assert!(!api.iter().any(|part| message.contains(part)), "{message}");
    }
    // And what is allowed, since YAML and editors have it.
    for text in [
        format!("\u{feff}{MINIMAL}"),
        format!("{MINIMAL}...\n"),
        MINIMAL.replace('\n', "\r\n"),
        with("cluster: &c other\nansible: { vault_id: *c }"),
    ] {
        Cluster::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn what_is_not_utf_8_is_named_with_its_line() {
    let mut content = MINIMAL.as_bytes().to_vec();
    content.extend(b"cluster: \xff\n");
    let error = Cluster::from_octets(&content).unwrap_err();
    assert_eq!(error.position.map(|position| position.line), Some(4));
    assert!(
        error.to_string().contains("save the file as UTF-8"),
        "{error}"
    );
    let utf_16: Vec<u8> = "\u{feff}domain"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = Cluster::from_octets(&utf_16).unwrap_err();
    assert!(error.to_string().contains("UTF-16"), "{error}");
    Cluster::from_octets(MINIMAL.as_bytes()).unwrap();
}

#[test]
fn names_too_long_for_a_common_name_are_refused() {
    let text = MINIMAL.replace("internal.domain", &format!("{}.example", "a".repeat(55)));
    assert!(
        Cluster::from_yaml(&text)
            .unwrap_err()
            .to_string()
            .contains("64 characters")
    );
}

#[test]
fn explicit_constraints_that_cover_everything_are_taken() {
    let text = format!(
        "{MINIMAL}authorities:\n  etcd:\n    name_constraints:\n      dns: [domain, localhost]\n      addresses: [10.0.0.0/8, 127.0.0.0/8, \"::1/128\"]\n"
    );
    let constraints = Cluster::from_yaml(&text)
        .unwrap()
        .name_constraints()
        .unwrap();
    assert_eq!(constraints.dns, ["domain", "localhost"]);
    let none = format!("{MINIMAL}authorities: {{ etcd: {{ name_constraints: none }} }}\n");
    assert!(
        Cluster::from_yaml(&none)
            .unwrap()
            .name_constraints()
            .is_none()
    );
}

#[test]
fn a_quorum_is_more_than_half() {
    for (nodes, losses) in [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3)] {
        let nodes: String = (0..nodes)
            .map(|node| format!("  - {{ name: etcd-{node}, addresses: [10.0.0.1{node}] }}\n"))
            .collect();
        let text = format!("domain: a.b\nnodes:\n{nodes}");
        assert_eq!(
            Cluster::from_yaml(&text).unwrap().tolerated_losses(),
            losses
        );
    }
}
