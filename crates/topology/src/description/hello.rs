//! "Parsing a hello or legacy hello response". A field that is of another type than it should be is
//! taken as absent.

use super::{ElectionId, RoundTripTime, ServerDescription, ServerType};
use ferropool_connection::{Address, Error, Hello, Phase};
use ferropool_wire::{Document, Value, WireError};
use std::collections::BTreeMap;
use std::time::Instant;

/// The most members of one list that are looked at. A replica set has at most 50 members in all; a
/// peer that claims more does not make the client watch thousands of servers.
pub(crate) const MAX_MEMBERS: usize = 256;

impl ServerDescription {
    /// What `reply`, received at `now`, says of the server at `address`. A reply that reports a
    /// failure, or that cannot be read, makes the server unknown.
    ///
    /// Names of members are lower-cased. One that cannot be dialled is nobody's address, and is left out.
    pub fn from_hello(
        address: Address,
        reply: Document<'_>,
        round_trip_time: Option<RoundTripTime>,
        now: Instant,
    ) -> Self {
        let parsed = Hello::parse(reply).and_then(|hello| {
            let member = Member::read(reply).map_err(|error| Error::wire(Phase::Hello, &error))?;
            Ok((hello, member))
        });
        let (hello, member) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                let error = error.at(&address);
                return Self::check_failed(address, error, now);
            }
        };
        Self {
            server_type: member.server_type(),
            round_trip_time,
            last_update_time: Some(now),
            last_write_date: member.last_write_date,
            min_wire_version: hello.wire_versions.0,
            max_wire_version: hello.wire_versions.1,
            me: member.me,
            hosts: member.hosts,
            passives: member.passives,
            arbiters: member.arbiters,
            tags: member.tags,
            set_name: member.set_name,
            set_version: member.set_version,
            election_id: member.election_id,
            primary: member.primary,
            logical_session_timeout_minutes: member.logical_session_timeout_minutes,
            topology_version: hello.topology_version,
            hello_ok: hello.hello_ok,
            limits: Some(hello.limits),
            ..Self::unknown(address)
        }
    }
}

/// The fields of a reply that say which part the server has in its deployment.
#[derive(Default)]
struct Member {
    is_mongos: bool,
    is_replica_set: bool,
    is_writable_primary: Option<bool>,
    is_master: bool,
    is_secondary: bool,
    is_arbiter: bool,
    is_hidden: bool,
    last_write_date: Option<i64>,
    me: Option<Address>,
    hosts: Vec<Address>,
    passives: Vec<Address>,
    arbiters: Vec<Address>,
    tags: BTreeMap<String, String>,
    set_name: Option<String>,
    set_version: Option<i64>,
    election_id: Option<ElectionId>,
    primary: Option<Address>,
    logical_session_timeout_minutes: Option<u32>,
}

impl Member {
    fn read(reply: Document<'_>) -> Result<Self, WireError> {
        let mut member = Self::default();
        for element in reply.elements() {
            let element = element?;
            let value = &element.value;
            match element.key {
                b"msg" => member.is_mongos = value.as_str() == Some("isdbgrid"),
                b"isreplicaset" => member.is_replica_set = value.as_bool_like(),
                b"isWritablePrimary" => member.is_writable_primary = Some(value.as_bool_like()),
                b"ismaster" => member.is_master = value.as_bool_like(),
                b"secondary" => member.is_secondary = value.as_bool_like(),
                b"arbiterOnly" => member.is_arbiter = value.as_bool_like(),
                b"hidden" => member.is_hidden = value.as_bool_like(),
                b"lastWrite" => member.last_write_date = last_write_date(value)?,
                b"me" => member.me = address(value),
                b"hosts" => member.hosts = addresses(value)?,
                b"passives" => member.passives = addresses(value)?,
                b"arbiters" => member.arbiters = addresses(value)?,
                b"tags" => member.tags = tags(value)?,
                b"setName" => member.set_name = value.as_str().map(str::to_owned),
                b"setVersion" => member.set_version = value.as_integer(),
                b"electionId" => member.election_id = election_id(value),
                b"primary" => member.primary = address(value),
                b"logicalSessionTimeoutMinutes" => {
                    let minutes = value.as_integer();
                    member.logical_session_timeout_minutes =
                        minutes.and_then(|minutes| u32::try_from(minutes).ok());
                }
                _ => {}
            }
        }
        Ok(member)
    }

    /// The table of "type", in the order in which its symptoms exclude one another.
    fn server_type(&self) -> ServerType {
        let is_primary = self.is_writable_primary.unwrap_or(self.is_master);
        if self.is_replica_set {
            ServerType::RSGhost
        } else if self.is_mongos {
            ServerType::Mongos
        } else if self.set_name.is_none() {
            ServerType::Standalone
        } else if self.is_hidden {
            ServerType::RSOther
        } else if is_primary {
            ServerType::RSPrimary
        } else if self.is_secondary {
            ServerType::RSSecondary
        } else if self.is_arbiter {
            ServerType::RSArbiter
        } else {
            ServerType::RSOther
        }
    }
}

fn address(value: &Value<'_>) -> Option<Address> {
    Address::parse(value.as_str()?).ok()
}

/// The addresses of an array: sorted, so that lists are compared as the sets that they are.
fn addresses(value: &Value<'_>) -> Result<Vec<Address>, WireError> {
    let mut addresses = Vec::new();
    if let Some(array) = value.as_array() {
        for element in array.elements().take(MAX_MEMBERS) {
            addresses.extend(address(&element?.value));
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn tags(value: &Value<'_>) -> Result<BTreeMap<String, String>, WireError> {
    let mut tags = BTreeMap::new();
    if let Some(document) = value.as_document() {
        for element in document.elements() {
            let element = element?;
            if let (Ok(key), Some(tag)) = (element.key_str(), element.value.as_str()) {
                tags.insert(key.to_owned(), tag.to_owned());
            }
        }
    }
    Ok(tags)
}

fn last_write_date(value: &Value<'_>) -> Result<Option<i64>, WireError> {
    let Some(last_write) = value.as_document() else {
        return Ok(None);
    };
    match last_write.get("lastWriteDate")? {
        Some(Value::DateTime(milliseconds)) => Ok(Some(milliseconds)),
        _ => Ok(None),
    }
}

fn election_id(value: &Value<'_>) -> Option<ElectionId> {
    match value {
        Value::ObjectId(id) => Some(ElectionId(*id)),
        _ => None,
    }
}
