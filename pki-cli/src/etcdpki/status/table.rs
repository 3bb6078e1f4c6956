//! The status for a person.

use std::fmt::Write as _;

use super::view::{EntryView, RotationView, UndescribedView, View};
use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING, WARN, WIDE, date};
use crate::etcdpki::shortened::shortened;

/// The table, of rows of at most `width` columns where that can be.
pub(super) fn text(view: &View, all: bool, width: usize) -> String {
    let mut text = String::new();
    let View {
        cluster, domain, ..
    } = view;
    let _ = writeln!(text, "{HEADING}Cluster {cluster}{HEADING:#} in {domain}");
    let rows = Rows::new(view, all);
    let _ = writeln!(text);
    rows.write(&mut text, width >= WIDE);
    if rows.left_out > 0 {
        let _ = writeln!(
            text,
            "{DIM}… and {} more that are not due; --all lists them{DIM:#}",
            rows.left_out
        );
    }
    write_limits(view, &mut text);
    write_undescribed(view, &mut text);
    write_list(view, &mut text);
    for refused in &view.refused {
        let _ = writeln!(text, "\n{BAD}Refused{BAD:#}: {}", refused.text);
    }
    if let Some(RotationView {
        authority,
        procedure,
        next,
        cut_short,
    }) = &view.rotation
    {
        let next = match cut_short {
            true => format!(
                "a step was {BAD}cut short{BAD:#}, which `etcdpki rotate ca {authority}` completes"
            ),
            false => format!("next: {next} {DIM}(etcdpki rotate ca {authority} --plan){DIM:#}"),
        };
        let _ = writeln!(
            text,
            "\n{WARN}Under way{WARN:#}: rotation of the {authority} CA by {procedure}; {next}"
        );
    }
    write_summary(view, &mut text);
    text
}

struct Rows<'a> {
    rows: Vec<Row<'a>>,
    left_out: usize,
}

struct Row<'a> {
    name: String,
    kind: &'a str,
    entry: &'a EntryView,
}

impl<'a> Rows<'a> {
    fn new(view: &'a View, all: bool) -> Self {
        let authorities = view.authorities.iter().map(|entry| Row {
            name: format!("{} CA", entry.name),
            kind: entry
                .current
                .as_ref()
                .map_or("", |current| current.key.as_str()),
            entry,
        });
        let stands_out = |entry: &&EntryView| all || entry.state != "ok";
        let (leaves, left_out) = shortened(&view.certificates, stands_out);
        let leaves = leaves.into_iter().map(|entry| Row {
            name: entry.name.clone(),
            kind: entry.role.as_deref().unwrap_or_default(),
            entry,
        });
        Self {
            rows: authorities.chain(leaves).collect(),
            left_out,
        }
    }

    fn write(&self, text: &mut String, with_path: bool) {
        let first = self.rows.iter().map(|row| row.name.chars().count()).max();
        // Names are up to 64 characters; the rest of a row has 43.
        let first = first.unwrap_or(0).min(if with_path { 64 } else { 37 });
        let second = self
            .rows
            .iter()
            .map(|row| row.kind.len())
            .max()
            .unwrap_or(0);
        let _ = writeln!(
            text,
            "{HEADING}{:first$}  {:second$}  {:10}  {:>6}  state{HEADING:#}",
            "", "", "ends", "days"
        );
        for Row { name, kind, entry } in &self.rows {
            let (ends, days) = match &entry.current {
                Some(current) => (date(current.ends), current.days_left.to_string()),
                None => (String::new(), String::new()),
            };
            let state = entry.state;
            let style = match state {
                "ok" => GOOD,
                "changed" | "due" => WARN,
                _ => BAD,
            };
            let _ = write!(
                text,
                "{name:first$}  {kind:second$}  {ends:10}  {days:>6}  {style}{state}{style:#}"
            );
            let _ = match with_path {
                true => writeln!(
                    text,
                    "{:pad$}  {DIM}{}{DIM:#}",
                    "",
                    entry.path,
                    pad = 3_usize.saturating_sub(state.len())
                ),
                false => writeln!(text),
            };
        }
    }
}

/// Who ends before its own time, and by whom.
fn write_limits(view: &View, text: &mut String) {
    let entries = view.authorities.iter().chain(&view.certificates);
    let mut limits: Vec<(&str, usize)> = Vec::new();
    for by in entries.filter_map(|entry| entry.current.as_ref()?.limited_by.as_deref()) {
        match limits.iter_mut().find(|(name, _)| *name == by) {
            Some((_, count)) => *count += 1,
            None => limits.push((by, 1)),
        }
    }
    for (by, count) in limits {
        let what = match count {
            1 => "1 certificate ends".to_owned(),
            many => format!("{many} certificates end"),
        };
        let _ = writeln!(
            text,
            "\n{WARN}{what} before its time{WARN:#}, with `{by}`: renew that first"
        );
    }
}

fn write_undescribed(view: &View, text: &mut String) {
    let mut write = |heading: String, found: &[UndescribedView]| {
        if found.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{heading}");
        for one in found {
            let _ = writeln!(text, "  {}  {}", date(one.ends), one.path);
        }
    };
    write(
        format!("{WARN}Not described any more{WARN:#}, and taken by members until they end"),
        &view.undescribed,
    );
    write(
        format!("{HEADING}Of other services{HEADING:#}, and refused by members"),
        &view.of_other_services,
    );
}

fn write_list(view: &View, text: &mut String) {
    let Some(list) = &view.revocation_list else {
        return;
    };
    let next = match &list.next_update {
        Some(next) => format!(
            "the next is due on {}",
            next.split('T').next().unwrap_or(next)
        ),
        None => "it does not say when the next is due".to_owned(),
    };
    let (style, state) = if list.due { (BAD, "due") } else { (GOOD, "ok") };
    let _ = writeln!(
        text,
        "\nRevocation list: {} revoked, {next}  {style}{state}{style:#}",
        list.revoked
    );
}

fn write_summary(view: &View, text: &mut String) {
    let mut rotation = view.rotation.iter();
    if view.due == 0 && rotation.any(|rotation| rotation.cut_short) {
        return;
    }
    let _ = writeln!(text);
    if view.due == 0 {
        let ends = |entry: &EntryView| entry.current.as_ref().map(|current| current.ends);
        let first = view
            .authorities
            .iter()
            .chain(&view.certificates)
            .filter_map(ends)
            .min();
        let first = first.map(date).unwrap_or_default();
        let _ = writeln!(
            text,
            "{GOOD}Nothing is due{GOOD:#}; the first ends on {first}"
        );
        return;
    }
    let has = |state: &str| {
        let mut entries = view.authorities.iter().chain(&view.certificates);
        entries.any(|entry| entry.state == state)
    };
    let _ = match view.due {
        1 => writeln!(text, "{BAD}1 is due{BAD:#}"),
        many => writeln!(text, "{BAD}{many} are due{BAD:#}"),
    };
    if let Some(obstacle) = &view.obstacle {
        let _ = writeln!(text, "  {obstacle}");
        return;
    }
    if has("missing") || has("expired") || view.certificates.iter().any(is_revoked) {
        let _ = writeln!(
            text,
            "  `etcdpki init` makes what is missing, what has expired and what was revoked"
        );
    }
    if has("changed") {
        let _ = writeln!(
            text,
            "  `etcdpki init` issues anew what is described otherwise now: see `etcdpki verify`"
        );
    }
    if view.authorities.iter().any(is_revoked) {
        let _ = writeln!(
            text,
            "  no command takes back the revocation of an authority: see docs/revocation.md"
        );
    }
    if has("unreadable") {
        let _ = writeln!(
            text,
            "  restore from a copy what is unreadable: see `etcdpki verify`"
        );
    }
}

fn is_revoked(entry: &EntryView) -> bool {
    entry.state == "revoked"
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use pki_core::Cluster;
    use pki_core::status::status;
    use pki_core::store::{Memory, Pki};

    #[test]
    fn narrow_rows_fit_80_columns() {
        let name = "n".repeat(30);
        let description =
            format!("domain: example.com\nnodes:\n  - {{ name: {name}, addresses: [10.0.0.1] }}\n");
        let cluster = Cluster::from_yaml(&description).unwrap_or_else(|error| panic!("{error}"));
        let now = OffsetDateTime::now_utc();
        let status = status(&cluster, &Pki::new(Memory::default()), now)
            .unwrap_or_else(|error| panic!("{error}"));
        let text = text(&View::new(&cluster, &status, None, None, now), false, 80);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert!(plain.contains("7 are due"), "{plain}");
        assert!(
            plain.lines().all(|line| line.chars().count() <= 80),
            "{plain}"
        );
    }
}
