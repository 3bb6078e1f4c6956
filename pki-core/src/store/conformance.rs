//! What every store must do, tried on each of them.

use super::{Batch, Directory, Memory, Store};

/// Runs a test on a fresh store of each kind.
fn each(test: impl Fn(&mut dyn Store)) {
    each_with_refusal(|store, _| test(store));
}

/// The same, of a test to which it matters what is left of a batch that is refused.
fn each_with_refusal(test: impl Fn(&mut dyn Store, Refused)) {
    test(&mut Memory::default(), Refused::FromTheFault);
    let temporary = tempfile::tempdir().unwrap();
    let mut directory = Directory::open(temporary.path()).unwrap();
    test(&mut directory, Refused::FromTheFault);
    #[cfg(feature = "etcd")]
    for mut store in super::etcd::fresh_stores() {
        test(&mut store, Refused::Whole);
    }
}

/// What a store refuses of a batch with an entry that cannot be written.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Refused {
    /// That entry and those after it.
    FromTheFault,
    /// All of it.
    #[cfg(feature = "etcd")]
    Whole,
}

fn batch(files: &[(&str, &str)]) -> Batch {
    let mut batch = Batch::default();
    for (path, content) in files {
        batch.put(*path, *content);
    }
    batch
}

fn generation(batch: &mut Batch, path: &str, content: &str) {
    batch.put_directory(
        path,
        vec![
            ("tls.crt", content.into()),
            ("tls.key.sealed", content.into()),
        ],
    );
}

#[track_caller]
fn assert_holds(store: &dyn Store, path: &str, content: Option<&str>) {
    let found = store.read(path).unwrap();
    assert_eq!(found.as_deref(), content.map(str::as_bytes), "{path}");
}

#[test]
fn what_is_committed_is_read() {
    each(|store| {
        let mut batch = batch(&[("keyring.yml", "k"), ("a/b/file", "1"), ("empty", "")]);
        batch.barrier();
        generation(&mut batch, "certificates/n/server/1", "c");
        store.commit(batch).unwrap();
        assert_holds(store, "a/b/file", Some("1"));
        assert_holds(store, "empty", Some(""));
        assert_holds(store, "certificates/n/server/1/tls.crt", Some("c"));
        assert_holds(store, "certificates/n/server/2/tls.crt", None);
        store.commit(Batch::default()).unwrap();
    });
}

#[test]
fn a_directory_lists_its_names_sorted() {
    each(|store| {
        let mut batch = batch(&[("k/b", ""), ("k/a/x", ""), ("k/a/y", ""), ("k/a-b", "")]);
        generation(&mut batch, "k/10", "c");
        generation(&mut batch, "k/9", "c");
        store.commit(batch).unwrap();
        assert_eq!(store.list("k").unwrap(), ["10", "9", "a", "a-b", "b"]);
        assert_eq!(store.list("").unwrap(), ["k"]);
        assert_eq!(store.list("k/a").unwrap(), ["x", "y"]);
        assert_eq!(store.list("k/9").unwrap(), ["tls.crt", "tls.key.sealed"]);
        assert!(store.list("missing").unwrap().is_empty());
        assert!(store.list("k/a/missing").unwrap().is_empty());
    });
}

#[test]
fn a_file_is_replaced() {
    each(|store| {
        store.commit(batch(&[("f", "1"), ("f", "2")])).unwrap();
        assert_holds(store, "f", Some("2"));
        store.commit(batch(&[("f", "3")])).unwrap();
        assert_holds(store, "f", Some("3"));
    });
}

#[test]
fn a_generation_is_never_overwritten_and_what_came_before_it_stays() {
    each_with_refusal(|store, refused| {
        let mut first = Batch::default();
        generation(&mut first, "certificates/n/peer/1", "old");
        store.commit(first).unwrap();
        let mut second = batch(&[("before", "b")]);
        generation(&mut second, "certificates/n/peer/2", "new");
        generation(&mut second, "certificates/n/peer/1", "new");
        second.put("after", "a");
        assert!(store.commit(second).is_err());
        assert_holds(store, "certificates/n/peer/1/tls.crt", Some("old"));
        assert_holds(store, "certificates/n/peer/1/tls.key.sealed", Some("old"));
        let came_before = refused == Refused::FromTheFault;
        assert_holds(store, "before", came_before.then_some("b"));
        let new = "certificates/n/peer/2/tls.crt";
        assert_holds(store, new, came_before.then_some("new"));
        assert_holds(store, "after", None);
        let generations: &[&str] = if came_before { &["1", "2"] } else { &["1"] };
        assert_eq!(store.list("certificates/n/peer").unwrap(), generations);
    });
}

#[test]
fn files_and_directories_do_not_take_each_others_place() {
    each(|store| {
        store.commit(batch(&[("d/f", "1"), ("f", "1")])).unwrap();
        assert!(store.commit(batch(&[("d", "2")])).is_err());
        assert!(store.commit(batch(&[("f/below", "2")])).is_err());
        let mut over = Batch::default();
        generation(&mut over, "f", "2");
        assert!(store.commit(over).is_err());
        let mut over = Batch::default();
        generation(&mut over, "d", "2");
        assert!(store.commit(over).is_err());
        assert_holds(store, "d/f", Some("1"));
        assert_holds(store, "f", Some("1"));
        assert_eq!(store.list("d").unwrap(), ["f"]);
    });
}

#[test]
fn a_place_is_named_by_its_path() {
    each(|store| assert!(store.locate("a/b").ends_with("a/b")));
}
