//! One client's stream: reads the log from a cursor, waits for the head to move, reads on.
//!
//! It is pulled by the connection, so a client that does not read costs one batch of events and nothing more. Each read
//! checks the caller's session again in SQL; the end of a session is itself an event, which moves the head.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse;
use futures::stream::{self, Stream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::sql;
use super::types::Event;
use crate::app::App;
use crate::http::CallContext;
use crate::planted::is_planted;
use crate::problem::Result;

pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What an `EventSource` is told to wait before it connects again.
const RETRY: Duration = Duration::from_secs(2);
/// Events of one read.
const BATCH: i32 = 256;
/// Reads of one stream are at least this far apart while events keep coming.
const READ_EVERY: Duration = Duration::from_millis(10);
/// Without news the session is looked at this often.
const CHECK_EVERY: Duration = Duration::from_secs(5);

struct Reader {
    app: App,
    ctx: CallContext,
    types: Option<Vec<String>>,
    head: watch::Receiver<i64>,
    cursor: i64,
    queue: VecDeque<sse::Event>,
    last_read: Instant,
}

/// The stream after `after`, or from now on. The first read is made at once, so that a refusal is still an answer.
pub async fn open(
    app: &App,
    ctx: CallContext,
    after: Option<i64>,
    types: Option<Vec<String>>,
) -> Result<impl Stream<Item = Result<sse::Event, Infallible>> + use<>> {
    let cursor = match after {
        Some(after) => after,
        None => sql::head(&app.pool).await?,
    };
    let mut reader = Reader {
        app: app.clone(),
        ctx,
        types,
        head: app.hub.head(),
        cursor,
        queue: VecDeque::from([sse::Event::default().retry(RETRY)]),
        last_read: Instant::now(),
    };
    reader.read().await?;
    Ok(stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    }))
}

impl Reader {
    /// The next event; `None` ends the stream, at shutdown or when the caller may not read any more. A client that
    /// meets a failure of ours connects again and goes on where it was.
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            let shutdown = self.app.shutdown.clone();
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = self.wait() => {}
            }
            if let Err(problem) = self.read().await {
                tracing::debug!(error = %problem, "a stream ends");
                return None;
            }
        }
    }

    async fn wait(&mut self) {
        if *self.head.borrow() <= self.cursor {
            let news = async {
                if self.head.wait_for(|head| *head > self.cursor).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let _ = tokio::time::timeout(CHECK_EVERY, news).await;
        }
        tokio::time::sleep_until(self.last_read + READ_EVERY).await;
    }

    async fn read(&mut self) -> Result<()> {
        // Looked at first: everything up to here is visible to the read that follows.
        let head = *self.head.borrow_and_update();
        self.last_read = Instant::now();
        let events =
            sql::read_after(&self.app.pool, &self.ctx, self.cursor, BATCH, self.types.as_deref()).await?;
        let is_last = events.len() < usize::try_from(BATCH).unwrap_or(0);
        if let Some(last) = events.last() {
            self.cursor = last.seq;
        }
        let head = if is_planted("head_read_late") { self.head_read_late().await } else { head };
        if is_last {
            self.cursor = self.cursor.max(head);
        }
        self.queue.extend(events.iter().map(to_sse));
        Ok(())
    }

    /// The planted bug, its race held open: what comes within these 50 ms lies behind the read and before the look.
    async fn head_read_late(&mut self) -> i64 {
        let _ = tokio::time::timeout(Duration::from_millis(50), self.head.changed()).await;
        *self.head.borrow()
    }
}

fn to_sse(event: &Event) -> sse::Event {
    let data = serde_json::to_string(event).unwrap_or_default();
    sse::Event::default().id(event.seq.to_string()).event(&event.event_type).data(data)
}
