use std::ops::{BitOr, BitOrAssign};

/// Error labels, of those that a client gives or goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels(u8);

impl Labels {
    /// None.
    pub const NONE: Self = Self(0);
    /// The write may be sent again ("Retryable Writes").
    pub const RETRYABLE_WRITE: Self = Self(1);
    /// The transaction may be run again ("Transactions").
    pub const TRANSIENT_TRANSACTION: Self = Self(1 << 1);
    /// Nobody knows whether the transaction is committed ("Transactions").
    pub const UNKNOWN_COMMIT: Self = Self(1 << 2);
    /// A retry did nothing, so that the error before it says more ("Retryable Writes").
    pub const NO_WRITES_PERFORMED: Self = Self(1 << 3);
    /// The server is overloaded ("Client Backpressure").
    pub const OVERLOADED: Self = Self(1 << 4);
    /// Whatever the command was, it may be sent again ("Client Backpressure").
    pub const RETRYABLE: Self = Self(1 << 5);

    /// The change stream goes on with another cursor ("Change Streams").
    pub const RESUMABLE_CHANGE_STREAM: Self = Self(1 << 6);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::RETRYABLE_WRITE, "RetryableWriteError"),
        (Self::TRANSIENT_TRANSACTION, "TransientTransactionError"),
        (Self::UNKNOWN_COMMIT, "UnknownTransactionCommitResult"),
        (Self::NO_WRITES_PERFORMED, "NoWritesPerformed"),
        (Self::OVERLOADED, "SystemOverloadedError"),
        (Self::RETRYABLE, "RetryableError"),
        (Self::RESUMABLE_CHANGE_STREAM, "ResumableChangeStreamError"),
    ];

    /// The label of that name, if it is one that matters here.
    pub fn parse(name: &str) -> Self {
        let mut known = Self::NAMES.iter();
        { &mut known }
            .find(|(_, known)| *known == name)
            .map_or(Self::NONE, |(label, _)| *label)
    }

    /// Whether all of `others` are among them.
    pub fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// These without `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The names, as users see them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        { Self::NAMES.iter() }
            .filter(move |(label, _)| self.has(*label))
            .map(|(_, name)| *name)
    }

    /// A bit for each, in the order of the constants.
    pub fn bits(self) -> u8 {
        self.0
    }
}

impl BitOr for Labels {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Labels {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;

    #[test]
    fn every_name_is_read_and_shown() {
        let both = Labels::parse("RetryableError") | Labels::parse("NoWritesPerformed");
        assert!(both.has(Labels::RETRYABLE) && !both.has(Labels::OVERLOADED));
        let names: Vec<_> = both.names().collect();
        assert_eq!(names, ["NoWritesPerformed", "RetryableError"]);
        assert_eq!(Labels::parse("Something"), Labels::NONE);
        assert_eq!(both.without(Labels::RETRYABLE), Labels::NO_WRITES_PERFORMED);
    }
}
