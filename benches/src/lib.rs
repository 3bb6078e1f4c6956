//! Benchmarks, side by side with peers.
//!
//! A machine's speed drifts by a quarter between one minute and the next. So contestants
//! run in turn, round by round, and what is reported of two of them is the median of the
//! ratios within the rounds, not the ratio of two medians.

#![forbid(unsafe_code)]

mod build;
mod clock;
mod pki;
mod table;

pub use build::{build, build_installed, build_program, build_released, release_directory};
pub use clock::{Sample, in_process, process};
pub use pki::make_pki;
pub use table::{Row, Table};

/// One of those who are compared.
pub struct Contestant<'a> {
    name: String,
    turn: Box<dyn FnMut() -> Sample + 'a>,
}

impl<'a> Contestant<'a> {
    /// A contestant whose `turn` does the work once and measures it.
    pub fn new(name: impl Into<String>, turn: impl FnMut() -> Sample + 'a) -> Self {
        Self {
            name: name.into(),
            turn: Box::new(turn),
        }
    }
}

impl std::fmt::Debug for Contestant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contestant")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a contestant needed, round by round.
#[derive(Clone, Debug)]
pub struct Series {
    /// The contestant.
    pub name: String,
    /// One sample a round.
    pub samples: Vec<Sample>,
}

impl Series {
    /// The median of one figure of the samples, in milliseconds.
    pub fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(figure))
    }

    /// The median over the rounds of this contestant's figure divided by that of `other`.
    pub fn ratio_to(&self, other: &Self, figure: impl Fn(&Sample) -> f64) -> f64 {
        let pairs = self.samples.iter().zip(&other.samples);
        median(pairs.map(|(own, others)| figure(own) / figure(others)))
    }
}

/// Lets the contestants run in turn, after one round that does not count.
pub fn compete(rounds: usize, contestants: &mut [Contestant<'_>]) -> Vec<Series> {
    let mut all: Vec<Series> = contestants
        .iter()
        .map(|contestant| Series {
            name: contestant.name.clone(),
            samples: Vec::new(),
        })
        .collect();
    for round in 0..=rounds {
        for (contestant, series) in contestants.iter_mut().zip(&mut all) {
            let sample = (contestant.turn)();
            if round > 0 {
                series.samples.push(sample);
            }
        }
    }
    all
}

/// The number of rounds: the first number on the command line, or `default`.
pub fn rounds(default: usize) -> usize {
    std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(default)
}

/// The middle of `values`, of an even number the upper one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(wall: f64) -> Sample {
        Sample {
            wall,
            cpu: wall / 2.0,
        }
    }

    #[test]
    fn contestants_run_in_turn_and_the_first_round_does_not_count() {
        let order = std::cell::RefCell::new(Vec::new());
        let turn = |name: char, wall: f64| {
            let order = &order;
            move || {
                order.borrow_mut().push(name);
                sample(wall)
            }
        };
        let mut contestants = [
            Contestant::new("a", turn('a', 2.0)),
            Contestant::new("b", turn('b', 6.0)),
        ];
        let series = compete(2, &mut contestants);
        assert_eq!(order.borrow().iter().collect::<String>(), "ababab");
        assert_eq!(series[0].samples.len(), 2);
        assert!((series[1].ratio_to(&series[0], |sample| sample.wall) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn ratios_are_taken_within_rounds() {
        let own = Series {
            name: "a".into(),
            samples: [1.0, 2.0, 9.0].map(sample).into(),
        };
        let other = Series {
            name: "b".into(),
            samples: [2.0, 4.0, 6.0].map(sample).into(),
        };
        assert!((own.ratio_to(&other, |sample| sample.wall) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median([]).is_nan());
    }
}
