use proptest::prelude::*;

use super::*;

fn journal(lines: usize) -> Journal {
    let mut journal = Journal::default();
    for number in 0..lines {
        extend(&mut journal, &format!("certificates/n{number}/server/1"));
    }
    journal
}

fn extend(journal: &mut Journal, path: &str) {
    let entry = Entry::new(Event::Issued).at(path);
    journal.append(entry, "init", OffsetDateTime::UNIX_EPOCH);
}

fn text(journal: &Journal) -> String {
    String::from_utf8(journal.text().to_vec()).unwrap()
}

fn faults(text: &str) -> Vec<(usize, FaultKind)> {
    Journal::read(text.as_bytes())
        .faults()
        .iter()
        .map(|fault| (fault.line, fault.kind))
        .collect()
}

/// The hash is what `printf … | sha256sum` gives for the line without it.
#[test]
fn a_line_is_as_documented() {
    assert_eq!(
        text(&journal(1)),
        "{\"time\":\"1970-01-01T00:00:00Z\",\"command\":\"init\",\"event\":\"issued\",\
         \"path\":\"certificates/n0/server/1\",\"previous\":[],\
         \"hash\":\"c96d7e9a4c1e1499889d479d62d6984ec546f3e29153ef1e45be41f530177036\"}\n"
    );
}

#[test]
fn what_was_written_is_read_and_goes_on() {
    let written = journal(3);
    let mut read = Journal::read(written.text());
    assert_eq!(read.lines(), written.lines());
    assert_eq!(read.faults(), []);
    extend(&mut read, "certificates/n3/server/1");
    assert_eq!(text(&read), text(&journal(4)));
    assert_eq!(read.lines()[3].previous(), [read.lines()[2].hash()]);
    assert_eq!(faults(""), []);
}

#[test]
fn every_change_is_found_where_it_is() {
    let whole = text(&journal(4));
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let with = |order: &[usize]| order.iter().map(|index| lines[*index]).collect::<String>();
    assert_eq!(faults(&with(&[0, 1, 2, 3])), []);
    assert_eq!(faults(&with(&[0, 2, 3])), [(2, FaultKind::Orphan)]);
    assert_eq!(faults(&with(&[1, 2, 3])), [(1, FaultKind::Orphan)]);
    assert_eq!(faults(&with(&[0, 2, 1, 3])), [(2, FaultKind::Orphan)]);
    assert_eq!(faults(&with(&[0, 1, 1, 2, 3])), [(3, FaultKind::Repeated)]);
    assert_eq!(
        faults(&whole.replace("n2/server", "n2/client")),
        [(3, FaultKind::Changed)]
    );
    let conflict = format!("{}<<<<<<< HEAD\n{}", lines[0], with(&[1, 2, 3]));
    assert_eq!(faults(&conflict), [(2, FaultKind::Malformed)]);
    // Cut in the middle of a line.
    let cut = &whole[..whole.len() - 30];
    assert_eq!(faults(cut), [(4, FaultKind::Malformed)]);
}

#[test]
fn a_broken_journal_is_kept_and_goes_on() {
    let mut broken = text(&journal(3)).replace("n1/", "x1/");
    broken.push_str("half a li");
    let mut journal = Journal::read(broken.as_bytes());
    extend(&mut journal, "certificates/n9/server/1");
    assert!(text(&journal).starts_with(&format!("{broken}\n")));
    assert_eq!(
        faults(&text(&journal)),
        [(2, FaultKind::Changed), (4, FaultKind::Malformed)]
    );
}

/// What `merge=union` makes of two clones that each went on.
#[test]
fn two_branches_are_merged_and_joined() {
    let base = journal(2);
    let (mut ours, mut theirs) = (base.clone(), base.clone());
    extend(&mut ours, "certificates/a/client/1");
    extend(&mut ours, "certificates/a/client/2");
    extend(&mut theirs, "certificates/b/client/1");
    let mut union = text(&ours);
    union.push_str(text(&theirs).strip_prefix(&text(&base)).unwrap());
    let mut merged = Journal::read(union.as_bytes());
    assert_eq!(merged.faults(), []);
    assert_eq!(merged.heads().len(), 2);
    extend(&mut merged, "certificates/c/client/1");
    assert_eq!(merged.heads().len(), 1);
    assert_eq!(faults(&text(&merged)), []);
    // The join names both: neither branch can be cut out of it.
    let without = text(&merged).replace(text(&theirs).lines().last().unwrap(), "{}");
    assert!(faults(&without).contains(&(6, FaultKind::Orphan)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut journal = Journal::read(&octets);
        extend(&mut journal, "x");
        prop_assert!(journal.text().starts_with(&octets));
    }

    #[test]
    fn no_changed_octet_is_overlooked(index in 0_usize..1000, bit in 0_u32..8) {
        let whole = journal(3).text().to_vec();
        let index = index % whole.len();
        let mut changed = whole.clone();
        changed[index] ^= 1 << bit;
        // The end of the last line may be missing.
        if index + 1 < whole.len() {
            prop_assert!(!Journal::read(&changed).faults().is_empty());
        }
    }
}
