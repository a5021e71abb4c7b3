//! The hello reply.

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};

use ferropool_wire::CompressorId;

use crate::compression::OFFERED;
use crate::options::{Options, merge};
use crate::request::Request;
use crate::shared::State;

/// The reply to any spelling of hello on the connection `connection_id`.
///
/// A standalone's, into which the options' fields and then those of `helloOverrides` are merged.
pub(crate) fn reply(
    options: &Options,
    state: &State,
    connection_id: i32,
    request: &Request,
) -> Document {
    let mut reply = doc! {
        "isWritablePrimary": true,
        "maxBsonObjectSize": 16_777_216,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "localTime": DateTime::now(),
        "logicalSessionTimeoutMinutes": 30,
        "connectionId": connection_id,
        "minWireVersion": 0,
        "maxWireVersion": 21,
        "readOnly": false,
    };
    if let Some(service_id) = service_id(options, connection_id) {
        reply.insert("serviceId", service_id);
    }
    if let Some(compressors) = compressors(options, request) {
        reply.insert("compression", compressors);
    }
    merge(&mut reply, &options.hello);
    merge(&mut reply, &state.faults.hello_overrides);
    if let Some(version) = topology_version(options, state) {
        reply.insert("topologyVersion", version);
    }
    // Servers say that they know hello only when asked.
    if request.command.get_bool("helloOk").unwrap_or(false) && !reply.contains_key("helloOk") {
        reply.insert("helloOk", true);
    }
    // The same goes for a user's mechanisms.
    if !request.command.contains_key("saslSupportedMechs") {
        reply.remove("saslSupportedMechs");
    }
    if request.name != "hello"
        && let Some(is_primary) = reply.remove("isWritablePrimary")
    {
        reply.insert("ismaster", is_primary);
    }
    // `ok` stands last, as a server has it, unless the fields say otherwise.
    let ok = reply.remove("ok").unwrap_or(Bson::Double(1.0));
    reply.insert("ok", ok);
    reply
}

/// The topology version of the hello reply, when it is configured to have one.
///
/// Its counter goes up by one with every change of `helloOverrides` that does not set it.
pub(crate) fn topology_version(options: &Options, state: &State) -> Option<Document> {
    if let Some(Bson::Document(version)) = state.faults.hello_overrides.get("topologyVersion") {
        return Some(version.clone());
    }
    let configured = match options.hello.get("topologyVersion")? {
        Bson::Document(version) => version.clone(),
        _ => Document::new(),
    };
    let process_id = configured
        .get_object_id("processId")
        .unwrap_or(ObjectId::from_bytes([1; 12]));
    let counter = match configured.get("counter") {
        Some(Bson::Int32(counter)) => i64::from(*counter),
        Some(Bson::Int64(counter)) => *counter,
        _ => 0,
    };
    Some(doc! { "processId": process_id, "counter": counter + state.hello_changes })
}

/// The topology version that an awaitable hello waits to see change.
pub(crate) fn awaited_version(command: &Document) -> Option<Document> {
    command.get("maxAwaitTimeMS")?;
    command.get_document("topologyVersion").ok().cloned()
}

/// Whether nothing has changed between two topology versions.
pub(crate) fn same_version(left: &Document, right: &Document) -> bool {
    let counter = |version: &Document| match version.get("counter") {
        Some(Bson::Int32(counter)) => Some(i64::from(*counter)),
        Some(Bson::Int64(counter)) => Some(*counter),
        _ => None,
    };
    left.get("processId") == right.get("processId") && counter(left) == counter(right)
}

/// Those that the client offers and the stub knows, in the client's order; no field at all if there are none.
fn compressors(options: &Options, request: &Request) -> Option<Vec<Bson>> {
    // The canned server reads nothing compressed.
    let offered = request.command.get_array("compression").ok();
    let offered = offered.filter(|_| !options.canned)?.iter();
    let is_known = |name: &&Bson| {
        name.as_str()
            .and_then(CompressorId::from_name)
            .is_some_and(|id| OFFERED.contains(&id))
    };
    let common: Vec<_> = offered.filter(is_known).cloned().collect();
    (!common.is_empty()).then_some(common)
}

fn service_id(options: &Options, connection_id: i32) -> Option<ObjectId> {
    let count = options.service_ids.len();
    // Connection ids begin at 1.
    let turn = usize::try_from(connection_id).ok()?.checked_sub(1)?;
    options.service_ids.get(turn.checked_rem(count)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply_to(options: &Options, state: &State, connection: i32, command: Document) -> Document {
        let request = Request {
            id: 1,
            is_legacy: false,
            compressor: None,
            is_unacknowledged: false,
            is_exhaust_allowed: false,
            database: None,
            name: command.keys().next().unwrap().clone(),
            command,
        };
        reply(options, state, connection, &request)
    }

    #[test]
    fn the_default_is_a_standalone() {
        let reply = reply_to(
            &Options::default(),
            &State::default(),
            7,
            doc! { "hello": 1 },
        );
        assert_eq!(reply.get_bool("isWritablePrimary").ok(), Some(true));
        assert_eq!(reply.get_i32("connectionId").ok(), Some(7));
        assert_eq!(reply.get_i32("maxWireVersion").ok(), Some(21));
        for absent in ["helloOk", "setName", "topologyVersion", "ismaster"] {
            assert!(!reply.contains_key(absent), "{absent}");
        }
        assert_eq!(reply.keys().last().unwrap(), "ok");
    }

    #[test]
    fn the_legacy_reply_has_its_own_field() {
        let command = doc! { "ismaster": 1, "helloOk": true };
        let reply = reply_to(&Options::default(), &State::default(), 1, command);
        assert_eq!(reply.get_bool("ismaster").ok(), Some(true));
        assert_eq!(reply.get_bool("helloOk").ok(), Some(true));
        assert!(!reply.contains_key("isWritablePrimary"));
    }

    #[test]
    fn overrides_win_and_null_removes() {
        let options = Options {
            hello: doc! { "setName": "rs", "readOnly": Bson::Null },
            ..Options::default()
        };
        let mut state = State::default();
        state.faults.hello_overrides = doc! { "setName": "other", "msg": "isdbgrid" };
        let reply = reply_to(&options, &state, 1, doc! { "hello": 1 });
        assert_eq!(reply.get_str("setName").ok(), Some("other"));
        assert_eq!(reply.get_str("msg").ok(), Some("isdbgrid"));
        assert!(!reply.contains_key("readOnly"));
    }

    #[test]
    fn mechanisms_are_named_when_asked_for() {
        let options = Options {
            hello: doc! { "saslSupportedMechs": ["SCRAM-SHA-256"] },
            ..Options::default()
        };
        let state = State::default();
        let reply = reply_to(&options, &state, 1, doc! { "hello": 1 });
        assert!(!reply.contains_key("saslSupportedMechs"));
        let command = doc! { "hello": 1, "saslSupportedMechs": "admin.root" };
        let reply = reply_to(&options, &state, 1, command);
        assert!(reply.contains_key("saslSupportedMechs"));
    }

    #[test]
    fn compressors_are_those_of_both_sides() {
        let state = State::default();
        let offer = |options: &Options, compressors: Bson| {
            let command = doc! { "hello": 1, "compression": compressors };
            reply_to(options, &state, 1, command)
                .get("compression")
                .cloned()
        };
        let options = Options::default();
        assert_eq!(
            offer(&options, bson::bson!(["zlib", "lzma", "snappy"])),
            Some(bson::bson!(["zlib", "snappy"]))
        );
        assert_eq!(offer(&options, bson::bson!([])), None);
        let options = Options {
            hello: doc! { "compression": Bson::Null },
            ..Options::default()
        };
        assert_eq!(offer(&options, bson::bson!(["zlib"])), None);
    }

    #[test]
    fn a_topology_version_counts_changes() {
        let options = Options {
            hello: doc! { "topologyVersion": { "counter": 5 } },
            ..Options::default()
        };
        let mut state = State::default();
        state.hello_changes = 2;
        let reply = reply_to(&options, &state, 1, doc! { "hello": 1 });
        let version = reply.get_document("topologyVersion").unwrap();
        assert_eq!(version.get_i64("counter").ok(), Some(7));
    }

    #[test]
    fn service_ids_go_round() {
        let options = Options {
            service_ids: vec![ObjectId::from_bytes([1; 12]), ObjectId::from_bytes([2; 12])],
            ..Options::default()
        };
        let ids: Vec<_> = (1..4)
            .map(|connection| service_id(&options, connection))
            .collect();
        assert_eq!(ids[0], Some(options.service_ids[0]));
        assert_eq!(ids[1], Some(options.service_ids[1]));
        assert_eq!(ids[2], ids[0]);
        assert_eq!(service_id(&Options::default(), 1), None);
    }
}
