//! What follows from all servers of a topology together.

use super::{TopologyDescription, TopologyType};
use crate::description::{ServerDescription, ServerType};

/// The lowest wire version that this client speaks: MongoDB 4.2.
pub const CLIENT_MIN_WIRE_VERSION: i32 = 8;

/// The highest wire version that this client speaks.
pub const CLIENT_MAX_WIRE_VERSION: i32 = 29;

const OLDEST_SERVER: &str = "4.2";

impl TopologyDescription {
    pub(super) fn summarize(&mut self) {
        self.compatibility_error = match self.topology_type {
            // "MUST always be true": nothing was checked.
            TopologyType::LoadBalanced => None,
            _ => self
                .servers
                .iter()
                .find_map(|server| incompatibility(server)),
        };
        self.logical_session_timeout_minutes = self.shortest_session_timeout();
    }

    /// "Logical Session Timeout".
    fn shortest_session_timeout(&self) -> Option<u32> {
        let servers = self.servers.iter();
        servers
            .filter(|server| server.server_type.is_data_bearing())
            // None is less than every number of minutes.
            .map(|server| server.logical_session_timeout_minutes)
            .min()
            .flatten()
    }
}

/// "Checking wire protocol compatibility".
fn incompatibility(server: &ServerDescription) -> Option<String> {
    let ServerDescription {
        address,
        min_wire_version: min,
        max_wire_version: max,
        ..
    } = server;
    if server.server_type == ServerType::Unknown {
        None
    } else if *min > CLIENT_MAX_WIRE_VERSION {
        Some(format!(
            "Server at {address} requires wire version {min}, but this version of ferropool only \
             supports up to {CLIENT_MAX_WIRE_VERSION}."
        ))
    } else if *max < CLIENT_MIN_WIRE_VERSION {
        Some(format!(
            "Server at {address} reports wire version {max}, but this version of ferropool requires \
             at least {CLIENT_MIN_WIRE_VERSION} (MongoDB {OLDEST_SERVER})."
        ))
    } else {
        None
    }
}
