//! Which server an operation goes to.

use super::invocation::Target;
use super::operation::{Kind, Operation, SessionUse, Stage};
use super::{Attached, ClientId, Completion, Engine};
use crate::failure::Failure;
use crate::profile::criteria;
use crate::session::Pin;
use ferropool_pool::CheckOutError;
use ferropool_topology::{Criteria, Scratch, Server, View};
use std::sync::Arc;
use std::time::Instant;

impl Engine {
    /// Goes on with an operation that is new, or for which there may be a server by now.
    pub(super) fn proceed(&mut self, slot: u32) {
        if let Some(token) = self.kept_connection(slot) {
            return self.send_on(slot, token);
        }
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
                let since = Instant::now();
                let deadline = attached.client.selection_deadline(since, operation.until);
                (since, deadline)
            }
        };
        operation.stage = Stage::Selecting { since, deadline };
        let client = Arc::clone(&attached.client);
        self.put_by(slot);
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
        self.put_by(slot);
        self.failed(slot, failure);
    }

    /// There is a server for the operation.
    fn selected(&mut self, slot: u32, server: Arc<Server>) {
        self.log_selection_success(slot, &server);
        self.take_up(slot);
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get(operation.client as usize) else {
            return;
        };
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
    fn select_for(&mut self, slot: u32) -> Result<Option<Arc<Server>>, Failure> {
        let Self {
            operations,
            clients,
            scratch,
            ..
        } = self;
        let Some(Some(operation)) = operations.get(slot as usize) else {
            return Ok(None);
        };
        let Some(attached) = clients.get_mut(operation.client as usize) else {
            return Ok(None);
        };
        // There may be more servers to warm than those that have answered by now.
        let waits = operation.warms() && !attached.client.is_explored();
        let selected = attached.select_for(operation, scratch)?;
        Ok(selected.filter(|_| !waits))
    }

    /// A server of the deployment as it is now.
    pub(super) fn select(
        &mut self,
        id: ClientId,
        criteria: &Criteria<'_>,
    ) -> Result<Option<Arc<Server>>, Failure> {
        match self.clients.get_mut(id as usize) {
            Some(attached) => attached.select(&mut self.scratch, |_| *criteria),
            None => Ok(None),
        }
    }
}

impl Attached {
    /// The server that an operation has to go to, or one of those that will do.
    fn select_for(
        &mut self,
        operation: &Operation,
        scratch: &mut Scratch,
    ) -> Result<Option<Arc<Server>>, Failure> {
        if let Target::Server(number) = operation.target {
            return self.server(number);
        }
        let session = match operation.session {
            SessionUse::Started(number) => self.sessions.get(number),
            _ => None,
        };
        let transaction = session.map(|session| &session.transaction);
        let takes_part = operation.ending.is_some()
            || transaction.is_some_and(|transaction| transaction.is_active());
        if takes_part && let Some(Pin::Server(number)) = transaction.and_then(|it| it.pin) {
            return self.server(number);
        }
        let deprioritized = operation.attempts.deprioritized();
        self.select(scratch, |view| {
            let wanted = match takes_part {
                true => Criteria::write(),
                false => criteria(operation.profile.operation(|| oldest_wire_version(view))),
            };
            wanted.deprioritizing(deprioritized)
        })
    }

    /// The server of this number, as long as the deployment has it.
    fn server(&self, number: u32) -> Result<Option<Arc<Server>>, Failure> {
        let topology = self.client.topology();
        let server = topology.and_then(|topology| {
            topology.find(|server| (server.number() == number).then(|| Arc::clone(server)))
        });
        match server {
            Some(server) => Ok(Some(server)),
            None => Err(Failure::ServerGone {
                address: topology.and_then(|topology| topology.address(number)),
            }),
        }
    }

    /// A server of the deployment as it is now. Takes no lock unless that has changed.
    fn select<'a>(
        &mut self,
        scratch: &mut Scratch,
        wanted: impl FnOnce(&View) -> Criteria<'a>,
    ) -> Result<Option<Arc<Server>>, Failure> {
        let Some(topology) = self.client.target()? else {
            return Ok(None);
        };
        let latest = self.latest.get_or_insert_with(|| {
            topology.start();
            topology.reader()
        });
        let view = &**latest.get();
        let View { snapshot, servers } = view;
        // The pool of a closed client refuses by itself, with the events that belong to it. A pool without a
        // topology is its user's to judge.
        if self.client.is_closed() || !topology.governs_pools() {
            return Ok(servers.first().map(Arc::clone));
        }
        let selected = snapshot.select(&wanted(view), scratch, |index| {
            servers.get(index).map_or(0, |server| server.operations())
        });
        let selected = selected.map_err(Failure::Selection)?;
        Ok(selected.and_then(|index| servers.get(index).map(Arc::clone)))
    }
}

/// Of the servers that are known to have data. Nothing is known of those behind a load balancer: they are routers.
fn oldest_wire_version(view: &View) -> i32 {
    let servers = &view.snapshot.description().servers;
    let known = servers.iter().filter(|server| server.max_wire_version > 0);
    known
        .map(|server| server.max_wire_version)
        .min()
        .unwrap_or(i32::MAX)
}
