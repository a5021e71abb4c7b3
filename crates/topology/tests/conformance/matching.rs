//! Descriptions as the files show them.

use ferropool_topology::{
    ElectionId, ServerDescription, ServerError, ServerType, TopologyDescription,
};
use serde_json::{Map, Value, json};

/// Whether a topology is as an outcome says. A field that the outcome does not name may be anything.
pub(crate) fn topology(
    expected: &Map<String, Value>,
    actual: &TopologyDescription,
    generation: impl Fn(&ServerDescription) -> u32,
) -> Result<(), String> {
    for (key, expected) in expected {
        let actual = match key.as_str() {
            "servers" => {
                servers(expected, actual, &generation)?;
                continue;
            }
            "topologyType" => json!(actual.topology_type.name()),
            "setName" => json!(actual.set_name),
            "maxElectionId" => election_id(actual.max_election_id),
            "maxSetVersion" => json!(actual.max_set_version),
            "logicalSessionTimeoutMinutes" => json!(actual.logical_session_timeout_minutes),
            "compatible" => json!(actual.is_compatible()),
            _ => return Err(format!("the outcome has an unknown {key}")),
        };
        expect(key, expected, &actual)?;
    }
    Ok(())
}

fn servers(
    expected: &Value,
    actual: &TopologyDescription,
    generation: &impl Fn(&ServerDescription) -> u32,
) -> Result<(), String> {
    let expected = expected.as_object().ok_or("servers are no object")?;
    let mut names: Vec<String> = expected.keys().cloned().collect();
    names.sort();
    let addresses = actual.servers.iter().map(|it| it.address.to_string());
    let mut addresses: Vec<String> = addresses.collect();
    addresses.sort();
    expect("servers", &json!(names), &json!(addresses))?;
    for description in &actual.servers {
        let name = description.address.to_string();
        let fields = expected[&name].as_object().ok_or("a server is no object")?;
        server(fields, description, generation(description))
            .map_err(|why| format!("server {name}: {why}"))?;
    }
    Ok(())
}

fn server(
    expected: &Map<String, Value>,
    actual: &ServerDescription,
    generation: u32,
) -> Result<(), String> {
    // "All other fields in the ServerDescription MUST remain unset", which is their default, 0.
    let is_checked = actual.server_type != ServerType::LoadBalancer;
    for (key, expected) in expected {
        let actual = match key.as_str() {
            "error" => {
                let error = actual.error.as_ref().map(ServerError::to_string);
                let part = expected.as_str().unwrap_or_default();
                match error {
                    Some(error) if error.contains(part) => continue,
                    error => json!(error),
                }
            }
            "type" => json!(actual.server_type.name()),
            "setName" => json!(actual.set_name),
            "setVersion" => json!(actual.set_version),
            "electionId" => election_id(actual.election_id),
            "logicalSessionTimeoutMinutes" => json!(actual.logical_session_timeout_minutes),
            "minWireVersion" => json!(is_checked.then_some(actual.min_wire_version)),
            "maxWireVersion" => json!(is_checked.then_some(actual.max_wire_version)),
            "topologyVersion" => json!(actual.topology_version.map(|version| json!({
                "processId": election_id(Some(ElectionId(version.process_id))),
                "counter": { "$numberLong": version.counter.to_string() },
            }))),
            "pool" => json!({ "generation": generation }),
            _ => return Err(format!("the outcome has an unknown {key}")),
        };
        expect(key, expected, &actual)?;
    }
    Ok(())
}

/// Whether the events are those that an outcome lists.
pub(crate) fn events(expected: &Value, actual: &[Value]) -> Result<(), String> {
    let expected = expected.as_array().ok_or("events are no array")?;
    let names = |events: &[Value]| -> Vec<String> {
        let objects = events.iter().filter_map(Value::as_object);
        objects
            .flat_map(|event| event.keys().take(1).cloned())
            .collect()
    };
    expect("events", &json!(names(expected)), &json!(names(actual)))?;
    expected
        .iter()
        .zip(actual)
        .try_for_each(|(expected, actual)| contains(expected, actual))
}

/// Whether everything of `expected` is in `actual`; a topology's id may be any.
fn contains(expected: &Value, actual: &Value) -> Result<(), String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(fields)) => {
            let compared = expected.iter().filter(|(key, _)| *key != "topologyId");
            for (key, expected) in compared {
                let actual = fields.get(key).unwrap_or(&Value::Null);
                contains(expected, actual).map_err(|why| format!("{key}: {why}"))?;
            }
            Ok(())
        }
        (Value::Array(expected), Value::Array(items)) if expected.len() == items.len() => expected
            .iter()
            .zip(items)
            .try_for_each(|(expected, actual)| contains(expected, actual)),
        _ => expect("value", expected, actual),
    }
}

pub(crate) fn topology_in_event(topology: &TopologyDescription) -> Value {
    let servers: Vec<Value> = topology
        .servers
        .iter()
        .map(|server| server_in_event(server))
        .collect();
    json!({
        "topologyType": topology.topology_type.name(),
        "setName": topology.set_name,
        "servers": servers,
    })
}

pub(crate) fn server_in_event(server: &ServerDescription) -> Value {
    let texts = |addresses: &[ferropool_connection::Address]| -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    };
    json!({
        "address": server.address.to_string(),
        "arbiters": texts(&server.arbiters),
        "hosts": texts(&server.hosts),
        "passives": texts(&server.passives),
        "primary": server.primary.as_ref().map(ToString::to_string),
        "setName": server.set_name,
        "type": server.server_type.name(),
    })
}

fn election_id(id: Option<ElectionId>) -> Value {
    id.map_or(Value::Null, |id| json!({ "$oid": id.to_string() }))
}

fn expect(what: &str, expected: &Value, actual: &Value) -> Result<(), String> {
    // "Multi-threaded and asynchronous clients do not need this ServerType; it is synonymous with
    // Unknown."
    let is_unknown = *expected == json!("PossiblePrimary") && *actual == json!("Unknown");
    match expected == actual || is_unknown {
        true => Ok(()),
        false => Err(format!("{what}: expected {expected}, found {actual}")),
    }
}
