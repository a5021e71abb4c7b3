//! What is known of an attempt that failed.

use super::verdict::Facts;
use crate::failure::Failure;
use crate::labels::Labels;
use ferropool_connection::ErrorKind;
use ferropool_pool::{CheckOutError, Ended};

/// MaxTimeMSExpired.
const MAX_TIME_EXPIRED: i32 = 50;

/// UnsatisfiableWriteConcern and UnknownReplWriteConcern: the commit itself has happened.
const COMMITTED_ANYWAY: [i32; 2] = [100, 79];

/// What is known of an attempt that failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trouble {
    pub(super) labels: Labels,
    /// The connection failed, or its pool was cleared.
    pub(super) is_network: bool,
    /// No server could be selected.
    pub(super) is_selection: bool,
    /// Nothing was wrong but what was asked for.
    pub(super) is_own: bool,
    pub(super) is_retryable_read: bool,
    pub(super) is_retryable_write: bool,
    pub(super) is_resumable: bool,
    pub(super) code: Option<i32>,
    pub(super) is_write_concern_error: bool,
    pub(super) base_backoff_ms: Option<f64>,
}

impl Trouble {
    pub(super) fn of_failure(failure: &Failure) -> Self {
        match failure {
            Failure::Connection(error)
            | Failure::CheckOut {
                error: CheckOutError::Connection(error),
                ..
            } => Self {
                is_network: matches!(error.kind(), ErrorKind::Network | ErrorKind::NetworkTimeout),
                is_own: matches!(error.kind(), ErrorKind::Configuration),
                labels: match error.is_overload() {
                    true => Labels::OVERLOADED | Labels::RETRYABLE,
                    false => Labels::NONE,
                },
                ..Self::default()
            },
            Failure::CheckOut {
                error: CheckOutError::PoolCleared { .. },
                ..
            } => Self {
                is_network: true,
                ..Self::default()
            },
            Failure::Ended { ended, .. } => Self {
                is_network: *ended != Ended::PoolClosed,
                ..Self::default()
            },
            Failure::ServerSelection { .. } | Failure::Selection(_) => Self {
                is_selection: true,
                ..Self::default()
            },
            Failure::ServerGone { .. } => Self {
                is_network: true,
                ..Self::default()
            },
            _ => Self {
                is_own: true,
                ..Self::default()
            },
        }
    }

    pub(super) fn of_reply(facts: &Facts) -> Self {
        Self {
            labels: facts.labels,
            is_retryable_read: facts.is_retryable_read,
            is_retryable_write: facts.is_retryable_write,
            is_resumable: facts.is_resumable,
            code: facts.code,
            is_write_concern_error: facts.is_write_concern_error,
            base_backoff_ms: facts.base_backoff_ms,
            ..Self::default()
        }
    }

    /// "UnknownTransactionCommitResult": whether nobody knows if a commit that failed so has happened.
    pub(super) fn is_commit_unknown(&self, labels: Labels) -> bool {
        self.is_network
            || self.is_selection
            || labels.has(Labels::RETRYABLE_WRITE)
            || self.code == Some(MAX_TIME_EXPIRED)
            || self.is_write_concern_error
                && !self
                    .code
                    .is_some_and(|code| COMMITTED_ANYWAY.contains(&code))
    }
}
