//! Gauges in Prometheus' text exposition format 0.0.4.

use std::fmt::Write as _;

/// The text, gauge by gauge.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// Adds a gauge with a sample for each set of labels; instants are in seconds since 1970.
    pub(super) fn gauge<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (&'a Labels, i64)>,
    ) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (Labels(labels), value) in samples {
            let _ = writeln!(self.text, "{name}{{{labels}}} {value}");
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// The labels of a sample.
#[derive(Clone, Debug)]
pub(super) struct Labels(String);

impl Labels {
    pub(super) fn new(labels: &[(&str, &str)]) -> Self {
        let labels = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
        Self(labels.collect::<Vec<_>>().join(","))
    }
}

/// A number of things as a value.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A label value: backslash, quote and line feed are escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let labels = Labels::new(&[("a", "b\\\"c\nd"), ("e", "f")]);
        let mut exposition = Exposition::default();
        exposition.gauge("x", "Help.", [(&labels, 1)]);
        assert_eq!(
            exposition.into_text(),
            "# HELP x Help.\n# TYPE x gauge\nx{a=\"b\\\\\\\"c\\nd\",e=\"f\"} 1\n"
        );
    }
}
