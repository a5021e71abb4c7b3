use crate::failure::Failure;
use crate::profile::{read_preference, said};
use ferropool_lane::Token;
use ferropool_topology::ReadPreference;
use ferropool_wire::Document;
use std::time::Duration;

/// How far a session's transaction has come ("Transactions", "ClientSession changes").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionState {
    /// There is none.
    #[default]
    None,
    /// It was started, and no command of it was sent.
    Starting,
    /// Commands of it were sent.
    InProgress,
    /// It was committed, as far as is known.
    Committed,
    /// It was committed, without any command of it.
    CommittedEmpty,
    /// It was given up.
    Aborted,
}

/// What a transaction was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionOptions {
    /// A document for the first command's `readConcern`.
    pub read_concern: Option<Box<[u8]>>,
    /// A document for the `writeConcern` of its end.
    pub write_concern: Option<Box<[u8]>>,
    /// Where its reads go: only the primary will do.
    pub read_preference: ReadPreference,
    /// `maxTimeMS` of its commit.
    pub max_commit_time: Option<Duration>,
}

impl TransactionOptions {
    /// Reads the document that a transaction's options are described by: `readConcern`, `writeConcern`,
    /// `readPreference`, `maxCommitTimeMS`.
    ///
    /// # Errors
    /// A field that is not what it may be.
    pub fn parse(document: &[u8]) -> Result<Self, Failure> {
        let refuse =
            |_| Failure::InvalidArgument("The transaction's options cannot be read".to_owned());
        let mut options = Self::default();
        for element in Document::new(document).map_err(refuse)?.elements() {
            let element = element.map_err(refuse)?;
            let value = &element.value;
            match element.key {
                b"readConcern" => options.read_concern = said(value),
                b"writeConcern" => options.write_concern = said(value),
                b"readPreference" => options.read_preference = read_preference(value)?,
                b"maxCommitTimeMS" => {
                    let limit = value.as_number().filter(|limit| *limit > 0.0);
                    options.max_commit_time =
                        limit.map(|limit| Duration::from_secs_f64(limit / 1e3));
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

/// What all commands of a transaction have to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    /// A router, by its number.
    Server(u32),
    /// A connection behind a load balancer.
    Connection(Token),
}

/// How a transaction is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `commitTransaction`.
    Commit,
    /// `abortTransaction`.
    Abort,
}

/// A session's transaction.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) state: TransactionState,
    pub(crate) options: TransactionOptions,
    pub(crate) pin: Option<Pin>,
    /// What a router needs to find the transaction again.
    pub(crate) recovery_token: Vec<u8>,
}

impl Transaction {
    /// Whether commands of the session are part of it.
    pub(crate) fn is_active(&self) -> bool {
        matches!(
            self.state,
            TransactionState::Starting | TransactionState::InProgress
        )
    }

    /// Begins another one.
    ///
    /// # Errors
    /// The specification's text.
    pub(crate) fn start(&mut self, options: TransactionOptions) -> Result<(), &'static str> {
        if self.is_active() {
            return Err("Transaction already in progress");
        }
        *self = Self {
            state: TransactionState::Starting,
            options,
            // Whoever starts has been unpinned.
            pin: None,
            recovery_token: Vec::new(),
        };
        Ok(())
    }

    /// An operation outside of a transaction begins: one that has ended is over.
    pub(crate) fn leave(&mut self) -> Option<Pin> {
        if self.is_active() {
            return None;
        }
        self.state = TransactionState::None;
        self.pin.take()
    }

    /// Ends it. `false` if there is nothing to tell a server.
    ///
    /// # Errors
    /// The specification's text.
    pub(crate) fn end(&mut self, ending: Ending) -> Result<bool, &'static str> {
        use TransactionState as S;
        let (state, tells) = match (ending, self.state) {
            (_, S::None) => return Err("No transaction started"),
            (Ending::Commit, S::Aborted) => {
                return Err("Cannot call commitTransaction after calling abortTransaction");
            }
            (Ending::Abort, S::Aborted) => return Err("Cannot call abortTransaction twice"),
            (Ending::Abort, S::Committed | S::CommittedEmpty) => {
                return Err("Cannot call abortTransaction after calling commitTransaction");
            }
            (Ending::Commit, S::Starting | S::CommittedEmpty) => (S::CommittedEmpty, false),
            (Ending::Commit, S::InProgress | S::Committed) => (S::Committed, true),
            (Ending::Abort, S::Starting) => (S::Aborted, false),
            (Ending::Abort, S::InProgress) => (S::Aborted, true),
        };
        self.state = state;
        Ok(tells)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Transaction, TransactionOptions, TransactionState as S};

    fn at(state: S) -> Transaction {
        Transaction {
            state,
            ..Transaction::default()
        }
    }

    #[test]
    fn a_commit_may_be_repeated_and_an_abort_may_not() {
        for (ending, from, expected) in [
            (Ending::Commit, S::Starting, Ok((S::CommittedEmpty, false))),
            (
                Ending::Commit,
                S::CommittedEmpty,
                Ok((S::CommittedEmpty, false)),
            ),
            (Ending::Commit, S::InProgress, Ok((S::Committed, true))),
            (Ending::Commit, S::Committed, Ok((S::Committed, true))),
            (Ending::Abort, S::Starting, Ok((S::Aborted, false))),
            (Ending::Abort, S::InProgress, Ok((S::Aborted, true))),
            (Ending::Commit, S::None, Err("No transaction started")),
            (Ending::Abort, S::None, Err("No transaction started")),
            (
                Ending::Abort,
                S::Aborted,
                Err("Cannot call abortTransaction twice"),
            ),
            (
                Ending::Commit,
                S::Aborted,
                Err("Cannot call commitTransaction after calling abortTransaction"),
            ),
            (
                Ending::Abort,
                S::Committed,
                Err("Cannot call abortTransaction after calling commitTransaction"),
            ),
            (
                Ending::Abort,
                S::CommittedEmpty,
                Err("Cannot call abortTransaction after calling commitTransaction"),
            ),
        ] {
            let mut transaction = at(from);
            let found = transaction
                .end(ending)
                .map(|tells| (transaction.state, tells));
            assert_eq!(found, expected, "{ending:?} from {from:?}");
        }
    }

    #[test]
    fn one_at_a_time_is_started() {
        for (state, allowed) in [
            (S::None, true),
            (S::Starting, false),
            (S::InProgress, false),
            (S::Committed, true),
            (S::CommittedEmpty, true),
            (S::Aborted, true),
        ] {
            let started = at(state).start(TransactionOptions::default());
            assert_eq!(started.is_ok(), allowed, "{state:?}");
        }
    }

    #[test]
    fn an_operation_after_the_end_is_outside() {
        let mut transaction = at(S::Committed);
        assert_eq!(transaction.leave(), None);
        assert_eq!(transaction.state, S::None);
        let mut transaction = at(S::InProgress);
        transaction.leave();
        assert_eq!(transaction.state, S::InProgress);
    }
}
