//! A TCP proxy that breaks the network: it delays, cuts at a byte, resets, leaves connections half open, and knows enough of
//! the PostgreSQL protocol to cut a connection between a commit and its answer.
//!
//! A fault is *armed* on the proxy and strikes the next connections that carry traffic it applies to; each cut strikes once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const BUFFER: usize = 16 * 1024;
/// What the program's connection for notifications calls itself.
const LISTENER: &[u8] = b"tradepost listen";

/// What happens to one connection, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Both sides are closed after this many more bytes from the client.
    Up(u64),
    /// The same after this many more bytes from the server.
    Down(u64),
    /// The statement and its Sync are forwarded and the server answers it whole, so it has committed; nothing of the answer
    /// is passed on. PostgreSQL only.
    AfterCommit,
    /// The statement and its Sync are forwarded, and the connection ends at once: whether the server gets to commit is open.
    /// PostgreSQL only.
    AfterSync,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Close,
    /// With a reset instead of an orderly end.
    Reset,
    /// Not at all: it stays open, and nothing passes any more.
    HalfOpen,
}

#[derive(Debug)]
struct State {
    upstream: Mutex<SocketAddr>,
    /// Milliseconds that each piece is held back.
    delay_ms: AtomicU64,
    /// New connections are closed at once.
    refuses: AtomicBool,
    armed: Mutex<Vec<(Cut, End)>>,
    /// Cuts that have struck.
    struck: AtomicU64,
    /// Those of them between a commit and its answer.
    struck_after_commit: AtomicU64,
    /// A statement must contain this for a cut of the PostgreSQL stream to apply.
    statements: &'static str,
    /// Nothing reaches those who listen for notifications.
    deafens: AtomicBool,
    /// Raised to end all connections of the moment.
    generation: watch::Sender<(u64, End)>,
}

/// Listens on a port of its own until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all(End::Reset);
    }
}

impl Proxy {
    /// In front of an HTTP server, or of anything.
    pub async fn start(upstream: SocketAddr) -> Self {
        Self::listen(upstream, "", false).await
    }

    /// In front of PostgreSQL. Its own cuts apply to statements that contain this text.
    pub async fn start_postgres(upstream: SocketAddr, statements: &'static str) -> Self {
        Self::listen(upstream, statements, true).await
    }

    async fn listen(upstream: SocketAddr, statements: &'static str, is_postgres: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(State {
            upstream: Mutex::new(upstream),
            delay_ms: AtomicU64::new(0),
            refuses: AtomicBool::new(false),
            armed: Mutex::default(),
            struck: AtomicU64::new(0),
            struck_after_commit: AtomicU64::new(0),
            statements,
            deafens: AtomicBool::new(false),
            generation: watch::Sender::new((0, End::Close)),
        });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                // Without a descriptor to spare it is tried again: the proxy outlives a flood.
                let Ok((client, _)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                if shared.refuses.load(Ordering::Relaxed) {
                    continue;
                }
                tokio::spawn(carry(client, Arc::clone(&shared), is_postgres));
            }
        });
        Self { address, state, accepting }
    }

    /// Where new connections go.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        *self.state.upstream.lock().expect("not poisoned") = upstream;
    }

    pub fn delay(&self, by: Duration) {
        self.state.delay_ms.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// No new connections while true.
    pub fn refuse(&self, refuses: bool) {
        self.state.refuses.store(refuses, Ordering::Relaxed);
    }

    /// While true, what the server says to a connection that listens for notifications is lost on the way; others are served.
    pub fn deafen(&self, deafens: bool) {
        self.state.deafens.store(deafens, Ordering::Relaxed);
    }

    /// One more connection will be cut.
    pub fn arm(&self, cut: Cut, end: End) {
        self.state.armed.lock().expect("not poisoned").push((cut, end));
    }

    /// Cuts that are armed and did not strike are called off.
    pub fn disarm(&self) {
        self.state.armed.lock().expect("not poisoned").clear();
    }

    /// How many cuts have struck so far.
    pub fn struck(&self) -> u64 {
        self.state.struck.load(Ordering::Relaxed)
    }

    /// How many of them between a commit and its answer.
    pub fn struck_after_commit(&self) -> u64 {
        self.state.struck_after_commit.load(Ordering::Relaxed)
    }

    /// Ends all connections of the moment.
    pub fn cut_all(&self, end: End) {
        self.state.generation.send_modify(|(generation, how)| {
            *generation += 1;
            *how = end;
        });
    }
}

impl State {
    fn take(&self, applies: impl Fn(Cut) -> bool) -> Option<(Cut, End)> {
        let mut armed = self.armed.lock().expect("not poisoned");
        let at = armed.iter().position(|(cut, _)| applies(*cut))?;
        Some(armed.swap_remove(at))
    }

    /// A cut happens now, not when it was given to a connection, which may end before.
    fn strike(&self, end: End) -> End {
        self.struck.fetch_add(1, Ordering::Relaxed);
        end
    }

    async fn hold_back(&self) {
        let delay = self.delay_ms.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }
}

/// One connection's life.
async fn carry(client: TcpStream, state: Arc<State>, is_postgres: bool) {
    let mut generation = state.generation.subscribe();
    generation.borrow_and_update();
    let upstream = *state.upstream.lock().expect("not poisoned");
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let mut client = client;
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = tokio::select! {
        end = pass(&mut client, &mut server, &state, is_postgres) => end,
        changed = generation.changed() => if changed.is_ok() { generation.borrow().1 } else { End::Reset },
    };
    match end {
        End::Close => {
            let _ = client.shutdown().await;
            let _ = server.shutdown().await;
        }
        End::Reset => {
            let _ = (client.set_zero_linger(), server.set_zero_linger());
        }
        End::HalfOpen => {
            // Until somebody asks for the end of all connections, or gives up.
            let mut nothing = [0; 1];
            tokio::select! {
                _ = generation.changed() => {}
                _ = client.peek(&mut nothing) => {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
            }
        }
    }
}

/// Passes bytes both ways until an end or a cut; answers how it ends.
async fn pass(client: &mut TcpStream, server: &mut TcpStream, state: &State, is_postgres: bool) -> End {
    let (mut up, mut down) = (vec![0; BUFFER], vec![0; BUFFER]);
    let mut talk = Talk::new(state.statements);
    // A byte cut that this connection has met, and how many bytes are left of it.
    let mut cut: Option<(Cut, End, u64)> = None;
    let mut withheld = None;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(n @ 1..) = read else { return End::Close };
                state.hold_back().await;
                let is_target = if is_postgres { talk.hear(&up[..n]) } else { true };
                if is_target && cut.is_none() {
                    cut = state.take(|cut| is_postgres || matches!(cut, Cut::Up(_) | Cut::Down(_))).map(|(cut, end)| {
                        let bytes = match cut { Cut::Up(n) | Cut::Down(n) => n, _ => 0 };
                        (cut, end, bytes)
                    });
                }
                if let Some((Cut::Up(_), end, left)) = &mut cut {
                    let let_through = usize::try_from(*left).unwrap_or(n).min(n);
                    let _ = server.write_all(&up[..let_through]).await;
                    *left -= let_through as u64;
                    if *left == 0 { return state.strike(*end); }
                    continue;
                }
                if server.write_all(&up[..n]).await.is_err() { return End::Close; }
                match cut {
                    Some((Cut::AfterSync, end, _)) => return state.strike(end),
                    Some((Cut::AfterCommit, end, _)) => withheld = Some(end),
                    _ => {}
                }
            }
            read = server.read(&mut down) => {
                let Ok(n @ 1..) = read else { return End::Close };
                state.hold_back().await;
                if talk.listens == Some(true) && state.deafens.load(Ordering::Relaxed) {
                    continue;
                }
                if let Some(end) = withheld {
                    // ReadyForQuery is the last thing of an answer: Z, length 5, status.
                    let is_over = n >= 6 && down[n - 6..n - 1] == [b'Z', 0, 0, 0, 5];
                    if is_over {
                        state.struck_after_commit.fetch_add(1, Ordering::Relaxed);
                        return state.strike(end);
                    }
                    continue;
                }
                if let Some((Cut::Down(_), end, left)) = &mut cut {
                    let let_through = usize::try_from(*left).unwrap_or(n).min(n);
                    let _ = client.write_all(&down[..let_through]).await;
                    *left -= let_through as u64;
                    if *left == 0 { return state.strike(*end); }
                    continue;
                }
                if client.write_all(&down[..n]).await.is_err() { return End::Close; }
            }
        }
    }
}

/// What a client of PostgreSQL says, as far as it matters: which prepared statement it executes.
struct Talk {
    wanted: &'static str,
    /// Bytes of a message whose end has not come yet.
    rest: Vec<u8>,
    /// Whether it is the program's connection for notifications, once it has started.
    listens: Option<bool>,
    /// By name: whether the statement is one of those wanted.
    prepared: HashMap<Vec<u8>, bool>,
    bound: bool,
    executes: bool,
}

impl Talk {
    fn new(wanted: &'static str) -> Self {
        Self {
            wanted,
            rest: Vec::new(),
            listens: None,
            prepared: HashMap::new(),
            bound: false,
            executes: false,
        }
    }

    /// True when these bytes end with the Sync after an execution of a wanted statement.
    fn hear(&mut self, bytes: &[u8]) -> bool {
        self.rest.extend_from_slice(bytes);
        let mut is_target = false;
        loop {
            let head = usize::from(self.listens.is_some());
            let Some(length) = self.rest.get(head..head + 4) else { return is_target };
            let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
            if self.rest.len() < head + length {
                return is_target;
            }
            let message: Vec<u8> = self.rest.drain(..head + length).collect();
            if self.listens.is_none() {
                self.listens = Some(message.split(|byte| *byte == 0).any(|text| text == LISTENER));
                continue;
            }
            let body = &message[5..];
            let mut texts = body.split(|byte| *byte == 0);
            match message[0] {
                b'P' => {
                    let name = texts.next().unwrap_or_default().to_vec();
                    let statement = String::from_utf8_lossy(texts.next().unwrap_or_default()).into_owned();
                    self.prepared.insert(name, statement.contains(self.wanted));
                }
                b'B' => {
                    let name = texts.nth(1).unwrap_or_default();
                    self.bound = self.prepared.get(name).copied().unwrap_or(false);
                }
                b'E' => self.executes = self.bound,
                b'S' => is_target = std::mem::take(&mut self.executes),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
        [&[kind], &length[..], body].concat()
    }

    #[test]
    fn a_target_is_the_sync_after_the_execution_of_a_wanted_statement() {
        let mut talk = Talk::new("place_orders");
        assert!(!talk.hear(&[0, 0, 0, 8, 0, 3, 0, 0]), "the start-up has no kind");
        let prepare = |name: &str, text: &str| message(b'P', format!("{name}\0{text}\0\0\0").as_bytes());
        assert!(!talk.hear(&[prepare("s1", "select 1"), message(b'S', b"")].concat()));
        assert!(
            !talk
                .hear(&[prepare("s2", "select * from orders.place_orders($1)"), message(b'S', b"")].concat())
        );
        let run = |name: &str| {
            [
                message(b'B', format!("\0{name}\0").as_bytes()),
                message(b'E', b"\0\0\0\0\0"),
                message(b'S', b""),
            ]
            .concat()
        };
        assert!(!talk.hear(&run("s1")));
        assert!(talk.hear(&run("s2")));
        let run = run("s2");
        assert!(!talk.hear(&run[..run.len() - 2]), "the Sync is not whole");
        assert!(talk.hear(&run[run.len() - 2..]));
    }
}
