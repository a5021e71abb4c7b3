//! Commands on their way into the engine.

use super::{Lane, database_name, refuse, timeout, token};
use crate::registers::Registers;
use ferropool_client::{Invocation, Profile, SessionChoice, Target};
use napi::Result;
use napi::bindgen_prelude::Uint8Array;

/// Where a command goes, as it crosses: a server's number, or the halves of a connection's token.
pub(crate) struct Place {
    pub(crate) server: i32,
    pub(crate) low: u32,
    pub(crate) high: u32,
}

/// Stands for a connection in place of a server's number.
const CONNECTION: i32 = -2;

/// Stands for a session of the command's own in place of a number.
const IMPLICIT: i32 = -2;

impl Lane {
    /// Runs the command whose BSON is in the first `length` bytes of the send buffer.
    #[allow(
        clippy::too_many_arguments,
        reason = "numbers cross cheaply, an object does not"
    )]
    pub(crate) fn command(
        &self,
        client: u32,
        database: u32,
        slot: u32,
        length: u32,
        profile: u32,
        session: i32,
        timeout_ms: f64,
    ) {
        let databases = self.databases.borrow();
        let invocation = Invocation {
            database: database_name(&databases, database),
            body: &self.send[..length as usize],
            sequences: &[],
            profile,
            session: session_of(session),
            target: Target::Selected,
            timeout: timeout(timeout_ms),
        };
        self.act(|engine| engine.command(client, slot, &invocation));
    }

    /// Runs a command that has a buffer of its own, documents beside it, or a place where it has to go. Without a buffer it
    /// is in the send buffer.
    #[allow(
        clippy::too_many_arguments,
        reason = "numbers cross cheaply, an object does not"
    )]
    pub(crate) fn command_with(
        &self,
        client: u32,
        database: u32,
        slot: u32,
        length: u32,
        profile: u32,
        session: i32,
        timeout_ms: f64,
        body: Option<Uint8Array>,
        sequences: Option<Uint8Array>,
        to: &Place,
    ) {
        let databases = self.databases.borrow();
        let invocation = Invocation {
            database: database_name(&databases, database),
            body: body.as_deref().unwrap_or(&self.send[..length as usize]),
            sequences: sequences.as_deref().unwrap_or_default(),
            profile,
            session: session_of(session),
            target: match to.server {
                CONNECTION => Target::Connection(token(to.low, to.high)),
                server => u32::try_from(server).map_or(Target::Selected, Target::Server),
            },
            timeout: timeout(timeout_ms),
        };
        self.act(|engine| engine.command(client, slot, &invocation));
    }

    /// Runs a command on a connection that a user holds, from the send buffer or one of its own.
    #[allow(
        clippy::too_many_arguments,
        reason = "numbers cross cheaply, an object does not"
    )]
    pub(crate) fn command_on(
        &self,
        client: u32,
        token_low: u32,
        token_high: u32,
        database: u32,
        slot: u32,
        length: u32,
        profile: u32,
        timeout_ms: f64,
        body: Option<Uint8Array>,
    ) -> Result<()> {
        let databases = self.databases.borrow();
        let token = token(token_low, token_high);
        let invocation = Invocation {
            database: database_name(&databases, database),
            body: body.as_deref().unwrap_or(&self.send[..length as usize]),
            sequences: &[],
            profile,
            session: SessionChoice::None,
            target: Target::Connection(token),
            timeout: timeout(timeout_ms),
        };
        self.act(|engine| engine.command_on(client, token, slot, &invocation))
            .map_err(|failure| refuse(&failure))
    }

    /// Keeps a profile of a client's commands, and says its number.
    pub(crate) fn add_profile(&self, client: u32, profile: &[u8]) -> Result<u32> {
        let profile = Profile::parse(profile).map_err(|failure| refuse(&failure))?;
        Ok(self.engine.access().add_profile(client, profile))
    }

    /// Leaves the halves of the token of a connection that is kept for a cursor in the registers; `false` if it has
    /// ended meanwhile.
    pub(crate) fn kept_for_cursor(
        &self,
        server: u32,
        connection: u32,
        registers: &mut Registers,
    ) -> bool {
        let mut engine = self.engine.access();
        let Some(token) = engine.kept_for_cursor(server, u64::from(connection)) else {
            return false;
        };
        [registers[0], registers[1]] = [token.0 as i32, (token.0 >> 32) as i32];
        true
    }

    /// Leaves what every known server accepts in the registers; `false` while none is known.
    pub(crate) fn limits(&self, client: u32, registers: &mut Registers) -> bool {
        let mut engine = self.engine.access();
        let Some(limits) = engine.limits(client) else {
            return false;
        };
        let numbers = [
            limits.max_document_size,
            limits.max_message_size,
            limits.max_write_batch_size,
        ];
        registers[..3].copy_from_slice(&numbers.map(|number| number as i32));
        true
    }

    /// Gives a connection back that was kept for a cursor.
    pub(crate) fn release_cursor(&self, low: u32, high: u32) {
        self.act(|engine| engine.release_cursor(token(low, high)));
    }
}

/// A session by its number; a negative one is none, or one of the command's own.
fn session_of(number: i32) -> SessionChoice {
    match number {
        IMPLICIT => SessionChoice::Implicit,
        number => u32::try_from(number).map_or(SessionChoice::None, SessionChoice::Started),
    }
}
