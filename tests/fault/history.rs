//! What the clients know: every operation with when it began, when it ended and how. The checkers believe this and the final
//! database, and nothing else.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::Uuid;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Place,
    Pay,
    Confirm,
    Cancel,
    Reserve,
    ConfirmHold,
    ReleaseHold,
    Accept,
    Ship,
    Deliver,
    Refund,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged. The id is that of what was made, where something was.
    Ok { id: Option<Uuid>, text: String },
    /// Refused for good: it did nothing, and a repetition does nothing.
    Refused { status: u16, code: String },
    /// Done, or not, or still under way: no answer, half an answer, or one that promises nothing.
    Unknown { why: String },
}

impl Outcome {
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok { .. })
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    pub fn id(&self) -> Option<Uuid> {
        if let Self::Ok { id, .. } = self { *id } else { None }
    }
}

/// One attempt. Attempts of one intention share their key.
#[derive(Clone, Debug)]
pub struct Operation {
    pub kind: Kind,
    pub actor: Uuid,
    pub key: String,
    /// What it is about: the order, the reservation.
    pub subject: Option<Uuid>,
    /// Variants and quantities, for what takes stock.
    pub lines: Vec<(Uuid, i64)>,
    pub coupon: Option<String>,
    /// For refunds.
    pub amount_minor: i64,
    pub began_us: u64,
    /// `None` while under way.
    pub ended_us: Option<u64>,
    pub outcome: Outcome,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct History {
    began: Instant,
    operations: Arc<Mutex<Vec<Operation>>>,
    /// Deeds of the nemesis, and whatever else should be read beside the operations.
    notes: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Default for History {
    fn default() -> Self {
        Self { began: Instant::now(), operations: Arc::default(), notes: Arc::default() }
    }
}

impl History {
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).expect("a short run")
    }

    /// Writes down what is about to be tried; its number.
    pub fn begin(&self, mut operation: Operation) -> usize {
        operation.began_us = self.now_us();
        operation.ended_us = None;
        operation.outcome = Outcome::Unknown { why: "no answer yet".to_owned() };
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations.push(operation);
        operations.len() - 1
    }

    pub fn end(&self, number: usize, outcome: Outcome) {
        let now = self.now_us();
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations[number].ended_us = Some(now);
        operations[number].outcome = outcome;
    }

    pub fn note(&self, text: impl Into<String>) {
        let now = self.now_us();
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push((now, text.into()));
    }

    pub fn notes(&self) -> Vec<(u64, String)> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn operations(&self) -> Vec<Operation> {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn count(&self, kind: Kind, counts: impl Fn(&Outcome) -> bool) -> usize {
        let operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations.iter().filter(|o| o.kind == kind && counts(&o.outcome)).count()
    }

    /// One JSON object a line, in the order of their beginnings.
    pub fn write(&self, folder: &Path, name: &str) -> PathBuf {
        fs::create_dir_all(folder).expect("a folder for histories");
        let path = folder.join(format!("{name}.jsonl"));
        let mut lines: Vec<(u64, Value)> =
            self.notes().into_iter().map(|(at, note)| (at, json!({ "us": at, "note": note }))).collect();
        lines.extend(self.operations().into_iter().map(|o| {
            let (outcome, more) = match &o.outcome {
                Outcome::Ok { id, .. } => ("ok", json!(id)),
                Outcome::Refused { status, code } => ("refused", json!(format!("{status} {code}"))),
                Outcome::Unknown { why } => ("unknown", json!(why)),
            };
            let line = json!({
                "us": o.began_us, "endedUs": o.ended_us, "kind": format!("{:?}", o.kind), "actor": o.actor, "key": o.key,
                "subject": o.subject, "lines": o.lines, "coupon": o.coupon, "outcome": outcome, "more": more,
            });
            (o.began_us, line)
        }));
        lines.sort_by_key(|(at, _)| *at);
        let mut file = std::io::BufWriter::new(fs::File::create(&path).expect("a history file"));
        for (_, line) in lines {
            writeln!(file, "{line}").expect("a line");
        }
        file.flush().expect("the history");
        path
    }
}
