use ferropool_connection::AddressError;

/// An option that is not what it may be. The text names it and what is allowed, and the value unless it
/// is a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// What was wrong.
    pub kind: OptionErrorKind,
    /// The text.
    pub message: String,
}

/// Where the wrong value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionErrorKind {
    /// The connection string or address.
    ConnectionString,
    /// The options object.
    Argument,
}

impl OptionError {
    pub(crate) fn uri(message: impl Into<String>) -> Self {
        Self {
            kind: OptionErrorKind::ConnectionString,
            message: message.into(),
        }
    }
}

impl From<AddressError> for OptionError {
    fn from(error: AddressError) -> Self {
        Self::uri(error.to_string())
    }
}
