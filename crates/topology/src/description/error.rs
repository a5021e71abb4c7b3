use ferropool_connection::Error;
use std::fmt;
use std::mem::discriminant;

/// Why a server is unknown (SDAM, "error").
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServerError {
    /// A check, an establishment or an operation failed.
    #[error("{0}")]
    Connection(Error),
    /// It calls itself primary, of an election that is over.
    #[error(
        "primary marked stale due to electionId/setVersion mismatch, {reported} is stale compared to {greatest}"
    )]
    StalePrimary {
        /// What it reports.
        reported: Election,
        /// The greatest that a primary has reported.
        greatest: Election,
    },
    /// It was primary until another server said that it is.
    #[error("primary marked stale due to discovery of newer primary")]
    NewerPrimary,
    /// It is connected to directly, and is not of the replica set that was asked for.
    #[error("the server is {}, expected a member of replica set \"{expected}\"", membership(.found))]
    SetName {
        /// The `replicaSet` option.
        expected: String,
        /// The server's `setName`.
        found: Option<String>,
    },
}

fn membership(set_name: &Option<String>) -> String {
    match set_name {
        Some(name) => format!("a member of replica set \"{name}\""),
        None => "in no replica set".to_owned(),
    }
}

impl PartialEq for ServerError {
    /// Errors are equal if users cannot tell them apart: by kind and text.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Connection(one), Self::Connection(other)) => {
                discriminant(one.kind()) == discriminant(other.kind())
                    && one.message() == other.message()
            }
            _ => discriminant(self) == discriminant(other) && self.to_string() == other.to_string(),
        }
    }
}

impl Eq for ServerError {}

/// The id of an election. Later ones are greater, byte by byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElectionId(pub [u8; 12]);

impl fmt::Display for ElectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ElectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The tuple that tells primaries apart. Its order is that of MongoDB 6.0 and later: by election, then
/// by configuration, and what is not reported is less than everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Election {
    /// `electionId`.
    pub id: Option<ElectionId>,
    /// `setVersion`.
    pub set_version: Option<i64>,
}

impl fmt::Display for Election {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.map_or("null".to_owned(), |id| id.to_string());
        match self.set_version {
            Some(version) => write!(f, "({id}, {version})"),
            None => write!(f, "({id}, null)"),
        }
    }
}
