//! The client's view of its deployment (SDAM, "TopologyDescription"), as a pure function: a
//! description and what a check of one server found make the next description.
//!
//! [`TopologyDescription::updated`] is the only way in. It replaces the server's description and takes
//! the action that the "TopologyType table" names, each a method with the action's name: those about
//! replica sets are in `replica_set.rs`. What follows from all servers together, whether they are
//! compatible and how long sessions live, is computed anew at the end (`summary.rs`).
//!
//! Descriptions of servers are shared by the topologies that they are in, so a copy costs a pointer for
//! each server.

mod changes;
mod election;
mod replica_set;
mod servers;
mod summary;
mod topology_type;

pub use changes::ServerChange;
pub use servers::Servers;
pub use summary::{CLIENT_MAX_WIRE_VERSION, CLIENT_MIN_WIRE_VERSION};
pub use topology_type::TopologyType;

use crate::description::{Election, ElectionId, ServerDescription, ServerError, ServerType};
use ferropool_connection::Address;
use std::sync::Arc;

/// Everything that is known of a deployment. The default one is what events call unknown: no servers,
/// as before a client was opened and after it was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopologyDescription {
    /// What the servers are together.
    pub topology_type: TopologyType,
    /// The replica set's name, as it was asked for or found.
    pub set_name: Option<String>,
    /// The election id of the latest primary.
    pub max_election_id: Option<ElectionId>,
    /// The configuration's version of the latest primary.
    pub max_set_version: Option<i64>,
    /// The servers.
    pub servers: Servers,
    /// Why a server cannot be talked to by this client (`compatibilityError`); none if all can be.
    pub compatibility_error: Option<String>,
    /// The least of all data-bearing servers; none where one of them has no sessions.
    pub logical_session_timeout_minutes: Option<u32>,
    /// How many servers the client was told of, rather than found.
    seeds: usize,
}

/// What a client is told of its deployment ("Configuration"), in an allowed combination: a direct
/// connection or a load balancer has one seed, a load balancer no replica set.
#[derive(Clone, Debug, Default)]
pub struct TopologySettings {
    /// The servers to begin with.
    pub seeds: Vec<Address>,
    /// Whether the one seed is used whatever it is. Default false.
    pub direct_connection: bool,
    /// The replica set's name.
    pub replica_set: Option<String>,
    /// Whether the one seed is a load balancer. Default false.
    pub load_balanced: bool,
}

impl TopologyDescription {
    /// What a client begins with: "Initial TopologyDescription". Every server is unknown; that of a
    /// load balancer becomes known by [`updated`](Self::updated), without being checked.
    pub fn initial(settings: TopologySettings) -> Self {
        let topology_type = if settings.load_balanced {
            TopologyType::LoadBalanced
        } else if settings.direct_connection {
            TopologyType::Single
        } else if settings.replica_set.is_some() {
            TopologyType::ReplicaSetNoPrimary
        } else {
            TopologyType::Unknown
        };
        let mut description = Self {
            topology_type,
            set_name: settings.replica_set,
            ..Self::default()
        };
        for seed in settings.seeds {
            description.servers.add_unknown(seed);
        }
        description.seeds = description.servers.len();
        description
    }

    /// Whether this client can talk to all servers.
    pub fn is_compatible(&self) -> bool {
        self.compatibility_error.is_none()
    }

    /// The server that is primary, if one is known.
    pub fn primary(&self) -> Option<&Arc<ServerDescription>> {
        let is_primary =
            |server: &&Arc<ServerDescription>| server.server_type == ServerType::RSPrimary;
        self.servers.iter().find(is_primary)
    }

    /// The description after the outcome of a check, or an error, has made `server` what is known of
    /// its address ("Updating the TopologyDescription").
    ///
    /// None if the outcome is to be ignored: it comes from a server that is no longer in the topology,
    /// or is older than what is known (its topologyVersion is less).
    pub fn updated(&self, server: ServerDescription) -> Option<Self> {
        let known = self.servers.get(&server.address)?;
        let is_for_load_balancers = server.server_type == ServerType::LoadBalancer;
        let is_load_balanced = self.topology_type == TopologyType::LoadBalanced;
        if is_for_load_balancers != is_load_balanced || server.is_older_than(known) {
            return None;
        }
        let server = Arc::new(server);
        let mut next = self.clone();
        next.servers.put(Arc::clone(&server));
        next.act_on(&server);
        next.summarize();
        Some(next)
    }

    /// The description after an SRV record has named `hosts`, which are the new seeds. Hosts that
    /// remain keep what is known of them ("Polling SRV Records for mongos Discovery").
    ///
    /// None if there is nothing to do: no hosts, or a topology that is neither unknown nor sharded.
    pub fn with_hosts(&self, hosts: &[Address]) -> Option<Self> {
        let is_polled = matches!(
            self.topology_type,
            TopologyType::Unknown | TopologyType::Sharded
        );
        if !is_polled || hosts.is_empty() {
            return None;
        }
        let mut next = self.clone();
        next.servers
            .retain(|server| hosts.contains(&server.address));
        for host in hosts {
            next.servers.add_unknown(host.clone());
        }
        next.seeds = next.servers.len();
        next.summarize();
        Some(next)
    }

    /// Whether what is known of the server at `address` lets its pool be used: a pool is made ready by
    /// a successful check that finds a data-bearing server, or anything over a direct connection
    /// ("Connection Pool Management").
    pub fn readies_pool(&self, address: &Address) -> bool {
        self.servers.get(address).is_some_and(|server| {
            server.server_type.is_data_bearing()
                || (self.topology_type == TopologyType::Single
                    && server.server_type != ServerType::Unknown)
        })
    }

    /// The "TopologyType table". The server's description has been replaced already.
    fn act_on(&mut self, server: &Arc<ServerDescription>) {
        use ServerType as S;
        use TopologyType as T;
        let address = &server.address;
        match (self.topology_type, server.server_type) {
            (T::Single, _) => self.verify_set_name(server),
            (T::LoadBalanced, _) | (_, S::LoadBalancer) => {}

            (T::Unknown, S::Unknown | S::RSGhost) => {}
            (T::Unknown, S::Standalone) => self.update_unknown_with_standalone(address),
            (T::Unknown, S::Mongos) => self.topology_type = T::Sharded,
            (T::Unknown, S::RSSecondary | S::RSArbiter | S::RSOther) => {
                self.topology_type = T::ReplicaSetNoPrimary;
                self.update_rs_without_primary(server);
            }

            (T::Sharded, S::Unknown | S::Mongos) => {}
            (T::Sharded, _) => self.servers.remove(address),

            (T::ReplicaSetNoPrimary, S::Unknown | S::RSGhost) => {}
            (T::ReplicaSetNoPrimary, S::Standalone | S::Mongos) => self.servers.remove(address),
            (T::ReplicaSetNoPrimary, S::RSSecondary | S::RSArbiter | S::RSOther) => {
                self.update_rs_without_primary(server);
            }

            (T::ReplicaSetWithPrimary, S::Unknown | S::RSGhost) => self.check_if_has_primary(),
            (T::ReplicaSetWithPrimary, S::Standalone | S::Mongos) => {
                self.servers.remove(address);
                self.check_if_has_primary();
            }
            (T::ReplicaSetWithPrimary, S::RSSecondary | S::RSArbiter | S::RSOther) => {
                self.update_rs_with_primary_from_member(server);
            }

            (T::Unknown | T::ReplicaSetNoPrimary | T::ReplicaSetWithPrimary, S::RSPrimary) => {
                self.update_rs_from_primary(server)
            }
        }
    }

    /// "Verifying setName with TopologyType Single".
    fn verify_set_name(&mut self, server: &Arc<ServerDescription>) {
        let Some(expected) = &self.set_name else {
            return;
        };
        if server.server_type == ServerType::Unknown || server.set_name.as_ref() == Some(expected) {
            return;
        }
        let error = ServerError::SetName {
            expected: expected.clone(),
            found: server.set_name.clone(),
        };
        self.servers.make_unknown(server, error);
    }

    /// A standalone among several seeds is not what the client was meant to reach.
    fn update_unknown_with_standalone(&mut self, address: &Address) {
        if self.seeds == 1 {
            self.topology_type = TopologyType::Single;
        } else {
            self.servers.remove(address);
        }
    }

    /// What the latest primary reported.
    fn max_election(&self) -> Election {
        Election {
            id: self.max_election_id,
            set_version: self.max_set_version,
        }
    }
}
