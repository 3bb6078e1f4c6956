//! Where in a document a line is.

/// The block collections around a line, the outermost first.
#[derive(Debug, Default)]
pub(super) struct Paths {
    levels: Vec<Level>,
    /// Column and number of the last item of each sequence.
    items: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Level {
    column: usize,
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// Behind a question mark, while its value is still to come.
    ExplicitKey,
    Item,
    Key,
}

impl Paths {
    /// How many collections there are.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The column of the innermost one.
    pub(super) fn parent(&self) -> Option<usize> {
        self.levels.last().map(|level| level.column)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().map(|level| level.name.as_str())
    }

    /// Leaves the collections that do not reach to a line which starts in this column, with a dash
    /// or with the colon behind an explicit key, say.
    pub(super) fn leave(&mut self, column: usize, indicator: Option<char>) {
        self.levels.retain(|level| {
            // A sequence may stand at the column of the key that it belongs to.
            let stays = match (indicator, level.kind) {
                (Some('-'), kind) => kind != Kind::Item,
                (Some(':'), kind) => kind == Kind::ExplicitKey,
                _ => false,
            };
            level.column < column || stays && level.column == column
        });
        let dash = indicator == Some('-');
        self.items
            .retain(|(at, _)| *at < column || dash && *at == column);
    }

    pub(super) fn item(&mut self, column: usize) {
        let number = match self.items.last_mut() {
            Some((at, number)) if *at == column => {
                *number += 1;
                *number
            }
            _ => {
                self.items.push((column, 0));
                0
            }
        };
        self.push(column, format!("[{number}]"), Kind::Item);
    }

    pub(super) fn key(&mut self, column: usize, name: &str) {
        self.push(column, name.to_owned(), Kind::Key);
    }

    pub(super) fn explicit_key(&mut self, column: usize) {
        self.push(column, "?".to_owned(), Kind::ExplicitKey);
    }

    /// Whether what comes is an explicit key.
    pub(super) fn in_explicit_key(&self) -> bool {
        let last = self.levels.last();
        last.is_some_and(|level| level.kind == Kind::ExplicitKey)
    }

    /// Names the explicit key that was just read.
    pub(super) fn name_explicit_key(&mut self, name: String) {
        if let Some(level) = self.levels.last_mut() {
            level.name = name;
        }
    }

    /// Goes on to the value of an explicit key, or of a key that is not there.
    pub(super) fn explicit_value(&mut self, column: usize) {
        match self.levels.last_mut() {
            Some(level) if level.column == column => level.kind = Kind::Key,
            _ => self.key(column, ""),
        }
    }

    fn push(&mut self, column: usize, name: String, kind: Kind) {
        self.levels.push(Level { column, name, kind });
    }
}
