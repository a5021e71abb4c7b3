//! The steps of a selection, for whoever logs them ("Server Selection", "Logging"). Where nobody does, each costs one look.

use super::operation::{Kind, Stage};
use super::{ClientId, Engine, Journal};
use crate::failure::Failure;
use ferropool_topology::{ReadPreference, Server, TopologyDescription};
use ferropool_wire::{Document, op_msg::PREFIX_LENGTH};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Which steps of selections somebody wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selections {
    /// None.
    #[default]
    None,
    /// Those that have to wait.
    Waiting,
    /// All.
    All,
}

/// A step of a selection.
#[derive(Clone, Debug)]
pub struct SelectionEvent {
    /// What became of it.
    pub step: SelectionStep,
    /// Which servers will do.
    pub selector: ReadPreference,
    /// What a server is selected for: a command's name, or the call's.
    pub operation: String,
    /// What is known of the deployment; nothing while its name is not resolved.
    pub topology: Option<Arc<TopologyDescription>>,
}

/// What became of a selection.
#[derive(Clone, Debug)]
pub enum SelectionStep {
    /// It starts.
    Started,
    /// It waits, for so long at most. Once for each selection.
    Waiting(Duration),
    /// There is a server.
    Succeeded(Arc<Server>),
    /// There is none.
    Failed(Box<Failure>),
}

impl Engine {
    /// A selection starts, unless it goes on after a wait.
    pub(super) fn log_selection_start(&mut self, slot: u32) {
        if !self.is_selecting(slot) {
            self.log_selection(slot, Selections::All, || SelectionStep::Started);
        }
    }

    /// No server fits now.
    pub(super) fn log_selection_wait(&mut self, slot: u32) {
        if self.is_selecting(slot) {
            return;
        }
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let (id, until) = (operation.client, operation.until);
        let Some(client) = self.client(id).map(Arc::clone) else {
            return;
        };
        self.log_selection(slot, Selections::Waiting, || {
            let now = Instant::now();
            SelectionStep::Waiting(client.selection_deadline(now, until) - now)
        });
    }

    pub(super) fn log_selection_success(&mut self, slot: u32, server: &Arc<Server>) {
        self.log_selection(slot, Selections::All, || {
            SelectionStep::Succeeded(Arc::clone(server))
        });
    }

    pub(super) fn log_selection_failure(&mut self, slot: u32, failure: &Failure) {
        self.log_selection(slot, Selections::All, || {
            SelectionStep::Failed(Box::new(failure.clone()))
        });
    }

    fn is_selecting(&self, slot: u32) -> bool {
        let operation = self.operations.get(slot as usize).and_then(Option::as_ref);
        operation.is_some_and(|operation| matches!(operation.stage, Stage::Selecting { .. }))
    }

    fn log_selection(
        &mut self,
        slot: u32,
        wanted_from: Selections,
        step: impl FnOnce() -> SelectionStep,
    ) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let id = operation.client;
        let Some(attached) = self.clients.get(id as usize) else {
            return;
        };
        if attached.subscription.selections < wanted_from {
            return;
        }
        let topology = attached.client.topology();
        // A pool without a topology has nothing to select from.
        if topology.is_some_and(|topology| !topology.governs_pools()) {
            return;
        }
        let event = SelectionEvent {
            step: step(),
            selector: operation.profile.read_preference.clone(),
            operation: self.operation_name(slot),
            topology: topology.map(|topology| Arc::clone(topology.view().snapshot.description())),
        };
        self.journal_selection(id, slot, event);
    }

    fn journal_selection(&mut self, client: ClientId, slot: u32, event: SelectionEvent) {
        // Behind the events of what made the selection end.
        self.journal_topology(client);
        self.journal.push_back(Journal::Selection {
            client,
            slot,
            at: Instant::now(),
            event: Box::new(event),
        });
        self.events_pending = true;
    }

    fn operation_name(&self, slot: u32) -> String {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return String::new();
        };
        let name = match operation.kind {
            Kind::Connect => "connect",
            Kind::Warm(_) => "warm",
            Kind::CheckOut => "checkOut",
            Kind::Command => "",
        };
        // The request is the operation's while it waits, and otherwise the one that is being composed.
        let request = match operation.request.is_empty() {
            true => &self.request,
            false => &operation.request,
        };
        let body = request.get(PREFIX_LENGTH..).unwrap_or_default();
        let command = Document::new(body).ok();
        let first = command.and_then(|command| command.elements().next()?.ok());
        match (name, first) {
            ("", Some(element)) => String::from_utf8_lossy(element.key).into_owned(),
            _ => name.to_owned(),
        }
    }
}
