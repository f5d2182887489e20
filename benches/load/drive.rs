//! The loops: each worker does one step after another; what ends inside a window counts there. In the closed loop a step begins when
//! the last one ended. In the open loop steps are due at a fixed rate whether or not the last ones have ended, and a step that
//! begins late was waiting since it was due: latency counts from there, so that a stall is not hidden by those it held up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;

use crate::machine::Probe;

/// How long to look.
#[derive(Clone, Copy)]
pub struct Plan {
    pub warmup: Duration,
    pub window: Duration,
    pub windows: usize,
    /// Steps per second of all workers together; none is the closed loop.
    pub rate: Option<f64>,
}

/// One client.
pub trait Worker: Send + 'static {
    /// Does one thing and answers how many units of work it was.
    fn step(&mut self) -> impl Future<Output = anyhow::Result<u64>> + Send;
}

/// What one window saw.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub program_ms_each: f64,
    pub postgres_ms_each: f64,
    /// CPUs that others kept busy meanwhile.
    pub others_cpus: f64,
}

pub struct Outcome {
    pub windows: Vec<Window>,
    /// Warm-up included: what the counters of the database saw.
    pub units: u64,
}

/// What a worker remembers of a window: units and latencies in microseconds.
type Tally = Vec<(u64, Histogram<u64>)>;

pub async fn run<W: Worker>(plan: Plan, probe: Probe, workers: Vec<W>) -> anyhow::Result<Outcome> {
    let all = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let beat = plan.rate.map(|rate| Duration::from_secs_f64(workers.len() as f64 / rate));
    let count = u32::try_from(workers.len())?;
    let tasks: Vec<_> = (0..)
        .zip(workers)
        .map(|(n, w)| {
            let beat = beat.map(|beat| Beat { every: beat, first: beat * n / count });
            tokio::spawn(repeat(w, plan, beat, began, all.clone()))
        })
        .collect();

    let mut usages = Vec::with_capacity(plan.windows + 1);
    for boundary in 0..=plan.windows {
        let at = plan.warmup + plan.window * u32::try_from(boundary)?;
        tokio::time::sleep_until((began + at).into()).await;
        usages.push((Instant::now(), probe.read()));
    }
    let mut tally = tally(plan)?;
    for task in tasks {
        for (sum, (units, times)) in tally.iter_mut().zip(task.await??) {
            sum.0 += units;
            sum.1.add(times)?;
        }
    }

    let windows = tally.iter().zip(usages.windows(2)).map(|((units, times), usage)| {
        let (units, seconds) = (*units as f64, (usage[1].0 - usage[0].0).as_secs_f64());
        let used = usage[1].1 - usage[0].1;
        let ms = |quantile| times.value_at_quantile(quantile) as f64 / 1_000.0;
        Window {
            per_second: units / seconds,
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            program_ms_each: used.program / units.max(1.0),
            postgres_ms_each: used.postgres / units.max(1.0),
            others_cpus: (used.others / seconds / 1_000.0).max(0.0),
        }
    });
    Ok(Outcome { windows: windows.collect(), units: all.load(Ordering::Relaxed) })
}

/// When the steps of one worker are due.
#[derive(Clone, Copy)]
struct Beat {
    every: Duration,
    first: Duration,
}

async fn repeat<W: Worker>(
    mut worker: W,
    plan: Plan,
    beat: Option<Beat>,
    began: Instant,
    all: Arc<AtomicU64>,
) -> anyhow::Result<Tally> {
    let mut tally = tally(plan)?;
    let end = plan.warmup + plan.window * u32::try_from(plan.windows)?;
    for turn in 0.. {
        let started = match beat {
            None => began.elapsed(),
            Some(beat) => {
                let due = beat.first + beat.every * turn;
                tokio::time::sleep_until((began + due).into()).await;
                due
            }
        };
        if started >= end {
            return Ok(tally);
        }
        let units = worker.step().await?;
        let ended = began.elapsed();
        all.fetch_add(units, Ordering::Relaxed);
        let Some(since) = ended.checked_sub(plan.warmup) else { continue };
        let window = (since.as_nanos() / plan.window.as_nanos()) as usize;
        if let Some((sum, times)) = tally.get_mut(window) {
            *sum += units;
            times.saturating_record(u64::try_from(ended.saturating_sub(started).as_micros())?);
        }
    }
    Ok(tally)
}

fn tally(plan: Plan) -> anyhow::Result<Tally> {
    let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).context("a histogram");
    (0..plan.windows).map(|_| Ok((0, histogram()?))).collect()
}
