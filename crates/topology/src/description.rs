//! The client's view of a single server (SDAM, "ServerDescription").

mod error;
mod hello;
mod server_type;

pub use error::{Election, ElectionId, ServerError};
pub(crate) use hello::MAX_MEMBERS;
pub use server_type::ServerType;

use ferropool_connection::{Address, Error, ErrorKind, Limits, TopologyVersion};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What the last check of a server found, or that it is unknown. Never modified: it is replaced.
///
/// Two descriptions are equal as "Server Description Equality" has it: round-trip times, what the
/// server last wrote and when it was checked do not count, nor do the limits, which connections learn
/// from their own handshakes.
#[derive(Clone, Debug)]
pub struct ServerDescription {
    /// Where the client connects to, which need not be what the server calls itself (`me`).
    pub address: Address,
    /// What kind of server it is. Default Unknown.
    pub server_type: ServerType,
    /// Why the server is unknown, where that is known.
    pub error: Option<ServerError>,
    /// How long `hello` takes; none while the server is unknown.
    pub round_trip_time: Option<RoundTripTime>,
    /// When the server was last checked; none where it never was.
    pub last_update_time: Option<Instant>,
    /// `lastWrite.lastWriteDate`: milliseconds since the epoch.
    pub last_write_date: Option<i64>,
    /// The lowest wire version that it speaks. Default 0.
    pub min_wire_version: i32,
    /// The highest wire version that it speaks. Default 0.
    pub max_wire_version: i32,
    /// What the replica set's configuration calls it.
    pub me: Option<Address>,
    /// The members that it knows, in the order of addresses, each once.
    pub hosts: Vec<Address>,
    /// The members that cannot become primary, likewise.
    pub passives: Vec<Address>,
    /// The members without data, likewise.
    pub arbiters: Vec<Address>,
    /// What its replica set's configuration tags it with.
    pub tags: BTreeMap<String, String>,
    /// The replica set's name.
    pub set_name: Option<String>,
    /// The version of the replica set's configuration.
    pub set_version: Option<i64>,
    /// The election that made it primary.
    pub election_id: Option<ElectionId>,
    /// Who it believes is primary.
    pub primary: Option<Address>,
    /// How long an unused session lives, in minutes; none where there are no sessions.
    pub logical_session_timeout_minutes: Option<u32>,
    /// How recent this description is.
    pub topology_version: Option<TopologyVersion>,
    /// Whether it understands `hello` and not only the legacy form.
    pub hello_ok: bool,
    /// What it accepts; none while it is unknown. To be shown, not to be used: operations go by what
    /// their connection's handshake said.
    pub limits: Option<Limits>,
}

/// How long a server takes to answer `hello` (Server Monitoring, "Measuring RTT").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTripTime {
    /// The moving average.
    pub average: Duration,
    /// The least of the recent samples; zero while there are too few of them.
    pub minimum: Duration,
}

impl ServerDescription {
    /// A server of which nothing is known: "a default ServerDescription of type Unknown".
    pub fn unknown(address: Address) -> Self {
        Self {
            address,
            server_type: ServerType::Unknown,
            error: None,
            round_trip_time: None,
            last_update_time: None,
            last_write_date: None,
            min_wire_version: 0,
            max_wire_version: 0,
            me: None,
            hosts: Vec::new(),
            passives: Vec::new(),
            arbiters: Vec::new(),
            tags: BTreeMap::new(),
            set_name: None,
            set_version: None,
            election_id: None,
            primary: None,
            logical_session_timeout_minutes: None,
            topology_version: None,
            hello_ok: false,
            limits: None,
        }
    }

    /// A server whose check ended with `error` at `now`.
    pub fn check_failed(address: Address, error: Error, now: Instant) -> Self {
        let topology_version = match error.kind() {
            ErrorKind::Server(failure) => failure.topology_version,
            _ => None,
        };
        Self {
            error: Some(ServerError::Connection(error)),
            last_update_time: Some(now),
            topology_version,
            ..Self::unknown(address)
        }
    }

    /// The load balancer at `address`; it is never checked ("Load Balancers", "Monitoring").
    pub fn load_balancer(address: Address) -> Self {
        Self {
            server_type: ServerType::LoadBalancer,
            ..Self::unknown(address)
        }
    }

    /// Every member of the replica set that the server knows: hosts, passives and arbiters.
    pub fn members(&self) -> impl Iterator<Item = &Address> {
        let others = self.passives.iter().chain(&self.arbiters);
        self.hosts.iter().chain(others)
    }

    /// Whether the server counts `address` among the members.
    pub fn has_member(&self, address: &Address) -> bool {
        let lists = [&self.hosts, &self.passives, &self.arbiters];
        lists.iter().any(|list| list.binary_search(address).is_ok())
    }

    /// Whether the replica set's configuration has the server under another address.
    pub(crate) fn is_known_by_another_address(&self) -> bool {
        self.me.as_ref().is_some_and(|me| *me != self.address)
    }

    /// Whether this description is older than one of `current`'s version ("topologyVersion
    /// Comparison"): versions of different processes cannot be compared, so the newcomer wins.
    pub(crate) fn is_older_than(&self, current: &Self) -> bool {
        match (self.topology_version, current.topology_version) {
            (Some(new), Some(current)) => {
                new.process_id == current.process_id && new.counter < current.counter
            }
            _ => false,
        }
    }
}

impl PartialEq for ServerDescription {
    fn eq(&self, other: &Self) -> bool {
        // Named one by one, so that a new field has to be decided about.
        let Self {
            address,
            server_type,
            error,
            round_trip_time: _,
            last_update_time: _,
            last_write_date: _,
            min_wire_version,
            max_wire_version,
            me,
            hosts,
            passives,
            arbiters,
            tags,
            set_name,
            set_version,
            election_id,
            primary,
            logical_session_timeout_minutes,
            topology_version,
            hello_ok: _,
            limits: _,
        } = self;
        *address == other.address
            && *server_type == other.server_type
            && *error == other.error
            && *min_wire_version == other.min_wire_version
            && *max_wire_version == other.max_wire_version
            && *me == other.me
            && *hosts == other.hosts
            && *passives == other.passives
            && *arbiters == other.arbiters
            && *tags == other.tags
            && *set_name == other.set_name
            && *set_version == other.set_version
            && *election_id == other.election_id
            && *primary == other.primary
            && *logical_session_timeout_minutes == other.logical_session_timeout_minutes
            && *topology_version == other.topology_version
    }
}

impl Eq for ServerDescription {}
