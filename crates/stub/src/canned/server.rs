//! The readiness loop of the canned server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;

use super::session::{Context, Session, Tally};
use super::templates::Templates;
use crate::shared::Shared;

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);

/// Bytes of one read: many requests, and a whole one of any ordinary size.
const SCRATCH: usize = 64 * 1024;

pub(super) struct Server {
    poll: Poll,
    listener: TcpListener,
    sessions: Slab<Session>,
    shared: Arc<Shared>,
    is_stopping: Arc<AtomicBool>,
}

impl Server {
    pub(super) fn bind(
        address: SocketAddr,
        shared: Arc<Shared>,
        is_stopping: Arc<AtomicBool>,
    ) -> io::Result<Server> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(address)?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Server {
            poll,
            listener,
            sessions: Slab::new(),
            shared,
            is_stopping,
        })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Ends the wait for readiness; there can be one only.
    pub(super) fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    /// Serves until it is stopped.
    pub(super) fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let templates = Templates::new();
        let mut events = Events::with_capacity(1024);
        let (mut scratch, mut output) = (vec![0; SCRATCH], Vec::new());
        let mut tally = Tally::default();
        while !self.is_stopping.load(Ordering::Acquire) {
            if let Err(error) = self.poll.poll(&mut events, None)
                && error.kind() != io::ErrorKind::Interrupted
            {
                return;
            }
            let mut context = Context {
                shared: &shared,
                templates: &templates,
                scratch: &mut scratch,
                output: &mut output,
                tally: &mut tally,
            };
            for event in &events {
                match event.token() {
                    LISTENER => self.accept_all(),
                    WAKER => {}
                    Token(key) => self.serve(key, &mut context, event.is_read_closed()),
                }
            }
            let mut state = shared.state.lock();
            state.counters.add(
                std::mem::take(&mut tally.commands),
                std::mem::take(&mut tally.bytes_in),
                std::mem::take(&mut tally.bytes_out),
            );
        }
    }

    fn serve(&mut self, key: usize, context: &mut Context<'_>, is_ending: bool) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        if session.ready(context, is_ending).is_err() {
            let mut session = self.sessions.remove(key);
            // Closing deregisters as well, should this fail.
            let _ = self.poll.registry().deregister(&mut session.stream);
            self.shared.state.lock().unregister(session.id);
        }
    }

    fn accept_all(&mut self) {
        // Whatever the error, the next connection is a new event.
        while let Ok((mut stream, _)) = self.listener.accept() {
            let _ = stream.set_nodelay(true);
            let entry = self.sessions.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            let token = Token(entry.key());
            if self
                .poll
                .registry()
                .register(&mut stream, token, interest)
                .is_ok()
            {
                let (id, _) = self.shared.state.lock().register();
                entry.insert(Session::new(id, stream));
            }
        }
    }
}
