//! What an error that an application's operation met means for its server ("Error handling").

use crate::description::{ServerDescription, ServerError};
use crate::sdam::{self, StateChange};
use crate::topology_description::TopologyType;
use ferropool_connection::{Error, ErrorKind, Phase, TopologyVersion};
use ferropool_pool::{Clears, ServiceId};
use ferropool_wire::Document;

/// An error of an application's connection: while it was established, or afterwards.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationError<'a> {
    /// What went wrong, and in which phase.
    pub error: &'a Error,
    /// The state change that the server's reply reports, if it does.
    pub state_change: Option<StateChange>,
    /// The connection's generation. For a connection that was not established, the pool's when that
    /// began.
    pub generation: u32,
    /// The service behind a load balancer that the connection belongs to, once `hello` has named it.
    pub service: Option<ServiceId>,
}

/// What an error leads to. The description and the pool have to change as one, for every observer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequences {
    /// What becomes known of the server, to be passed to
    /// [`TopologyDescription::updated`](crate::TopologyDescription::updated).
    pub description: Option<ServerDescription>,
    /// Which connections of the server's pool are cleared.
    pub clears: Clears,
    /// Whether the server is to be checked at once: it answers, the client is wrong about its type.
    pub requests_check: bool,
    /// Whether a check in progress is cancelled: its connection is likely to be broken too.
    pub cancels_check: bool,
}

impl Consequences {
    const NONE: Self = Self {
        description: None,
        clears: Clears::Nothing,
        requests_check: false,
        cancels_check: false,
    };
}

impl<'a> ApplicationError<'a> {
    /// The failure of a connection's establishment, which began in `generation`.
    pub fn of_establishment(error: &'a Error, generation: u32) -> Self {
        Self {
            error,
            state_change: reported_state_change(error),
            generation,
            service: error.service(),
        }
    }

    /// What it means for `server`, whose pool (for a load balancer: whose service) is of
    /// `current_generation` (SDAM, `handleError`).
    pub fn consequences(
        &self,
        topology_type: TopologyType,
        server: &ServerDescription,
        current_generation: u32,
    ) -> Consequences {
        if self.is_stale(server, current_generation) {
            return Consequences::NONE;
        }
        let is_load_balanced = topology_type == TopologyType::LoadBalanced;
        if let Some(change) = self.state_change {
            Consequences {
                description: self.unknown(server, is_load_balanced, change.topology_version),
                clears: match change.shutdown {
                    true => self.clears(is_load_balanced),
                    false => Clears::Nothing,
                },
                requests_check: !is_load_balanced,
                cancels_check: false,
            }
        } else if self.is_of_connection() && !self.error.is_overload() {
            Consequences {
                description: self.unknown(server, is_load_balanced, None),
                clears: self.clears(is_load_balanced),
                requests_check: false,
                cancels_check: !is_load_balanced,
            }
        } else {
            Consequences::NONE
        }
    }

    /// Whether the error tells of a time before what is known (`isStaleError`): its connection belongs
    /// to an older generation, or its reply is no newer than the description.
    fn is_stale(&self, server: &ServerDescription, current_generation: u32) -> bool {
        let reported = self.state_change.and_then(|change| change.topology_version);
        let is_old_news =
            reported.is_some_and(|version| !version.is_news_to(server.topology_version));
        self.generation != current_generation || is_old_news
    }

    /// Whether the connection is to blame, so that others may fail as well: every failure before the
    /// handshake completes, and after it a network error. A time-out may only mean a slow operation.
    fn is_of_connection(&self) -> bool {
        match self.error.phase() {
            Phase::Established => matches!(self.error.kind(), ErrorKind::Network),
            Phase::Dns | Phase::Tcp | Phase::Tls | Phase::Hello | Phase::Auth => true,
        }
    }

    /// A load balancer never becomes unknown.
    fn unknown(
        &self,
        server: &ServerDescription,
        is_load_balanced: bool,
        topology_version: Option<TopologyVersion>,
    ) -> Option<ServerDescription> {
        (!is_load_balanced).then(|| ServerDescription {
            error: Some(ServerError::Connection(self.error.clone())),
            topology_version,
            ..ServerDescription::unknown(server.address.clone())
        })
    }

    /// Behind a load balancer only the service is cleared, and nothing before `hello` has named it.
    fn clears(&self, is_load_balanced: bool) -> Clears {
        match (is_load_balanced, self.service) {
            (false, _) => Clears::Pool,
            (true, Some(service)) => Clears::Service(service),
            (true, None) => Clears::Nothing,
        }
    }
}

/// The state change in the reply that failed an establishment.
fn reported_state_change(error: &Error) -> Option<StateChange> {
    let ErrorKind::Server(failure) = error.kind() else {
        return None;
    };
    let reply = Document::new(&failure.reply).ok()?;
    sdam::read_reply(reply).ok()?.state_change
}
