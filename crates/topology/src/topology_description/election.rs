//! "Using electionId and setVersion to detect stale primaries".

use crate::description::Election;

/// The wire version of MongoDB 6.0, which orders elections before configurations.
const ORDERED_BY_ELECTION: i32 = 17;

/// The greatest election once a primary has reported its own; none if the primary is stale.
pub(super) fn latest(
    greatest: Election,
    reported: Election,
    max_wire_version: i32,
) -> Option<Election> {
    if max_wire_version >= ORDERED_BY_ELECTION {
        (reported >= greatest).then_some(reported)
    } else {
        latest_before_6_0(greatest, reported)
    }
}

/// By configuration first, and only if both sides report both.
fn latest_before_6_0(greatest: Election, reported: Election) -> Option<Election> {
    let mut latest = greatest;
    if let (Some(id), Some(version)) = (reported.id, reported.set_version) {
        if let (Some(max_id), Some(max_version)) = (greatest.id, greatest.set_version)
            && (max_version, max_id) > (version, id)
        {
            return None;
        }
        latest.id = Some(id);
    }
    latest.set_version = latest.set_version.max(reported.set_version);
    Some(latest)
}
