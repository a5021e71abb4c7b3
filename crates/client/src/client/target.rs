//! From what a client was asked for to its server: at once, or by the resolution of a `mongodb+srv` name.

use super::Client;
use crate::failure::Failure;
use crate::note::Note;
use crate::runtime::runtime;
use ferropool_connection::{Authenticator, CredentialSupplier, Mechanism};
use ferropool_lane::Message;
use ferropool_options::ClientOptions;
use ferropool_topology::srv::{self, LEAST_RESCAN_INTERVAL, PollOptions, Seeds};
use ferropool_topology::{SrvError, Topology};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

/// What a client's options came to.
pub(super) struct Target {
    /// With the hosts of the seed list.
    pub(super) options: ClientOptions,
    /// The deployment, or why operations are refused before anything is dialled.
    pub(super) topology: Result<Arc<Topology>, Failure>,
}

/// What the setting of the target has to be one with.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// Whether somebody listens to the pools' events, and to the topology's.
    pub(super) subscribed: (bool, bool),
    /// The resolution that is under way.
    resolution: Option<AbortHandle>,
}

impl Client {
    /// Sets the target, where no name has to be resolved for it.
    pub(super) fn settle_at_once(&self) {
        if self.asked.srv.is_none() || refusal(&self.asked).is_some() {
            self.target.get_or_init(|| self.aim(self.asked.clone()));
        }
    }

    fn aim(&self, options: ClientOptions) -> Target {
        let topology = match refusal(&options) {
            Some(refusal) => Err(refusal),
            None => {
                let mut topology = options.topology();
                let connect = &mut topology.server.connect;
                connect.metadata = self.metadata.clone();
                connect.authenticator = self.authenticator(&options);
                let observer = Arc::clone(&self.observer);
                Ok(Topology::new(topology, observer, runtime()))
            }
        };
        Target { options, topology }
    }

    /// One for all connections, which share what it derives and is given.
    fn authenticator(&self, options: &ClientOptions) -> Option<Arc<Authenticator>> {
        let credential = options.credential.clone()?;
        let supplier = Arc::clone(&self.supplier) as Arc<dyn CredentialSupplier>;
        let supplier = credential.properties.callback.map(|_| supplier);
        Some(Arc::new(Authenticator::new(credential, supplier)))
    }

    /// Resolves the name, unless that is under way.
    pub(super) fn resolve(self: &Arc<Self>) {
        let mut settling = self.settling.lock();
        let Some(name) = &self.asked.srv else { return };
        if settling.resolution.is_some() || self.target.get().is_some() || self.is_closed() {
            return;
        }
        let (name, limit) = (name.clone(), self.asked.connect_timeout);
        let client = Arc::downgrade(self);
        let task = runtime().spawn(async move {
            let found = srv::resolve(&name, limit).await;
            // Nobody wants to know what a client that has gone would connect to.
            if let Some(client) = Weak::upgrade(&client) {
                client.resolved(found);
            }
        });
        settling.resolution = Some(task.abort_handle());
    }

    /// Ends a resolution that is under way.
    pub(super) fn stop_resolving(&self) {
        if let Some(task) = self.settling.lock().resolution.take() {
            task.abort();
        }
    }

    fn resolved(&self, found: Result<Seeds, SrvError>) {
        let options = found.map_err(Failure::from).and_then(|seeds| {
            let Seeds { hosts, txt, ttl } = seeds;
            let options = self.asked.with_seeds(hosts, txt.as_deref())?;
            Ok((options, ttl))
        });
        let mut settling = self.settling.lock();
        settling.resolution = None;
        // Its waiters have been told.
        if self.is_closed() {
            return;
        }
        match options {
            // Who begins to wait after this finds no resolution under way, and asks for the next one.
            Err(failure) => return self.selection.fail(&failure),
            Ok((options, ttl)) => {
                let target = self.target.get_or_init(|| self.aim(options));
                // Before the pools can have another event than their creation, which they keep.
                if let Ok(topology) = &target.topology {
                    let (pools, sdam) = settling.subscribed;
                    topology.subscribe(pools, sdam);
                    self.poll(topology, &target.options, ttl);
                }
            }
        }
        if settling.subscribed != (false, false) {
            self.observer.inbox.push(Message::Other(Note::Events));
        }
        drop(settling);
        if let Some(topology) = self.topology()
            && self.selection.is_anybody_waiting()
        {
            topology.start();
        }
        // Some may be refused, others have to ask for checks.
        self.selection.resume();
    }
}

impl Client {
    /// Has the hosts of a sharded cluster kept up to date.
    fn poll(&self, topology: &Topology, options: &ClientOptions, ttl: Duration) {
        let (Some(srv), Some(monitor)) = (&options.srv, &options.monitor) else {
            return;
        };
        if options.load_balanced {
            return;
        }
        let poll = PollOptions {
            srv: srv.clone(),
            limit: options.connect_timeout,
            heartbeat_frequency: monitor.heartbeat_frequency,
            least_interval: LEAST_RESCAN_INTERVAL,
        };
        topology.poll(poll, options.hosts.clone(), ttl);
    }
}

/// Why a client with these options can do nothing, if that is so.
fn refusal(options: &ClientOptions) -> Option<Failure> {
    let mechanism = options.credential.as_ref()?.mechanism;
    (mechanism == Some(Mechanism::Gssapi)).then(|| {
        let message = "authMechanism GSSAPI is not supported: it needs a Kerberos library, which this package does not have";
        Failure::InvalidArgument(message.to_owned())
    })
}
