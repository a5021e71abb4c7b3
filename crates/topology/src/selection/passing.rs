use super::criteria::Operation;
use crate::description::ServerType;
use crate::read_preference::{ReadPreference, ReadPreferenceMode};
use crate::topology_description::TopologyType;

static PRIMARY_PREFERRED: ReadPreference = ReadPreferenceMode::PrimaryPreferred.alone();

/// The `$readPreference` of a command that is sent by OP_MSG to a server that was selected for it; `None`
/// is to send none ("Passing read preference to mongos and load balancers", "Topology type: Single").
///
/// A server that is connected to directly gets "primaryPreferred" for reads that ask for the primary, so that a
/// secondary answers them too. A standalone gets none.
pub fn passed_read_preference<'a>(
    operation: Operation<'a>,
    topology: TopologyType,
    server: ServerType,
) -> Option<&'a ReadPreference> {
    let Operation::Read(preference) = operation else {
        return None;
    };
    let is_primary = preference.mode == ReadPreferenceMode::Primary;
    match (topology, server) {
        (_, ServerType::Standalone) => None,
        (TopologyType::Single, server) if is_primary && server != ServerType::Mongos => {
            Some(&PRIMARY_PREFERRED)
        }
        _ if is_primary => None,
        _ => Some(preference),
    }
}

#[cfg(test)]
mod tests {
    use super::passed_read_preference;
    use crate::description::ServerType as S;
    use crate::read_preference::ReadPreferenceMode as Mode;
    use crate::selection::Operation;
    use crate::topology_description::TopologyType as T;

    fn passed(topology: T, server: S, mode: Mode) -> Option<Mode> {
        let preference = mode.alone();
        let operation = Operation::Read(&preference);
        passed_read_preference(operation, topology, server).map(|passed| passed.mode)
    }

    #[test]
    fn every_mode_but_primary_is_passed() {
        for (topology, server) in [
            (T::Sharded, S::Mongos),
            (T::LoadBalanced, S::LoadBalancer),
            (T::Single, S::Mongos),
            (T::ReplicaSetWithPrimary, S::RSPrimary),
            (T::ReplicaSetWithPrimary, S::RSSecondary),
            (T::ReplicaSetNoPrimary, S::RSSecondary),
        ] {
            for mode in Mode::ALL {
                let expected = (mode != Mode::Primary).then_some(mode);
                let passed = passed(topology, server, mode);
                assert_eq!(passed, expected, "{topology} {server} {mode:?}");
            }
        }
    }

    #[test]
    fn a_member_that_is_connected_to_directly_may_be_a_secondary() {
        for server in [
            S::RSPrimary,
            S::RSSecondary,
            S::RSArbiter,
            S::RSOther,
            S::RSGhost,
        ] {
            for mode in Mode::ALL {
                let expected = match mode {
                    Mode::Primary => Mode::PrimaryPreferred,
                    mode => mode,
                };
                assert_eq!(passed(T::Single, server, mode), Some(expected));
            }
        }
    }

    #[test]
    fn a_standalone_gets_none() {
        for mode in Mode::ALL {
            assert_eq!(passed(T::Single, S::Standalone, mode), None);
        }
    }

    #[test]
    fn a_write_has_none() {
        for server in [S::Mongos, S::RSSecondary] {
            let passed = passed_read_preference(Operation::Write, T::Single, server);
            assert_eq!(passed, None);
        }
    }
}
