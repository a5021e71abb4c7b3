//! Replies to `hello`, and what they make of a topology.

#![allow(dead_code, reason = "no test uses all of it")]

use ferropool_connection::{Address, TopologyVersion};
use ferropool_topology::{ServerDescription, TopologyDescription, TopologySettings};
use ferropool_wire::{Appender, Document};
use std::time::Instant;

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

/// The description that a reply makes of the server at `of`; `ok` and a wire version are given.
pub(crate) fn described(of: &str, fields: impl FnOnce(&mut Appender<'_>)) -> ServerDescription {
    let mut bytes = Vec::new();
    let mut reply = Appender::begin(&mut bytes);
    reply.int32("ok", 1).int32("maxWireVersion", 21);
    fields(&mut reply);
    reply.finish();
    let reply = Document::new(&bytes).expect("a document");
    ServerDescription::from_hello(address(of), reply, None, Instant::now())
}

pub(crate) fn members(reply: &mut Appender<'_>, hosts: &[&str]) {
    reply.string("setName", "rs");
    reply.array("hosts", hosts, |array, index, host| {
        array.string(index, host);
    });
}

pub(crate) fn primary(of: &str, hosts: &[&str]) -> ServerDescription {
    described(of, |reply| {
        reply.boolean("isWritablePrimary", true);
        members(reply, hosts);
    })
}

pub(crate) fn secondary(of: &str, hosts: &[&str]) -> ServerDescription {
    described(of, |reply| {
        reply.boolean("secondary", true);
        members(reply, hosts);
    })
}

pub(crate) fn mongos(of: &str) -> ServerDescription {
    described(of, |reply| {
        reply.string("msg", "isdbgrid");
    })
}

pub(crate) fn version(process: u8, counter: i64) -> TopologyVersion {
    TopologyVersion {
        process_id: [process; 12],
        counter,
    }
}

pub(crate) fn topology(seeds: &[&str]) -> TopologyDescription {
    TopologyDescription::initial(TopologySettings {
        seeds: seeds.iter().map(|seed| address(seed)).collect(),
        ..TopologySettings::default()
    })
}

/// The addresses of a topology's servers.
pub(crate) fn addresses(topology: &TopologyDescription) -> Vec<String> {
    let servers = topology.servers.iter();
    servers.map(|server| server.address.to_string()).collect()
}
