//! Where the time goes between a description and a cluster.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// What was done one after another, and how long each took.
pub(crate) struct Phases {
    begin: Instant,
    last: f64,
    rows: Vec<(String, f64)>,
    /// The tasks of Ansible that took longest.
    tasks: Vec<(String, f64)>,
}

impl Phases {
    pub(crate) fn begin() -> Self {
        Self {
            begin: Instant::now(),
            last: now(),
            rows: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// Ends the phase that began with the one before.
    pub(crate) fn end(&mut self, name: &str) {
        self.end_at(name, now());
    }

    fn end_at(&mut self, name: &str, time: f64) {
        self.rows.push((name.to_owned(), time - self.last));
        self.last = time;
    }

    /// Ends a phase where a play began, and adds one for each role of it: see `phases.py`.
    pub(crate) fn end_with_play(&mut self, name: &str, played: &str) {
        let played: Value = serde_json::from_str(played).unwrap();
        self.end_at(name, played["begin"].as_f64().unwrap());
        let mut roles: Vec<(String, f64)> = Vec::new();
        for task in played["tasks"].as_array().unwrap() {
            let text = |key: &str| task[key].as_str().unwrap().to_owned();
            let seconds = task["seconds"].as_f64().unwrap();
            let role = match text("role").as_str() {
                "" => "Ansible, facts".to_owned(),
                role => format!("Ansible, role {role}"),
            };
            let task = text("task");
            self.tasks.push((task, seconds));
            match roles.iter_mut().find(|(found, _)| *found == role) {
                Some((_, sum)) => *sum += seconds,
                None => roles.push((role, seconds)),
            }
        }
        self.rows.extend(roles);
        self.last = played["end"].as_f64().unwrap();
        self.tasks
            .sort_by(|(_, one), (_, other)| other.total_cmp(one));
        self.tasks.truncate(5);
    }

    pub(crate) fn print(&self) {
        for (name, seconds) in &self.rows {
            eprintln!("    {name:<50} {seconds:>6.1} s");
        }
        eprintln!(
            "    {:<50} {:>6.1} s",
            "together",
            self.begin.elapsed().as_secs_f64()
        );
        eprintln!("    the longest tasks of Ansible");
        for (name, seconds) in &self.tasks {
            eprintln!("      {name:<48} {seconds:>6.1} s");
        }
    }
}

/// The time of the clock that Ansible looks at too.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}
