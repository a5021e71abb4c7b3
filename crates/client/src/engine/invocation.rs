//! What the engine is asked to run.

use ferropool_lane::Token;
use ferropool_topology::ReadPreferenceMode;
use std::time::Duration;

/// What a caller asks of a check-out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationOptions {
    /// Which servers will do. Default primary.
    pub read_preference: ReadPreferenceMode,
    /// Bounds all of it.
    pub timeout: Timeout,
}

/// How long an operation may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timeout {
    /// As long as the client's `timeoutMS` says.
    #[default]
    Inherited,
    /// As long as it takes, whatever the older options say (a `timeoutMS` of 0).
    Unlimited,
    /// So long.
    After(Duration),
}

/// A command, and how it is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// `$db`.
    pub database: &'a str,
    /// A BSON document.
    pub body: &'a [u8],
    /// The document sequences that travel beside the body, as sections of the message.
    pub sequences: &'a [u8],
    /// The number of its profile.
    pub profile: u32,
    /// Its session.
    pub session: SessionChoice,
    /// Where it has to go.
    pub target: Target,
    /// How long it may take.
    pub timeout: Timeout,
}

impl<'a> Invocation<'a> {
    /// A plain command to the primary, with a session of its own.
    pub fn new(database: &'a str, body: &'a [u8]) -> Self {
        Self {
            database,
            body,
            sequences: &[],
            profile: 0,
            session: SessionChoice::Implicit,
            target: Target::Selected,
            timeout: Timeout::Inherited,
        }
    }
}

/// The session of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionChoice {
    /// None.
    #[default]
    None,
    /// One for this command alone.
    Implicit,
    /// One that was started.
    Started(u32),
}

/// Where a command has to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Where its profile says.
    #[default]
    Selected,
    /// To the server of this number, which has its cursor.
    Server(u32),
    /// Over the connection that is kept for its cursor.
    Connection(Token),
}
