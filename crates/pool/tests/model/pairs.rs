//! How often each kind of input met each state of the pool.

use crate::input::Kind;
use crate::world::Pair;
use ferropool_pool::Status;

pub(crate) struct Pairs([[u64; Kind::ALL.len()]; Situation::COUNT]);

impl Pairs {
    pub(crate) fn new() -> Self {
        Self([[0; Kind::ALL.len()]; Situation::COUNT])
    }

    pub(crate) fn count(&mut self, (situation, kind): Pair) {
        self.0[situation.index()][kind as usize] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (counts, more) in self.0.iter_mut().zip(&other.0) {
            for (count, more) in counts.iter_mut().zip(more) {
                *count += more;
            }
        }
    }

    /// The pairs that can occur, rarest first, with their counts.
    pub(crate) fn legal(&self) -> Vec<(u64, Pair)> {
        let mut pairs = self.chosen(Situation::admits);
        pairs.sort_by_key(|(count, _)| *count);
        pairs
    }

    /// The pairs that occurred although they cannot.
    pub(crate) fn illegal(&self) -> Vec<(u64, Pair)> {
        let mut pairs = self.chosen(|situation, kind| !situation.admits(kind));
        pairs.retain(|(count, _)| *count > 0);
        pairs
    }

    fn chosen(&self, is_chosen: impl Fn(Situation, Kind) -> bool) -> Vec<(u64, Pair)> {
        let kinds = |situation| Kind::ALL.iter().map(move |(kind, _)| (situation, *kind));
        Situation::all()
            .flat_map(kinds)
            .filter(|(situation, kind)| is_chosen(*situation, *kind))
            .map(|pair| (self.0[pair.0.index()][pair.1 as usize], pair))
            .collect()
    }
}

/// Which of the pool's states a pair is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Situation {
    pub(crate) status: Status,
    pub(crate) waiters: bool,
    pub(crate) available: bool,
    pub(crate) pending: bool,
    pub(crate) in_use: bool,
}

impl Situation {
    pub(crate) const COUNT: usize = 3 * 16;

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let statuses = [Status::Paused, Status::Ready, Status::Closed];
        statuses.into_iter().flat_map(|status| {
            (0..16).map(move |bits| Self {
                status,
                waiters: bits & 8 != 0,
                available: bits & 4 != 0,
                pending: bits & 2 != 0,
                in_use: bits & 1 != 0,
            })
        })
    }

    pub(crate) fn index(self) -> usize {
        let bit = |is, value| if is { value } else { 0 };
        self.status as usize * 16
            + bit(self.waiters, 8)
            + bit(self.available, 4)
            + bit(self.pending, 2)
            + bit(self.in_use, 1)
    }

    /// Hard to come by, because most inputs lead out of it or are only of use elsewhere.
    pub(crate) fn is_rare(self) -> bool {
        self.available && (self.status == Status::Paused || self.pending)
    }

    /// A clear now leads to a pool that is paused with connections available, if at all.
    pub(crate) fn leads_to_rare(self) -> bool {
        self.status == Status::Ready && self.available && self.in_use
    }

    /// Whether a pool may ever be found like this between two inputs.
    pub(crate) fn is_legal(self) -> bool {
        match self.status {
            // A handshake would start for a waiter, unless what exists keeps the pool from it.
            Status::Ready => !self.waiters || (!self.available && (self.pending || self.in_use)),
            // What became stale with the clear may stay until a check-out finds it.
            Status::Paused => !self.waiters && !self.pending,
            Status::Closed => !self.waiters && !self.pending && !self.available,
        }
    }

    /// Whether `kind` can be done to a pool that is found like this.
    pub(crate) fn admits(self, kind: Kind) -> bool {
        let is_empty = !(self.waiters || self.available || self.pending || self.in_use);
        self.is_legal()
            && match kind {
                Kind::Cancel => self.waiters,
                Kind::CheckInHealthy | Kind::CheckInErrored => self.in_use,
                Kind::SetPurpose | Kind::SetUse => self.in_use,
                Kind::Established | Kind::FailedClearing | Kind::Failed => self.pending,
                Kind::HungUp => self.available,
                // Behind a load balancer a pool is paused until it is ready, and never again.
                Kind::ClearService | Kind::ClearServiceInterrupting => {
                    self.status != Status::Paused || is_empty
                }
                Kind::TickDue => match self.status {
                    Status::Ready => true,
                    // Available connections outlast a clear where there is no background work.
                    Status::Paused => self.in_use || !self.available,
                    Status::Closed => self.in_use,
                },
                _ => true,
            }
    }
}
