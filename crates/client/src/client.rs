use crate::failure::Failure;
use crate::note::Note;
use crate::options::ClientOptions;
use crate::runtime::runtime;
use crate::selection::Selection;
use crate::stats::PoolStatsView;
use ferropool_connection::{ClientMetadata, DriverInfo, MetadataError};
use ferropool_lane::{Inbox, Message};
use ferropool_topology::{Observer, Server};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// One user's connections: a server, its pool, and the operations that wait for it.
///
/// Dropping the last handle stops the monitor and closes the available connections.
pub struct Client {
    server: Arc<Server>,
    selection: Arc<Selection>,
    options: ClientOptions,
    metadata: ClientMetadata,
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
    /// A client whose operations live on the lane behind `inbox`. Nothing is dialled before it is used.
    pub fn new(options: ClientOptions, inbox: Arc<Inbox<Note>>) -> Arc<Self> {
        let selection = Selection::new(Arc::clone(&inbox));
        let observer = Arc::new(ClientObserver {
            inbox,
            selection: Arc::clone(&selection),
        });
        let server_options = options.server();
        let metadata = server_options.connect.metadata.clone();
        let server = Server::new(options.address.clone(), server_options, observer, runtime());
        runtime().spawn(Selection::expire(
            Arc::downgrade(&selection),
            Arc::downgrade(&server),
        ));
        Arc::new(Self {
            server,
            selection,
            options,
            metadata,
            closed: AtomicBool::new(false),
        })
    }

    /// The only server there is.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Its options.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Tells servers of a library that wraps this client, in the handshakes from now on; `false` if they
    /// are told already.
    ///
    /// # Errors
    /// [`MetadataError::TooLong`].
    pub fn append_metadata(&self, info: DriverInfo) -> Result<bool, MetadataError> {
        self.metadata.append(info)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether an operation can go on to check a connection out. A closed client's can: the pool
    /// refuses them.
    pub(crate) fn is_selectable(&self) -> bool {
        self.server.is_usable() || self.is_closed()
    }

    /// Until when an operation that begins to select at `since` waits for the server.
    pub(crate) fn selection_deadline(&self, since: Instant, until: Option<Instant>) -> Instant {
        let limit = since + self.options.server_selection_timeout;
        until.map_or(limit, |until| until.min(limit))
    }

    /// Puts an operation among those that wait for the server, and asks for a check.
    pub(crate) fn wait_for_server(&self, slot: u32, since: Instant, deadline: Instant) {
        self.selection.enter(slot, since, deadline);
        self.server.start();
        self.server.request_check();
        // It may have become usable between the caller's look and the entry.
        if self.is_selectable() {
            self.selection.resume();
        }
    }

    pub(crate) fn stop_waiting(&self, slot: u32, deadline: Instant) -> bool {
        self.selection.leave(slot, deadline)
    }

    /// The pool's statistics.
    pub fn stats(&self) -> PoolStatsView {
        PoolStatsView::new(
            self.server.address().to_string(),
            &self.server.pool().stats(),
        )
    }

    /// Completes when `connections` are established.
    ///
    /// # Errors
    /// The server could not be selected, the pool was cleared or closed, or it may not have as many.
    pub async fn warm(&self, connections: u32) -> Result<(), Failure> {
        let limit = self.options.pool.max_pool_size.unwrap_or(u32::MAX);
        if connections > limit {
            let message =
                format!("\"min\" must not exceed \"maxPoolSize\": {connections} > {limit}");
            return Err(Failure::InvalidArgument(message));
        }
        let address = self.server.address().clone();
        self.server
            .pool()
            .warm(connections)
            .await
            .map_err(|error| Failure::CheckOut { error, address })
    }

    /// Closes the pool at once; the future waits for the connections in use, which are ended after
    /// `drain`.
    pub fn close(
        self: Arc<Self>,
        drain: Option<Duration>,
    ) -> impl Future<Output = Closed> + Send + 'static {
        self.closed.store(true, Ordering::Release);
        self.server.stop();
        let rejected = self.server.pool().close() + self.selection.resume();
        let in_use: u32 = self.server.pool().stats().in_use.iter().sum();
        async move {
            let pool = self.server.pool();
            let interrupted = match drain {
                None => {
                    pool.drained().await;
                    0
                }
                Some(limit) => match tokio::time::timeout(limit, pool.drained()).await {
                    Ok(()) => 0,
                    Err(_elapsed) => pool.interrupt(),
                },
            };
            Closed {
                drained: in_use.saturating_sub(interrupted),
                interrupted,
                rejected,
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
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

    fn is_awaited(&self) -> bool {
        self.selection.is_anybody_waiting()
    }
}
