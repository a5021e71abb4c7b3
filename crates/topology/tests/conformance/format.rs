//! The format of the test files. What it does not know fails to parse, so that nothing that a file
//! asks for is passed over.

use ferropool_connection::Address;
use ferropool_topology::TopologySettings;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    #[serde(rename = "description")]
    _description: String,
    pub(crate) uri: String,
    pub(crate) phases: Vec<Phase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Phase {
    pub(crate) description: Option<String>,
    /// The address that a reply comes from, and the reply.
    #[serde(default)]
    pub(crate) responses: Vec<(String, Map<String, Value>)>,
    #[serde(default)]
    pub(crate) application_errors: Vec<ApplicationError>,
    pub(crate) outcome: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ApplicationError {
    pub(crate) address: String,
    pub(crate) generation: Option<u32>,
    /// Servers before 4.2 were treated differently once; the specification does so no more.
    #[serde(rename = "maxWireVersion")]
    _max_wire_version: i32,
    pub(crate) when: When,
    pub(crate) r#type: ErrorType,
    pub(crate) response: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum When {
    BeforeHandshakeCompletes,
    AfterHandshakeCompletes,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ErrorType {
    Command,
    Network,
    Timeout,
}

pub(crate) fn parse(text: &str) -> Result<Test, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// What a connection string of the tests says.
pub(crate) fn settings(uri: &str) -> Result<TopologySettings, String> {
    let refused = || format!("unexpected connection string {uri}");
    let rest = uri.strip_prefix("mongodb://").ok_or_else(refused)?;
    let (hosts, options) = rest.split_once('/').unwrap_or((rest, ""));
    let mut settings = TopologySettings::default();
    for host in hosts.split(',') {
        settings.seeds.push(address(host)?);
    }
    let options = options.trim_start_matches('?').split('&');
    for option in options.filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("replicaSet", name)) => settings.replica_set = Some(name.to_owned()),
            Some(("directConnection", value)) => settings.direct_connection = value == "true",
            Some(("loadBalanced", value)) => settings.load_balanced = value == "true",
            _ => return Err(refused()),
        }
    }
    Ok(settings)
}

pub(crate) fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}
