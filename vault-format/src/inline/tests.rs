use super::*;

const VAULT: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";

fn paths(text: &str) -> Vec<String> {
    values(text)
        .into_iter()
        .map(|value| {
            assert_eq!(value.vault(), VAULT, "{text}");
            value.path().to_owned()
        })
        .collect()
}

fn block(before: &str, indent: usize, after: &str) -> String {
    let blanks = " ".repeat(indent);
    format!("{before}\n{blanks}$ANSIBLE_VAULT;1.1;AES256\n{blanks}6161\n{after}")
}

#[test]
fn values_are_found_wherever_they_stand() {
    for (text, path) in [
        (block("a: !vault |", 10, "b: 1\n"), "a"),
        (block("a: !vault |-", 2, ""), "a"),
        (block("a: !vault |+", 2, "\n\nb: 1\n"), "a"),
        (block("a: !vault |4", 4, "b: 1\n"), "a"),
        (block("a: !vault | # note", 1, ""), "a"),
        (block("a: &anchor !vault |", 2, ""), "a"),
        (block("a: !vault &anchor |", 2, ""), "a"),
        (block("a: !<!vault> |", 2, ""), "a"),
        (block("a: !vault-encrypted |", 2, ""), "a"),
        (block("a:\n  b:\n    c: !vault |", 6, "    d: 1\n"), "a.b.c"),
        (block("a:\n- x\n- !vault |", 4, "- y\n"), "a.[1]"),
        (block("a:\n  - b: 1\n    c: !vault |", 6, ""), "a.[0].c"),
        (block("- - !vault |", 6, ""), "[0].[0]"),
        (block("\"a b\": !vault |", 2, ""), "a b"),
        (block("!vault |", 2, ""), ""),
        (block("--- !vault |", 0, ""), ""),
        (
            block("x: |\n  a: !vault |\n  text\ny: !vault |", 2, ""),
            "y",
        ),
        (block("# z: !vault |\ny: !vault |", 2, ""), "y"),
        (block("x: 'a: !vault |'\ny: !vault |", 2, ""), "y"),
    ] {
        assert_eq!(paths(&text), [path], "{text}");
    }
    let quoted = r#"a: !vault "$ANSIBLE_VAULT;1.1;AES256\n6161\n" # x"#;
    assert_eq!(paths(quoted), ["a"]);
    let value = r#"!vault "$ANSIBLE_VAULT;1.1;AES256\n6161\n""#;
    for (text, found) in [
        (format!("a: {{b: {value}, c: 1}}"), &["a.b"][..]),
        (format!("a: [x, {value}, {value}]"), &["a.[1]", "a.[2]"]),
        (format!("a:\n- {{\"b c\": [{value}]}}"), &["a.[0].b c.[0]"]),
        (
            format!("a: [x,\n  {value},\n  {{c: {value}}}]\nd: {value}"),
            &["a.[1]", "a.[2].c", "d"],
        ),
        (format!("a: x, {value}\nb: {value}"), &["b"]),
        (format!("a: [*x, {value}]"), &["a.[1]"]),
        (format!("a: {{? b : {value}}}"), &["a.b"]),
        (format!("a: {{b: http://x, c: {value}}}"), &["a.c"]),
    ] {
        assert_eq!(paths(&text), found, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_value_is_none() {
    for text in [
        "a: \"!vault |\"\n  x\n",
        "# a: !vault |\n#   x\n",
        "a: |\n  b: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n",
        "a: x !vault |\n",
        "a: !vaults |\n  x\n",
        "a: !vault\n",
        // The tag is of nothing, and what comes then has none.
        "a: !vault\nb: \"$ANSIBLE_VAULT;1.1;AES256\"\n",
        "a:\n  b: !vault\nc: \"$ANSIBLE_VAULT;1.1;AES256\"\n",
        "",
    ] {
        assert_eq!(values(text), [], "{text}");
    }
}

#[test]
fn values_are_found_behind_anchors_comments_and_line_breaks() {
    for (text, path, line) in [
        (block("k: &x\n  !vault |", 2, "b: 1\n"), "k", 2),
        (block("k: # note\n\n  !vault |", 1, "b: 1\n"), "k", 3),
        (block("k: &x # note\n  # note\n  !vault |", 2, ""), "k", 3),
        (block("k: !vault\n  |", 1, "b: 1\n"), "k", 1),
        (block("k: !vault # note\n  &x\n  |-", 1, "b: 1\n"), "k", 1),
        (block("k: !vault |2", 2, "b: 1\n"), "k", 1),
        (block("- &x\n  !vault |", 1, "- b\n"), "[0]", 2),
        (block("? k\n: !vault |", 1, "b: 1\n"), "k", 2),
        (
            block("a:\n  ? \"k l\"\n  : !vault |", 3, "  b: 1\n"),
            "a.k l",
            3,
        ),
        (block("\u{feff}k: !vault |", 2, ""), "k", 1),
        (block("a: say \"it\nk: !vault |", 2, ""), "k", 2),
        (block("a: one\n  'two\nk: !vault |", 2, ""), "k", 3),
        (
            block("a: \"one\nx: !vault |\n\"\nk: !vault |", 2, ""),
            "k",
            4,
        ),
        (block("a: {b: [1,\nx]}\nk: !vault |", 2, ""), "k", 3),
        (block("it's: [1\nk: !vault |", 2, ""), "k", 2),
        (block("a: \"x\n---\nk: !vault |", 2, "b: \"\n"), "k", 3),
    ] {
        assert_eq!(paths(&text), [path], "{text}");
        assert_eq!(values(&text)[0].line(), line, "{text}");
    }
    let digits = "\"$ANSIBLE_VAULT;1.1;AES256\\n\\\n  61\\x361\n\n\"";
    for (text, path) in [
        (format!("k: !vault {digits}\n"), "k"),
        (format!("k: &x\n  !vault\n {digits} # note\n"), "k"),
        (format!("[{{\"k\":!vault\n{digits}}}]"), "[0].k"),
    ] {
        assert_eq!(paths(&text), [path], "{text}");
        let found = values(&text);
        assert_eq!(replace(&text, &[(&found[0], VAULT)]), text);
        let other = b"$ANSIBLE_VAULT;1.2;AES256;\"\\\n62\n";
        let replaced = replace(&text, &[(&found[0], other)]);
        assert_eq!(values(&replaced)[0].vault(), other, "{replaced}");
    }
}

#[test]
fn places_in_a_vault_are_places_in_the_text() {
    let text = block("k: &x\n  !vault # note\n  |", 4, "");
    let found = values(&text);
    assert_eq!(
        (found[0].line(), found[0].position(2, 1)),
        (2, Some((5, 5)))
    );
}

#[test]
fn tags_without_a_value_are_told() {
    let vault = "    $ANSIBLE_VAULT;1.1;AES256\n    6161\n";
    for (text, lines) in [
        (
            format!("a: !vault |\n{vault}b: !vault\n  |\n{vault}c: !vault\n  \"x\"\n"),
            &[][..],
        ),
        (
            "# !vault\ne: x !vault\nf: '!vault |'\ng: |\n  !vault |\n".to_owned(),
            &[],
        ),
        (
            "d: !vault 'x'\ne: !vault $ANSIBLE_VAULT;\n".to_owned(),
            &[1, 2],
        ),
        (format!("b: 1\na: !vault >\n{vault}"), &[2]),
        (format!("? !vault |\n{vault}: x\n"), &[1]),
        (
            "!vault \"x\": 1\n{!vault \"x\": 1, y}\n".to_owned(),
            &[1, 2],
        ),
        ("a: &x\n  !vault\nb: 1\n".to_owned(), &[2]),
        (
            "a: !vault\n  b: 1\nc: !vault\n- d\ne: !vault [1]\n".to_owned(),
            &[1, 3, 5],
        ),
        ("a: !vault *b\nc: !vault !d \"x\"\n".to_owned(), &[1, 2]),
        ("a: !vault \"\\q\"\n".to_owned(), &[1]),
        // No YAML.
        (format!("a: b: !vault |\n{vault}"), &[1]),
        (format!("a: b\n  c: !vault |\n{vault}"), &[2]),
        (format!("a: 'b' !vault |\n{vault}"), &[1]),
        ("a: [1, 2\nb: [!vault \"x\"\n".to_owned(), &[2]),
        ("a: [!vault [x]]\n".to_owned(), &[1]),
        (
            format!("a: !vault |x\n{vault}b: !vault | x\n{vault}"),
            &[1, 4],
        ),
        (format!("a: @x !vault |\n{vault}"), &[1]),
        (format!("a: - !vault |\n{vault}"), &[1]),
        (format!("\t# !vault\n\ta: !vault |\n{vault}"), &[2]),
        (format!("a: 1\rb: !vault |\r{vault}"), &[1]),
    ] {
        assert_eq!(overlooked(&text), lines, "{text}");
    }
}

#[test]
fn what_is_never_closed_takes_no_time_that_grows_with_its_square() {
    for piece in [
        "\"\n",
        "[\n",
        "{\n",
        "a: '\n",
        "[!vault \"x\",",
        "- ",
        "? ",
        "{a: [",
        "a: b\n ",
    ] {
        let text = piece.repeat(100_000);
        let _ = (values(&text), overlooked(&text), scalars(&text));
    }
}

#[test]
fn all_but_the_values_stays_byte_for_byte() {
    let text = block("# first\na:   !vault |  # note", 7, "\n\n# last\nb: \t1\n");
    let text = block(&format!("{text}c: !vault |"), 3, "# end");
    let other = b"$ANSIBLE_VAULT;1.2;AES256;x\n6262\n6363\n";
    let found = values(&text);
    let pairs: Vec<_> = found.iter().map(|value| (value, &other[..])).collect();
    let replaced = replace(&text, &pairs);
    assert_ne!(replaced, text);
    let again = values(&replaced);
    assert!(again.iter().all(|value| value.vault() == other));
    let back: Vec<_> = again.iter().map(|value| (value, VAULT)).collect();
    assert_eq!(replace(&replaced, &back), text);
}

#[test]
fn line_breaks_of_windows_are_kept() {
    let text = block("a: !vault |", 4, "b: 1\n").replace('\n', "\r\n");
    assert!(overlooked(&format!("x: 1\r\n{text}")).is_empty());
    let found = values(&text);
    assert_eq!(found[0].vault(), VAULT);
    assert_eq!(replace(&text, &[(&found[0], VAULT)]), text);
}
