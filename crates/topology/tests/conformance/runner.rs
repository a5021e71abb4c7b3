//! "Test Phases": a client without connections, whose pools are their generations.

use crate::format::{self, ApplicationError, ErrorType, Phase, Test, When};
use crate::{bson, matching};
use ferropool_connection::{Address, Error, ErrorKind, Phase as Reached, ServerFailure};
use ferropool_pool::Clears;
use ferropool_topology::{
    ApplicationError as Met, ServerChange, ServerDescription, TopologyDescription, TopologyType,
    sdam,
};
use ferropool_wire::Document;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Instant;

/// Runs `test` and says what did not match.
pub(crate) fn run(test: Test) -> Result<(), String> {
    let mut client = Client::open(&test.uri)?;
    for (index, phase) in test.phases.iter().enumerate() {
        client.run(phase).map_err(|why| match &phase.description {
            Some(description) => format!("phase {index}, {description}: {why}"),
            None => format!("phase {index}: {why}"),
        })?;
    }
    Ok(())
}

struct Client {
    topology: TopologyDescription,
    /// The generation of each server's pool.
    pools: HashMap<Address, u32>,
    events: Vec<Value>,
}

impl Client {
    fn open(uri: &str) -> Result<Self, String> {
        let initial = TopologyDescription::initial(format::settings(uri)?);
        let mut client = Self {
            topology: TopologyDescription::default(),
            pools: HashMap::new(),
            events: vec![json!({ "topology_opening_event": {} })],
        };
        // The topology's event comes before those of its first servers, and only then.
        client.topology_changed(&initial);
        client.servers_changed(&initial);
        client.topology = initial;
        if client.topology.topology_type == TopologyType::LoadBalanced {
            let servers = client.topology.servers.iter();
            let addresses: Vec<Address> = servers.map(|server| server.address.clone()).collect();
            for address in addresses {
                client.update(ServerDescription::load_balancer(address));
            }
        }
        Ok(client)
    }

    fn run(&mut self, phase: &Phase) -> Result<(), String> {
        for (source, reply) in &phase.responses {
            self.check(format::address(source)?, reply)?;
        }
        for error in &phase.application_errors {
            self.fail(error)?;
        }
        if let Some(expected) = phase.outcome.get("events") {
            return matching::events(expected, &std::mem::take(&mut self.events));
        }
        matching::topology(&phase.outcome, &self.topology, |server| {
            self.pools.get(&server.address).copied().unwrap_or_default()
        })
    }

    /// A check has ended with `reply`; an empty one is a network error.
    fn check(&mut self, address: Address, reply: &Map<String, Value>) -> Result<(), String> {
        let now = Instant::now();
        let description = if reply.is_empty() {
            let error = Error::closed_by_peer(Reached::Hello).at(&address);
            ServerDescription::check_failed(address.clone(), error, now)
        } else {
            let bytes = bson::document(reply)?;
            let reply = Document::new(&bytes).map_err(|error| error.to_string())?;
            ServerDescription::from_hello(address.clone(), reply, None, now)
        };
        let failed = description.error.is_some();
        self.update(description);
        if failed {
            self.clear(&address);
        }
        Ok(())
    }

    /// An operation or an establishment has met `error`.
    fn fail(&mut self, error: &ApplicationError) -> Result<(), String> {
        let address = format::address(&error.address)?;
        let phase = match error.when {
            When::BeforeHandshakeCompletes => Reached::Hello,
            When::AfterHandshakeCompletes => Reached::Established,
        };
        let reply = match &error.response {
            Some(reply) => bson::document(reply)?,
            None => Vec::new(),
        };
        let mut state_change = None;
        let kind = match error.r#type {
            ErrorType::Network => ErrorKind::Network,
            ErrorType::Timeout => ErrorKind::NetworkTimeout,
            ErrorType::Command => {
                let reply = Document::new(&reply).map_err(|error| error.to_string())?;
                let verdict = sdam::read_reply(reply).map_err(|error| error.to_string())?;
                state_change = verdict.state_change;
                let failure = ServerFailure::read(reply).map_err(|error| error.to_string())?;
                ErrorKind::Server(failure)
            }
        };
        let current = self.pools.get(&address).copied().unwrap_or_default();
        let generation = error.generation.unwrap_or(current);
        let error = &Error::new(kind, phase, "failed").at(&address);
        let met = match phase {
            Reached::Established => Met {
                error,
                state_change,
                generation,
                service: None,
            },
            _ => Met::of_establishment(error, generation),
        };
        let server = self.topology.servers.get(&address);
        let server = server.ok_or_else(|| format!("there is no server {address}"))?;
        let consequences = met.consequences(self.topology.topology_type, server, current);
        if let Some(description) = consequences.description {
            self.update(description);
        }
        if consequences.clears == Clears::Pool {
            self.clear(&address);
        }
        Ok(())
    }

    fn update(&mut self, server: ServerDescription) {
        if let Some(updated) = self.topology.updated(server) {
            self.servers_changed(&updated);
            self.topology_changed(&updated);
            self.topology = updated;
        }
    }

    fn clear(&mut self, address: &Address) {
        if let Some(generation) = self.pools.get_mut(address) {
            *generation += 1;
        }
    }

    fn servers_changed(&mut self, new: &TopologyDescription) {
        for change in new.changes_since(&self.topology) {
            self.events.push(match change {
                ServerChange::Changed { previous, new } => json!({
                    "server_description_changed_event": {
                        "address": new.address.to_string(),
                        "previousDescription": matching::server_in_event(previous),
                        "newDescription": matching::server_in_event(new),
                    }
                }),
                ServerChange::Opened(server) => {
                    self.pools.insert(server.address.clone(), 0);
                    json!({ "server_opening_event": { "address": server.address.to_string() } })
                }
                ServerChange::Closed(server) => {
                    self.pools.remove(&server.address);
                    json!({ "server_closed_event": { "address": server.address.to_string() } })
                }
            });
        }
    }

    fn topology_changed(&mut self, new: &TopologyDescription) {
        if *new != self.topology {
            self.events.push(json!({
                "topology_description_changed_event": {
                    "previousDescription": matching::topology_in_event(&self.topology),
                    "newDescription": matching::topology_in_event(new),
                }
            }));
        }
    }
}
