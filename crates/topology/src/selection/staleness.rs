//! How far a secondary's replication lags behind the primary's last write ("Max Staleness", "Client").

use crate::description::{ServerDescription, ServerType};
use crate::topology_description::{TopologyDescription, TopologyType};
use std::time::{Duration, Instant};

/// An estimate for each server, in milliseconds; it can be negative. Who is no secondary is never stale. `None`
/// is a secondary that does not say when it last wrote, or has nobody to be compared with.
pub(super) fn estimates(
    description: &TopologyDescription,
    heartbeat_frequency: Duration,
) -> Box<[Option<i64>]> {
    let fresh = Fresh::of(description);
    let until_next_check = milliseconds(heartbeat_frequency);
    let estimates = description.servers.iter().map(|server| {
        if server.server_type != ServerType::RSSecondary {
            return Some(0);
        }
        let behind = fresh.as_ref()?.behind(server)?;
        Some(behind.saturating_add(until_next_check))
    });
    estimates.collect()
}

/// Who the others are compared with.
enum Fresh {
    /// When the primary was checked, and its last write then.
    Primary(Instant, i64),
    /// The last write of the secondary that has come furthest, where there is no primary.
    Secondary(i64),
}

impl Fresh {
    fn of(description: &TopologyDescription) -> Option<Self> {
        if description.topology_type == TopologyType::ReplicaSetWithPrimary {
            let primary = description.primary()?;
            return Some(Self::Primary(
                primary.last_update_time?,
                primary.last_write_date?,
            ));
        }
        let servers = description.servers.iter();
        let secondaries = servers.filter(|server| server.server_type == ServerType::RSSecondary);
        let dates = secondaries.filter_map(|server| server.last_write_date);
        dates.max().map(Self::Secondary)
    }

    fn behind(&self, server: &ServerDescription) -> Option<i64> {
        let date = server.last_write_date?;
        Some(match *self {
            Self::Primary(checked, written) => written
                .saturating_sub(date)
                .saturating_add(between(checked, server.last_update_time?)),
            Self::Secondary(written) => written.saturating_sub(date),
        })
    }
}

/// Negative if `later` is earlier.
fn between(earlier: Instant, later: Instant) -> i64 {
    match later.checked_duration_since(earlier) {
        Some(after) => milliseconds(after),
        None => -milliseconds(earlier.duration_since(later)),
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
