//! The format of the test files. What it does not know fails to parse, so that no condition is passed
//! over.

use ferropool_connection::Address;
use ferropool_topology::{
    ReadPreference, ReadPreferenceMode, RoundTripTime, ServerDescription, ServerType,
    TopologyDescription, TopologySettings, TopologyType,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SET_NAME: &str = "rs";

/// What servers of files that say nothing of it speak: MongoDB 7.0.
const WIRE_VERSION: i32 = 21;

/// A file of "Server Selection Logic Tests" or of "Max Staleness Tests".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    #[serde(rename = "heartbeatFrequencyMS")]
    pub(crate) heartbeat_frequency_ms: Option<u64>,
    pub(crate) topology_description: Topology,
    #[serde(default)]
    pub(crate) operation: Operation,
    pub(crate) read_preference: Preference,
    #[serde(default)]
    pub(crate) deprioritized_servers: Vec<Server>,
    pub(crate) suitable_servers: Option<Vec<Server>>,
    pub(crate) in_latency_window: Option<Vec<Server>>,
    #[serde(default)]
    pub(crate) error: bool,
}

/// A file of "Selection Within Latency Window".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InWindow {
    #[serde(rename = "description")]
    _description: String,
    pub(crate) topology_description: Topology,
    pub(crate) mocked_topology_state: Vec<State>,
    pub(crate) iterations: u32,
    pub(crate) outcome: Outcome,
}

/// A file of "RTT Calculation Tests".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Averages {
    /// A number, or `"NULL"`.
    pub(crate) avg_rtt_ms: Value,
    pub(crate) new_rtt_ms: f64,
    pub(crate) new_avg_rtt: f64,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Operation {
    #[default]
    Read,
    Write,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) address: String,
    pub(crate) operation_count: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    pub(crate) tolerance: f64,
    pub(crate) expected_frequencies: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Preference {
    mode: Option<String>,
    #[serde(default, rename = "tag_sets")]
    tag_sets: Vec<BTreeMap<String, String>>,
    max_staleness_seconds: Option<u64>,
}

impl Preference {
    pub(crate) fn parsed(&self) -> Result<ReadPreference, String> {
        let mode = match self.mode.as_deref() {
            None => ReadPreferenceMode::Primary,
            Some(name) => {
                let modes = ReadPreferenceMode::ALL.into_iter();
                let mut modes = modes.filter(|mode| mode.name().eq_ignore_ascii_case(name));
                modes.next().ok_or(format!("there is no mode {name}"))?
            }
        };
        let sets = self.tag_sets.iter().cloned();
        Ok(ReadPreference {
            mode,
            tag_sets: sets.map(|set| set.into_iter().collect()).collect(),
            max_staleness: self.max_staleness_seconds.map(Duration::from_secs),
            hedge: None,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topology {
    #[serde(rename = "type")]
    topology_type: String,
    servers: Vec<Server>,
}

impl Topology {
    /// The description that the servers' checks add up to, which has to be of the file's type.
    pub(crate) fn described(&self) -> Result<Arc<TopologyDescription>, String> {
        let addresses = self.servers.iter().map(Server::address);
        let mut addresses: Vec<Address> = addresses.collect::<Result<_, _>>()?;
        addresses.sort();
        let is_replica_set = self.topology_type.starts_with("ReplicaSet");
        let mut description = TopologyDescription::initial(TopologySettings {
            seeds: addresses.clone(),
            direct_connection: self.topology_type == TopologyType::Single.name(),
            replica_set: is_replica_set.then(|| SET_NAME.to_owned()),
            load_balanced: self.topology_type == TopologyType::LoadBalanced.name(),
        });
        let start = Instant::now();
        for server in &self.servers {
            let server = server.described(start, &addresses)?;
            let updated = description.updated(server);
            description = updated.ok_or("a server's description was ignored")?;
        }
        let found = description.topology_type.name();
        if found != self.topology_type || description.servers.len() != addresses.len() {
            return Err(format!("the servers make {}", description.overview(start)));
        }
        Ok(Arc::new(description))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Server {
    address: String,
    #[serde(rename = "type")]
    server_type: String,
    #[serde(rename = "avg_rtt_ms")]
    average_ms: Option<u64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    last_update_time: Option<u64>,
    last_write: Option<LastWrite>,
    max_wire_version: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LastWrite {
    last_write_date: Long,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(rename = "$numberLong")]
    text: String,
}

impl Server {
    pub(crate) fn address(&self) -> Result<Address, String> {
        Address::parse(&self.address).map_err(|error| error.to_string())
    }

    fn described(&self, start: Instant, members: &[Address]) -> Result<ServerDescription, String> {
        let server_type = server_type(&self.server_type)?;
        let unknown = ServerDescription::unknown(self.address()?);
        if server_type == ServerType::Unknown {
            return Ok(unknown);
        }
        let date = self.last_write.as_ref().map(|write| &write.last_write_date);
        let date = date.map(|date| date.text.parse::<i64>()).transpose();
        let is_member = matches!(
            server_type,
            ServerType::RSPrimary | ServerType::RSSecondary | ServerType::RSArbiter
        );
        let since_start = Duration::from_millis(self.last_update_time.unwrap_or(0));
        Ok(ServerDescription {
            server_type,
            round_trip_time: self.average_ms.map(|ms| RoundTripTime {
                average: Duration::from_millis(ms),
                minimum: Duration::ZERO,
            }),
            last_update_time: Some(start + since_start),
            last_write_date: date.map_err(|error| error.to_string())?,
            max_wire_version: self.max_wire_version.unwrap_or(WIRE_VERSION),
            hosts: if is_member { members.to_vec() } else { vec![] },
            tags: self.tags.clone(),
            set_name: is_member.then(|| SET_NAME.to_owned()),
            ..unknown
        })
    }
}

fn server_type(name: &str) -> Result<ServerType, String> {
    Ok(match name {
        "Standalone" => ServerType::Standalone,
        "Mongos" => ServerType::Mongos,
        "RSPrimary" => ServerType::RSPrimary,
        "RSSecondary" => ServerType::RSSecondary,
        "RSArbiter" => ServerType::RSArbiter,
        "RSGhost" => ServerType::RSGhost,
        "LoadBalancer" => ServerType::LoadBalancer,
        // Which only clients with a single thread tell apart.
        "PossiblePrimary" | "Unknown" => ServerType::Unknown,
        name => return Err(format!("the tests have no server of type {name}")),
    })
}
