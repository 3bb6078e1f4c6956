use crate::Case;

/// Where `vault` does something else on purpose.
#[derive(Debug)]
pub(crate) struct Deviation {
    pub(crate) case: Case,
    /// The exit codes of ansible-vault and of `vault`.
    pub(crate) codes: (i32, i32),
    /// What `vault` does instead, and the number of the defect in VAULT.md.
    #[allow(dead_code, reason = "shown when the test fails")]
    why: &'static str,
}

const fn deviation(why: &'static str, codes: (i32, i32), case: Case) -> Deviation {
    Deviation { case, codes, why }
}

const NEW: &str = "kQ2ZtC6i-battery-staple\nkQ2ZtC6i-battery-staple\n";

pub(crate) const DEVIATIONS: &[Deviation] = &[
    deviation(
        "D4: a label that could not be read back is refused",
        (0, 5),
        Case::new("encrypt --vault-id größe@p plain").says("a label has"),
    ),
    deviation(
        "D4: a blank at an end is not read back either",
        (0, 5),
        Case::new("encrypt --vault-id %20a@p plain").says("a label has"),
    ),
    deviation(
        "D6: the new password is asked for",
        (0, 0),
        Case::new("rekey vp")
            .with(&["ANSIBLE_VAULT_PASSWORD_FILE=p"])
            .stdin(NEW)
            .says("New Vault password: "),
    ),
    deviation(
        "D6: a new secret that is the old one is refused",
        (0, 1),
        Case::new("rekey --vault-id p --new-vault-id p vp").says("nothing would change"),
    ),
    deviation(
        "D7: vault_id_match is a boolean",
        (1, 0),
        Case::new("view --vault-id y@p vx").with(&["ANSIBLE_VAULT_ID_MATCH=False"]),
    ),
    deviation(
        "D8: view prints what was encrypted, byte by byte",
        (0, 0),
        Case::new("view --vault-id p vnone"),
    ),
    deviation(
        "D10: a directory is not filled with files that nobody named",
        (0, 1),
        Case::new("create --vault-id p --skip-tty-check d").says("exists, please use 'edit'"),
    ),
    deviation(
        "D10: a link that leads nowhere is not replaced",
        (0, 1),
        Case::new("create --vault-id p --skip-tty-check dangling").says("exists"),
    ),
    deviation(
        "D11: a missing file is an error and no traceback",
        (250, 1),
        Case::new("rekey --vault-id p --new-vault-id q missing").says("No such file"),
    ),
    deviation(
        "D11: standard input is refused",
        (250, 5),
        Case::new("rekey --vault-id p --new-vault-id q -").says("not on standard input"),
    ),
    deviation(
        "D13: no label with a semicolon",
        (0, 5),
        Case::new("rekey --vault-id p --new-vault-id a;b@q vp").says("a label has"),
    ),
    deviation(
        "D13: nor in the name of the default one",
        (0, 5),
        Case::new("encrypt --vault-id p plain")
            .with(&["ANSIBLE_VAULT_IDENTITY=x;y"])
            .says("ANSIBLE_VAULT_IDENTITY (vault_identity) 'x;y': the label has a semicolon"),
    ),
    deviation(
        "an empty editor is none, and not the plaintext",
        (1, 0),
        Case::new("edit --vault-id p vp").with(&["EDITOR=", "ANSIBLE_EDITOR=true"]),
    ),
    deviation(
        "D13: rekey keeps the label unless it is given another one",
        (0, 0),
        Case::new("rekey --vault-id p --new-vault-password-file q vx"),
    ),
    deviation(
        "D14: the mode is kept",
        (0, 0),
        Case::new("encrypt --vault-id p group"),
    ),
    deviation(
        "D14: of many files all are changed or none",
        (1, 1),
        Case::new("encrypt --vault-id p plain vp plain2").says("already encrypted"),
    ),
    deviation(
        "a file that is named twice is done once",
        (1, 0),
        Case::new("encrypt --vault-id p plain plain"),
    ),
    deviation(
        "an editor that fails changes nothing (so does ansible-core 2.21)",
        (0, 1),
        Case::new("edit --vault-id p vp")
            .with(&["EDITOR=sh -c 'echo x > $0; exit 1'"])
            .says("nothing was changed"),
    ),
    deviation(
        "edit keeps the header",
        (0, 0),
        Case::new("edit --vault-id p vp").with(&["ANSIBLE_VAULT_IDENTITY=prod"]),
    ),
    deviation(
        "an abbreviation that fits two names of one option is that option",
        (2, 0),
        Case::new("view --vault-pass p vp"),
    ),
    deviation(
        "what is no data does not go to standard output: -v",
        (0, 0),
        Case::new("view --vault-id p -vvv vp"),
    ),
    deviation(
        "what is no data does not go to standard output: prompts",
        (0, 0),
        Case::new("encrypt_string --vault-id p -p")
            .stdin("name\nvalue\n")
            .says("Variable name (enter for no name): String to encrypt (hidden):"),
    ),
    deviation(
        "rekey by a vault id that an option names",
        (1, 0),
        Case::new("rekey --vault-id a@p --vault-id b@q --encrypt-vault-id b vp"),
    ),
    deviation(
        "standard input among files is refused before a file is changed",
        (0, 5),
        Case::new("encrypt --vault-id p - plain").stdin("typed: 1\n"),
    ),
    deviation(
        "a plaintext that looks like a vault is not saved, but rescued",
        (1, 1),
        Case::new("edit --vault-id p vp")
            .with(&["EDITOR=cp bare"])
            .says("vp.rescue"),
    ),
];
