//! Turns: so many at work at once, the others in line, first come, first served.
//!
//! Who is let into the line gets a turn, unless the wait becomes much too long; who is not wanted is told at once. The line
//! takes nobody more while its first has waited too long, or while nothing has moved for as long: then its length says nothing
//! about how long those behind would wait. A stall shorter than that makes everybody wait and nobody go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The wait of the first in line from which on nobody else may join.
    patience: Duration,
    /// How long anybody waits.
    wait_max: Duration,
}

#[derive(Debug)]
struct State {
    at_work: usize,
    limit: usize,
    line: VecDeque<Waiting>,
    /// When somebody last began or ended.
    moved: Instant,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    turn: oneshot::Sender<Turn>,
}

/// The right to work until it is dropped.
#[derive(Debug)]
pub struct Turn(Turns);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.at_work -= 1;
        state.moved = Instant::now();
        drop(state);
        self.0.call();
    }
}

/// There is no place in the line, or the wait became too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl Turns {
    pub fn new(limit: usize, patience: Duration, wait_max: Duration) -> Self {
        let state = State { at_work: 0, limit: limit.max(1), line: VecDeque::new(), moved: Instant::now() };
        Self(Arc::new(Shared { state: Mutex::new(state), patience, wait_max }))
    }

    /// A turn at once, or after those who came before.
    pub async fn take(&self) -> Result<Turn, Refused> {
        let own_turn = {
            let mut state = self.state();
            state.forget_those_gone();
            if state.line.is_empty() && state.at_work < state.limit {
                state.at_work += 1;
                state.moved = Instant::now();
                return Ok(Turn(self.clone()));
            }
            let waits_since = state.line.front().map_or(state.moved, |first| first.since.min(state.moved));
            if waits_since.elapsed() >= self.0.patience {
                return Err(Refused);
            }
            let (turn, own_turn) = oneshot::channel();
            state.line.push_back(Waiting { since: Instant::now(), turn });
            own_turn
        };
        match tokio::time::timeout(self.0.wait_max, own_turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Refused),
        }
    }

    /// How many may work at once from now on; those at work finish.
    pub fn set_limit(&self, limit: usize) {
        self.state().limit = limit.max(1);
        self.call();
    }

    pub fn limit(&self) -> usize {
        self.state().limit
    }

    /// Gives the free turns to those who wait.
    fn call(&self) {
        loop {
            let mut state = self.state();
            state.forget_those_gone();
            if state.at_work >= state.limit {
                return;
            }
            let Some(first) = state.line.pop_front() else { return };
            state.at_work += 1;
            state.moved = Instant::now();
            drop(state);
            // who went at this very moment gives it back by dropping it
            let _ = first.turn.send(Turn(self.clone()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_those_gone(&mut self) {
        while self.line.front().is_some_and(|first| first.turn.is_closed()) {
            self.line.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const EVER: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn turns_go_in_the_order_of_arrival() {
        let turns = Turns::new(2, EVER, EVER);
        let (one, _two) = (turns.take().await.unwrap(), turns.take().await.unwrap());
        let (mut third, mut fourth) = (Box::pin(turns.take()), Box::pin(turns.take()));
        assert!((&mut third).now_or_never().is_none() && (&mut fourth).now_or_never().is_none());
        drop(one);
        assert!((&mut fourth).now_or_never().is_none(), "it came later");
        let third = third.await.unwrap();
        drop(third);
        fourth.await.unwrap();
    }

    #[tokio::test]
    async fn who_goes_away_keeps_nobody_waiting_and_loses_no_turn() {
        let turns = Turns::new(1, EVER, EVER);
        let one = turns.take().await.unwrap();
        let (mut gone, mut stays) = (Box::pin(turns.take()), Box::pin(turns.take()));
        assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());
        drop(gone);
        drop(one);
        let mut late = Box::pin(turns.take());
        assert!((&mut late).now_or_never().is_none(), "the turn is on its way to who stays");
        drop(stays); // with a turn that was sent and not looked at
        late.await.unwrap();
        assert_eq!(turns.state().at_work, 0);
    }

    #[tokio::test]
    async fn a_line_that_does_not_move_takes_nobody_and_serves_who_is_in_it() {
        let turns = Turns::new(1, Duration::from_millis(1), EVER);
        let one = turns.take().await.unwrap();
        while turns.state().moved.elapsed() < Duration::from_millis(1) {}
        assert_eq!(turns.take().await.unwrap_err(), Refused, "nothing has moved");
        turns.state().moved = Instant::now() + EVER;
        let mut waits = Box::pin(turns.take());
        assert!((&mut waits).now_or_never().is_none());
        let since = turns.state().line[0].since;
        while since.elapsed() < Duration::from_millis(1) {}
        assert_eq!(turns.take().await.unwrap_err(), Refused, "the first waits too long");
        drop(one);
        waits.await.unwrap();
        turns.take().await.unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let turns = Turns::new(1, EVER, Duration::from_millis(1));
        let one = turns.take().await.unwrap();
        assert_eq!(turns.take().await.unwrap_err(), Refused);
        drop(one);
        turns.take().await.unwrap();
    }

    #[tokio::test]
    async fn the_limit_may_change() {
        let turns = Turns::new(2, EVER, EVER);
        let (one, two) = (turns.take().await.unwrap(), turns.take().await.unwrap());
        turns.set_limit(1);
        let mut waits = Box::pin(turns.take());
        drop(one);
        assert!((&mut waits).now_or_never().is_none(), "one is enough now");
        drop(two);
        let waits = waits.await.unwrap();
        let mut other = Box::pin(turns.take());
        assert!((&mut other).now_or_never().is_none());
        turns.set_limit(2);
        other.await.unwrap();
        drop(waits);
    }
}
