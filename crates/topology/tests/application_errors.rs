//! What an application's error leads to, where the specification's files do not reach: phases,
//! overload, load balancers.

#![forbid(unsafe_code)]

mod support;

use ferropool_connection::{Error, ErrorKind, Phase, ServerFailure};
use ferropool_pool::{Clears, ServiceId};
use ferropool_topology::sdam::StateChange;
use ferropool_topology::{
    ApplicationError, Consequences, ServerDescription, ServerError, ServerType, TopologyType,
};
use ferropool_wire::{Appender, Document};
use support::{address, mongos};

const SERVICE: ServiceId = ServiceId([7; 12]);
const NOTHING: Consequences = Consequences {
    description: None,
    clears: Clears::Nothing,
    requests_check: false,
    cancels_check: false,
};

/// An error of an established connection.
fn operating(error: &Error, state_change: Option<StateChange>) -> ApplicationError<'_> {
    ApplicationError {
        error,
        state_change,
        generation: 3,
        service: Some(SERVICE),
    }
}

fn in_cluster(met: ApplicationError<'_>) -> Consequences {
    met.consequences(TopologyType::Sharded, &mongos("a"), 3)
}

fn behind_load_balancer(met: ApplicationError<'_>) -> Consequences {
    let server = ServerDescription::load_balancer(address("a"));
    met.consequences(TopologyType::LoadBalanced, &server, 3)
}

fn shutdown() -> StateChange {
    StateChange {
        shutdown: true,
        topology_version: None,
    }
}

/// What the server answered to a command of the handshake.
fn refused(phase: Phase, code: i32) -> Error {
    let mut bytes = Vec::new();
    let mut reply = Appender::begin(&mut bytes);
    reply.int32("ok", 0).int32("code", code);
    reply.finish();
    let reply = Document::new(&bytes).expect("a document");
    let failure = ServerFailure::read(reply).expect("a failure");
    Error::new(ErrorKind::Server(failure), phase, "refused")
}

/// The server becomes unknown because of `error`.
fn is_unknown(consequences: &Consequences, error: &Error) -> bool {
    consequences.description.as_ref().is_some_and(|server| {
        server.address == address("a")
            && server.server_type == ServerType::Unknown
            && server.error == Some(ServerError::Connection(error.clone()))
    })
}

#[test]
fn overload_leaves_everything_alone() {
    for phase in [Phase::Tcp, Phase::Tls, Phase::Hello] {
        for kind in [ErrorKind::Network, ErrorKind::NetworkTimeout] {
            let error = Error::new(kind, phase, "failed");
            let met = ApplicationError::of_establishment(&error, 3);
            assert_eq!(in_cluster(met), NOTHING, "{error:?}");
        }
    }
}

#[test]
fn a_failed_establishment_makes_the_server_unknown_and_clears_its_pool() {
    for error in [
        Error::new(ErrorKind::Network, Phase::Dns, "no such host"),
        Error::new(ErrorKind::Network, Phase::Tls, "bad certificate").not_by_load(),
        Error::new(ErrorKind::Protocol, Phase::Hello, "no document"),
        Error::new(ErrorKind::Network, Phase::Auth, "closed"),
        Error::new(ErrorKind::NetworkTimeout, Phase::Auth, "late"),
        Error::authentication("no proof"),
        refused(Phase::Hello, 1),
        refused(Phase::Auth, 18),
    ] {
        let consequences = in_cluster(ApplicationError::of_establishment(&error, 3));
        assert!(is_unknown(&consequences, &error), "{consequences:?}");
        assert_eq!(consequences.clears, Clears::Pool, "{error:?}");
        assert!(!consequences.requests_check, "{error:?}");
        assert!(consequences.cancels_check, "{error:?}");
    }
}

#[test]
fn a_state_change_during_the_handshake_is_a_state_change() {
    for (code, clears) in [(91, Clears::Pool), (11602, Clears::Nothing)] {
        let error = refused(Phase::Auth, code);
        let consequences = in_cluster(ApplicationError::of_establishment(&error, 3));
        assert!(is_unknown(&consequences, &error), "{consequences:?}");
        assert_eq!(consequences.clears, clears, "{code}");
        assert!(consequences.requests_check && !consequences.cancels_check);
    }
}

#[test]
fn of_an_established_connection_only_a_network_error_counts() {
    let lost = Error::closed_by_peer(Phase::Established);
    let consequences = in_cluster(operating(&lost, None));
    assert!(is_unknown(&consequences, &lost), "{consequences:?}");
    assert_eq!(consequences.clears, Clears::Pool);
    assert!(consequences.cancels_check && !consequences.requests_check);
    for kind in [ErrorKind::NetworkTimeout, ErrorKind::Protocol] {
        let error = Error::new(kind, Phase::Established, "failed");
        assert_eq!(in_cluster(operating(&error, None)), NOTHING);
    }
    let error = refused(Phase::Established, 11601);
    assert_eq!(in_cluster(operating(&error, None)), NOTHING);
}

#[test]
fn an_error_of_another_generation_is_stale() {
    let lost = Error::closed_by_peer(Phase::Established);
    for generation in [2, 4] {
        for state_change in [None, Some(shutdown())] {
            let met = ApplicationError {
                generation,
                ..operating(&lost, state_change)
            };
            assert_eq!(in_cluster(met), NOTHING, "{generation} {state_change:?}");
        }
    }
}

#[test]
fn a_state_change_that_is_known_already_is_stale() {
    let error = refused(Phase::Established, 91);
    let server = ServerDescription {
        topology_version: Some(support::version(1, 5)),
        ..mongos("a")
    };
    for (version, is_news) in [
        (Some(support::version(1, 4)), false),
        (Some(support::version(1, 5)), false),
        (Some(support::version(1, 6)), true),
        (Some(support::version(2, 1)), true),
        (None, true),
    ] {
        let change = StateChange {
            shutdown: true,
            topology_version: version,
        };
        let met = operating(&error, Some(change));
        let consequences = met.consequences(TopologyType::Sharded, &server, 3);
        assert_eq!(consequences != NOTHING, is_news, "{version:?}");
        if let Some(description) = consequences.description {
            assert_eq!(description.topology_version, version);
        }
    }
}

#[test]
fn a_load_balancer_never_becomes_unknown_and_only_the_service_is_cleared() {
    let lost = Error::closed_by_peer(Phase::Established);
    let cleared = Consequences {
        clears: Clears::Service(SERVICE),
        ..NOTHING
    };
    assert_eq!(behind_load_balancer(operating(&lost, None)), cleared);
    let refused = refused(Phase::Established, 91);
    let met = operating(&refused, Some(shutdown()));
    assert_eq!(behind_load_balancer(met), cleared);
    let stepped_down = StateChange {
        shutdown: false,
        topology_version: None,
    };
    let met = operating(&refused, Some(stepped_down));
    assert_eq!(behind_load_balancer(met), NOTHING);
}

#[test]
fn before_hello_has_named_a_service_there_is_nothing_to_clear() {
    for error in [
        Error::new(ErrorKind::Network, Phase::Dns, "no such host"),
        refused(Phase::Hello, 91),
        refused(Phase::Hello, 1),
    ] {
        let met = ApplicationError::of_establishment(&error, 3);
        assert_eq!(behind_load_balancer(met), NOTHING, "{error:?}");
    }
    // And from then on there is.
    let error = Error::authentication("no proof");
    let met = ApplicationError {
        service: Some(SERVICE),
        ..ApplicationError::of_establishment(&error, 3)
    };
    assert_eq!(behind_load_balancer(met).clears, Clears::Service(SERVICE));
}
