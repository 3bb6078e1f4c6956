//! Tables on a terminal.

use std::fmt;

/// A table with a column of names and columns of figures.
#[derive(Clone, Debug, Default)]
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// A row of a [`Table`].
#[derive(Clone, Debug)]
pub struct Row(String, Vec<String>);

impl Row {
    /// A row that starts with `name`.
    pub fn new<C: Into<String>>(
        name: impl Into<String>,
        cells: impl IntoIterator<Item = C>,
    ) -> Self {
        Self(name.into(), cells.into_iter().map(Into::into).collect())
    }
}

impl Table {
    /// An empty table.
    pub fn new<C: Into<String>>(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        Self {
            title: title.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row at the end.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.1.get(column));
        cells
            .chain(self.columns.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .rows
            .iter()
            .map(|row| row.0.as_str())
            .chain([self.title.as_str()]);
        let first = names.map(|name| name.chars().count()).max().unwrap_or(0);
        write!(f, "{:first$}", self.title)?;
        for (column, name) in self.columns.iter().enumerate() {
            write!(f, "  {name:>width$}", width = self.width(column))?;
        }
        writeln!(f)?;
        for row in &self.rows {
            write!(f, "{:first$}", row.0)?;
            for (column, cell) in row.1.iter().enumerate() {
                write!(f, "  {cell:>width$}", width = self.width(column))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_aligned_to_the_right() {
        let mut table = Table::new("init", ["wall", "ratio"]);
        table.push(Row::new("etcdpki", ["9.1 ms", "1"]));
        table.push(Row::new("openssl", ["331.0 ms", "36.4"]));
        let expected = "\
init         wall  ratio
etcdpki    9.1 ms      1
openssl  331.0 ms   36.4
";
        assert_eq!(table.to_string(), expected);
    }
}
