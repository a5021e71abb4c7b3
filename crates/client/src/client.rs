mod target;

use crate::failure::Failure;
use crate::note::Note;
use crate::options::ClientOptions;
use crate::runtime::runtime;
use crate::selection::Selection;
use crate::stats::PoolStatsView;
use crate::supplier::{Requests, Supplier};
use ferropool_connection::{ClientMetadata, DriverInfo, Error, MetadataError, ServerApi};
use ferropool_lane::{Inbox, Message};
use ferropool_pool::{CheckOutError, Pool};
use ferropool_topology::{Observer, Server, Wired};
use parking_lot::Mutex;
use serde::Serialize;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use target::{Settling, Target};

/// One user's connections: a server, its pool, and the operations that wait for it.
///
/// Dropping the last handle stops the monitor and closes the available connections.
pub struct Client {
    /// As they were asked for: a name may have to be resolved before there is a server.
    asked: ClientOptions,
    /// Set at construction, or by the resolution.
    target: OnceLock<Target>,
    settling: Mutex<Settling>,
    selection: Arc<Selection>,
    observer: Arc<ClientObserver>,
    metadata: ClientMetadata,
    supplier: Arc<Supplier>,
    closed: AtomicBool,
}

/// What a close did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// Connections in use that were returned before the deadline.
    pub drained: u32,
    /// Connections in use that were ended at the deadline.
    pub interrupted: u32,
    /// Check-outs that were rejected.
    pub rejected: u32,
}

impl Client {
    /// A client whose operations live on the lane behind `inbox`. Nothing is dialled or looked up before
    /// it is used.
    pub fn new(asked: ClientOptions, inbox: Arc<Inbox<Note>>) -> Arc<Self> {
        let selection = Selection::new(Arc::clone(&inbox));
        let client = Arc::new(Self {
            supplier: Arc::new(Supplier::new(Arc::clone(&inbox))),
            metadata: ClientMetadata::new(&asked.application),
            target: OnceLock::new(),
            settling: Mutex::default(),
            observer: Arc::new(ClientObserver {
                inbox,
                selection: Arc::clone(&selection),
            }),
            selection,
            asked,
            closed: AtomicBool::new(false),
        });
        client.settle_at_once();
        runtime().spawn(Selection::expire(
            Arc::downgrade(&client.selection),
            Arc::downgrade(&client),
        ));
        client
    }

    /// The only server there is; none while its name is not resolved, and where there is to be none.
    pub fn server(&self) -> Option<&Arc<Server>> {
        self.target.get()?.server.as_ref().ok()
    }

    /// Its options: those of the seed list once that is known.
    pub fn options(&self) -> &ClientOptions {
        match self.target.get() {
            Some(target) => &target.options,
            None => &self.asked,
        }
    }

    /// Tells servers of a library that wraps this client, in the handshakes from now on; `false` if they
    /// are told already.
    ///
    /// # Errors
    /// [`MetadataError::TooLong`].
    pub fn append_metadata(&self, info: DriverInfo) -> Result<bool, MetadataError> {
        self.metadata.append(info)
    }

    /// Answers a [`Journal::CredentialWanted`](crate::Journal::CredentialWanted): JSON, or the text of the
    /// error that the callback ended with.
    pub fn supply(&self, request: u32, answer: Result<String, String>) {
        self.supplier.answer(request, answer);
    }

    pub(crate) fn asked(&self, from: &Requests) -> bool {
        self.supplier.is(from)
    }

    /// What every command declares; a TXT record cannot change it.
    pub(crate) fn server_api(&self) -> Option<&ServerApi> {
        self.asked.server_api.as_ref()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether an operation can go on to check a connection out, or to fail: a closed client's can, and one's
    /// that refuses.
    pub(crate) fn is_selectable(&self) -> bool {
        match self.target.get() {
            Some(Target {
                server: Ok(server), ..
            }) => server.is_usable() || self.is_closed(),
            Some(Target { server: Err(_), .. }) => true,
            None => self.is_closed(),
        }
    }

    /// The server of an operation that can go on.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn selected(&self) -> Result<&Arc<Server>, Failure> {
        match self.target.get() {
            Some(Target {
                server: Ok(server), ..
            }) => Ok(server),
            Some(Target {
                server: Err(refusal),
                ..
            }) if !self.is_closed() => Err(refusal.clone()),
            _ => Err(Failure::Closed),
        }
    }

    /// A check-out failed.
    pub fn check_out_failure(&self, error: CheckOutError<Error>) -> Failure {
        match self.selected() {
            Ok(server) => Failure::CheckOut {
                error,
                address: server.address().clone(),
            },
            Err(failure) => failure,
        }
    }

    /// Until when an operation that begins to select at `since` waits for the server.
    pub(crate) fn selection_deadline(&self, since: Instant, until: Option<Instant>) -> Instant {
        let limit = since + self.options().server_selection_timeout;
        until.map_or(limit, |until| until.min(limit))
    }

    /// Puts an operation among those that wait for the server, and asks for a check or, before that, for
    /// the server.
    pub(crate) fn wait_for_server(self: &Arc<Self>, slot: u32, since: Instant, deadline: Instant) {
        self.selection.enter(slot, since, deadline);
        if self.target.get().is_none() {
            self.resolve();
        }
        if let Some(server) = self.server() {
            server.start();
            server.request_check();
        }
        // It may have become usable between the caller's look and the entry.
        if self.is_selectable() {
            self.selection.resume();
        }
    }

    pub(crate) fn stop_waiting(&self, slot: u32, deadline: Instant) -> bool {
        self.selection.leave(slot, deadline)
    }

    /// Says whether somebody listens to the pool's events, also to those of a pool that is to be.
    pub(crate) fn subscribe(&self, subscribed: bool) {
        let mut settling = self.settling.lock();
        settling.subscribed = subscribed;
        if let Some(server) = self.server() {
            server.pool().subscribe(subscribed);
        }
    }

    /// The pool's statistics, if there is one.
    pub fn stats(&self) -> Option<PoolStatsView> {
        let server = self.server()?;
        let address = server.address().to_string();
        let stats = server.pool().stats();
        Some(PoolStatsView::new(address, &stats, server.establishments()))
    }

    /// Completes when `connections` are established.
    ///
    /// # Errors
    /// The server could not be selected, the pool was cleared or closed, or it may not have as many.
    pub async fn warm(&self, connections: u32) -> Result<(), Failure> {
        let server = self.selected()?;
        let limit = self.options().pool.max_pool_size.unwrap_or(u32::MAX);
        if connections > limit {
            let message =
                format!("\"min\" must not exceed \"maxPoolSize\": {connections} > {limit}");
            return Err(Failure::InvalidArgument(message));
        }
        let warm = server.pool().warm(connections).await;
        warm.map_err(|error| self.check_out_failure(error))
    }

    /// Closes the pool at once; the future waits for the connections in use, which are ended after
    /// `drain`.
    pub fn close(
        self: Arc<Self>,
        drain: Option<Duration>,
    ) -> impl Future<Output = Closed> + Send + 'static {
        self.closed.store(true, Ordering::Release);
        self.stop_resolving();
        let (mut rejected, mut in_use) = (0, 0);
        if let Some(server) = self.server() {
            server.stop();
            rejected = server.pool().close();
            in_use = server.pool().stats().in_use.iter().sum();
        }
        rejected += self.selection.resume();
        async move {
            let interrupted = match self.server() {
                None => 0,
                Some(server) => drained(server.pool(), drain).await,
            };
            Closed {
                drained: in_use.saturating_sub(interrupted),
                interrupted,
                rejected,
            }
        }
    }
}

/// Waits for the connections in use, for as long as `drain` if that is given, and says how many had to be
/// ended.
async fn drained(pool: &Pool<Wired>, drain: Option<Duration>) -> u32 {
    match drain {
        None => {
            pool.drained().await;
            0
        }
        Some(limit) => match tokio::time::timeout(limit, pool.drained()).await {
            Ok(()) => 0,
            Err(_elapsed) => pool.interrupt(),
        },
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop_resolving();
        self.selection.wake();
    }
}

struct ClientObserver {
    inbox: Arc<Inbox<Note>>,
    selection: Arc<Selection>,
}

impl Observer for ClientObserver {
    fn events_recorded(&self) {
        self.inbox.push(Message::Other(Note::Events));
    }

    fn changed(&self, usable: bool) {
        if usable {
            self.selection.resume();
        }
    }

    fn unusable(&self, error: &Error) {
        self.selection.fail(&Failure::Connection(error.clone()));
    }

    fn is_awaited(&self) -> bool {
        self.selection.is_anybody_waiting()
    }
}
