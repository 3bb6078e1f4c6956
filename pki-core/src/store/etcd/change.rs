//! What a commit writes: first what nobody sees yet, then, in one transaction, the rest.

use std::collections::{BTreeSet, VecDeque};

use super::snapshot::Snapshot;
use super::{FILES, PARTS, SPLIT, part};

/// A file with its content.
pub(super) type Content = (String, Vec<u8>);

/// What is done to a key, whose name is without the prefix.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Write {
    Delete(String),
    Put(String, Vec<u8>),
}

impl Write {
    /// About how long it is in a request.
    fn length(&self) -> usize {
        match self {
            Self::Delete(name) => name.len() + OVERHEAD,
            Self::Put(name, content) => name.len() + content.len() + OVERHEAD,
        }
    }
}

/// A step from one state of the store to the next one that is seen.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// New keys, in any number.
    pub(super) staged: Vec<Write>,
    /// Changes of keys that are seen, for one transaction.
    pub(super) last: Vec<Write>,
    files: Vec<Content>,
    /// The parts that these files are made of from now on; none when they are whole.
    split: Vec<(String, Vec<String>)>,
    staged_parts: BTreeSet<String>,
    /// A key that is new with it, and what is in it.
    pub(super) witness: Option<Content>,
}

impl Change {
    /// Takes from the front of `rest` what goes into one change: all of it, unless more files are
    /// replaced than one transaction has room for.
    pub(super) fn next(snapshot: &Snapshot, rest: &mut VecDeque<Content>) -> Self {
        let mut change = Self::default();
        while let Some((path, content)) = rest.pop_front() {
            let old = snapshot.files.get(&path);
            if old == Some(content.as_slice()) {
                continue;
            }
            if old.is_some() && change.last.len() + 2 > OPERATIONS {
                rest.push_front((path, content));
                break;
            }
            match old {
                Some(_) => change.replace(snapshot, &path, &content),
                None => change.add(snapshot, &path, &content),
            }
            change.files.push((path, content));
        }
        change.discard_parts(snapshot);
        if change.fits_with_staged() {
            let replaced = std::mem::replace(&mut change.last, std::mem::take(&mut change.staged));
            change.last.extend(replaced);
        }
        change
    }

    /// How many keys it writes.
    pub(super) fn len(&self) -> usize {
        self.staged.len() + self.last.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What is staged, in as few transactions as it fits into.
    pub(super) fn take_staged(&mut self) -> Vec<Vec<Write>> {
        let mut groups: Vec<Vec<Write>> = Vec::new();
        let mut length = 0;
        for write in std::mem::take(&mut self.staged) {
            length += write.length();
            match groups.last_mut() {
                Some(group) if group.len() < OPERATIONS && length <= LENGTH => group.push(write),
                _ => {
                    length = write.length();
                    groups.push(vec![write]);
                }
            }
        }
        groups
    }

    /// The state after it.
    pub(super) fn apply(self, snapshot: &mut Snapshot) {
        for (path, content) in self.files {
            snapshot.files.set(&path, Some(content));
        }
        for (path, parts) in self.split {
            match parts.is_empty() {
                true => snapshot.split.remove(&path),
                false => snapshot.split.insert(path, parts),
            };
        }
    }

    fn add(&mut self, snapshot: &Snapshot, path: &str, content: &[u8]) {
        let write = match part::is_large(content) {
            true => self.stage_parts(snapshot, path, content),
            false => Write::Put(format!("{FILES}{path}"), content.to_vec()),
        };
        if let (Write::Put(name, content), None) = (&write, &self.witness) {
            self.witness = Some((name.clone(), content.clone()));
        }
        self.staged.push(write);
    }

    fn replace(&mut self, snapshot: &Snapshot, path: &str, content: &[u8]) {
        let (whole, split) = (format!("{FILES}{path}"), format!("{SPLIT}{path}"));
        let was_split = snapshot.split.contains_key(path);
        let write = Write::Put(whole.clone(), content.to_vec());
        if part::is_large(content) || self.length() + write.length() > LENGTH / 2 {
            let list = self.stage_parts(snapshot, path, content);
            self.last.push(list);
            if !was_split {
                self.last.push(Write::Delete(whole));
            }
            return;
        }
        self.last.push(write);
        if was_split {
            self.last.push(Write::Delete(split));
            self.split.push((path.to_owned(), Vec::new()));
        }
    }

    /// Stages the parts that are not there yet, and returns how the list of them is written.
    fn stage_parts(&mut self, snapshot: &Snapshot, path: &str, content: &[u8]) -> Write {
        let known = snapshot.parts();
        let mut ids = Vec::new();
        for (id, part) in part::of(content) {
            if !known.contains(id.as_str()) && self.staged_parts.insert(id.clone()) {
                let name = format!("{PARTS}{id}");
                self.staged.push(Write::Put(name, part.to_vec()));
            }
            ids.push(id);
        }
        let list = ids.join("\n").into_bytes();
        self.split.push((path.to_owned(), ids));
        Write::Put(format!("{SPLIT}{path}"), list)
    }

    /// Deletes what no file is made of any more, as far as there is room: the rest is left to the
    /// next who opens the store to change it.
    fn discard_parts(&mut self, snapshot: &Snapshot) {
        let changed: BTreeSet<&str> = self.split.iter().map(|(path, _)| path.as_str()).collect();
        let others = snapshot.split.iter();
        let others = others.filter(|(path, _)| !changed.contains(path.as_str()));
        let kept = others.flat_map(|(_, parts)| parts);
        let kept: BTreeSet<&String> = kept
            .chain(self.split.iter().flat_map(|(_, parts)| parts))
            .collect();
        let before = changed.iter().filter_map(|path| snapshot.split.get(*path));
        let unused: BTreeSet<&String> = before.flatten().filter(|id| !kept.contains(id)).collect();
        let room = OPERATIONS.saturating_sub(self.last.len());
        let deletes = unused.into_iter().take(room);
        let deletes: Vec<_> = deletes
            .map(|id| Write::Delete(format!("{PARTS}{id}")))
            .collect();
        self.last.extend(deletes);
    }

    fn length(&self) -> usize {
        self.last.iter().map(Write::length).sum()
    }

    fn fits_with_staged(&self) -> bool {
        let staged: usize = self.staged.iter().map(Write::length).sum();
        self.staged.len() + self.last.len() <= OPERATIONS && staged + self.length() <= LENGTH
    }
}

/// How many a transaction may have, beside that of the head: etcd takes 128.
const OPERATIONS: usize = 120;
/// How long a request may be: etcd takes 1.5 MiB.
const LENGTH: usize = 1 << 20;
/// What the encoding adds to a key and its value, at most.
const OVERHEAD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(files: &[(&str, &[u8])]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let contents = files.iter();
        let contents = contents.map(|(path, content)| ((*path).to_owned(), content.to_vec()));
        Change::next(&Snapshot::default(), &mut contents.collect()).apply(&mut snapshot);
        snapshot
    }

    fn names(writes: &[Write]) -> Vec<&str> {
        let name = |write| match write {
            &Write::Delete(ref name) | &Write::Put(ref name, _) => name.as_str(),
        };
        writes.iter().map(name).collect()
    }

    #[test]
    fn a_small_change_is_one_transaction() {
        let before = snapshot(&[("old", b"1"), ("same", b"1")]);
        let mut rest = VecDeque::from([
            ("new".to_owned(), b"1".to_vec()),
            ("same".to_owned(), b"1".to_vec()),
            ("old".to_owned(), b"2".to_vec()),
        ]);
        let change = Change::next(&before, &mut rest);
        assert!(change.staged.is_empty());
        assert_eq!(names(&change.last), ["files/new", "files/old"]);
    }

    #[test]
    fn only_new_keys_are_staged_and_each_transaction_fits() {
        let before = snapshot(&[("old", b"1")]);
        let mut rest: VecDeque<Content> = (0..10_000)
            .map(|n| (format!("new/{n}"), vec![0; 4000]))
            .collect();
        rest.push_back(("old".to_owned(), b"2".to_vec()));
        let mut change = Change::next(&before, &mut rest);
        assert!(rest.is_empty());
        assert_eq!(names(&change.last), ["files/old"]);
        let groups = change.take_staged();
        assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 10_000);
        for group in groups {
            assert!(group.len() <= OPERATIONS);
            assert!(group.iter().map(Write::length).sum::<usize>() <= LENGTH);
        }
    }

    #[test]
    fn a_file_that_grows_has_its_last_part_written_alone() {
        let blocks = (0..6).map(|block| vec![block; part::LENGTH]);
        let mut text = blocks.collect::<Vec<_>>().concat();
        text.truncate(5 * part::LENGTH + 7);
        let before = snapshot(&[("journal", &text)]);
        assert_eq!(before.split["journal"].len(), 6);
        let longer = [text.as_slice(), b"more"].concat();
        let mut rest = VecDeque::from([("journal".to_owned(), longer)]);
        let change = Change::next(&before, &mut rest);
        let names = names(&change.last);
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names[0].starts_with(PARTS) && names[2].starts_with(PARTS));
        assert_eq!(names[1], "split/journal");
        let mut after = before;
        change.apply(&mut after);
        // And whole again, its parts are gone.
        let mut rest = VecDeque::from([("journal".to_owned(), b"short".to_vec())]);
        let change = Change::next(&after, &mut rest);
        assert_eq!(change.last.len(), 2 + 6);
        change.apply(&mut after);
        assert!(after.split.is_empty());
    }

    #[test]
    fn more_replaced_files_than_fit_become_visible_in_their_order() {
        let paths: Vec<String> = (0..300).map(|n| n.to_string()).collect();
        let files: Vec<(&str, &[u8])> = paths
            .iter()
            .map(|path| (path.as_str(), b"1".as_slice()))
            .collect();
        let mut state = snapshot(&files);
        let mut rest: VecDeque<Content> = paths
            .iter()
            .map(|path| (path.clone(), b"2".to_vec()))
            .collect();
        let mut steps = 0;
        while !rest.is_empty() {
            let change = Change::next(&state, &mut rest);
            assert!(change.last.len() <= OPERATIONS);
            change.apply(&mut state);
            steps += 1;
        }
        assert_eq!(steps, 3);
        assert!(state.files.files().all(|(_, content)| content == b"2"));
    }
}
