use crate::failure::Failure;
use crate::labels::Labels;
use ferropool_connection::{Address, Error, Phase};
use ferropool_wire::Document;

/// What an operation's attempts so far have left.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// How many attempts have been followed by another.
    pub(super) retries: u32,
    /// Whether it must not be sent again.
    pub(super) forbidden: bool,
    /// Whether some attempt met an overloaded server.
    pub(super) overloaded: bool,
    /// `txnNumber`, once the write has one.
    pub(super) write_number: Option<i64>,
    /// Whether it is the first command of its transaction.
    pub(super) starts_transaction: bool,
    /// Whether the transaction had been committed before.
    pub(super) commits_again: bool,
    /// The servers where it failed.
    pub(super) deprioritized: Vec<Address>,
    /// The error that says most so far.
    pub(super) error: Option<Box<Failing>>,
}

/// How an attempt ended that was followed by another.
#[derive(Debug)]
pub(super) enum Failing {
    /// With an error that the server reported: the reply's body.
    Reply(Vec<u8>, Labels),
    /// Without a reply.
    Failure(Failure, Labels),
}

impl Attempts {
    /// It is not sent a second time.
    pub(super) fn forbid(&mut self) {
        self.forbidden = true;
    }

    /// The error that says most so far, as a failure.
    pub(super) fn earlier(&self) -> Option<Failure> {
        match &**self.error.as_ref()? {
            Failing::Failure(failure, _) => Some(failure.clone()),
            Failing::Reply(body, _) => {
                Error::reported(Phase::Established, Document::new(body).ok()?)
                    .ok()
                    .map(Failure::Connection)
            }
        }
    }

    pub(super) fn deprioritized(&self) -> &[Address] {
        &self.deprioritized
    }

    pub(super) fn is_repeated_commit(&self) -> bool {
        self.commits_again || self.retries > 0
    }
}
