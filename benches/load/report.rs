//! What comes out: a table for people, JSON for comparisons.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::drive::Window;

/// One thing that was measured.
pub struct Row {
    pub name: String,
    pub clients: usize,
    pub windows: Vec<Window>,
    /// What it is compared with, and that row's median rate over this one's place in the table.
    pub floor: Option<(String, f64)>,
    pub extra: Vec<(&'static str, f64)>,
}

impl Row {
    pub fn per_second(&self) -> f64 {
        self.median(|w| w.per_second)
    }

    pub fn p50_ms(&self) -> f64 {
        self.median(|w| w.p50_ms)
    }

    fn median(&self, of: impl Fn(&Window) -> f64) -> f64 {
        let mut values: Vec<f64> = self.windows.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn best(&self) -> f64 {
        self.windows.iter().map(|w| w.per_second).fold(0.0, f64::max)
    }

    fn ratio(&self) -> Option<f64> {
        self.floor.as_ref().map(|(_, floor)| self.per_second() / floor)
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "clients": self.clients,
            "perSecond": { "median": self.per_second(), "best": self.best(),
                           "windows": self.windows.iter().map(|w| w.per_second).collect::<Vec<_>>() },
            "p50Ms": self.median(|w| w.p50_ms), "p99Ms": self.median(|w| w.p99_ms),
            "cpuMsEach": { "program": self.median(|w| w.program_ms_each),
                           "postgres": self.median(|w| w.postgres_ms_each) },
            "othersCpus": self.median(|w| w.others_cpus),
            "floor": self.floor.as_ref().map(|(name, rate)| json!({ "name": name, "perSecond": rate, "ratio": self.ratio() })),
            "extra": self.extra.iter().map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect::<serde_json::Map<_, _>>(),
        })
    }

    pub fn line(&self) -> String {
        let mut line = format!(
            "| {:<34} | {:>3} | {:>7.0} ({:>6.0}) | {:>8.2} | {:>8.2} | {:>7.3} / {:>6.3} | {:>5.1} |",
            self.name,
            self.clients,
            self.per_second(),
            self.best(),
            self.median(|w| w.p50_ms),
            self.median(|w| w.p99_ms),
            self.median(|w| w.program_ms_each),
            self.median(|w| w.postgres_ms_each),
            self.median(|w| w.others_cpus),
        );
        let ratio = match &self.floor {
            Some((name, _)) => format!("{:.2} × {name}", self.ratio().unwrap_or(f64::NAN)),
            None => String::new(),
        };
        let extra: Vec<_> = self.extra.iter().map(|(name, value)| format!("{value:.1} {name}")).collect();
        let _ = write!(line, " {ratio:<26} | {} |", extra.join(", "));
        line
    }
}

pub const HEADER: &str = "\
| what                               | cl. |   per s, med (best) |   p50 ms |   p99 ms | CPU-ms: prog / PG |  oth. | of its floor               | more |
|------------------------------------|----:|-----------------:|---------:|---------:|-----------------:|------:|----------------------------|------|";

/// The whole run.
pub struct Report {
    pub facts: Vec<(&'static str, Value)>,
    pub rows: Vec<Row>,
}

impl Report {
    /// Writes `target/bench/<time>.json`.
    pub fn save(&self) -> anyhow::Result<PathBuf> {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
        let folder = target.join("bench");
        std::fs::create_dir_all(&folder)?;
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ");
        let path = folder.join(format!("{time}.json"));
        let mut document: serde_json::Map<_, _> =
            self.facts.iter().map(|(name, fact)| ((*name).to_owned(), fact.clone())).collect();
        document.insert("rows".to_owned(), self.rows.iter().map(Row::json).collect());
        std::fs::write(&path, serde_json::to_vec_pretty(&document)?)?;
        Ok(path)
    }
}
