//! Turns: so many at work at once, the others in line, first come, first served.
//!
//! Who is let into the line gets a turn, unless the wait becomes much too long; who is not wanted is told at once. The line
//! takes nobody more while its first has waited too long, or while nothing has moved for as long: then its length says nothing
//! about how long those behind would wait. A stall shorter than that makes everybody wait and nobody go.
//!
//! **Less than one at a time.** One after the other without a pause can be a whole processor. So the limit goes on below one, in
//! [`PARTS`]: at half a turn there is a rest after each as long as the turn was, at a sixteenth one of fifteen times as long.
//! However long a turn takes, those who want one then have no more than that part of the time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

/// What a turn is divided into, and how many of them are the least that a limit may be one of.
pub const PARTS: usize = 16;
/// No rest is longer: however slow they are, some come to their turn.
const REST_MAX: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The most that the limit may be, in parts.
    limit_max: usize,
    /// The wait of the first in line from which on nobody else may join.
    patience: Duration,
    /// How long anybody waits.
    wait_max: Duration,
    /// A rest may have become shorter or longer.
    limit_changed: Notify,
}

#[derive(Debug)]
struct State {
    at_work: usize,
    /// In parts.
    limit: usize,
    line: VecDeque<Waiting>,
    /// When somebody last began or ended.
    moved: Instant,
    /// When the last turn ended, and how long it was.
    last: Option<(Instant, Duration)>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    turn: oneshot::Sender<Turn>,
}

/// The right to work until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    /// When the work began.
    since: Option<Instant>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        let now = Instant::now();
        state.at_work -= 1;
        state.moved = now;
        if let Some(since) = self.since {
            state.last = Some((now, now - since));
        }
        drop(state);
        self.turns.call();
    }
}

/// There is no place in the line, or the wait became too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl Turns {
    pub fn new(at_work_max: usize, patience: Duration, wait_max: Duration) -> Self {
        let limit_max = at_work_max.max(1).saturating_mul(PARTS);
        let state =
            State { at_work: 0, limit: limit_max, line: VecDeque::new(), moved: Instant::now(), last: None };
        let limit_changed = Notify::new();
        Self(Arc::new(Shared { state: Mutex::new(state), limit_max, patience, wait_max, limit_changed }))
    }

    /// A turn at once, or after those who came before and the rest that is due.
    pub async fn take(&self) -> Result<Turn, Refused> {
        let own_turn = {
            let mut state = self.state();
            state.forget_those_gone();
            let (sender, own_turn) = oneshot::channel();
            let rest = state.rest();
            if rest > self.0.patience {
                return Err(Refused);
            }
            if state.line.is_empty() && state.has_room() {
                let turn = self.begin(&mut state);
                if rest.is_zero() {
                    return Ok(turn.at_work());
                }
                let _ = sender.send(turn);
            } else {
                let waits_since =
                    state.line.front().map_or(state.moved, |first| first.since.min(state.moved));
                if waits_since.elapsed() >= self.0.patience {
                    return Err(Refused);
                }
                state.line.push_back(Waiting { since: Instant::now(), turn: sender });
            }
            own_turn
        };
        let turn = async {
            let turn = own_turn.await.map_err(|_| Refused)?;
            self.rested().await;
            Ok(turn.at_work())
        };
        tokio::time::timeout(self.0.wait_max, turn).await.unwrap_or(Err(Refused))
    }

    /// Half as much work from now on, down to one part of one turn; those at work finish.
    pub fn halve(&self) {
        let limit = self.limit() / 2;
        self.set_limit(limit);
    }

    /// A little more work from now on: a part below one turn, or else a turn.
    pub fn grow(&self) {
        let limit = self.limit();
        self.set_limit(limit + if limit < PARTS { 1 } else { PARTS });
    }

    /// How much work there may be at once, in parts of a turn.
    pub fn limit(&self) -> usize {
        self.state().limit
    }

    fn set_limit(&self, limit: usize) {
        let limit = limit.clamp(1, self.0.limit_max);
        if std::mem::replace(&mut self.state().limit, limit) != limit {
            self.0.limit_changed.notify_waiters();
            self.call();
        }
    }

    /// When the rest after the last turn is over.
    async fn rested(&self) {
        loop {
            let limit_changed = self.0.limit_changed.notified();
            let rest = self.state().rest();
            if rest.is_zero() {
                return;
            }
            let _ = tokio::time::timeout(rest, limit_changed).await;
        }
    }

    /// Gives the free turns to those who wait.
    fn call(&self) {
        loop {
            let mut state = self.state();
            state.forget_those_gone();
            if !state.has_room() {
                return;
            }
            let Some(first) = state.line.pop_front() else { return };
            let turn = self.begin(&mut state);
            drop(state);
            // who went at this very moment gives it back by dropping it
            let _ = first.turn.send(turn);
        }
    }

    fn begin(&self, state: &mut State) -> Turn {
        state.at_work += 1;
        state.moved = Instant::now();
        Turn { turns: self.clone(), since: None }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    fn at_work(mut self) -> Self {
        self.since = Some(Instant::now());
        self
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.at_work < (self.limit / PARTS).max(1)
    }

    /// How long nobody may begin yet.
    fn rest(&self) -> Duration {
        let Some((ended, took)) = self.last.filter(|_| self.limit < PARTS) else { return Duration::ZERO };
        let rest = took.mul_f64((PARTS - self.limit) as f64 / self.limit as f64).min(REST_MAX);
        rest.saturating_sub(ended.elapsed())
    }

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
        turns.halve();
        let mut waits = Box::pin(turns.take());
        drop(one);
        assert!((&mut waits).now_or_never().is_none(), "one is enough now");
        drop(two);
        let waits = waits.await.unwrap();
        let mut other = Box::pin(turns.take());
        assert!((&mut other).now_or_never().is_none());
        turns.grow();
        other.await.unwrap();
        drop(waits);
    }

    #[test]
    fn less_is_never_nothing_and_more_is_never_too_much() {
        let turns = Turns::new(2, EVER, EVER);
        let limits = |step: fn(&Turns), times: usize| -> Vec<usize> {
            (0..times).map(|_| (step(&turns), turns.limit()).1).collect()
        };
        assert_eq!(limits(Turns::halve, 6), [16, 8, 4, 2, 1, 1], "in parts of a turn");
        assert_eq!(limits(Turns::grow, 3), [2, 3, 4]);
        assert_eq!(
            limits(Turns::grow, 14)[11..],
            [16, 32, 32],
            "somebody else may work as well, but no third"
        );
    }

    /// One after the other, and the last one has just had a turn of so long.
    fn just_ended(turns: &Turns, took: Duration) {
        turns.state().last = Some((Instant::now(), took));
    }

    #[tokio::test]
    async fn below_one_at_a_time_there_is_a_rest_after_each() {
        let turns = Turns::new(1, EVER, EVER);
        just_ended(&turns, REST_MAX / 20);
        turns.take().now_or_never().expect("one may follow the other").unwrap();
        let rest = |turns: &Turns| {
            just_ended(turns, REST_MAX / 20);
            let rest = turns.state().rest().as_secs_f64() / (REST_MAX / 20).as_secs_f64();
            rest.round()
        };
        for (parts, times) in [(8, 1.0), (4, 3.0), (2, 7.0), (1, 15.0)] {
            turns.halve();
            assert_eq!((turns.limit(), rest(&turns)), (parts, times));
        }
        just_ended(&turns, 2 * REST_MAX);
        assert!(turns.state().rest() <= REST_MAX, "it comes to an end");
        let mut first = Box::pin(turns.take());
        let mut second = Box::pin(turns.take());
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        assert_eq!(turns.state().at_work, 1, "one rests and the other is in line");
        turns.state().last = Some((Instant::now().checked_sub(REST_MAX).expect("a clock"), REST_MAX));
        turns.grow();
        drop(first.await.unwrap());
        just_ended(&turns, Duration::ZERO);
        second.await.unwrap();
    }

    #[tokio::test]
    async fn a_rest_ends_when_there_is_room_again() {
        let turns = Turns::new(1, EVER, EVER);
        (0..4).for_each(|_| turns.halve());
        just_ended(&turns, REST_MAX);
        let mut rests = Box::pin(turns.take());
        assert!((&mut rests).now_or_never().is_none());
        (1..15).for_each(|_| turns.grow());
        assert!((&mut rests).now_or_never().is_none(), "a shorter rest");
        turns.grow();
        rests.now_or_never().expect("no rest").unwrap();
    }

    #[tokio::test]
    async fn who_goes_while_resting_has_not_worked() {
        let turns = Turns::new(1, EVER, EVER);
        (0..4).for_each(|_| turns.halve());
        just_ended(&turns, REST_MAX);
        let (mut rests, mut waits) = (Box::pin(turns.take()), Box::pin(turns.take()));
        assert!((&mut rests).now_or_never().is_none() && (&mut waits).now_or_never().is_none());
        let last = turns.state().last;
        drop(rests);
        assert_eq!(turns.state().last, last, "the rest is not over");
        assert!((&mut waits).now_or_never().is_none());
        assert!(turns.state().line.is_empty(), "it is the next one's");
        assert_eq!(turns.state().at_work, 1);
    }

    #[tokio::test]
    async fn whoever_would_have_to_rest_for_too_long_is_told_at_once() {
        let turns = Turns::new(1, REST_MAX / 10, EVER);
        turns.halve();
        just_ended(&turns, REST_MAX / 5);
        assert_eq!(turns.take().now_or_never().expect("at once").unwrap_err(), Refused);
        assert_eq!(turns.state().at_work, 0);
        (0..4).for_each(|_| turns.grow());
        let mut rests = Box::pin(turns.take());
        assert!((&mut rests).now_or_never().is_none(), "a rest that is worth waiting for");
        just_ended(&turns, REST_MAX);
        assert_eq!(turns.take().now_or_never().expect("nor in line").unwrap_err(), Refused);
    }
}
