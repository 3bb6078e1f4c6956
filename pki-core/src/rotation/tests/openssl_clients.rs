//! What clients on OpenSSL take.

use super::*;

/// What clients on OpenSSL may trust at a time: the CA file for clients, or the top alone.
fn ca_files(moment: &Moment) -> [Vec<Certificate>; 2] {
    [
        moment.bundles.clients.clone(),
        openssl::roots(&moment.bundles),
    ]
}

#[test]
fn openssl_takes_what_its_model_takes() {
    // Every pair of a server's certificate and a CA file, each once.
    let mut refused = 0;
    let pairs: Vec<_> = rotations()
        .par_bridge()
        .flat_map_iter(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let mut pairs = Vec::new();
            let mut before = fixture.moment();
            loop {
                let step = fixture.next(name, procedure);
                let after = fixture.moment();
                for presented in [&before, &after] {
                    let server = openssl::server(presented).unwrap().to_vec();
                    for trusted in [&before, &after].into_iter().flat_map(ca_files) {
                        let label = format!("{step} of {procedure} of {name} with {shape}");
                        pairs.push((label, server.clone(), trusted, fixture.now));
                    }
                }
                before = after;
                if fixture.underway().is_none() {
                    return pairs.into_iter();
                }
            }
        })
        .collect();
    let validator = crate::verify::PathValidator::new();
    let model: Vec<bool> = pairs
        .iter()
        .map(|(_, server, trusted, now)| {
            let usage = crate::role::Usage::ServerAuth;
            crate::verify::openssl::validate(&validator, server, trusted, usage, *now).is_ok()
        })
        .collect();
    let real: Vec<bool> = pairs
        .par_iter()
        .map(|(_, server, trusted, now)| {
            let directory = tempfile::tempdir().unwrap();
            let write = |name: &str, certificates: &[Certificate]| {
                let text: String = certificates.iter().map(Certificate::to_pem).collect();
                let path = directory.path().join(name);
                std::fs::write(&path, text).unwrap();
                path
            };
            let mut command = fixtures::openssl();
            command
                .args([
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    "sslserver",
                    "-no-CApath",
                    "-no-CAstore",
                ])
                .arg("-CAfile")
                .arg(write("ca", trusted))
                .args(["-attime", &now.unix_timestamp().to_string()]);
            if server.len() > 1 {
                command
                    .arg("-untrusted")
                    .arg(write("untrusted", &server[1..]));
            }
            command.arg(write("leaf", &server[..1]));
            fixtures::run(&mut command).status.success()
        })
        .collect();
    for (((label, ..), model), real) in pairs.iter().zip(&model).zip(&real) {
        assert_eq!(model, real, "{label}");
        refused += usize::from(!real);
    }
    assert!(
        refused > 0 && refused < pairs.len(),
        "{refused} of {}",
        pairs.len()
    );
}

#[test]
fn clients_on_openssl_are_told_which_ca_file_they_need() {
    let fixture = Fixture::new("trust_anchor: root");
    let plan = fixture.plan(AuthorityName::Root, None);
    let needs: Vec<_> = plan
        .steps
        .iter()
        .map(|step| step.openssl.as_slice())
        .collect();
    let [[], [], [need]] = needs.as_slice() else {
        panic!("{needs:?}");
    };
    let name = |generation| format!("O=a.example, CN=etcd root CA G{generation}");
    assert_eq!(need.trusting, [name(2)]);
    assert_eq!(need.refuse, Side::Before);
    assert_eq!(need.need, Some(vec![name(2), name(1)]));
    // Where no two of one name are sent, nothing is needed.
    for (shape, name) in [
        ("trust_anchor: etcd", AuthorityName::Etcd),
        ("trust_anchor: root", AuthorityName::Intermediate),
        ("authorities: { levels: 1 }", AuthorityName::Etcd),
    ] {
        let plan = Fixture::new(shape).plan(name, None);
        assert!(
            plan.steps.iter().all(|step| step.openssl.is_empty()),
            "{shape}"
        );
    }
}
