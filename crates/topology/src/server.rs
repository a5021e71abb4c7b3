use crate::establishments::{EstablishmentStats, Establishments};
use crate::topology::{Observer, Topology};
use crate::unclaimed::Unclaimed;
use crate::wired::{Waiter, Wired};
use ferropool_connection::{
    Address, ConnectOptions, Error, Established, Home, Phase, Watcher, establish,
};
use ferropool_pool::{CheckOutResult, Clears, Connector, Permit, Pool, PoolOptions, Sever};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// A server of a topology: where it is, and its pool. What is known of it is in the topology's
/// description.
///
/// Dropping the last handle stops the monitor and closes the available connections.
pub struct Server {
    number: u32,
    address: Address,
    pool: Arc<Pool<Wired>>,
    pub(crate) signals: Arc<Signals>,
    establishments: Arc<Establishments>,
    /// Operations under way, for selection among servers that are equally near.
    operations: AtomicU32,
}

/// What a monitor listens to. Apart from the server, which the monitor must not keep alive.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    pub(crate) check: Notify,
    pub(crate) cancel: Notify,
    pub(crate) stop: Notify,
}

impl Signals {
    /// Takes back the requests for a check that nobody has heard.
    pub(crate) fn forget_requests(&self) {
        let request = self.check.notified();
        tokio::pin!(request);
        // Takes the request, if there is one; dropped, it waits for no other.
        request.as_mut().enable();
    }
}

/// How servers are reached and pooled.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The pools' options.
    pub pool: PoolOptions,
    /// The establishments' options.
    pub connect: ConnectOptions,
}

impl Server {
    /// A server whose tasks run on `runtime`. Nothing is dialled before its pool is ready.
    pub(crate) fn new(
        number: u32,
        address: Address,
        options: &ServerOptions,
        topology: Weak<Topology>,
        observer: Arc<dyn Observer>,
        runtime: &Handle,
    ) -> Arc<Self> {
        let back = Arc::new(OnceLock::new());
        let establishments = Arc::new(Establishments::default());
        let connect = options.connect.clone();
        let site = Site {
            address: address.clone(),
            populate: connect.clone(),
            connect: ConnectOptions {
                auth_timeout: None,
                ..connect
            },
            server: Arc::clone(&back),
            topology,
            establishments: Arc::clone(&establishments),
        };
        let connector = PoolConnector {
            site: Arc::new(site),
            observer,
            runtime: runtime.clone(),
        };
        let pool = Pool::new(options.pool.clone(), Box::new(connector));
        runtime.spawn(Pool::maintain(Arc::downgrade(&pool)));
        let server = Arc::new(Self {
            number,
            address,
            pool,
            signals: Arc::default(),
            establishments,
            operations: AtomicU32::new(0),
        });
        // Set once, here: nobody else has the cell.
        let _ = back.set(Arc::downgrade(&server));
        server
    }

    /// Its number among all servers that the topology has ever had.
    pub fn number(&self) -> u32 {
        self.number
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

    /// How many operations are under way ("operationCount").
    pub fn operations(&self) -> u32 {
        self.operations.load(Ordering::Relaxed)
    }

    /// An operation begins.
    pub fn enter(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
    }

    /// It has ended.
    pub fn leave(&self) {
        self.operations.fetch_sub(1, Ordering::Relaxed);
    }

    /// Asks the monitor to look now, or after the minimum interval.
    pub(crate) fn request_check(&self) {
        self.signals.check.notify_one();
    }

    /// Ends a check in progress, and the connection that it is made over.
    pub(crate) fn cancel_check(&self) {
        self.signals.cancel.notify_one();
    }

    /// Ends the monitor.
    pub(crate) fn stop(&self) {
        self.signals.stop.notify_one();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("number", &self.number)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        self.pool.close();
    }
}

/// What the pool of a server asks of it.
struct PoolConnector {
    site: Arc<Site>,
    observer: Arc<dyn Observer>,
    runtime: Handle,
}

/// What the establishments of a server have in common.
struct Site {
    address: Address,
    connect: ConnectOptions,
    /// The same for connections that nobody waits for.
    populate: ConnectOptions,
    server: Arc<OnceLock<Weak<Server>>>,
    topology: Weak<Topology>,
    establishments: Arc<Establishments>,
}

impl Connector<Wired> for PoolConnector {
    fn establish(&self, permit: Permit<Wired>) {
        let (site, runtime) = (Arc::clone(&self.site), self.runtime.clone());
        self.runtime.spawn(async move {
            let link = Arc::clone(permit.link());
            let options = match permit.populates() {
                true => &site.populate,
                false => &site.connect,
            };
            let outcome = tokio::select! {
                biased;
                // Nobody waits for it any more: the pool has closed it.
                () = link.severed() => return,
                outcome = establish(&site.address, options) => outcome,
            };
            match outcome {
                Ok(established) => site.established(permit, established, &runtime),
                Err(error) => site.failed(permit, error),
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

impl Site {
    fn established(
        self: Arc<Self>,
        permit: Permit<Wired>,
        Established {
            mut channel,
            hello,
            timings,
        }: Established,
        runtime: &Handle,
    ) {
        self.establishments.record(timings);
        let (key, socket) = (permit.key(), Arc::clone(channel.socket()));
        let unclaimed = Arc::new(Unclaimed::default());
        channel.move_home(Home::new(Arc::clone(&unclaimed) as Arc<dyn Watcher>, 0));
        permit.link().attach(Arc::clone(&socket) as Arc<dyn Sever>);
        let service = hello.service_id.filter(|_| self.connect.load_balanced);
        // Whoever waited for it watches it from now on.
        if !permit.complete(Box::new(channel), service) {
            return;
        }
        // A task of its own, because that of the establishment is ten times as large. It keeps neither the pool nor the
        // server alive.
        runtime.spawn(async move {
            if unclaimed.hung_up(socket).await
                && let Some(server) = self.server()
            {
                let error = Error::closed_by_peer(Phase::Established).at(&self.address);
                server.pool().hung_up(key, error);
            }
        });
    }

    fn failed(&self, permit: Permit<Wired>, error: Error) {
        match (self.topology.upgrade(), self.server()) {
            (Some(topology), Some(server)) => {
                topology.establishment_failed(&server, permit, error);
            }
            _ => permit.fail(error, Clears::Nothing),
        }
    }

    fn server(&self) -> Option<Arc<Server>> {
        self.server.get().and_then(Weak::upgrade)
    }
}
