//! The commands in which SASL mechanisms talk (Authentication, "SASL Mechanisms").

use super::Exchange;
use crate::credential::Mechanism;
use crate::error::{Error, ErrorKind, Phase, ServerFailure};
use ferropool_wire::{Appender, Document, Value};

/// A `saslStart` command. Its payload may be a secret.
pub(super) struct Start {
    pub(super) mechanism: Mechanism,
    pub(super) payload: Vec<u8>,
}

impl Start {
    /// Appends the command's fields: a command of its own, or what `hello` carries for it.
    pub(super) fn append(&self, command: &mut Appender<'_>) {
        command
            .int32("saslStart", 1)
            .string("mechanism", self.mechanism.name())
            .binary("payload", 0, &self.payload);
        if matches!(
            self.mechanism,
            Mechanism::ScramSha1 | Mechanism::ScramSha256
        ) {
            command.document("options", |options| {
                options.boolean("skipEmptyExchange", true);
            });
        }
    }

    /// Sends the command to `database`.
    pub(super) async fn send(
        &self,
        database: &str,
        exchange: &mut impl Exchange,
    ) -> Result<Reply, Error> {
        let reply = run(database, exchange, |command| self.append(command)).await?;
        Reply::parse(&reply)
    }
}

/// What the server says to `saslStart` or `saslContinue`.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) done: bool,
    pub(super) payload: Vec<u8>,
    conversation_id: i32,
}

impl Reply {
    fn parse(reply: &[u8]) -> Result<Self, Error> {
        Self::read(Document::new(reply).map_err(unreadable)?)
    }

    /// Reads a reply, or what `hello`'s reply carries of one.
    pub(super) fn read(document: Document<'_>) -> Result<Self, Error> {
        let conversation_id = match document.get("conversationId").map_err(unreadable)? {
            Some(id) => id.as_integer().and_then(|id| i32::try_from(id).ok()),
            None => None,
        };
        let payload = match document.get("payload").map_err(unreadable)? {
            Some(Value::Binary { bytes, .. }) => Some(bytes),
            _ => None,
        };
        let done = document.get("done").map_err(unreadable)?;
        let (Some(conversation_id), Some(payload), Some(Value::Boolean(done))) =
            (conversation_id, payload, done)
        else {
            return Err(Error::authentication(
                "the server's SASL reply must have \"conversationId\", \"payload\" and \"done\"",
            ));
        };
        Ok(Self {
            done,
            payload: payload.to_vec(),
            conversation_id,
        })
    }

    /// Continues the conversation with `payload`.
    pub(super) async fn answer(
        &self,
        payload: &[u8],
        database: &str,
        exchange: &mut impl Exchange,
    ) -> Result<Self, Error> {
        let reply = run(database, exchange, |command| {
            command
                .int32("saslContinue", 1)
                .int32("conversationId", self.conversation_id)
                .binary("payload", 0, payload);
        });
        Self::parse(&reply.await?)
    }

    /// The conversation is over, as it has to be after this reply.
    pub(super) fn expect_done(&self) -> Result<(), Error> {
        match self.done {
            true => Ok(()),
            false => Err(Error::authentication(
                "the server goes on with a SASL conversation that has ended",
            )),
        }
    }

    /// The conversation is not over, for the client has not yet said what it must.
    pub(super) fn expect_more(&self) -> Result<(), Error> {
        match self.done {
            false => Ok(()),
            true => Err(Error::authentication(
                "the server ended the SASL conversation before its last step",
            )),
        }
    }
}

/// Runs the command that `append` writes.
///
/// # Errors
/// The server's error, or that of the connection.
pub(super) async fn run(
    database: &str,
    exchange: &mut impl Exchange,
    append: impl FnOnce(&mut Appender<'_>),
) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let mut command = Appender::begin(&mut body);
    append(&mut command);
    command.finish();
    let reply = exchange.command(database, body).await?;
    let document = Document::new(&reply).map_err(unreadable)?;
    let ok = document.get("ok").map_err(unreadable)?;
    let code = document.get("code").map_err(unreadable)?;
    let failed = code.and_then(|code| code.as_integer()).unwrap_or(0) != 0;
    if failed || !ok.is_some_and(|ok| ok.as_bool_like()) {
        return Err(server_error(document)?);
    }
    Ok(reply)
}

fn server_error(document: Document<'_>) -> Result<Error, Error> {
    let failure = ServerFailure::read(document).map_err(unreadable)?;
    let message = document.get("errmsg").map_err(unreadable)?;
    let message = message.and_then(|message| message.as_str());
    Ok(Error::new(
        ErrorKind::Server(failure),
        Phase::Auth,
        message.unwrap_or("authentication failed"),
    ))
}

/// Bytes that are no BSON.
pub(super) fn unreadable(error: ferropool_wire::WireError) -> Error {
    Error::wire(Phase::Auth, &error)
}

/// Code 18: the server does not accept the credential.
pub(super) fn is_refusal(error: &Error) -> bool {
    const AUTHENTICATION_FAILED: i32 = 18;
    matches!(error.kind(), ErrorKind::Server(failure) if failure.code == Some(AUTHENTICATION_FAILED))
}
