//! Leaves in their roles.

use std::collections::BTreeSet;

use fixtures::forge::{
    CLIENT_AUTH, EXTENDED_KEY_USAGE, Extension, GeneralName, Key, KeyKind, Recipe, SERVER_AUTH,
    SUBJECT_ALTERNATIVE_NAME, der,
};
use pki_core::certificate::Certificate;
use pki_core::lint;
use pki_core::role::Role;

use super::codes;

/// What breaks one rule of a role.
pub(crate) struct Case {
    pub(crate) code: &'static str,
    role: Role,
    change: fn(Recipe) -> Recipe,
}

pub(crate) const CASES: &[Case] = &[
    Case {
        code: "leaf-is-authority",
        role: Role::Server,
        change: |recipe| recipe.with(Extension::basic_constraints(true, Some(0))),
    },
    Case {
        code: "extended-key-usage-missing",
        role: Role::Server,
        change: |recipe| recipe.without(EXTENDED_KEY_USAGE),
    },
    Case {
        code: "server-without-server-auth",
        role: Role::Server,
        change: |recipe| recipe.with(Extension::extended_key_usage(&[CLIENT_AUTH])),
    },
    Case {
        code: "server-without-client-auth",
        role: Role::Server,
        change: |recipe| recipe.with(Extension::extended_key_usage(&[SERVER_AUTH])),
    },
    Case {
        code: "server-without-names",
        role: Role::Server,
        change: |recipe| recipe.without(SUBJECT_ALTERNATIVE_NAME),
    },
    Case {
        code: "peer-without-both-usages",
        role: Role::Peer,
        change: |recipe| recipe.with(Extension::extended_key_usage(&[SERVER_AUTH])),
    },
    Case {
        code: "peer-without-names",
        role: Role::Peer,
        change: |recipe| recipe.without(SUBJECT_ALTERNATIVE_NAME),
    },
    Case {
        code: "peer-without-address",
        role: Role::Peer,
        change: |recipe| recipe.with(Extension::names(&[GeneralName::Dns("a.b")])),
    },
    Case {
        code: "client-without-client-auth",
        role: Role::Client,
        change: |recipe| recipe.with(Extension::extended_key_usage(&["1.3.6.1.5.5.7.3.3"])),
    },
    Case {
        code: "client-with-server-auth",
        role: Role::Client,
        change: |recipe| recipe,
    },
    Case {
        code: "client-without-common-name",
        role: Role::Client,
        change: |recipe| {
            recipe
                .with(Extension::extended_key_usage(&[CLIENT_AUTH]))
                .but(|it| it.subject = der::name(&[("2.5.4.10", "x")]))
        },
    },
];

#[test]
fn each_rule_is_broken_by_its_case_alone() {
    let key = Key::new(KeyKind::P256);
    let read = |recipe: Recipe| Certificate::from_der(&recipe.self_sign(&key).der).unwrap();
    for case in CASES {
        let certificate = read((case.change)(Recipe::leaf("leaf")));
        let found = codes(&lint::role(&certificate, case.role, true));
        assert_eq!(found, BTreeSet::from([case.code]));
    }
    let both = read(Recipe::leaf("leaf"));
    assert_eq!(lint::role(&both, Role::Server, true), []);
    assert_eq!(lint::role(&both, Role::Peer, true), []);
    let server = Extension::extended_key_usage(&[SERVER_AUTH]);
    let server = read(Recipe::leaf("leaf").with(server));
    assert_eq!(lint::role(&server, Role::Server, false), []);
    let client = Extension::extended_key_usage(&[CLIENT_AUTH]);
    let client = read(Recipe::leaf("leaf").with(client));
    assert_eq!(lint::role(&client, Role::Client, true), []);
}
