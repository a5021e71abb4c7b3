//! A client's view of its deployment, kept up to date.
//!
//! **Structure.** [`State`] holds the description and the servers that are in it, under one lock. Each
//! change of it publishes a new [`View`], which whoever selects reads without that lock.
//!
//! **Order.** A pool becomes ready or is cleared under the lock that guards the description, so that
//! nobody sees the one without the other; what that entails is carried out after the lock is released.
//! The lock is taken before a pool's, never after it.

mod change;
mod checks;
mod failures;
mod recording;
mod seed_list;

use change::Change;

use crate::description::{ServerDescription, ServerType};
use crate::events::{EventLog, TopologyEvent};
use crate::latest::{Latest, Published};
use crate::monitor::{Monitor, MonitorOptions};
use crate::selection::{SelectionOptions, Snapshot};
use crate::server::{Server, ServerOptions};
use crate::srv::SrvPoller;
use crate::topology_description::{TopologyDescription, TopologySettings, TopologyType};
use ferropool_connection::{Address, Error};
use ferropool_pool::{Clears, Deferred};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use tokio::runtime::Handle;

/// The servers of a deployment, watched.
///
/// Dropping the last handle stops the monitors and closes the available connections.
pub struct Topology {
    this: Weak<Self>,
    options: TopologyOptions,
    observer: Arc<dyn Observer>,
    runtime: Handle,
    state: Mutex<State>,
    published: Arc<Published<View>>,
    /// Asks for the hosts of a sharded cluster again and again.
    poller: Mutex<Option<SrvPoller>>,
}

/// How a deployment is watched, and its servers are reached.
#[derive(Clone, Debug)]
pub struct TopologyOptions {
    /// What the client was told of it.
    pub settings: TopologySettings,
    /// How each server is reached and pooled.
    pub server: ServerOptions,
    /// How each server is watched; `None` for a pool without a topology, whose user makes it ready. A load
    /// balancer is not watched either ("Load Balancers", "Monitoring"), but known from the beginning.
    pub monitor: Option<MonitorOptions>,
    /// What selection goes by.
    pub selection: SelectionOptions,
}

/// Hears of what happens on the core's threads.
pub trait Observer: Send + Sync + 'static {
    /// A pool has events for its subscriber.
    fn events_recorded(&self);
    /// Operations that wait for a server may find one now.
    fn changed(&self);
    /// What the client was configured with cannot be used: nothing is gained by waiting.
    fn unusable(&self, error: &Error);
    /// Whether operations wait for a server: a failed check is then followed by the next one as soon
    /// as that is allowed.
    fn is_awaited(&self) -> bool;
}

/// A deployment as it was at one time.
pub struct View {
    /// What is known, prepared for selection.
    pub snapshot: Snapshot,
    /// The servers, in the order of the description.
    pub servers: Vec<Arc<Server>>,
}

struct State {
    description: Arc<TopologyDescription>,
    /// In the order of the description.
    servers: Vec<Arc<Server>>,
    /// Those that have left the topology, until their last events are drained.
    retired: Vec<Arc<Server>>,
    /// Where every server is that there ever was, by its number.
    addresses: Vec<Address>,
    /// Whether somebody listens to the pools' events.
    subscribed: bool,
    events: EventLog,
    started: bool,
    closed: bool,
}

impl Topology {
    /// A topology whose tasks run on `runtime`. Nothing is dialled before [`Self::start`], unless the
    /// pool's user makes it ready.
    pub fn new(
        options: TopologyOptions,
        observer: Arc<dyn Observer>,
        runtime: &Handle,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this: &Weak<Self>| {
            let initial = TopologyDescription::initial(options.settings.clone());
            let addresses: Vec<Address> = { &initial.servers }
                .iter()
                .map(|server| server.address.clone())
                .collect();
            let servers: Vec<Arc<Server>> = (0..)
                .zip(&addresses)
                .map(|(number, address)| {
                    Server::new(
                        number,
                        address.clone(),
                        &options.server,
                        Weak::clone(this),
                        Arc::clone(&observer),
                        runtime,
                    )
                })
                .collect();
            let description = Arc::new(initial);
            let view = View {
                snapshot: Snapshot::new(Arc::clone(&description), options.selection),
                servers: servers.clone(),
            };
            Self {
                this: Weak::clone(this),
                options,
                observer,
                runtime: runtime.clone(),
                state: Mutex::new(State {
                    description,
                    servers,
                    retired: Vec::new(),
                    addresses,
                    subscribed: false,
                    events: EventLog::default(),
                    started: false,
                    closed: false,
                }),
                published: Arc::new(Published::new(Arc::new(view))),
                poller: Mutex::new(None),
            }
        })
    }

    /// What selection reads, for one who selects often.
    pub fn reader(&self) -> Latest<View> {
        self.published.reader()
    }

    /// The deployment now.
    pub fn view(&self) -> Arc<View> {
        self.published.current()
    }

    /// Whether pools are made ready and cleared by what is known of their servers; otherwise their user
    /// does that.
    pub fn governs_pools(&self) -> bool {
        self.options.monitor.is_some()
    }

    /// Starts the monitors, if they have not been started. Nobody checks a load balancer: it is what it is
    /// said to be, from here on.
    pub fn start(&self) {
        let mut state = self.state.lock();
        if state.started || state.closed {
            return;
        }
        state.started = true;
        let is_heard = self.open_loudly(&mut state);
        state.servers.iter().for_each(|server| self.watch(server));
        if self.governs_pools()
            && self.is_load_balanced()
            && let Some(server) = state.servers.first().map(Arc::clone)
        {
            let change = Change {
                description: Some(ServerDescription::load_balancer(server.address().clone())),
                clears: Clears::Nothing,
                cause: None,
                interrupt_in_use: false,
            };
            self.change(state, &server, change);
        } else {
            drop(state);
        }
        self.announce(is_heard);
    }

    /// Says who listens: to the pools' events, also to those of pools that are to be, and to the
    /// topology's.
    pub fn subscribe(&self, pools: bool, topology: bool) {
        let mut state = self.state.lock();
        state.subscribed = pools;
        state.events.subscribe(topology);
        for server in &state.servers {
            server.pool().subscribe(pools);
        }
    }

    /// Asks every monitor to look now, or after the minimum interval.
    pub fn request_checks(&self) {
        for server in &self.view().servers {
            server.request_check();
        }
    }

    /// The servers that have data, or that are used whatever they are.
    pub fn usable_servers(&self) -> Vec<Arc<Server>> {
        let view = self.view();
        let description = view.snapshot.description();
        let servers = view.servers.iter().zip(&description.servers);
        servers
            .filter(|(_, known)| {
                !self.governs_pools() || is_usable(description.topology_type, known.server_type)
            })
            .map(|(server, _)| Arc::clone(server))
            .collect()
    }

    /// Whether every server has been checked, with whatever result, or nobody checks them.
    pub fn is_explored(&self) -> bool {
        let view = self.view();
        let mut servers = view.snapshot.description().servers.iter();
        !self.governs_pools()
            || servers
                .all(|known| known.server_type != ServerType::Unknown || known.error.is_some())
    }

    /// Where the server of this number is, or was.
    pub fn address(&self, number: u32) -> Option<Address> {
        self.state.lock().addresses.get(number as usize).cloned()
    }

    /// Calls `with` for every server that may have connections, until it gives something.
    pub fn find<R>(&self, with: impl FnMut(&Arc<Server>) -> Option<R>) -> Option<R> {
        let state = self.state.lock();
        let servers: Vec<Arc<Server>> = { &state.servers }
            .iter()
            .chain(&state.retired)
            .cloned()
            .collect();
        drop(state);
        servers.iter().find_map(with)
    }

    /// Stops the monitors and closes the pools. Returns how many check-outs that rejected.
    pub fn close(&self) -> u32 {
        let mut state = self.state.lock();
        if state.closed {
            return 0;
        }
        let servers = state.servers.clone();
        let is_heard = state.started && state.events.is_subscribed() && self.has_topology();
        let mut rejected = 0;
        let mut deferred = Vec::new();
        for server in &servers {
            server.stop();
            let (waiting, closing) = server.pool().decide_close();
            rejected += waiting;
            deferred.push(closing);
            if is_heard {
                state.record(|| TopologyEvent::ServerClosed(server.address().clone()));
            }
        }
        if is_heard {
            let (previous, new) = (Arc::clone(&state.description), Arc::default());
            state.record(|| TopologyEvent::TopologyDescriptionChanged { previous, new });
            state.record(|| TopologyEvent::TopologyClosed);
        }
        state.closed = true;
        drop(state);
        // Not under the state's lock: whoever starts the poller takes them in the other order.
        drop(self.poller.lock().take());
        deferred.into_iter().for_each(Deferred::carry_out);
        self.announce(is_heard);
        rejected
    }

    fn has_topology(&self) -> bool {
        self.governs_pools()
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.observer.is_awaited()
    }

    fn is_load_balanced(&self) -> bool {
        self.options.settings.load_balanced
    }

    fn open(&self, state: &mut State, address: &Address) -> Arc<Server> {
        let number = state.addresses.len() as u32;
        state.addresses.push(address.clone());
        let server = Server::new(
            number,
            address.clone(),
            &self.options.server,
            Weak::clone(&self.this),
            Arc::clone(&self.observer),
            &self.runtime,
        );
        server.pool().subscribe(state.subscribed);
        if state.started {
            self.watch(&server);
        }
        server
    }

    fn watch(&self, server: &Arc<Server>) {
        if let Some(options) = self.options.monitor.filter(|_| !self.is_load_balanced()) {
            let connect = self.options.server.connect.clone();
            let monitor = Monitor::new(&self.this, server, connect, options);
            self.runtime.spawn(monitor.run());
        }
    }
}

/// Whether a server of this type can be used in such a topology, so that its pool is ready.
fn is_usable(topology: TopologyType, server: ServerType) -> bool {
    let is_known = server != ServerType::Unknown;
    server.is_data_bearing() || (is_known && topology == TopologyType::Single)
}

impl Drop for Topology {
    fn drop(&mut self) {
        // Monitors hold neither the topology nor a server; a server stops its own.
        for server in &self.state.get_mut().servers {
            server.stop();
        }
    }
}
