use crate::read_preference::{ReadPreference, ReadPreferenceMode};
use crate::topology_description::TopologyType;
use ferropool_connection::Address;
use std::fmt;
use std::time::Duration;

/// "smallestMaxStalenessSeconds".
const SMALLEST_MAX_STALENESS: Duration = Duration::from_secs(90);

/// "idleWritePeriodMS": how often an idle primary writes, so that its secondaries are seen to follow.
const IDLE_WRITE_PERIOD: Duration = Duration::from_secs(10);

/// What an operation asks of its server.
#[derive(Clone, Copy, Debug)]
pub struct Criteria<'a> {
    /// What it does there.
    pub operation: Operation<'a>,
    /// The servers where it has failed already. They are selected if there are no others.
    pub deprioritized: &'a [Address],
}

/// What an operation does to its server, as far as selection is concerned.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// It writes. Read preferences do not matter.
    Write,
    /// It reads.
    Read(&'a ReadPreference),
}

impl<'a> Criteria<'a> {
    /// Those of the first attempt at a write.
    pub fn write() -> Self {
        Self {
            operation: Operation::Write,
            deprioritized: &[],
        }
    }

    /// Those of the first attempt at a read.
    pub fn read(preference: &'a ReadPreference) -> Self {
        Self {
            operation: Operation::Read(preference),
            deprioritized: &[],
        }
    }

    /// Those of another attempt, which had better go elsewhere.
    #[must_use]
    pub fn deprioritizing(self, deprioritized: &'a [Address]) -> Self {
        Self {
            deprioritized,
            ..self
        }
    }

    /// The mode, if nothing else is asked for. A write is served where reads from the primary are.
    pub(super) fn mode_alone(&self) -> Option<ReadPreferenceMode> {
        if !self.deprioritized.is_empty() {
            return None;
        }
        match self.operation {
            Operation::Write => Some(ReadPreferenceMode::Primary),
            Operation::Read(preference) => {
                let alone = !preference.has_tags() && preference.max_staleness.is_none();
                alone.then_some(preference.mode)
            }
        }
    }
}

/// The selector of logs and errors.
impl fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write => f.write_str("writable server"),
            Self::Read(preference) => write!(f, "readPreference {preference}"),
        }
    }
}

/// Why no server can be selected, however long one waits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A server and the client have no wire version in common.
    #[error("{0}")]
    Incompatible(String),
    /// The primary is the primary, whatever its tags and however fresh.
    #[error("Option \"{0}\" needs a read preference mode other than \"primary\"")]
    WithPrimary(&'static str),
    /// `maxStalenessSeconds` is below what can be estimated.
    #[error(
        "Option \"maxStalenessSeconds\" must be at least {} seconds with a heartbeat every {} ms, received {}",
        least.as_secs_f64(), heartbeat_frequency.as_millis(), received.as_secs_f64()
    )]
    MaxStaleness {
        /// What was given.
        received: Duration,
        /// What is allowed.
        least: Duration,
        /// What that depends on.
        heartbeat_frequency: Duration,
    },
}

/// Whether `preference` is one that can be asked for. What routers make of its staleness is their own
/// affair; in a replica set it is the client that estimates.
pub(super) fn check(
    preference: &ReadPreference,
    topology: TopologyType,
    heartbeat_frequency: Duration,
) -> Result<(), SelectionError> {
    if preference.mode == ReadPreferenceMode::Primary {
        if preference.has_tags() {
            return Err(SelectionError::WithPrimary("readPreferenceTags"));
        }
        if preference.max_staleness.is_some() {
            return Err(SelectionError::WithPrimary("maxStalenessSeconds"));
        }
    }
    let is_replica_set = matches!(
        topology,
        TopologyType::ReplicaSetWithPrimary | TopologyType::ReplicaSetNoPrimary
    );
    let least = SMALLEST_MAX_STALENESS.max(heartbeat_frequency.saturating_add(IDLE_WRITE_PERIOD));
    match preference.max_staleness {
        Some(received) if is_replica_set && received < least => Err(SelectionError::MaxStaleness {
            received,
            least,
            heartbeat_frequency,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{SelectionError, check};
    use crate::read_preference::{ReadPreference, ReadPreferenceMode};
    use crate::topology_description::TopologyType as T;
    use std::time::Duration;

    fn stale(seconds: u64) -> ReadPreference {
        ReadPreference {
            max_staleness: Some(Duration::from_secs(seconds)),
            ..ReadPreferenceMode::Nearest.alone()
        }
    }

    #[test]
    fn the_least_staleness_is_90_s_or_a_heartbeat_and_10_s() {
        let rare = Duration::from_secs(81);
        for (seconds, heartbeat, allowed) in [
            (90, Duration::from_secs(10), true),
            (89, Duration::from_secs(10), false),
            (90, Duration::from_secs(80), true),
            (90, rare, false),
            (91, rare, true),
        ] {
            for (topology, allowed) in [
                (T::ReplicaSetWithPrimary, allowed),
                (T::ReplicaSetNoPrimary, allowed),
                (T::Sharded, true),
                (T::LoadBalanced, true),
                (T::Single, true),
                (T::Unknown, true),
            ] {
                let checked = check(&stale(seconds), topology, heartbeat);
                assert_eq!(
                    checked.is_ok(),
                    allowed,
                    "{seconds} {heartbeat:?} {topology}"
                );
            }
        }
        let refused =
            check(&stale(90), T::ReplicaSetNoPrimary, rare).expect_err("it is too little");
        assert_eq!(
            refused.to_string(),
            "Option \"maxStalenessSeconds\" must be at least 91 seconds with a heartbeat every 81000 ms, received 90"
        );
    }

    #[test]
    fn the_primary_has_no_tags_and_no_staleness() {
        let heartbeat = Duration::from_secs(10);
        let primary = ReadPreference::default();
        let mut tagged = primary.clone();
        tagged.tag_sets = vec![vec![]];
        assert_eq!(check(&tagged, T::Sharded, heartbeat), Ok(()));
        tagged.tag_sets.push(vec![("a".to_owned(), "b".to_owned())]);
        let refused = SelectionError::WithPrimary("readPreferenceTags");
        assert_eq!(check(&tagged, T::Sharded, heartbeat), Err(refused));
        let mut fresh = primary;
        fresh.max_staleness = Some(Duration::from_secs(120));
        let refused = SelectionError::WithPrimary("maxStalenessSeconds");
        assert_eq!(check(&fresh, T::Unknown, heartbeat), Err(refused));
    }
}
