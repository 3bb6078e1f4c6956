use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use minijinja::context;

use super::{ansible, terraform, variables};

/// A template that is added to the directory and not to the table would silently not be written.
#[test]
fn every_template_is_in_its_table() {
    for (directory, table) in [
        ("ansible", ansible::TEMPLATES),
        ("terraform", terraform::TEMPLATES),
    ] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("templates")
            .join(directory);
        let mut found = BTreeSet::new();
        collect(&root, &root, &mut found);
        let listed: BTreeSet<_> = table.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(found, listed);
    }
}

/// systemd hands a member what was written, whatever is in it.
#[test]
fn values_are_quoted_for_systemd() {
    let odd = r#"a $HOME "b" 100% \d"#;
    let render = |name: &str, settings: &str| {
        let context = context! {
            etcd_server_data_dir => "/var/lib/etcd",
            etcd_server_flags => context! { odd => odd, plain => "https://[fd00::10]:2379" },
            etcd_server_settings => settings,
        };
        variables::render_as_ansible(ansible::template(name), context).unwrap()
    };
    let unit = render("etcd.service.j2", "flags");
    let words = r#"
    "--odd=a $$HOME \"b\" 100%% \\d" \
    --plain=https://[fd00::10]:2379
"#;
    assert!(unit.contains(words), "{unit}");
    let environment = render("etcd.env.j2", "environment");
    let lines = r#"
ETCD_ODD="a \$HOME \"b\" 100% \\d"
ETCD_PLAIN=https://[fd00::10]:2379
"#;
    assert!(environment.contains(lines), "{environment}");
}

fn collect(root: &Path, directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(root, &path, found),
            false => {
                found.insert(
                    path.strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
}
