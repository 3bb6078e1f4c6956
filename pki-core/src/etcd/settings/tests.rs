//! Files of every kind, and what counts when there are several.

use super::*;

fn source(file: &str, text: &str) -> Source {
    Source::read(file, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn settings(files: &[(&str, &str)]) -> Settings {
    Settings::of(files.iter().map(|(file, text)| source(file, text)))
}

/// Every setting as `WRITTEN=VALUE at PLACE`.
fn all(settings: &Settings) -> Vec<String> {
    let text = |one: &Setting| match &one.value {
        Value::Missing => "(missing)".to_owned(),
        Value::Open(text) => format!("(open {text})"),
        Value::Text(text) => text.clone(),
    };
    let all = settings.all().iter();
    all.map(|one| format!("{}={} at {}", one.written, text(one), one.place))
        .collect()
}

#[test]
fn a_unit_is_read_as_systemd_reads_it() {
    let unit = r#"# of a host
[Unit]
Description=etcd --name none

[Service]
Environment="ETCD_LOG_LEVEL=debug" 'HERE=10.0.0.1' NAME=%H
Environment=ETCD_DATA_DIR=/srv/etcd
ExecStartPre=/usr/bin/test -e /etc/etcd
ExecStart=/usr/bin/false
ExecStart=-/usr/bin/env GOMAXPROCS=2 /usr/local/bin/etcd --name "${NAME}" \
    # what comes next is wrapped
    --listen-client-urls=https://${HERE}:2379 \
    --initial-cluster 'a=https://10.0.0.1:2380' \
    --client-cert-auth -auto-tls=false \
    --wal-dir ${NOTHING}
ExecReload=/bin/kill -HUP $MAINPID
[Install]
"#;
    let settings = settings(&[("etcd.service", unit)]);
    assert_eq!(
        all(&settings),
        [
            "--name=(open %H) at etcd.service:10",
            "--listen-client-urls=https://10.0.0.1:2379 at etcd.service:12",
            "--initial-cluster=a=https://10.0.0.1:2380 at etcd.service:13",
            "--client-cert-auth=true at etcd.service:14",
            "--auto-tls=false at etcd.service:14",
            "--wal-dir= at etcd.service:15",
            "ETCD_LOG_LEVEL=debug at etcd.service:6",
            "ETCD_DATA_DIR=/srv/etcd at etcd.service:7",
        ]
    );
    assert_eq!(settings.reload().unwrap().to_string(), "etcd.service:16");
    assert!(settings.is_on("client-cert-auth") && !settings.is_on("auto-tls"));
    assert!(settings.lacks("wal-dir") && !settings.lacks("name"));
}

#[test]
fn a_drop_in_and_environment_files_count_more() {
    let unit = "[Service]\nEnvironment=ETCD_NAME=unit ETCD_DATA_DIR=/a\nEnvironmentFile=-/etc/default/etcd\nExecStart=/usr/bin/etcd --pre-vote\n";
    let drop_in =
        "[Service]\nExecStart=\nExecStart=/usr/bin/etcd $DAEMON_ARGS --log-level=${ETCD_LEVEL}\n";
    let alone = settings(&[("etcd.service", unit), ("local.conf", drop_in)]);
    assert_eq!(alone.unread().len(), 1);
    assert_eq!(alone.unread()[0].path, "/etc/default/etcd");
    assert_eq!(alone.unread()[0].place.to_string(), "etcd.service:3");
    // What is not known is not missed.
    assert_eq!(alone.text("log-level"), None);
    assert!(!alone.lacks("log-level") && !alone.lacks("trusted-ca-file"));

    let environment =
        "ETCD_NAME=\"file\"\nDAEMON_ARGS=--pre-vote=0 --metrics extensive\nETCD_LEVEL=warn\n";
    let whole = settings(&[
        ("etcd.env", environment),
        ("etcd.service", unit),
        ("local.conf", drop_in),
    ]);
    assert_eq!(whole.unread(), []);
    assert_eq!(
        all(&whole),
        [
            "--pre-vote=0 at local.conf:3",
            "--metrics=extensive at local.conf:3",
            "--log-level=warn at local.conf:3",
            "ETCD_NAME=unit at etcd.service:2",
            "ETCD_DATA_DIR=/a at etcd.service:2",
            "ETCD_NAME=file at etcd.env:1",
        ]
    );
    assert_eq!(whole.text("name"), Some("file"));
    assert_eq!(whole.get("pre-vote").unwrap().truth(), Some(false));
    // One that is empty is none.
    let empty = settings(&[("a.env", "ETCD_NAME=x\nETCD_NAME=\n")]);
    assert_eq!(empty.text("name"), Some("x"));
}

#[test]
fn a_configuration_file_counts_alone() {
    let file = "name: a # me\nclient-transport-security:\n  cert-file: /x\n  client-cert-auth: on\npeer-transport-security: { allowed-cn: [b, c], cert-file: /y }\nlisten-client-urls: https://1.2.3.4:1\nclient-crl-file: /z\nsocket-options: { reuse-port: true }\nelection-timeout: 1000\n";
    let settings = settings(&[
        (
            "etcd.service",
            "[Service]\nExecStart=etcd --config-file=/etc/etcd/etcd.yml --name=b\n",
        ),
        ("etcd.yml", file),
    ]);
    assert_eq!(settings.unread(), []);
    assert_eq!(
        all(&settings),
        [
            "--config-file=/etc/etcd/etcd.yml at etcd.service:2",
            "--name=b at etcd.service:2",
            "name=a at etcd.yml:1",
            "client-transport-security: cert-file=/x at etcd.yml:3",
            "client-transport-security: client-cert-auth=true at etcd.yml:4",
            "peer-transport-security: allowed-cn=b,c at etcd.yml:5",
            "peer-transport-security: cert-file=/y at etcd.yml:5",
            "listen-client-urls=https://1.2.3.4:1 at etcd.yml:6",
            "client-crl-file=/z at etcd.yml:7",
            "socket-options= at etcd.yml:8",
            "election-timeout=1000 at etcd.yml:9",
        ]
    );
    assert_eq!(settings.text("name"), Some("a"));
    assert_eq!(settings.text("peer-cert-allowed-cn"), Some("b,c"));
    assert_eq!(settings.text("peer-cert-file"), Some("/y"));
    assert!(settings.is_on("client-cert-auth") && settings.lacks("client-crl-file"));
    for name in ["--config-file=/etc/etcd.yml", "--name=a"] {
        let alone = Settings::of([source("command", name)]);
        let unread = alone.unread().iter().map(|file| file.path.as_str());
        let is_named = name.starts_with("--config");
        assert_eq!(
            unread.collect::<Vec<_>>(),
            if is_named {
                vec!["/etc/etcd.yml"]
            } else {
                vec![]
            }
        );
    }
}

#[test]
fn a_pod_of_kubeadm_is_read() {
    let pod = r#"apiVersion: v1
kind: Pod
metadata: { name: etcd }
spec:
  containers:
  - name: other
    command: [sleep]
  - name: etcd
    image: registry.k8s.io/etcd:3.5.16-0
    env:
    - { name: HOST, value: a }
    - name: ETCD_DATA_DIR
      valueFrom: { fieldRef: { fieldPath: metadata.name } }
    command:
    - etcd
    - --name=$(HOST)
    - --wal-dir=$(NONE)
    args: ["--cert-file", /x]
"#;
    assert_eq!(
        all(&settings(&[("etcd.yaml", pod)])),
        [
            "--name=a at etcd.yaml:16",
            "--wal-dir=(open $(NONE)) at etcd.yaml:17",
            "--cert-file=/x at etcd.yaml:18",
            "ETCD_DATA_DIR=(open ) at etcd.yaml:12",
        ]
    );
    let shell = "kind: Pod\nspec: { containers: [{ name: x, command: [sh, -c, 'exec etcd --name=\"$HOST\" --pre-vote'] }] }\n";
    assert_eq!(
        all(&settings(&[("pod", shell)])),
        ["--name=(open $HOST) at pod:2", "--pre-vote=true at pod:2"]
    );
    let arguments = "kind: Pod\nspec: { containers: [{ name: etcd, args: [--name=a] }] }\n";
    assert_eq!(all(&settings(&[("pod", arguments)])), ["--name=a at pod:2"]);
}

#[test]
fn command_lines_are_read_as_go_reads_them() {
    for (text, found) in [
        (
            "etcd -name a --pre-vote --data-dir='/a b'",
            &[
                "--name=a at x:1",
                "--pre-vote=true at x:1",
                "--data-dir=/a b at x:1",
            ][..],
        ),
        (
            "#!/bin/sh\nset -e\nETCD_NAME=a exec /opt/etcd \\\n  --pre-vote=T",
            &["--pre-vote=T at x:4", "ETCD_NAME=a at x:3"],
        ),
        ("--name", &["--name=(missing) at x:1"]),
        (
            "#!/bin/sh\nexport ETCD_NAME=a ETCD_DATA_DIR=/var/lib/etcd\nexec etcd --pre-vote >>/var/log/etcd 2>&1\n",
            &[
                "--pre-vote=true at x:3",
                "ETCD_NAME=a at x:2",
                "ETCD_DATA_DIR=/var/lib/etcd at x:2",
            ],
        ),
        (
            "etcd --name a > /dev/null 2> log & wait",
            &["--name=a at x:1"],
        ),
        (
            "docker run --net host -v /etc/etcd:/etc/etcd --name etcd quay.io/coreos/etcd:v3.5.9 /usr/local/bin/etcd --name a --data-dir /var/lib/etcd",
            &["--name=a at x:1", "--data-dir=/var/lib/etcd at x:1"],
        ),
        ("sudo -E etcd --name a", &["--name=a at x:1"]),
        (
            "/usr/bin/etcd\0--name\0a b\0--pre-vote\0",
            &["--name=a b at x:1", "--pre-vote=true at x:1"],
        ),
        ("PATH=/bin\0ETCD_NAME=a\nb\0", &["ETCD_NAME=a\nb at x:1"]),
        (
            "--nonsense value --other --name a",
            &[
                "--nonsense=value at x:1",
                "--other= at x:1",
                "--name=a at x:1",
            ],
        ),
        ("etcd --name a -- --pre-vote", &["--name=a at x:1"]),
        ("etcd --name a --", &["--name=a at x:1"]),
    ] {
        assert_eq!(all(&settings(&[("x", text)])), found, "{text}");
    }
    for (text, stray, after) in [
        (
            "etcd --pre-vote false --name a",
            Some("false"),
            Some("pre-vote"),
        ),
        ("etcd a --name a", Some("a"), None),
        ("etcd --name a -- --pre-vote", Some("--"), None),
        ("etcd --=a", Some("--=a"), None),
        ("etcd ---a", Some("---a"), None),
        ("etcd --name a --", None, None),
        ("etcd $MORE", None, None),
    ] {
        let settings = settings(&[("x", text)]);
        let found = settings.strays().first();
        assert_eq!(found.map(|found| found.text.as_str()), stray, "{text}");
        let switch = found.and_then(|found| found.after).map(|flag| flag.name);
        assert_eq!(switch, after, "{text}");
    }
}

#[test]
fn templates_of_ansible_are_open() {
    let unit = "[Service]\nExecStart=/usr/bin/etcd --name {{ name }} \\\n  --listen-client-urls=https://{{ ip | default('a b') }}:2379 --pre-vote\n";
    assert_eq!(
        all(&settings(&[("etcd.service.j2", unit)])),
        [
            "--name=(open {{ name }}) at etcd.service.j2:2",
            "--listen-client-urls=(open https://{{ ip | default('a b') }}:2379) at etcd.service.j2:3",
            "--pre-vote=true at etcd.service.j2:3",
        ]
    );
}

#[test]
fn files_are_known_by_what_stands_in_them() {
    for (text, kind) in [
        (
            "\u{feff}# x\r\n[Service]\r\nEnvironment=A=b\r\n",
            SourceKind::Unit,
        ),
        ("\n# x\nETCD_NAME=a\n", SourceKind::Environment),
        ("ETCD_DATA_DIR=/var/lib/etcd\n", SourceKind::Environment),
        ("A=b\0", SourceKind::Environment),
        ("etcd\0--name=a\0", SourceKind::CommandLine),
        ("ETCD_INITIAL_CLUSTER = a=b: c\n", SourceKind::Environment),
        ("--name=a", SourceKind::CommandLine),
        ("/usr/bin/etcd --name=a", SourceKind::CommandLine),
        ("---\nname: a\n", SourceKind::ConfigFile),
        ("{\"name\": \"a\"}", SourceKind::ConfigFile),
        (
            "---\nkind: Pod\nspec: { containers: [{ command: [etcd] }] }\n",
            SourceKind::Pod,
        ),
    ] {
        assert_eq!(source("x", text).kind(), kind, "{text}");
    }
}

#[test]
fn the_version_is_that_of_the_image() {
    for (image, version) in [
        ("registry.k8s.io/etcd:3.5.15-0", Some("3.5.15")),
        ("quay.io:5000/coreos/etcd:v3.4.9@sha256:12ab", Some("3.4.9")),
        ("quay.io:5000/coreos/etcd", None),
        ("etcd@sha256:12ab", None),
        ("etcd:latest", None),
        ("etcd:2.3", None),
        ("etcd:99999999999.1", None),
    ] {
        let pod =
            format!("kind: Pod\nspec:\n  containers:\n  - command: [etcd]\n    image: {image}\n");
        let found = settings(&[("x", &pod)]).version();
        let found = found.map(|version| version.to_string());
        assert_eq!(found.as_deref(), version, "{image}");
    }
}

#[test]
fn what_is_none_of_these_is_refused_at_its_line() {
    for (octets, said) in [
        (&b""[..], "x:1: nothing stands in it"),
        (b"# only\n; comments\n", "x:1: nothing stands in it"),
        (b"a\nb\xff", "x:2: the text is not UTF-8"),
        (b"- a\n- b\n", "x:1: neither a unit"),
        (b"just words\n", "x:1: neither a unit"),
        (b"a: b\n---\nc: d\n", "x:3: a second YAML document"),
        (
            b"services:\n  etcd: { command: etcd }\n",
            "x:1: no key in it is one of etcd's",
        ),
        (b"/bin/sh\0-e\0", "x:1: the process is not etcd"),
        (
            b"docker run --name etcd quay.io/coreos/etcd:v3.5.9\n",
            "x:1: no line of it starts etcd",
        ),
        (b"a: b\n  c: [\n", "not YAML: "),
        (b"kind: Pod\nspec: {}\n", "x:1: no container"),
        (
            b"etcd gateway start\n",
            "x:1: `etcd gateway` starts a proxy",
        ),
        (
            b"kind: Pod\nspec:\n  containers:\n  - command: [etcd,\n      grpc-proxy]\n",
            "x:5: `etcd grpc-proxy`",
        ),
        (b"etcd --name 'a\n", "x:1: a quote"),
        (b"[Service]\nExecStart=/bin/true\n", "x:2: another program"),
    ] {
        let error = Source::read("x", octets).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn values_do_not_show_in_debug_output() {
    let source = source("x", "ETCD_DISCOVERY_PASSWORD=hunter2\nOTHER=hunter2\n");
    let settings = Settings::of([source.clone()]);
    assert!(!format!("{source:?}{settings:?}").contains("hunter2"));
}
