//! Readiness where there is no epoll: kqueue on macOS, AFD on Windows, by way of mio.
//!
//! mio reports edges. A socket that was reported is registered again at the next look, which reports it
//! again for as long as it is ready: level triggering, for a system call more.

use super::{Batch, Interest, Ready};
use crate::table::Token;
use ferropool_connection::{Socket, Watcher};
use ferropool_pool::fork::ProcessMark;
use mio::{Events, Poll, Registry, Waker};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

/// The readiness of a lane's sockets: level-triggered, so that a turn may stop anywhere. Where it has a
/// descriptor, that becomes readable when there is something to do.
///
/// Shared with whoever takes a connection away from the lane, on any thread.
#[derive(Debug)]
pub struct Readiness {
    looking: Mutex<Looking>,
    registry: Registry,
    waker: Waker,
    watched: Mutex<HashMap<u64, Watched>>,
    /// Tokens whose sockets are no longer watched.
    released: Mutex<Vec<Token>>,
    process: ProcessMark,
    #[cfg(unix)]
    descriptor: RawFd,
}

#[derive(Debug)]
struct Looking {
    poll: Poll,
    events: Events,
    /// What the last look reported.
    reported: Vec<u64>,
}

#[derive(Debug)]
struct Watched {
    socket: Arc<Socket>,
    interest: Interest,
}

/// The token of the wake-up, which no table gives out.
const WAKE: mio::Token = mio::Token(usize::MAX);
/// How many sockets one look reports at the most.
const CAPACITY: usize = 256;

impl Readiness {
    /// An empty set.
    ///
    /// # Errors
    /// The process has too many descriptors.
    pub fn new() -> io::Result<Arc<Self>> {
        let poll = Poll::new()?;
        Ok(Arc::new(Self {
            registry: poll.registry().try_clone()?,
            waker: Waker::new(poll.registry(), WAKE)?,
            #[cfg(unix)]
            descriptor: poll.as_raw_fd(),
            looking: Mutex::new(Looking {
                poll,
                events: Events::with_capacity(CAPACITY),
                reported: Vec::new(),
            }),
            watched: Mutex::new(HashMap::new()),
            released: Mutex::new(Vec::new()),
            process: ProcessMark::current(),
        }))
    }

    /// Gives whoever looks or waits something to do.
    pub fn wake(&self) {
        // It fails only if the set is gone, and then nobody looks.
        let _ = self.waker.wake();
    }

    /// Watches `socket` for something to read.
    ///
    /// # Errors
    /// The kernel's limit of watches.
    pub fn watch(&self, socket: &Arc<Socket>, token: Token) -> io::Result<()> {
        socket.with_source(|source| {
            self.registry
                .register(source, mio_token(token.0), interests(Interest::Read))
        })?;
        self.watched.lock().insert(
            token.0,
            Watched {
                socket: Arc::clone(socket),
                interest: Interest::Read,
            },
        );
        Ok(())
    }

    /// Changes what a watched socket is watched for.
    ///
    /// # Errors
    /// The socket is not watched.
    pub fn change(&self, socket: &Arc<Socket>, token: Token, interest: Interest) -> io::Result<()> {
        socket.with_source(|source| {
            self.registry
                .reregister(source, mio_token(token.0), interests(interest))
        })?;
        if let Some(watched) = self.watched.lock().get_mut(&token.0) {
            watched.interest = interest;
        }
        Ok(())
    }

    /// Looks once, without waiting, and replaces what is in `batch`.
    ///
    /// # Errors
    /// None that a valid set gives.
    pub fn look(&self, batch: &mut Batch) -> io::Result<()> {
        let mut looking = self.looking.lock();
        self.arm(&mut looking.reported);
        let Looking {
            poll,
            events,
            reported,
        } = &mut *looking;
        poll.poll(events, Some(Duration::ZERO))?;
        batch.ready.clear();
        for event in &*events {
            if event.token() == WAKE {
                continue;
            }
            let token = event.token().0 as u64;
            reported.push(token);
            batch.ready.push(Ready {
                token: Token(token),
                readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                writable: event.is_writable(),
            });
        }
        // What was reported is registered again by the next look, and until then the set is silent of it.
        batch.again = !batch.ready.is_empty();
        Ok(())
    }

    /// Waits until there is something to do, for programs that have no event loop.
    ///
    /// # Errors
    /// A signal.
    pub fn wait(&self) -> io::Result<()> {
        let mut looking = self.looking.lock();
        self.arm(&mut looking.reported);
        let Looking {
            poll,
            events,
            reported,
        } = &mut *looking;
        poll.poll(events, None)?;
        // Reported again by the look that follows.
        reported.extend(
            events
                .iter()
                .filter(|event| event.token() != WAKE)
                .map(|event| event.token().0 as u64),
        );
        Ok(())
    }

    /// Moves the tokens that are no longer watched into `into`.
    pub fn take_released(&self, into: &mut Vec<Token>) {
        into.append(&mut self.released.lock());
    }

    /// Registers again what was reported, so that it is reported again if it is still ready.
    fn arm(&self, reported: &mut Vec<u64>) {
        for token in reported.drain(..) {
            let watched = self.watched.lock();
            let Some(Watched { socket, interest }) = watched.get(&token) else {
                continue;
            };
            let (socket, interest) = (Arc::clone(socket), *interest);
            drop(watched);
            // It fails only if the socket is no longer watched.
            let _ = socket.with_source(|source| {
                self.registry
                    .reregister(source, mio_token(token), interests(interest))
            });
        }
    }
}

impl Watcher for Readiness {
    fn unwatch(&self, _socket: &Socket, token: u64) {
        let watched = self.watched.lock().remove(&token);
        // A forked child shares the set with its parent, whose registration it must leave alone.
        if let Some(Watched { socket, .. }) = watched.filter(|_| !self.process.is_foreign()) {
            // The only failure is that it is not watched, which is what is asked for.
            let _ = socket.with_source(|source| self.registry.deregister(source));
        }
        self.released.lock().push(Token(token));
    }
}

#[cfg(unix)]
impl AsRawFd for Readiness {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor
    }
}

fn mio_token(token: u64) -> mio::Token {
    mio::Token(token as usize)
}

fn interests(interest: Interest) -> mio::Interest {
    match interest {
        Interest::Read => mio::Interest::READABLE,
        Interest::ReadWrite => mio::Interest::READABLE | mio::Interest::WRITABLE,
    }
}
