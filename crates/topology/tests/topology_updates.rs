//! What updates make of a topology, where the specification's files do not reach.

#![forbid(unsafe_code)]

mod support;

use ferropool_connection::{Error, Phase, TopologyVersion};
use ferropool_topology::{
    ServerChange, ServerDescription, ServerError, ServerType, TopologyDescription,
    TopologySettings, TopologyType,
};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Instant;
use support::{address, addresses, described, members, mongos, primary, secondary, topology};

fn server<'a>(topology: &'a TopologyDescription, of: &str) -> &'a Arc<ServerDescription> {
    let server = topology.servers.get(&address(of));
    server.expect("a server of the topology")
}

#[test]
fn an_older_outcome_is_ignored_and_an_equal_one_is_not() {
    let of = |version: Option<TopologyVersion>| ServerDescription {
        topology_version: version,
        ..mongos("a")
    };
    let known = topology(&["a"])
        .updated(of(Some(support::version(1, 5))))
        .expect("an update");
    assert!(known.updated(of(Some(support::version(1, 4)))).is_none());
    for newer in [
        Some(support::version(1, 5)),
        Some(support::version(1, 6)),
        Some(support::version(2, 1)),
        None,
    ] {
        assert!(known.updated(of(newer)).is_some(), "{newer:?}");
    }
}

#[test]
fn an_outcome_of_a_server_that_is_gone_is_ignored() {
    assert!(topology(&["a"]).updated(mongos("b")).is_none());
}

#[test]
fn an_update_shares_the_servers_that_it_does_not_touch() {
    let before = topology(&["a", "b"]);
    let after = before.updated(mongos("a")).expect("an update");
    assert!(Arc::ptr_eq(server(&before, "b"), server(&after, "b")));
    assert_ne!(before, after);
}

#[test]
fn a_primary_that_is_deposed_is_checked_at_once() {
    let known = topology(&["a", "b"])
        .updated(primary("a", &["a", "b"]))
        .expect("an update");
    let after = known
        .updated(primary("b", &["b", "a", "c"]))
        .expect("an update");
    let checked: Vec<String> = after
        .changes_since(&known)
        .filter(ServerChange::requests_check)
        .map(|change| match change {
            ServerChange::Changed { new, .. } => new.address.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(checked, ["a:27017"]);
    assert_eq!(server(&after, "a").error, Some(ServerError::NewerPrimary));
    // Once is enough.
    let later = after
        .updated(primary("b", &["b", "a", "c"]))
        .expect("an update");
    assert_eq!(later.changes_since(&after).count(), 0);
}

#[test]
fn changes_come_in_the_order_of_their_events() {
    let known = topology(&["a", "b"]);
    let after = known.updated(primary("a", &["a", "c"])).expect("an update");
    let changes: Vec<String> = after
        .changes_since(&known)
        .map(|change| match change {
            ServerChange::Changed { previous, new } => {
                format!(
                    "{} {} to {}",
                    new.address, previous.server_type, new.server_type
                )
            }
            ServerChange::Opened(server) => format!("{} opened", server.address),
            ServerChange::Closed(server) => format!("{} closed", server.address),
        })
        .collect();
    assert_eq!(
        changes,
        [
            "a:27017 Unknown to RSPrimary",
            "c:27017 opened",
            "b:27017 closed"
        ]
    );
}

#[test]
fn a_stale_primary_names_both_elections() {
    let elected = |of, election: u8| {
        described(of, |reply| {
            reply.boolean("isWritablePrimary", true);
            reply.object_id("electionId", &[election; 12]);
            reply.int32("setVersion", 1);
            members(reply, &["a", "b"]);
        })
    };
    let after = topology(&["a", "b"])
        .updated(elected("a", 2))
        .and_then(|topology| topology.updated(elected("b", 1)))
        .expect("an update");
    let error = server(&after, "b").error.as_ref().map(ToString::to_string);
    assert_eq!(
        error.as_deref(),
        Some(
            "primary marked stale due to electionId/setVersion mismatch, \
             (010101010101010101010101, 1) is stale compared to (020202020202020202020202, 1)"
        )
    );
    assert!(!after.readies_pool(&address("b")));
}

#[test]
fn a_direct_connection_to_another_set_says_so() {
    let settings = TopologySettings {
        seeds: vec![address("a")],
        direct_connection: true,
        replica_set: Some("wanted".to_owned()),
        load_balanced: false,
    };
    let initial = TopologyDescription::initial(settings);
    for (found, expected) in [
        (
            secondary("a", &["a"]),
            "the server is a member of replica set \"rs\", expected a member of replica set \"wanted\"",
        ),
        (
            mongos("a"),
            "the server is in no replica set, expected a member of replica set \"wanted\"",
        ),
    ] {
        let after = initial.updated(found).expect("an update");
        let server = server(&after, "a");
        assert_eq!(server.server_type, ServerType::Unknown);
        let error = server.error.as_ref().map(ToString::to_string);
        assert_eq!(error.as_deref(), Some(expected));
        assert!(!after.readies_pool(&address("a")));
    }
    // An error of its own is not replaced.
    let error = Error::closed_by_peer(Phase::Hello);
    let failed = ServerDescription::check_failed(address("a"), error, Instant::now());
    let after = initial.updated(failed.clone()).expect("an update");
    assert_eq!(**server(&after, "a"), failed);
}

#[test]
fn a_direct_connection_uses_whatever_answers() {
    let settings = TopologySettings {
        seeds: vec![address("a")],
        direct_connection: true,
        ..TopologySettings::default()
    };
    let initial = TopologyDescription::initial(settings);
    let arbiter = |reply: &mut ferropool_wire::Appender<'_>| {
        reply.boolean("arbiterOnly", true);
        members(reply, &["x"]);
    };
    let direct = initial.updated(described("a", arbiter)).expect("an update");
    assert!(direct.readies_pool(&address("a")));
    let found = topology(&["a"])
        .updated(described("a", arbiter))
        .expect("an update");
    assert!(!found.readies_pool(&address("a")));
}

#[test]
fn incompatible_servers_are_named_in_the_specifications_words() {
    let speaking = |min, max| ServerDescription {
        min_wire_version: min,
        max_wire_version: max,
        ..mongos("a")
    };
    for (server, expected) in [
        (
            speaking(999, 1000),
            "Server at a:27017 requires wire version 999, but this version of ferropool only \
             supports up to 29.",
        ),
        (
            speaking(0, 7),
            "Server at a:27017 reports wire version 7, but this version of ferropool requires at \
             least 8 (MongoDB 4.2).",
        ),
    ] {
        let known = topology(&["a"]).updated(server).expect("an update");
        assert_eq!(known.compatibility_error.as_deref(), Some(expected));
        let gone = known
            .updated(ServerDescription::unknown(address("a")))
            .expect("an update");
        assert!(gone.is_compatible());
    }
}

#[test]
fn sessions_live_as_long_as_the_server_that_forgets_first() {
    let with = |of, minutes| ServerDescription {
        logical_session_timeout_minutes: minutes,
        ..mongos(of)
    };
    let known = topology(&["a", "b"])
        .updated(with("a", Some(30)))
        .and_then(|topology| topology.updated(with("b", Some(10))))
        .expect("an update");
    assert_eq!(known.logical_session_timeout_minutes, Some(10));
    let known = known.updated(with("a", None)).expect("an update");
    assert_eq!(known.logical_session_timeout_minutes, None);
}

#[test]
fn sessions_are_those_of_secondaries_too_but_not_of_arbiters() {
    let member = |of, role: &str, minutes| {
        described(of, |reply| {
            reply.boolean(role, true);
            reply.int32("logicalSessionTimeoutMinutes", minutes);
            members(reply, &["a", "b", "c"]);
        })
    };
    let known = topology(&["a", "b", "c"])
        .updated(member("a", "isWritablePrimary", 30))
        .and_then(|topology| topology.updated(member("b", "secondary", 20)))
        .and_then(|topology| topology.updated(member("c", "arbiterOnly", 10)))
        .expect("an update");
    assert_eq!(known.logical_session_timeout_minutes, Some(20));
}

#[test]
fn a_member_by_another_address_leaves_while_there_is_a_primary_too() {
    let known = topology(&["a", "b"])
        .updated(primary("a", &["a", "b"]))
        .expect("an update");
    let other = described("b", |reply| {
        reply.boolean("secondary", true).string("me", "c");
        members(reply, &["a", "c"]);
    });
    let after = known.updated(other).expect("an update");
    assert_eq!(addresses(&after), ["a:27017"]);
    assert_eq!(after.topology_type, TopologyType::ReplicaSetWithPrimary);
}

#[test]
fn hosts_of_an_srv_record_replace_the_seeds_and_leave_the_rest() {
    let known = topology(&["a", "b"])
        .updated(mongos("a"))
        .expect("an update");
    let after = known
        .with_hosts(&[address("c"), address("a")])
        .expect("an update");
    assert_eq!(addresses(&after), ["a:27017", "c:27017"]);
    assert!(Arc::ptr_eq(server(&known, "a"), server(&after, "a")));
    assert_eq!(server(&after, "c").server_type, ServerType::Unknown);
    assert_eq!(after.topology_type, TopologyType::Sharded);

    assert!(known.with_hosts(&[]).is_none());
    let replica_set = topology(&["a"])
        .updated(primary("a", &["a"]))
        .expect("an update");
    assert!(replica_set.with_hosts(&[address("c")]).is_none());
}

#[test]
fn a_standalone_is_the_deployment_only_if_it_is_the_only_seed() {
    let standalone = || {
        described("a", |reply| {
            reply.boolean("isWritablePrimary", true);
        })
    };
    let only = topology(&["a", "A:27017"])
        .updated(standalone())
        .expect("an update");
    assert_eq!(only.topology_type, TopologyType::Single);
    let one_of_two = topology(&["a", "b"])
        .updated(standalone())
        .expect("an update");
    assert_eq!(one_of_two.topology_type, TopologyType::Unknown);
    assert_eq!(addresses(&one_of_two), ["b:27017"]);
    // That the other one is left does not make it the only seed.
    let last = described("b", |reply| {
        reply.boolean("isWritablePrimary", true);
    });
    let none = one_of_two.updated(last).expect("an update");
    assert!(none.servers.is_empty());
}

#[derive(Clone, Debug)]
struct Outcome {
    of: u8,
    kind: u8,
    set: bool,
    me: Option<u8>,
    hosts: Vec<u8>,
    election: Option<u8>,
    set_version: Option<i32>,
    wire_version: i32,
    counter: Option<i64>,
}

impl Outcome {
    fn description(&self) -> ServerDescription {
        let name = |number: &u8| format!("s{number}");
        let hosts: Vec<String> = self.hosts.iter().map(name).collect();
        let role = [
            "isWritablePrimary",
            "secondary",
            "arbiterOnly",
            "hidden",
            "isreplicaset",
        ];
        let of = name(&self.of);
        if self.kind >= 7 {
            let error = Error::closed_by_peer(Phase::Hello);
            return ServerDescription::check_failed(address(&of), error, Instant::now());
        }
        let mut server = described(&of, |reply| {
            match role.get(usize::from(self.kind)) {
                Some(role) => drop(reply.boolean(role, true)),
                None if self.kind == 5 => drop(reply.string("msg", "isdbgrid")),
                None => return,
            }
            reply.string("setName", if self.set { "rs" } else { "other" });
            reply.array("hosts", &hosts, |array, index, host| {
                array.string(index, host);
            });
            if let Some(me) = &self.me {
                reply.string("me", &name(me));
            }
            if let Some(election) = self.election {
                reply.object_id("electionId", &[election; 12]);
            }
            if let Some(version) = self.set_version {
                reply.int32("setVersion", version);
            }
        });
        server.max_wire_version = self.wire_version;
        server.topology_version = self.counter.map(|counter| support::version(1, counter));
        server
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let few = || 0_u8..5;
    (
        (few(), 0_u8..9, prop::bool::weighted(0.8)),
        (
            prop::option::weighted(0.2, few()),
            prop::collection::vec(few(), 0..5),
        ),
        (prop::option::of(0_u8..3), prop::option::of(0..3)),
        (
            prop::sample::select(vec![9, 17, 21]),
            prop::option::of(0_i64..4),
        ),
    )
        .prop_map(
            |((of, kind, set), (me, hosts), (election, set_version), (wire_version, counter))| {
                Outcome {
                    of,
                    kind,
                    set,
                    me,
                    hosts,
                    election,
                    set_version,
                    wire_version,
                    counter,
                }
            },
        )
}

fn settings() -> impl Strategy<Value = TopologySettings> {
    (prop::collection::vec(0_u8..5, 1..4), 0..3).prop_map(|(mut seeds, kind)| {
        if kind == 1 {
            seeds.truncate(1);
        }
        TopologySettings {
            seeds: seeds
                .iter()
                .map(|number| address(&format!("s{number}")))
                .collect(),
            direct_connection: kind == 1,
            replica_set: (kind == 2).then(|| "rs".to_owned()),
            load_balanced: false,
        }
    })
}

/// What is true of every topology, whatever was heard.
fn check(previous: &TopologyDescription, topology: &TopologyDescription) {
    let servers = topology.servers.as_slice();
    assert!(servers.is_sorted_by(|one, other| one.address < other.address));
    let all_are = |allowed: &[ServerType]| {
        let mut types = servers.iter().map(|server| server.server_type);
        assert!(types.all(|found| allowed.contains(&found)), "{topology:#?}");
    };
    let primaries = servers
        .iter()
        .filter(|server| server.server_type == ServerType::RSPrimary)
        .count();
    use ServerType as S;
    match topology.topology_type {
        TopologyType::Single => assert_eq!(servers.len(), 1),
        TopologyType::Unknown => {
            all_are(&[S::Unknown, S::RSGhost]);
        }
        TopologyType::Sharded => all_are(&[S::Mongos, S::Unknown, S::RSGhost]),
        TopologyType::ReplicaSetNoPrimary | TopologyType::ReplicaSetWithPrimary => {
            let with_primary = topology.topology_type == TopologyType::ReplicaSetWithPrimary;
            assert_eq!(primaries, usize::from(with_primary), "{topology:#?}");
            all_are(&[
                S::RSPrimary,
                S::RSSecondary,
                S::RSArbiter,
                S::RSOther,
                S::RSGhost,
                S::Unknown,
            ]);
            let known = servers.iter().filter(|server| server.set_name.is_some());
            for server in known.filter(|server| server.server_type != S::RSGhost) {
                assert_eq!(server.set_name, topology.set_name);
            }
        }
        TopologyType::LoadBalanced => panic!("nobody asked for a load balancer"),
    }
    for server in servers.iter().filter(|server| server.error.is_some()) {
        assert_eq!(server.server_type, S::Unknown);
    }
    // Events tell the whole story: applied to what was known, they give what is known.
    let mut told: Vec<String> = addresses(previous);
    for change in topology.changes_since(previous) {
        match change {
            ServerChange::Changed { previous, new } => assert_ne!(previous, new),
            ServerChange::Opened(server) => told.push(server.address.to_string()),
            ServerChange::Closed(server) => {
                told.retain(|address| *address != server.address.to_string());
            }
        }
    }
    told.sort();
    assert_eq!(told, addresses(topology));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_servers_say_the_topology_is_consistent(
        settings in settings(),
        outcomes in prop::collection::vec(outcome(), 1..40),
    ) {
        let mut topology = TopologyDescription::initial(settings);
        for outcome in outcomes {
            if let Some(updated) = topology.updated(outcome.description()) {
                check(&topology, &updated);
                topology = updated;
            }
        }
    }
}
