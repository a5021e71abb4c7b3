mod target;

use crate::failure::Failure;
use crate::note::Note;
use crate::runtime::runtime;
use crate::selection::Selection;
use crate::stats::PoolStatsView;
use crate::supplier::{Requests, Supplier};
use ferropool_connection::{ClientMetadata, DriverInfo, Error, MetadataError, ServerApi};
use ferropool_lane::{Inbox, Message};
use ferropool_options::ClientOptions;
use ferropool_pool::{Key, Pool};
use ferropool_topology::{Observer, Server, Topology, Wired};
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
        let selection = Arc::clone(&client.selection);
        runtime().spawn(selection.expire(Arc::downgrade(&client)));
        client
    }

    /// The deployment; none while its name is not resolved, and where there is to be none.
    pub fn topology(&self) -> Option<&Arc<Topology>> {
        self.target.get()?.topology.as_ref().ok()
    }

    /// The only server there is, of a pool without a topology.
    pub fn server(&self) -> Option<Arc<Server>> {
        self.topology()?.view().servers.first().map(Arc::clone)
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

    /// Whether pools are made ready and cleared by what is known of their servers.
    pub(crate) fn governs_pools(&self) -> bool {
        self.asked.monitor.is_some()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The deployment to select from; `None` while it is not known.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn target(&self) -> Result<Option<&Arc<Topology>>, Failure> {
        match self.target.get() {
            Some(Target {
                topology: Ok(topology),
                ..
            }) => Ok(Some(topology)),
            _ if self.is_closed() => Err(Failure::Closed),
            Some(Target {
                topology: Err(refusal),
                ..
            }) => Err(refusal.clone()),
            None => Ok(None),
        }
    }

    /// Whether all servers have been looked at, or nobody will do so any more.
    pub(crate) fn is_explored(&self) -> bool {
        let topology = self.topology();
        self.is_closed() || topology.is_none_or(|topology| topology.is_explored())
    }

    /// Until when an operation that begins to select at `since` waits for the server.
    pub(crate) fn selection_deadline(&self, since: Instant, until: Option<Instant>) -> Instant {
        let limit = since + self.options().server_selection_timeout;
        until.map_or(limit, |until| until.min(limit))
    }

    /// Puts an operation among those that wait for a server, and asks for checks or, before that, for the
    /// deployment. Whoever calls looks once more afterwards.
    pub(crate) fn wait_for_server(self: &Arc<Self>, slot: u32, since: Instant, deadline: Instant) {
        self.selection.enter(slot, since, deadline);
        if self.target.get().is_none() {
            self.resolve();
        }
        if let Some(topology) = self.topology() {
            topology.start();
            topology.request_checks();
        }
    }

    pub(crate) fn stop_waiting(&self, slot: u32, deadline: Instant) -> bool {
        self.selection.leave(slot, deadline)
    }

    /// Says whether somebody listens to the pools' events, also to those of pools that are to be, and to the
    /// topology's.
    pub(crate) fn subscribe(&self, pools: bool, topology: bool) {
        let mut settling = self.settling.lock();
        settling.subscribed = (pools, topology);
        if let Some(known) = self.topology() {
            known.subscribe(pools, topology);
        }
    }

    /// The statistics of each server's pool.
    pub fn stats(&self) -> Vec<PoolStatsView> {
        let view = self.topology().map(|topology| topology.view());
        let servers = view.iter().flat_map(|view| &view.servers);
        servers
            .map(|server| {
                let (address, stats) = (server.address().to_string(), server.pool().stats());
                PoolStatsView::new(address, &stats, server.establishments())
            })
            .collect()
    }

    /// Completes when each server that has data, or that is used whatever it is, has `connections`. Of those
    /// that are known now: whoever calls has waited until all have been looked at.
    ///
    /// # Errors
    /// A pool was cleared or closed, or may not have as many.
    pub async fn warm(&self, connections: u32) -> Result<(), Failure> {
        let limit = self.options().pool.max_pool_size.unwrap_or(u32::MAX);
        if connections > limit {
            let message =
                format!("\"min\" must not exceed \"maxPoolSize\": {connections} > {limit}");
            return Err(Failure::InvalidArgument(message));
        }
        let topology = self.target()?.ok_or(Failure::Closed)?;
        let warming = topology.usable_servers().into_iter().map(|server| {
            runtime().spawn(async move {
                let warm = server.pool().warm(connections).await;
                let address = server.address().clone();
                warm.map_err(|error| Failure::CheckOut { error, address })
            })
        });
        // All at once: each has been started before the first is awaited.
        for warm in warming.collect::<Vec<_>>() {
            warm.await.unwrap_or(Err(Failure::Closed))?;
        }
        Ok(())
    }

    /// Closes the pool at once; the future waits for the connections in use, which are ended after
    /// `drain`. Those in `unawaited` are ended at once.
    pub fn close(
        self: Arc<Self>,
        drain: Option<Duration>,
        unawaited: Vec<(Arc<Server>, Key)>,
    ) -> impl Future<Output = Closed> + Send + 'static {
        self.closed.store(true, Ordering::Release);
        self.stop_resolving();
        let (mut rejected, mut servers) = (0, Vec::new());
        // The pools first: whoever is told to look again is refused by them.
        if let Some(topology) = self.topology() {
            rejected += topology.close();
            topology.find(|server| -> Option<()> {
                servers.push(Arc::clone(server));
                None
            });
        }
        rejected += self.selection.resume();
        self.supplier.stop();
        let in_use: u32 = { &servers }
            .iter()
            .map(|server| server.pool().stats().in_use.iter().sum::<u32>())
            .sum();
        let ended = { unawaited.iter() }.filter(|(server, key)| server.pool().interrupt_one(*key));
        let mut interrupted = ended.count() as u32;
        let deadline = drain.and_then(|drain| Instant::now().checked_add(drain));
        async move {
            for server in &servers {
                let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
                interrupted += drained(server.pool(), left).await;
            }
            // The client lives until it is drained.
            drop(self);
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
        self.supplier.stop();
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

    fn changed(&self) {
        self.selection.resume();
    }

    fn unusable(&self, error: &Error) {
        self.selection.fail(&Failure::Connection(error.clone()));
    }

    fn is_awaited(&self) -> bool {
        self.selection.is_anybody_waiting()
    }
}
