//! Topology events and descriptions as JSON, under the official driver's names.

use ferropool_client::{ClientOptions, Failure};
use ferropool_connection::TopologyVersion;
use ferropool_topology::{ServerDescription, ServerError, TopologyDescription, TopologyEvent};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The event's name and fields; descriptions of its topology have what `options` say.
pub(crate) fn event(event: &TopologyEvent, options: &ClientOptions) -> Value {
    use TopologyEvent as E;
    match event {
        E::TopologyOpening => json!({ "name": "topologyOpening" }),
        E::TopologyClosed => json!({ "name": "topologyClosed" }),
        E::TopologyDescriptionChanged { previous, new } => json!({
            "name": "topologyDescriptionChanged",
            "previousDescription": topology(previous, options),
            "newDescription": topology(new, options),
        }),
        E::ServerOpening(address) => {
            json!({ "name": "serverOpening", "address": address.to_string() })
        }
        E::ServerClosed(address) => {
            json!({ "name": "serverClosed", "address": address.to_string() })
        }
        E::ServerDescriptionChanged { previous, new } => json!({
            "name": "serverDescriptionChanged",
            "address": new.address.to_string(),
            "previousDescription": server(previous),
            "newDescription": server(new),
        }),
        E::ServerHeartbeatStarted {
            address,
            connection,
            awaited,
        } => json!({
            "name": "serverHeartbeatStarted",
            "connectionId": address.to_string(),
            "driverConnectionId": connection.id,
            "serverConnectionId": connection.server_id.map(|id| id.to_string()),
            "awaited": awaited,
        }),
        E::ServerHeartbeatSucceeded {
            address,
            connection,
            awaited,
            duration,
            reply,
        } => json!({
            "name": "serverHeartbeatSucceeded",
            "connectionId": address.to_string(),
            "driverConnectionId": connection.id,
            "serverConnectionId": connection.server_id.map(|id| id.to_string()),
            "awaited": awaited,
            "duration": milliseconds(*duration),
            "reply": hex(reply),
        }),
        E::ServerHeartbeatFailed {
            address,
            connection,
            awaited,
            duration,
            failure,
        } => json!({
            "name": "serverHeartbeatFailed",
            "connectionId": address.to_string(),
            "driverConnectionId": connection.id,
            "serverConnectionId": connection.server_id.map(|id| id.to_string()),
            "awaited": awaited,
            "duration": milliseconds(*duration),
            "failure": Failure::Connection(failure.clone()).view(),
        }),
    }
}

pub(crate) fn topology(topology: &TopologyDescription, options: &ClientOptions) -> Value {
    let heartbeat_frequency = options.monitor.map(|monitor| monitor.heartbeat_frequency);
    let servers: Vec<Value> = { &topology.servers }
        .iter()
        .map(|described| server(described))
        .collect();
    json!({
        "type": topology.topology_type.name(),
        "setName": topology.set_name,
        "maxSetVersion": topology.max_set_version,
        "maxElectionId": topology.max_election_id.map(|id| hex(&id.0)),
        "servers": servers,
        "compatible": topology.is_compatible(),
        "compatibilityError": topology.compatibility_error,
        "logicalSessionTimeoutMinutes": topology.logical_session_timeout_minutes,
        "heartbeatFrequencyMS": heartbeat_frequency.map(milliseconds),
        "localThresholdMS": milliseconds(options.local_threshold),
    })
}

fn server(server: &ServerDescription) -> Value {
    let texts = |addresses: &[ferropool_connection::Address]| -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    };
    let times = server.round_trip_time;
    json!({
        "address": server.address.to_string(),
        "type": server.server_type.name(),
        "hosts": texts(&server.hosts),
        "passives": texts(&server.passives),
        "arbiters": texts(&server.arbiters),
        "tags": server.tags,
        "error": server.error.as_ref().map(error),
        "topologyVersion": server.topology_version.map(version),
        "minWireVersion": server.min_wire_version,
        "maxWireVersion": server.max_wire_version,
        "roundTripTime": times.map_or(-1.0, |times| milliseconds(times.average)),
        "minRoundTripTime": times.map_or(0.0, |times| milliseconds(times.minimum)),
        "updatedAgo": server.last_update_time.map(age),
        "lastWriteDate": server.last_write_date,
        "me": server.me.as_ref().map(ToString::to_string),
        "primary": server.primary.as_ref().map(ToString::to_string),
        "setName": server.set_name,
        "setVersion": server.set_version,
        "electionId": server.election_id.map(|id| hex(&id.0)),
        "logicalSessionTimeoutMinutes": server.logical_session_timeout_minutes,
        "maxMessageSizeBytes": server.limits.map(|limits| limits.max_message_size),
        "maxWriteBatchSize": server.limits.map(|limits| limits.max_write_batch_size),
        "maxBsonObjectSize": server.limits.map(|limits| limits.max_document_size),
    })
}

fn error(error: &ServerError) -> Value {
    match error {
        ServerError::Connection(error) => {
            serde_json::to_value(Failure::Connection(error.clone()).view()).unwrap_or_default()
        }
        other => json!({
            "name": "MongoServerSelectionError",
            "code": "FERROPOOL_SERVER_SELECTION",
            "message": other.to_string(),
        }),
    }
}

/// The counter is a text: it has 64 bits.
fn version(version: TopologyVersion) -> Value {
    json!({ "processId": hex(&version.process_id), "counter": version.counter.to_string() })
}

fn age(at: Instant) -> f64 {
    milliseconds(at.elapsed())
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
