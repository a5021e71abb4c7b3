use crate::failure::Failure;
use crate::supplier::Requests;

/// What a lane's owner hears from the core's threads, besides connections.
#[derive(Debug)]
pub enum Note {
    /// Some pool has events for its subscriber.
    Events,
    /// The operation may select a server again, or there will be none for it.
    Selected {
        /// The operation.
        slot: u32,
        /// The failure, if it has waited long enough or for nothing.
        failure: Option<Box<Failure>>,
    },
    /// The next attempt at an operation is due.
    Again {
        /// The operation.
        slot: u32,
        /// Which of those that have been there.
        serial: u64,
    },
    /// A connection that is being established needs credentials from whoever opened its client.
    CredentialWanted {
        /// Whose request it is.
        from: Requests,
        /// Its number there.
        request: u32,
        /// What the callback is told, as JSON.
        what: String,
    },
    /// Something that took a while has finished.
    Finished {
        /// The operation.
        slot: u32,
        /// A JSON text, or why there is none.
        outcome: Result<String, Box<Failure>>,
    },
}
