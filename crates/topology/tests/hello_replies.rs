//! What a reply to `hello` makes of its server, where the specification's files do not reach: fields
//! of the wrong type, members that cannot be dialled, members without end.

#![forbid(unsafe_code)]

mod support;

use ferropool_connection::{Address, Error, ErrorKind, Phase};
use ferropool_topology::{
    ElectionId, RoundTripTime, ServerDescription, ServerError, ServerType, TopologyDescription,
    TopologyType,
};
use ferropool_wire::{Appender, Document};
use std::time::{Duration, Instant};
use support::{address, addresses, described, primary, secondary, topology};

fn parsed(bytes: &[u8]) -> ServerDescription {
    let reply = Document::new(bytes).expect("a document");
    ServerDescription::from_hello(address("a"), reply, None, Instant::now())
}

fn texts(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

#[test]
fn every_field_is_read() {
    let mut bytes = Vec::new();
    let mut reply = Appender::begin(&mut bytes);
    reply
        .double("ok", 1.0)
        .boolean("helloOk", true)
        .boolean("secondary", true)
        .string("setName", "rs")
        .int32("setVersion", 7)
        .object_id("electionId", &[9; 12])
        .string("me", "A:27017")
        .string("primary", "B")
        .array("hosts", ["B:27017", "A", "b"], |array, index, host| {
            array.string(index, host);
        })
        .array("passives", ["p:1"], |array, index, host| {
            array.string(index, host);
        })
        .array("arbiters", ["[::1]"], |array, index, host| {
            array.string(index, host);
        })
        .document("tags", |tags| {
            tags.string("dc", "ny").int32("rack", 1);
        })
        .document("lastWrite", |last| {
            last.date_time("lastWriteDate", 1_700_000_000_000);
        })
        .document("topologyVersion", |version| {
            version.object_id("processId", &[1; 12]).int64("counter", 6);
        })
        .int32("minWireVersion", 0)
        .int32("maxWireVersion", 21)
        .int32("maxBsonObjectSize", 1 << 20)
        .int32("logicalSessionTimeoutMinutes", 30);
    reply.finish();
    let round_trip_time = RoundTripTime {
        average: Duration::from_millis(5),
        minimum: Duration::from_millis(3),
    };
    let now = Instant::now();
    let reply = Document::new(&bytes).expect("a document");
    let server = ServerDescription::from_hello(address("a"), reply, Some(round_trip_time), now);

    assert_eq!(server.server_type, ServerType::RSSecondary);
    assert_eq!(server.error, None);
    assert_eq!(server.round_trip_time, Some(round_trip_time));
    assert_eq!(server.last_update_time, Some(now));
    assert_eq!(server.last_write_date, Some(1_700_000_000_000));
    assert_eq!((server.min_wire_version, server.max_wire_version), (0, 21));
    assert_eq!(server.me, Some(address("a")));
    assert_eq!(server.primary, Some(address("b")));
    assert_eq!(texts(&server.hosts), ["a:27017", "b:27017"]);
    assert_eq!(texts(&server.passives), ["p:1"]);
    assert_eq!(texts(&server.arbiters), ["[::1]:27017"]);
    let tags: Vec<_> = server.tags.iter().collect();
    assert_eq!(tags, [(&"dc".to_owned(), &"ny".to_owned())]);
    assert_eq!(server.set_name.as_deref(), Some("rs"));
    assert_eq!(server.set_version, Some(7));
    assert_eq!(server.election_id.map(|id| id.0), Some([9; 12]));
    assert_eq!(server.logical_session_timeout_minutes, Some(30));
    assert_eq!(server.topology_version, Some(support::version(1, 6)));
    assert!(server.hello_ok);
    assert_eq!(
        server.limits.map(|limits| limits.max_document_size),
        Some(1 << 20)
    );
}

#[test]
fn the_type_is_that_of_the_first_symptom() {
    type Fields = fn(&mut Appender<'_>);
    let cases: [(ServerType, Fields); 9] = [
        (ServerType::Standalone, |reply| {
            reply.boolean("isWritablePrimary", true);
        }),
        (ServerType::RSGhost, |reply| {
            reply.boolean("isreplicaset", true).string("setName", "rs");
        }),
        (ServerType::Mongos, |reply| {
            reply.string("msg", "isdbgrid").string("setName", "rs");
        }),
        (ServerType::RSOther, |reply| {
            reply.string("setName", "rs").boolean("hidden", true);
            reply.boolean("secondary", true);
        }),
        (ServerType::RSPrimary, |reply| {
            reply.string("setName", "rs").boolean("ismaster", true);
        }),
        // `ismaster` counts only where there is no `isWritablePrimary`.
        (ServerType::RSSecondary, |reply| {
            reply.boolean("isWritablePrimary", false);
            reply.boolean("ismaster", true).boolean("secondary", true);
            reply.string("setName", "rs");
        }),
        (ServerType::RSArbiter, |reply| {
            reply.string("setName", "rs").boolean("arbiterOnly", true);
        }),
        (ServerType::RSOther, |reply| {
            reply.string("setName", "rs");
        }),
        (ServerType::Standalone, |reply| {
            reply.string("msg", "something else");
        }),
    ];
    for (index, (expected, fields)) in cases.into_iter().enumerate() {
        assert_eq!(described("a", fields).server_type, expected, "case {index}");
    }
}

#[test]
fn fields_of_the_wrong_type_are_as_absent() {
    let server = described("a", |reply| {
        reply
            .string("isWritablePrimary", "true")
            .boolean("secondary", true)
            .int32("me", 1)
            .null("primary")
            .string("hosts", "a:27017")
            .document("passives", |passives| {
                passives.string("0", "b");
            })
            .array("arbiters", [1, 2], |array, index, number| {
                array.int32(index, number);
            })
            .array("tags", ["dc"], |array, index, tag| {
                array.string(index, tag);
            })
            .int32("lastWrite", 5)
            .string("electionId", "000000000000000000000001")
            .string("setVersion", "1")
            .int32("topologyVersion", 1)
            .int32("logicalSessionTimeoutMinutes", -1)
            .string("setName", "rs");
    });
    let expected = described("a", |reply| {
        reply.boolean("secondary", true).string("setName", "rs");
    });
    assert_eq!(server, expected);
    assert_eq!(server.server_type, ServerType::RSSecondary);
}

#[test]
fn a_member_that_cannot_be_dialled_is_left_out() {
    let server = primary(
        "a",
        &["a", "", ":1", "b:0", "b:x", "::1", "[::1", "c:27018"],
    );
    assert_eq!(texts(&server.hosts), ["a:27017", "c:27018"]);
    let topology = topology(&["a"]).updated(server).expect("an update");
    assert_eq!(addresses(&topology), ["a:27017", "c:27018"]);
}

#[test]
fn a_me_that_cannot_be_dialled_removes_nobody() {
    let server = described("a", |reply| {
        reply.boolean("secondary", true).string("me", ":::");
        support::members(reply, &["a"]);
    });
    let topology = topology(&["a"]).updated(server).expect("an update");
    assert_eq!(addresses(&topology), ["a:27017"]);
}

#[test]
fn members_without_end_are_watched_up_to_a_limit() {
    let hosts: Vec<String> = (0..10_000).map(|number| format!("h{number}")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let mut topology = topology(&["s"]);
    // Each secondary claims others, and none is ever removed while there is no primary.
    for part in hosts.chunks(200) {
        let members = secondary("s", part);
        topology = topology.updated(members).expect("an update");
        assert!(topology.servers.len() <= 256, "{}", topology.servers.len());
    }
    assert_eq!(topology.servers.len(), 256);

    let all = secondary("s", &hosts);
    assert!(all.hosts.len() <= 256, "{}", all.hosts.len());

    // What the primary says is what counts, whatever was claimed before.
    let topology = topology
        .updated(primary("s", &["s", "x", "y"]))
        .expect("an update");
    assert_eq!(addresses(&topology), ["s:27017", "x:27017", "y:27017"]);
}

#[test]
fn a_failed_hello_makes_the_server_unknown_with_the_servers_message() {
    let mut bytes = Vec::new();
    let mut reply = Appender::begin(&mut bytes);
    reply
        .int32("ok", 0)
        .string("errmsg", "shutting down")
        .int32("code", 91)
        .string("setName", "rs")
        .document("topologyVersion", |version| {
            version.object_id("processId", &[1; 12]).int64("counter", 6);
        });
    reply.finish();
    let server = parsed(&bytes);
    assert_eq!(server.server_type, ServerType::Unknown);
    assert_eq!(server.set_name, None);
    assert_eq!(server.topology_version, Some(support::version(1, 6)));
    assert!(
        matches!(&server.error, Some(ServerError::Connection(error))
            if error.message() == "shutting down" && matches!(error.kind(), ErrorKind::Server(_))),
        "{:?}",
        server.error
    );
}

#[test]
fn a_reply_that_cannot_be_read_makes_the_server_unknown() {
    let mut bytes = Vec::new();
    let mut reply = Appender::begin(&mut bytes);
    reply.int32("ok", 1).string("setName", "rs");
    // An array whose only element claims to be longer than the array.
    reply.raw("hosts", 4, &[12, 0, 0, 0, 2, b'0', 0, 99, 0, 0, 0, 0]);
    reply.finish();
    let server = parsed(&bytes);
    assert_eq!(server.server_type, ServerType::Unknown);
    assert!(
        matches!(&server.error, Some(ServerError::Connection(error))
            if matches!(error.kind(), ErrorKind::Protocol)),
        "{:?}",
        server.error
    );
}

#[test]
fn what_is_not_compared_makes_no_difference() {
    let reply = |last_write, limit| {
        move |reply: &mut Appender<'_>| {
            support::members(reply, &["a"]);
            reply.boolean("secondary", true);
            reply.int32("maxBsonObjectSize", limit);
            reply.document("lastWrite", |last| {
                last.date_time("lastWriteDate", last_write);
            });
        }
    };
    let (one, other) = (
        described("a", reply(1, 1024)),
        described("a", reply(2, 2048)),
    );
    assert_ne!(one.last_write_date, other.last_write_date);
    assert_eq!(one, other);
    assert_ne!(one, described("b", reply(1, 1024)));

    let first = topology(&["a"]).updated(one).expect("an update");
    let second = first.updated(other).expect("an update");
    assert_eq!(first, second);
    assert_eq!(second.changes_since(&first).count(), 0);
    // It is replaced all the same.
    let kept = second.servers.get(&address("a"));
    assert_eq!(kept.and_then(|server| server.last_write_date), Some(2));
}

#[test]
fn what_is_compared_makes_a_difference() {
    type Change = fn(&mut ServerDescription);
    let changes: [(&str, Change); 16] = [
        ("address", |it| it.address = address("b")),
        ("type", |it| it.server_type = ServerType::RSOther),
        ("error", |it| it.error = Some(ServerError::NewerPrimary)),
        ("minWireVersion", |it| it.min_wire_version = 1),
        ("maxWireVersion", |it| it.max_wire_version = 1),
        ("me", |it| it.me = Some(address("b"))),
        ("hosts", |it| it.hosts = vec![address("b")]),
        ("passives", |it| it.passives = vec![address("b")]),
        ("arbiters", |it| it.arbiters = vec![address("b")]),
        ("tags", |it| drop(it.tags.insert("dc".into(), "ny".into()))),
        ("setName", |it| it.set_name = None),
        ("setVersion", |it| it.set_version = Some(1)),
        ("electionId", |it| {
            it.election_id = Some(ElectionId([1; 12]))
        }),
        ("primary", |it| it.primary = Some(address("b"))),
        ("logicalSessionTimeoutMinutes", |it| {
            it.logical_session_timeout_minutes = Some(1);
        }),
        ("topologyVersion", |it| {
            it.topology_version = Some(support::version(1, 1));
        }),
    ];
    let one = secondary("a", &["a"]);
    for (name, change) in changes {
        let mut other = one.clone();
        change(&mut other);
        assert_ne!(one, other, "{name}");
    }
}

#[test]
fn errors_are_compared_as_they_are_shown() {
    let failed = |kind, message: &str| {
        let error = Error::new(kind, Phase::Hello, message);
        ServerDescription::check_failed(address("a"), error, Instant::now())
    };
    let one = failed(ErrorKind::Network, "closed");
    assert_eq!(one, failed(ErrorKind::Network, "closed"));
    assert_ne!(one, failed(ErrorKind::Network, "refused"));
    assert_ne!(one, failed(ErrorKind::NetworkTimeout, "closed"));
}

#[test]
fn a_load_balancer_is_described_without_a_check() {
    let initial = TopologyDescription::initial(ferropool_topology::TopologySettings {
        seeds: vec![address("a")],
        load_balanced: true,
        ..Default::default()
    });
    assert!(initial.updated(support::mongos("a")).is_none());
    let known = initial
        .updated(ServerDescription::load_balancer(address("a")))
        .expect("an update");
    assert_eq!(known.topology_type, TopologyType::LoadBalanced);
    assert!(known.is_compatible() && known.readies_pool(&address("a")));
}
