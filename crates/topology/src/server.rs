use crate::establishments::{EstablishmentStats, Establishments};
use crate::monitor::{Monitor, MonitorOptions};
use crate::sdam::{self, StateChange};
use crate::unclaimed::Unclaimed;
use crate::wired::{Waiter, Wired};
use ferropool_connection::{
    Address, ConnectOptions, Error, ErrorKind, Established, Hello, Home, Phase, Severer,
    TopologyVersion, Watcher, establish,
};
use ferropool_pool::{CheckOutResult, Clears, Connector, Permit, Pool, PoolOptions};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// A server: its pool and what is known of it.
///
/// Dropping the last handle stops the monitor and closes the available connections.
pub struct Server {
    address: Address,
    pool: Arc<Pool<Wired>>,
    known: Mutex<Known>,
    /// Mirrors `known` for the hot path.
    usable: AtomicBool,
    monitored: bool,
    load_balanced: bool,
    /// The monitor that has not been started.
    unstarted: Mutex<Option<(Monitor, Handle)>>,
    signals: Arc<Signals>,
    establishments: Arc<Establishments>,
    observer: Arc<dyn Observer>,
}

/// What a monitor listens to. Apart from the server, which the monitor must not keep alive.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    pub(crate) check: Notify,
    pub(crate) stop: Notify,
}

/// How a server is reached, pooled and watched.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The pool's options.
    pub pool: PoolOptions,
    /// The establishment's options.
    pub connect: ConnectOptions,
    /// The monitor's options; without a monitor the pool's user makes it ready.
    pub monitor: Option<MonitorOptions>,
}

/// Hears of what happens to a server on the core's threads.
pub trait Observer: Send + Sync + 'static {
    /// The pool has events for its subscriber.
    fn events_recorded(&self);
    /// The server can be used, or no longer.
    fn changed(&self, usable: bool);
    /// What the client was configured with cannot be used: nothing is gained by waiting.
    fn unusable(&self, error: &Error);
    /// Whether operations wait for the server: a failed check is then followed by the next one as soon
    /// as that is allowed.
    fn is_awaited(&self) -> bool;
}

/// What is known of a server (SDAM, "ServerDescription").
#[derive(Debug)]
enum Known {
    Unknown {
        error: Option<Error>,
        topology_version: Option<TopologyVersion>,
    },
    Checked {
        topology_version: Option<TopologyVersion>,
    },
}

impl Server {
    /// A server whose tasks run on `runtime`. Nothing is dialled before [`Self::start`], unless the
    /// pool's user makes it ready.
    pub fn new(
        address: Address,
        options: ServerOptions,
        observer: Arc<dyn Observer>,
        runtime: &Handle,
    ) -> Arc<Self> {
        let back = Arc::new(OnceLock::new());
        let establishments = Arc::new(Establishments::default());
        let connector = PoolConnector {
            address: address.clone(),
            connect: options.connect.clone(),
            server: Arc::clone(&back),
            observer: Arc::clone(&observer),
            establishments: Arc::clone(&establishments),
            runtime: runtime.clone(),
        };
        let load_balanced = options.connect.load_balanced;
        let pool = Pool::new(options.pool, Box::new(connector));
        runtime.spawn(Pool::maintain(Arc::downgrade(&pool)));
        let monitored = options.monitor.is_some();
        let signals = Arc::new(Signals::default());
        Arc::new_cyclic(|this| {
            // Set once, here: nobody else has the cell.
            let _ = back.set(Weak::clone(this));
            let monitor = options.monitor.map(|monitor| {
                Monitor::new(
                    Weak::clone(this),
                    address.clone(),
                    Arc::clone(&signals),
                    options.connect,
                    monitor,
                )
            });
            Self {
                address,
                pool,
                known: Mutex::new(Known::Unknown {
                    error: None,
                    topology_version: None,
                }),
                usable: AtomicBool::new(false),
                monitored,
                load_balanced,
                unstarted: Mutex::new(monitor.map(|monitor| (monitor, runtime.clone()))),
                signals,
                establishments,
                observer,
            }
        })
    }

    /// Starts the monitor, if there is one and it has not been started.
    pub fn start(&self) {
        if let Some((monitor, runtime)) = self.unstarted.lock().take() {
            runtime.spawn(monitor.run());
        }
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Its pool.
    pub fn pool(&self) -> &Arc<Pool<Wired>> {
        &self.pool
    }

    /// How long its establishments took.
    pub fn establishments(&self) -> EstablishmentStats {
        self.establishments.stats()
    }

    /// Whether operations can be sent to it. Without a monitor that is for its user to know.
    pub fn is_usable(&self) -> bool {
        !self.monitored || self.usable.load(Ordering::Acquire)
    }

    /// Why it cannot be used, where an error says so.
    pub fn last_error(&self) -> Option<Error> {
        match &*self.known.lock() {
            Known::Unknown { error, .. } => error.clone(),
            Known::Checked { .. } => None,
        }
    }

    /// Asks the monitor to look now, or after the minimum interval.
    pub fn request_check(&self) {
        self.signals.check.notify_one();
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.observer.is_awaited()
    }

    /// Ends the monitor.
    pub fn stop(&self) {
        self.signals.stop.notify_one();
    }

    /// A check succeeded.
    pub(crate) fn checked(&self, hello: &Hello) {
        let mut known = self.known.lock();
        *known = Known::Checked {
            topology_version: hello.topology_version,
        };
        // Decided under the lock of the description: nobody sees one change without the other.
        let ready = self.pool.decide_ready();
        self.usable.store(true, Ordering::Release);
        drop(known);
        ready.carry_out();
        self.observer.changed(true);
    }

    /// A check failed.
    pub(crate) fn check_failed(&self, error: Error, interrupt_in_use: bool) {
        let mut known = self.known.lock();
        self.become_unknown(&mut known, error.clone(), None);
        let clear = self
            .pool
            .decide_clear(Some(error.clone()), interrupt_in_use, None);
        drop(known);
        clear.carry_out();
        self.observer.changed(false);
        if matches!(error.kind(), ErrorKind::Configuration) {
            self.observer.unusable(&error);
        }
    }

    /// An operation on a connection of `generation` failed.
    pub fn application_failed(&self, error: &Error, generation: u32) {
        if !self.monitored || !sdam::application_error_clears(error) {
            return;
        }
        let mut known = self.known.lock();
        // What a connection of an older generation met says nothing about the server now.
        if self.pool.generation() != generation {
            return;
        }
        self.become_unknown(&mut known, error.clone(), None);
        let clear = self.pool.decide_clear(Some(error.clone()), false, None);
        drop(known);
        clear.carry_out();
        self.observer.changed(false);
    }

    /// A reply reported a state change, over a connection of `generation`.
    pub fn state_changed(&self, change: StateChange, error: Error, generation: u32) {
        if !self.monitored {
            return;
        }
        let mut known = self.known.lock();
        let (Known::Unknown {
            topology_version, ..
        }
        | Known::Checked { topology_version }) = &*known;
        let news = change
            .topology_version
            .is_none_or(|version| version.is_news_to(*topology_version));
        if !news || self.pool.generation() != generation {
            return;
        }
        self.become_unknown(&mut known, error.clone(), change.topology_version);
        let clear = change
            .shutdown
            .then(|| self.pool.decide_clear(Some(error), false, None));
        drop(known);
        if let Some(clear) = clear {
            clear.carry_out();
        }
        self.observer.changed(false);
        self.request_check();
    }

    /// An establishment failed.
    fn establishment_failed(&self, permit: Permit<Wired>, error: Error) {
        let clears = sdam::establishment_clears(&error, self.load_balanced);
        let unknown = clears == Clears::Pool
            && self.monitored
            && self.pool.generation() == permit.generation();
        // The pool first: a check that succeeds in between makes it ready again, and the server is at
        // worst unknown until somebody asks for the next one. The other way round, that check would leave
        // a server that is usable with a pool that is paused.
        permit.fail(error.clone(), clears);
        if unknown {
            self.become_unknown(&mut self.known.lock(), error, None);
            self.observer.changed(false);
        }
    }

    fn become_unknown(
        &self,
        known: &mut Known,
        error: Error,
        topology_version: Option<TopologyVersion>,
    ) {
        *known = Known::Unknown {
            error: Some(error),
            topology_version,
        };
        self.usable.store(false, Ordering::Release);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signals.stop.notify_one();
        self.pool.close();
    }
}

/// What the pool of a server asks of it.
struct PoolConnector {
    address: Address,
    connect: ConnectOptions,
    server: Arc<OnceLock<Weak<Server>>>,
    establishments: Arc<Establishments>,
    observer: Arc<dyn Observer>,
    runtime: Handle,
}

impl Connector<Wired> for PoolConnector {
    fn establish(&self, permit: Permit<Wired>) {
        let (address, options, server) = (
            self.address.clone(),
            self.connect.clone(),
            Arc::clone(&self.server),
        );
        let establishments = Arc::clone(&self.establishments);
        self.runtime.spawn(async move {
            let link = Arc::clone(permit.link());
            let outcome = tokio::select! {
                biased;
                // Nobody waits for it any more: the pool has closed it.
                () = link.severed() => return,
                outcome = establish(&address, &options) => outcome,
            };
            match outcome {
                Ok(Established { mut channel, hello }) => {
                    let (key, socket) = (permit.key(), Arc::clone(channel.socket()));
                    establishments.record(channel.timings());
                    let unclaimed = Arc::new(Unclaimed::default());
                    channel.move_home(Home::new(Arc::clone(&unclaimed) as Arc<dyn Watcher>, 0));
                    link.attach(Box::new(Severer(Arc::clone(&socket))));
                    let service = hello.service_id.filter(|_| options.load_balanced);
                    permit.complete(Box::new(channel), service);
                    drop(link);
                    // From here on the task keeps neither the pool nor the server alive.
                    if unclaimed.hung_up(socket).await
                        && let Some(server) = server.get().and_then(Weak::upgrade)
                    {
                        let error = Error::closed_by_peer(Phase::Established).at(&address);
                        server.pool().hung_up(key, error);
                    }
                }
                Err(error) => match server.get().and_then(Weak::upgrade) {
                    Some(server) => server.establishment_failed(permit, error),
                    None => permit.fail(error, Clears::Nothing),
                },
            }
        });
    }

    fn settle(&self, waiter: Waiter, result: CheckOutResult<Wired>) {
        waiter.to.deliver(waiter.slot, result);
    }

    fn events_recorded(&self) {
        self.observer.events_recorded();
    }
}
