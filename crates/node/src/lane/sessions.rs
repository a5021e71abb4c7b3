//! Sessions and transactions.

use super::{Lane, refuse, timeout};
use ferropool_client::{Ending, SessionOptions, TransactionOptions};
use napi::Result;
use napi::bindgen_prelude::Buffer;

impl Lane {
    /// Starts a session, and says its number.
    pub(crate) fn start_session(&self, client: u32, options: SessionOptions) -> u32 {
        self.engine.access().start_session(client, options)
    }

    /// Ends a session.
    pub(crate) fn end_session(&self, client: u32, session: u32) {
        self.act(|engine| engine.end_session(client, session));
    }

    /// A session as BSON.
    pub(crate) fn describe_session(&self, client: u32, session: u32) -> Result<Buffer> {
        let described = self.engine.access().describe_session(client, session);
        described
            .map(Buffer::from)
            .map_err(|failure| refuse(&failure))
    }

    /// Advances a session's times.
    pub(crate) fn advance_session(&self, client: u32, session: u32, to: &[u8]) -> Result<()> {
        let advanced = self.engine.access().advance_session(client, session, to);
        advanced.map_err(|failure| refuse(&failure))
    }

    /// Starts a transaction.
    pub(crate) fn start_transaction(
        &self,
        client: u32,
        session: u32,
        options: &[u8],
    ) -> Result<()> {
        let started = TransactionOptions::parse(options).and_then(|options| {
            self.act(|engine| engine.start_transaction(client, session, options))
        });
        started.map_err(|failure| refuse(&failure))
    }

    /// Commits or aborts a transaction.
    pub(crate) fn end_transaction(
        &self,
        client: u32,
        slot: u32,
        session: u32,
        commits: bool,
        timeout_ms: f64,
    ) {
        let ending = match commits {
            true => Ending::Commit,
            false => Ending::Abort,
        };
        let timeout = timeout(timeout_ms);
        self.act(|engine| engine.end_transaction(client, slot, session, ending, timeout));
    }
}
