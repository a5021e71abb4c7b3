//! Which server an operation goes to.

use super::operation::{Kind, Stage, recycle};
use super::{ClientId, Completion, Engine};
use crate::failure::Failure;
use ferropool_pool::CheckOutError;
use ferropool_topology::{
    Criteria, Operation, ReadPreference, ReadPreferenceMode, Server, View, passed_read_preference,
};
use ferropool_wire::Appender;
use ferropool_wire::op_msg::PREFIX_LENGTH;
use std::sync::Arc;
use std::time::Instant;

/// A read preference of nothing but its mode, for each mode.
static ALONE: [ReadPreference; ReadPreferenceMode::ALL.len()] = [
    ReadPreferenceMode::ALL[0].alone(),
    ReadPreferenceMode::ALL[1].alone(),
    ReadPreferenceMode::ALL[2].alone(),
    ReadPreferenceMode::ALL[3].alone(),
    ReadPreferenceMode::ALL[4].alone(),
];

impl Engine {
    /// Goes on with an operation that is new, or for which there may be a server by now.
    pub(super) fn proceed(&mut self, slot: u32) {
        self.log_selection_start(slot);
        match self.select_for(slot) {
            Err(failure) => self.select_failed(slot, failure),
            Ok(None) => self.wait_for_server(slot),
            Ok(Some(server)) => self.selected(slot, server),
        }
    }

    /// Puts an operation among those that wait for a server, unless there is one after all.
    fn wait_for_server(&mut self, slot: u32) {
        self.log_selection_wait(slot);
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get(operation.client as usize) else {
            return;
        };
        let (since, deadline) = match operation.stage {
            Stage::Selecting { since, deadline } => (since, deadline),
            _ => {
                if operation.kind == Kind::Command {
                    let spare = self.buffers.pop().unwrap_or_default();
                    operation.request = std::mem::replace(&mut self.request, spare);
                }
                let since = Instant::now();
                let deadline = attached.client.selection_deadline(since, operation.until);
                (since, deadline)
            }
        };
        operation.stage = Stage::Selecting { since, deadline };
        let client = Arc::clone(&attached.client);
        client.wait_for_server(slot, since, deadline);
        // It may have come between the look and the entry. Whoever has been told comes back here.
        let outcome = self.select_for(slot);
        if !matches!(outcome, Ok(None)) && client.stop_waiting(slot, deadline) {
            match outcome {
                Ok(Some(server)) => self.selected(slot, server),
                Ok(None) => {}
                Err(failure) => self.select_failed(slot, failure),
            }
        }
    }

    fn select_failed(&mut self, slot: u32, failure: Failure) {
        self.log_selection_failure(slot, &failure);
        self.fail_later(slot, failure);
    }

    /// There is a server for the operation.
    fn selected(&mut self, slot: u32, server: Arc<Server>) {
        self.log_selection_success(slot, &server);
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get(operation.client as usize) else {
            return;
        };
        if operation.kind == Kind::Command && matches!(operation.stage, Stage::Selecting { .. }) {
            let request = std::mem::take(&mut operation.request);
            let spare = std::mem::replace(&mut self.request, request);
            recycle(&mut self.buffers, spare);
        }
        match operation.kind {
            Kind::Connect | Kind::Warm(_) if attached.client.is_closed() => {
                let (error, address) = (CheckOutError::PoolClosed, server.address().clone());
                self.fail_later(slot, Failure::CheckOut { error, address });
            }
            Kind::Connect => self.complete_later(slot, Completion::Text("null".to_owned())),
            Kind::Warm(connections) => {
                let (id, client) = (operation.client, Arc::clone(&attached.client));
                self.vacate(slot);
                self.spawn(id, slot, async move {
                    client.warm(connections).await.map(|()| "null".to_owned())
                });
            }
            Kind::CheckOut | Kind::Command => self.check_out_for(slot, server),
        }
    }

    /// The server for the operation in `slot`; `None` while there is none.
    pub(super) fn select_for(&mut self, slot: u32) -> Result<Option<Arc<Server>>, Failure> {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return Ok(None);
        };
        let ((id, preference), warms) = (operation.wants(), operation.warms());
        let selected = self.select(id, preference)?;
        // There may be more servers to warm than those that have answered by now.
        let waits = warms && self.client(id).is_some_and(|client| !client.is_explored());
        Ok(selected.filter(|_| !waits))
    }

    /// A server of the deployment as it is now. Takes no lock unless that has changed.
    pub(super) fn select(
        &mut self,
        id: ClientId,
        preference: ReadPreferenceMode,
    ) -> Result<Option<Arc<Server>>, Failure> {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return Ok(None);
        };
        let Some(topology) = attached.client.target()? else {
            return Ok(None);
        };
        let latest = attached.latest.get_or_insert_with(|| {
            topology.start();
            topology.reader()
        });
        let View { snapshot, servers } = &**latest.get();
        // The pool of a closed client refuses by itself, with the events that belong to it. A pool without a
        // topology is its user's to judge.
        if attached.client.is_closed() || !topology.governs_pools() {
            return Ok(servers.first().map(Arc::clone));
        }
        let criteria = Criteria::read(&ALONE[preference as usize]);
        let selected = snapshot.select(&criteria, &mut self.scratch, |index| {
            servers.get(index).map_or(0, |server| server.operations())
        });
        let selected = selected.map_err(Failure::Selection)?;
        Ok(selected.and_then(|index| servers.get(index).map(Arc::clone)))
    }

    /// Adds `$readPreference` to the request that is being composed, if `server` is to be told.
    pub(super) fn pass_read_preference(
        &mut self,
        id: ClientId,
        server: &Server,
        preference: ReadPreferenceMode,
    ) {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        let Some(latest) = &mut attached.latest else {
            return;
        };
        let description = latest.get().snapshot.description();
        let Some(known) = description.servers.get(server.address()) else {
            return;
        };
        let (topology, server) = (description.topology_type, known.server_type);
        let asked = &ALONE[preference as usize];
        // Of a pool without a topology, its user knows what the server is.
        let is_known = attached
            .client
            .topology()
            .is_some_and(|topology| topology.governs_pools());
        let passed = match is_known {
            true => passed_read_preference(Operation::Read(asked), topology, server),
            false => Some(asked).filter(|asked| asked.mode != ReadPreferenceMode::Primary),
        };
        if let Some(passed) = passed
            && let Ok(mut fields) = Appender::reopen(&mut self.request, PREFIX_LENGTH)
        {
            fields.document("$readPreference", |document| {
                document.string("mode", passed.mode.name());
            });
            fields.finish();
        }
    }
}
