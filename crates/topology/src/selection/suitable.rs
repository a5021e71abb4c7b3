//! Which servers are suitable: the rules of each topology type, and of replica sets those of each mode.

use super::criteria::{Criteria, Operation};
use super::staleness;
use crate::description::{ServerDescription, ServerType};
use crate::read_preference::{ReadPreference, ReadPreferenceMode, TagSet};
use crate::topology_description::{TopologyDescription, TopologyType};
use ferropool_connection::Address;
use std::sync::Arc;
use std::time::Duration;

/// The servers of a topology, and how stale each of them is.
#[derive(Debug)]
pub(super) struct Candidates {
    description: Arc<TopologyDescription>,
    /// By the server's index, in milliseconds; `None` where it cannot be told.
    staleness: Box<[Option<i64>]>,
}

impl Candidates {
    pub(super) fn of(description: Arc<TopologyDescription>, heartbeat_frequency: Duration) -> Self {
        Self {
            staleness: staleness::estimates(&description, heartbeat_frequency),
            description,
        }
    }

    pub(super) fn description(&self) -> &Arc<TopologyDescription> {
        &self.description
    }

    /// Leaves the suitable servers in `into`. Those that are deprioritized are there only if no others are
    /// ("Server Selection Algorithm", step 3).
    pub(super) fn suitable(&self, criteria: &Criteria<'_>, into: &mut Vec<u32>) {
        into.clear();
        self.suitable_without(criteria.deprioritized, criteria.operation, into);
        if into.is_empty() && !criteria.deprioritized.is_empty() {
            self.suitable_without(&[], criteria.operation, into);
        }
    }

    fn suitable_without(&self, without: &[Address], operation: Operation<'_>, into: &mut Vec<u32>) {
        match self.description.topology_type {
            TopologyType::Unknown => {}
            TopologyType::Single => self.take(without, is_available, into),
            TopologyType::LoadBalanced => self.take(without, is_load_balancer, into),
            TopologyType::Sharded => self.take(without, is_mongos, into),
            TopologyType::ReplicaSetWithPrimary | TopologyType::ReplicaSetNoPrimary => {
                match operation {
                    Operation::Write => self.take(without, is_primary, into),
                    Operation::Read(preference) => self.members(without, preference, into),
                }
            }
        }
    }

    /// "Topology types: ReplicaSetWithPrimary or ReplicaSetNoPrimary", "Read operations".
    fn members(&self, without: &[Address], preference: &ReadPreference, into: &mut Vec<u32>) {
        match preference.mode {
            ReadPreferenceMode::Primary => self.take(without, is_primary, into),
            ReadPreferenceMode::PrimaryPreferred => {
                self.take(without, is_primary, into);
                if into.is_empty() {
                    self.eligible(without, is_secondary, preference, into);
                }
            }
            ReadPreferenceMode::Secondary => {
                self.eligible(without, is_secondary, preference, into);
            }
            ReadPreferenceMode::SecondaryPreferred => {
                self.eligible(without, is_secondary, preference, into);
                if into.is_empty() {
                    self.take(without, is_primary, into);
                }
            }
            ReadPreferenceMode::Nearest => {
                self.eligible(without, is_primary_or_secondary, preference, into);
            }
        }
    }

    fn take(&self, without: &[Address], suits: fn(ServerType) -> bool, into: &mut Vec<u32>) {
        for (index, server) in self.description.servers.iter().enumerate() {
            if suits(server.server_type) && !without.contains(&server.address) {
                into.push(index as u32);
            }
        }
    }

    /// Takes the servers that suit, are fresh enough, and have the first of the tag sets that any of these
    /// has.
    fn eligible(
        &self,
        without: &[Address],
        suits: fn(ServerType) -> bool,
        preference: &ReadPreference,
        into: &mut Vec<u32>,
    ) {
        self.take(without, suits, into);
        if let Some(limit) = preference.max_staleness {
            let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
            into.retain(|index| {
                let staleness = self.staleness.get(*index as usize).copied().flatten();
                staleness.is_some_and(|staleness| staleness <= limit)
            });
        }
        if preference.has_tags() {
            let has =
                |index: &u32, set| self.get(*index).is_some_and(|server| has_tags(server, set));
            let mut sets = preference.tag_sets.iter();
            let matched = sets.find(|set| into.iter().any(|index| has(index, set)));
            into.retain(|index| matched.is_some_and(|set| has(index, set)));
        }
    }

    /// Keeps those that are slower than the fastest by `local_threshold` at most.
    pub(super) fn keep_in_window(&self, servers: &mut Vec<u32>, local_threshold: Duration) {
        // A load balancer is not measured, and has nobody beside it.
        let average = |index: &u32| {
            let times = self.get(*index).and_then(|server| server.round_trip_time);
            times.map_or(Duration::ZERO, |times| times.average)
        };
        let fastest = servers.iter().map(average).min().unwrap_or_default();
        let limit = fastest.saturating_add(local_threshold);
        servers.retain(|index| average(index) <= limit);
    }

    fn get(&self, index: u32) -> Option<&ServerDescription> {
        let servers = self.description.servers.as_slice();
        servers.get(index as usize).map(Arc::as_ref)
    }
}

/// Whether the server's tags include those of `set`.
fn has_tags(server: &ServerDescription, set: &TagSet) -> bool {
    let mut tags = set.iter();
    tags.all(|(name, value)| server.tags.get(name) == Some(value))
}

fn is_available(server: ServerType) -> bool {
    server != ServerType::Unknown
}

fn is_load_balancer(server: ServerType) -> bool {
    server == ServerType::LoadBalancer
}

fn is_mongos(server: ServerType) -> bool {
    server == ServerType::Mongos
}

fn is_primary(server: ServerType) -> bool {
    server == ServerType::RSPrimary
}

fn is_secondary(server: ServerType) -> bool {
    server == ServerType::RSSecondary
}

fn is_primary_or_secondary(server: ServerType) -> bool {
    is_primary(server) || is_secondary(server)
}
