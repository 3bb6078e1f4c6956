//! The status of many PKIs for a person.

use std::fmt::Write as _;

use super::view::{PkiView, Summary, View};
use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING, WARN, date};

/// Columns that a row with its remarks needs at least.
const WIDE: usize = 110;
/// How many things that are due are named in a row.
const NAMED: usize = 3;

/// The table, of rows of at most `width` columns where that can be.
pub(super) fn text(view: &View, width: usize) -> String {
    let mut text = String::new();
    let is_wide = width >= WIDE;
    let columns = Columns::of(view, is_wide);
    let Columns { name, cluster } = columns;
    let _ = writeln!(
        text,
        "{HEADING}{:name$}  {:cluster$}  {:>5}  {:>7}  {:10}  {:>6}  state{HEADING:#}",
        "PKI", "cluster", "nodes", "clients", "ends", "days"
    );
    for pki in &view.pkis {
        row(pki, &columns, is_wide, width, &mut text);
    }
    if view.partial {
        let _ = writeln!(
            text,
            "\n{DIM}Listed is what the user of this client certificate may read below {}.{DIM:#}",
            view.below
        );
    }
    let _ = writeln!(text);
    let _ = match (view.due, view.unread) {
        (0, 0) => writeln!(
            text,
            "{GOOD}Nothing is due{GOOD:#} in {}",
            pkis(view.pkis.len())
        ),
        (due, 0) => writeln!(text, "{BAD}{due} due{BAD:#} in {}", pkis(view.pkis.len())),
        (due, unread) => writeln!(
            text,
            "{BAD}{due} due{BAD:#} in {}, and {BAD}{unread} unread{BAD:#}",
            pkis(view.pkis.len() - unread)
        ),
    };
    text
}

fn pkis(count: usize) -> String {
    match count {
        1 => "1 PKI".to_owned(),
        many => format!("{many} PKIs"),
    }
}

/// How wide the columns are that differ.
struct Columns {
    name: usize,
    cluster: usize,
}

impl Columns {
    /// Of 80 columns the others take 50.
    fn of(view: &View, is_wide: bool) -> Self {
        let (most_name, most_cluster) = if is_wide { (48, 40) } else { (17, 11) };
        let longest = |lengths: &mut dyn Iterator<Item = usize>, least: usize, most: usize| {
            lengths.max().unwrap_or(0).clamp(least, most)
        };
        let summaries = view.pkis.iter().filter_map(|pki| pki.summary.as_ref());
        let mut names = view.pkis.iter().map(|pki| pki.name.chars().count());
        let mut clusters = summaries.map(|summary| summary.cluster.chars().count());
        Self {
            name: longest(&mut names, 3, most_name),
            cluster: longest(&mut clusters, 7, most_cluster),
        }
    }
}

fn row(pki: &PkiView, columns: &Columns, is_wide: bool, width: usize, text: &mut String) {
    let Columns { name, cluster } = *columns;
    let _ = write!(text, "{:name$}  ", cut(&pki.name, name));
    let Some(summary) = &pki.summary else {
        let empty = cluster + 2 + 5 + 2 + 7 + 2 + 10 + 2 + 6;
        let _ = write!(text, "{:empty$}  {BAD}unread{BAD:#}", "");
        return remarks(pki.fault.iter().cloned(), is_wide, width, text);
    };
    let end = summary.first_end.as_ref();
    let days = end.map(|end| end.days_left.to_string()).unwrap_or_default();
    let ends = end.map(|end| date(end.at)).unwrap_or_default();
    let _ = write!(
        text,
        "{:cluster$}  {:>5}  {:>7}  {ends:10}  {days:>6}  ",
        cut(&summary.cluster, cluster),
        summary.nodes,
        summary.clients,
    );
    let _ = match (summary.due, &summary.rotation) {
        (0, None) => write!(text, "{GOOD}ok{GOOD:#}"),
        (0, Some(_)) => write!(text, "{WARN}rotating{WARN:#}"),
        (due, _) => write!(text, "{BAD}{due} due{BAD:#}"),
    };
    remarks(noteworthy(summary).into_iter(), is_wide, width, text);
}

/// Behind the row, or below it where that is too narrow.
fn remarks(remarks: impl Iterator<Item = String>, is_wide: bool, width: usize, text: &mut String) {
    let remarks: Vec<_> = remarks.collect();
    if is_wide && !remarks.is_empty() {
        let _ = write!(text, "  {DIM}{}{DIM:#}", remarks.join("; "));
    }
    let _ = writeln!(text);
    if is_wide {
        return;
    }
    for remark in remarks {
        for line in folded(&remark, width.saturating_sub(INDENT)) {
            let _ = writeln!(text, "{:INDENT$}{DIM}{line}{DIM:#}", "");
        }
    }
}

fn noteworthy(summary: &Summary) -> Vec<String> {
    let mut remarks = Vec::new();
    let due = summary.due_things.iter().take(NAMED);
    let mut due: Vec<_> = due
        .map(|one| format!("{} {}", one.name, one.state))
        .collect();
    if summary.due > due.len() {
        due.push(format!("{} more", summary.due - due.len()));
    }
    if !due.is_empty() {
        remarks.push(due.join(", "));
    }
    remarks.extend(summary.rotation.as_ref().map(|rotation| {
        let (authority, procedure) = (&rotation.authority, rotation.procedure);
        format!(
            "rotation of the {authority} CA by {procedure}, next: {}",
            rotation.next
        )
    }));
    if summary.refused > 0 {
        remarks.push("certificates that members refuse".to_owned());
    }
    if summary.undescribed > 0 {
        remarks.push(format!("{} not described any more", summary.undescribed));
    }
    remarks
}

/// The end of a name tells more than its beginning.
fn cut(name: &str, width: usize) -> String {
    let length = name.chars().count();
    match length > width {
        true => {
            let end = name.chars().skip(length + 1 - width);
            std::iter::once('…').chain(end).collect()
        }
        false => name.to_owned(),
    }
}

/// Lines of at most so many columns, as far as the words are no longer.
fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

const INDENT: usize = 2;

#[cfg(test)]
mod tests {
    use pki_core::Cluster;
    use pki_core::status::status;
    use pki_core::store::{Memory, Pki};
    use time::OffsetDateTime;

    use super::super::view::CostView;
    use super::*;

    /// A PKI of which everything is due.
    fn pki(name: &str) -> PkiView {
        let description = format!(
            "cluster: {}\ndomain: example.com\nnodes:\n  - {{ name: etcd-0, addresses: [10.0.0.1] }}\n",
            "c".repeat(40)
        );
        let cluster = Cluster::from_yaml(&description).unwrap_or_else(|error| panic!("{error}"));
        let (pki, now) = (Pki::new(Memory::default()), OffsetDateTime::now_utc());
        let status = status(&cluster, &pki, now).unwrap_or_else(|error| panic!("{error}"));
        PkiView {
            store: format!("etcd://a:1/pki/{name}"),
            name: name.to_owned(),
            fault: None,
            summary: Some(Summary::new(&cluster, &pki, &status, now)),
        }
    }

    fn plain(view: &View, width: usize) -> String {
        anstream::adapter::strip_str(&text(view, width)).to_string()
    }

    #[test]
    fn rows_fit_80_columns_and_tell_all_in_one_where_there_is_room() {
        let unread = PkiView {
            store: "etcd://a:1/pki/x".to_owned(),
            name: "x".to_owned(),
            fault: Some("a word and more ".repeat(12)),
            summary: None,
        };
        let view = View {
            below: "etcd://a:1/pki".to_owned(),
            partial: false,
            due: 7,
            unread: 1,
            pkis: vec![pki(&"teams/".repeat(8)), unread],
            cost: CostView {
                requests: 1,
                octets: 1,
            },
        };
        let narrow = plain(&view, 80);
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 80),
            "{narrow}"
        );
        assert!(
            narrow.contains("…") && narrow.contains("7 due in 1 PKI, and 1 unread"),
            "{narrow}"
        );
        let wide = plain(&view, 200);
        let row = wide.lines().nth(1).unwrap_or_default();
        assert!(
            row.contains(
                "7 due  root CA missing, intermediate CA missing, etcd CA missing, 4 more"
            ),
            "{wide}"
        );
        assert_eq!(wide.lines().count(), 3 + 2, "{wide}");
    }
}
