//! The "Actions" that descriptions of replica set members lead to.

use super::{TopologyDescription, TopologyType, election};
use crate::description::{Election, MAX_MEMBERS, ServerDescription, ServerError, ServerType};
use std::sync::Arc;

impl TopologyDescription {
    /// "updateRSWithoutPrimary": a secondary, an arbiter or another member, while no primary is known.
    /// It may add members and remove nobody but itself.
    pub(super) fn update_rs_without_primary(&mut self, member: &ServerDescription) {
        if !self.adopts_set_name(member) {
            self.servers.remove(&member.address);
            return;
        }
        self.add_members(member);
        if member.is_known_by_another_address() {
            self.servers.remove(&member.address);
        }
    }

    /// "updateRSWithPrimaryFromMember": a secondary, an arbiter or another member, while a primary is
    /// known, or was until this one stepped down.
    pub(super) fn update_rs_with_primary_from_member(&mut self, member: &ServerDescription) {
        if !self.adopts_set_name(member) || member.is_known_by_another_address() {
            self.servers.remove(&member.address);
        }
        self.check_if_has_primary();
    }

    /// "updateRSFromPrimary": what a primary says of the members is what they are.
    pub(super) fn update_rs_from_primary(&mut self, primary: &Arc<ServerDescription>) {
        if !self.adopts_set_name(primary) {
            self.servers.remove(&primary.address);
            self.check_if_has_primary();
            return;
        }
        let reported = Election {
            id: primary.election_id,
            set_version: primary.set_version,
        };
        let greatest = self.max_election();
        match election::latest(greatest, reported, primary.max_wire_version) {
            Some(latest) => {
                self.max_election_id = latest.id;
                self.max_set_version = latest.set_version;
            }
            None => {
                let error = ServerError::StalePrimary { reported, greatest };
                self.servers.make_unknown(primary, error);
                self.check_if_has_primary();
                return;
            }
        }
        self.invalidate_older_primary(primary);
        // Those who leave go first, so that the limit of members is all for those who stay.
        self.servers
            .retain(|server| primary.has_member(&server.address));
        self.add_members(primary);
        self.check_if_has_primary();
    }

    /// "checkIfHasPrimary".
    pub(super) fn check_if_has_primary(&mut self) {
        self.topology_type = match self.primary() {
            Some(_) => TopologyType::ReplicaSetWithPrimary,
            None => TopologyType::ReplicaSetNoPrimary,
        };
    }

    /// Whether `member` is of this topology's replica set, whose name is that of its first member
    /// unless it was asked for.
    fn adopts_set_name(&mut self, member: &ServerDescription) -> bool {
        if self.set_name.is_none() {
            self.set_name.clone_from(&member.set_name);
        }
        self.set_name == member.set_name
    }

    /// A new primary means that nobody else is.
    fn invalidate_older_primary(&mut self, primary: &Arc<ServerDescription>) {
        let is_older = |server: &&Arc<ServerDescription>| {
            server.server_type == ServerType::RSPrimary && server.address != primary.address
        };
        if let Some(older) = self.servers.iter().find(is_older).map(Arc::clone) {
            self.servers.make_unknown(&older, ServerError::NewerPrimary);
        }
    }

    fn add_members(&mut self, member: &ServerDescription) {
        for address in member.members() {
            if self.servers.len() < MAX_MEMBERS {
                self.servers.add_unknown(address.clone());
            }
        }
    }
}
