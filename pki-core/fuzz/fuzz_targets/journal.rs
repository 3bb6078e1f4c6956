//! Whatever stands in a journal, its text is kept as it is, and a line that is added is read again
//! without a fault of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::journal::{Entry, Event, Journal};
use time::OffsetDateTime;

fuzz_target!(|data: &[u8]| {
    let mut journal = Journal::read(data);
    assert_eq!(journal.text(), data);
    let (lines, faults) = (journal.lines().len(), journal.faults().len());
    let entry = Entry::new(Event::SlotChanged).with_detail("fuzzed");
    journal.append(entry, "fuzz", OffsetDateTime::UNIX_EPOCH);
    let again = Journal::read(journal.text());
    assert_eq!(again.lines().len(), lines + 1);
    assert!(again.faults().len() <= faults + 1);
    assert_eq!(again.heads(), journal.heads());
});
