//! Server selection ("Server Selection"), as a pure function: a description of the topology and what an
//! operation asks for make the servers that it can go to, and one of them.
//!
//! A [`Snapshot`] is a description and what follows from it for every selection until the next one: how stale
//! each secondary is (`staleness.rs`), and the servers in the latency window for each read preference mode
//! without tags and limits. Those are what nearly every operation asks for, so that its selection is two
//! draws and a comparison of [`operation counts`](Snapshot::select). What is not prepared, by tags, staleness or
//! deprioritized servers, is found by the same rules (`suitable.rs`) in a buffer of the caller's.
//!
//! Nothing here locks, and nothing allocates once that buffer has grown. Whoever selects reads the latest
//! snapshot through [`Latest`](crate::Latest), which locks only when there is a new one.

mod choice;
mod criteria;
mod overview;
mod passing;
mod staleness;
mod suitable;
#[cfg(test)]
mod tests;

pub use criteria::{Criteria, Operation, SelectionError};
pub use overview::Overview;
pub use passing::passed_read_preference;

use crate::read_preference::ReadPreferenceMode;
use crate::topology_description::TopologyDescription;
use choice::Random;
use std::sync::Arc;
use std::time::Duration;
use suitable::Candidates;

/// What selection goes by, besides the topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectionOptions {
    /// By how much a server may be slower than the fastest one that is suitable. Default 15 ms
    /// (`localThresholdMS`).
    pub local_threshold: Duration,
    /// Between checks of a server (`heartbeatFrequencyMS`), in which secondaries may fall behind unseen.
    /// Default 10 s.
    pub heartbeat_frequency: Duration,
}

impl Default for SelectionOptions {
    fn default() -> Self {
        Self {
            local_threshold: Duration::from_millis(15),
            heartbeat_frequency: Duration::from_secs(10),
        }
    }
}

/// A topology as it was at one time, prepared for selection. Servers are named by their index in
/// [`servers`](TopologyDescription::servers).
#[derive(Debug)]
pub struct Snapshot {
    candidates: Candidates,
    options: SelectionOptions,
    /// By mode, in the order of [`ReadPreferenceMode::ALL`].
    windows: [Box<[u32]>; ReadPreferenceMode::ALL.len()],
}

/// What whoever selects keeps from one selection to the next. A thread of its own needs one of its own.
#[derive(Clone, Debug)]
pub struct Scratch {
    random: Random,
    servers: Vec<u32>,
}

impl Snapshot {
    /// Prepares what `description` says.
    pub fn new(description: Arc<TopologyDescription>, options: SelectionOptions) -> Self {
        let candidates = Candidates::of(description, options.heartbeat_frequency);
        let mut servers = Vec::new();
        let windows = ReadPreferenceMode::ALL.map(|mode| {
            candidates.suitable(&Criteria::read(&mode.alone()), &mut servers);
            candidates.keep_in_window(&mut servers, options.local_threshold);
            servers.as_slice().into()
        });
        Self {
            candidates,
            options,
            windows,
        }
    }

    /// What this was made from.
    pub fn description(&self) -> &Arc<TopologyDescription> {
        self.candidates.description()
    }

    /// The server for an operation: of two in the latency window, drawn at random, the one with the
    /// fewer operations under way. `None` as long as no server is suitable.
    ///
    /// `operation_count` is asked for two servers at most. The caller counts the operation in.
    ///
    /// # Errors
    /// [`SelectionError`], which no waiting will cure but for a change of the topology.
    pub fn select(
        &self,
        criteria: &Criteria<'_>,
        scratch: &mut Scratch,
        operation_count: impl Fn(usize) -> u32,
    ) -> Result<Option<usize>, SelectionError> {
        let Scratch { random, servers } = scratch;
        let window = match criteria.mode_alone() {
            Some(mode) => {
                self.check_compatible()?;
                &self.windows[mode as usize]
            }
            None => {
                self.suitable(criteria, servers)?;
                self.keep_in_window(servers);
                servers.as_slice()
            }
        };
        Ok(choice::choose(window, random, operation_count))
    }

    /// Leaves in `into` the servers that are suitable, however far away.
    ///
    /// # Errors
    /// Those of [`Self::select`].
    pub fn suitable(
        &self,
        criteria: &Criteria<'_>,
        into: &mut Vec<u32>,
    ) -> Result<(), SelectionError> {
        into.clear();
        self.check_compatible()?;
        if let Operation::Read(preference) = criteria.operation {
            let topology = self.description().topology_type;
            criteria::check(preference, topology, self.options.heartbeat_frequency)?;
        }
        self.candidates.suitable(criteria, into);
        Ok(())
    }

    /// Keeps the servers that are in the latency window ("Filtering suitable servers based on the latency
    /// window").
    pub fn keep_in_window(&self, servers: &mut Vec<u32>) {
        self.candidates
            .keep_in_window(servers, self.options.local_threshold);
    }

    fn check_compatible(&self) -> Result<(), SelectionError> {
        match &self.description().compatibility_error {
            Some(error) => Err(SelectionError::Incompatible(error.clone())),
            None => Ok(()),
        }
    }
}

impl Scratch {
    /// A number from 0 to below 1, for whoever has to be unpredictable as well: a back-off.
    pub fn fraction(&mut self) -> f64 {
        self.random.fraction()
    }

    /// One that always draws the same from the same.
    pub fn seeded(seed: u64) -> Self {
        Self {
            random: Random::seeded(seed),
            servers: Vec::new(),
        }
    }
}

/// Seeded from the operating system's randomness.
impl Default for Scratch {
    fn default() -> Self {
        Self {
            random: Random::unpredicted(),
            servers: Vec::new(),
        }
    }
}
