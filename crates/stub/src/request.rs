//! A message from a client, as a command.

use bson::{Bson, Document};
use ferropool_wire::op_msg::flags;
use ferropool_wire::op_query::OpQuery;
use ferropool_wire::{CompressorId, Header, OpMsg, WireError, op_code};

/// A command and how its reply has to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) id: i32,
    /// Came as OP_QUERY, to be answered with OP_REPLY.
    pub(crate) is_legacy: bool,
    /// Came as OP_COMPRESSED.
    pub(crate) compressor: Option<CompressorId>,
    /// The client wants no reply.
    pub(crate) is_unacknowledged: bool,
    /// The client takes several replies.
    pub(crate) is_exhaust_allowed: bool,
    /// Absent when an OP_MSG has no `$db`.
    pub(crate) database: Option<String>,
    /// The command's first key.
    pub(crate) name: String,
    /// The body, with every document sequence as an array.
    pub(crate) command: Document,
}

/// Why a message is not a command. The connection is closed, as a server would.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("a document is malformed: {0}")]
    Bson(#[from] bson::error::Error),
    #[error("opcode {0} is not spoken here")]
    OpCode(i32),
}

impl Request {
    /// Parses a message that is not compressed.
    pub(crate) fn parse(message: &[u8]) -> Result<Request, RequestError> {
        let header = Header::parse(message)?;
        match header.op_code {
            op_code::OP_MSG => Request::from_op_msg(&OpMsg::parse(message)?),
            op_code::OP_QUERY => Request::from_op_query(&OpQuery::parse(message)?),
            other => Err(RequestError::OpCode(other)),
        }
    }

    fn from_op_msg(message: &OpMsg<'_>) -> Result<Request, RequestError> {
        let mut command = Document::from_reader(message.body)?;
        for sequence in message.sequences() {
            let documents: Result<Vec<_>, _> = sequence
                .documents
                .map(|bytes| Document::from_reader(bytes).map(Bson::Document))
                .collect();
            command.insert(sequence.identifier, documents?);
        }
        Ok(Request {
            id: message.header.request_id,
            is_legacy: false,
            compressor: None,
            is_unacknowledged: message.more_to_come(),
            is_exhaust_allowed: message.flags & flags::EXHAUST_ALLOWED != 0,
            database: command.get_str("$db").ok().map(str::to_owned),
            name: first_key(&command),
            command,
        })
    }

    fn from_op_query(query: &OpQuery<'_>) -> Result<Request, RequestError> {
        let mut command = Document::from_reader(query.query.as_bytes())?;
        // A read preference makes clients wrap the command.
        if let Ok(wrapped) = command.get_document("$query") {
            command = wrapped.clone();
        }
        Ok(Request {
            id: query.header.request_id,
            is_legacy: true,
            compressor: None,
            is_unacknowledged: false,
            is_exhaust_allowed: false,
            database: query.command_database().map(str::to_owned),
            name: first_key(&command),
            command,
        })
    }

    pub(crate) fn is_hello(&self) -> bool {
        matches!(&self.name[..], "hello" | "isMaster" | "ismaster")
    }

    /// Whether the command scripts the stub, and so is spared from what is scripted.
    pub(crate) fn is_control(&self) -> bool {
        matches!(
            &self.name[..],
            "stubControl" | "stubStatus" | "configureFailPoint"
        )
    }

    /// The `client` document of a handshake.
    pub(crate) fn client_metadata(&self) -> Option<&Document> {
        self.command.get_document("client").ok()
    }

    /// The `application.name` of a handshake; empty when there is none.
    pub(crate) fn application(&self) -> &str {
        self.client_metadata()
            .and_then(|client| client.get_document("application").ok())
            .and_then(|application| application.get_str("name").ok())
            .unwrap_or_default()
    }
}

fn first_key(command: &Document) -> String {
    command.keys().next().cloned().unwrap_or_default()
}
