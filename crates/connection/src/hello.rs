use crate::compression::Compressor;
use crate::error::{Error, ErrorKind, Phase, ServerFailure};
use ferropool_pool::ServiceId;
use ferropool_wire::{Appender, DEFAULT_MAX_MESSAGE_SIZE, Document, Value, WireError};

/// What a server says of itself in reply to `hello`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The limits it announces.
    pub limits: Limits,
    /// The wire versions it speaks, lowest and highest.
    pub wire_versions: (i32, i32),
    /// Whether it understands `hello` and not only the legacy form.
    pub hello_ok: bool,
    /// Its number for this connection.
    pub connection_id: Option<i64>,
    /// The service behind a load balancer that answered.
    pub service_id: Option<ServiceId>,
    /// How recent this description is.
    pub topology_version: Option<TopologyVersion>,
    /// The compressors that it accepts, of those that it was offered.
    pub compression: Vec<String>,
    /// What operations have to know of it.
    pub abilities: Abilities,
}

/// What a server can do, as operations have to know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// The highest wire version that it speaks.
    pub max_wire_version: i32,
    /// How long a session lives that nobody uses, in minutes; `None` where there are no sessions.
    pub session_minutes: Option<u32>,
    /// Whether it is a router (`mongos`).
    pub is_router: bool,
    /// Whether it belongs to a replica set or is a router: transactions and retryable writes need that.
    pub has_transactions: bool,
}

/// What a server accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest document, in bytes.
    pub max_document_size: usize,
    /// The largest message, in bytes.
    pub max_message_size: usize,
    /// The most documents of one write command.
    pub max_write_batch_size: usize,
}

impl Limits {
    /// What both servers accept.
    pub fn least(self, other: Self) -> Self {
        Self {
            max_document_size: self.max_document_size.min(other.max_document_size),
            max_message_size: self.max_message_size.min(other.max_message_size),
            max_write_batch_size: self.max_write_batch_size.min(other.max_write_batch_size),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_document_size: 16 << 20,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_write_batch_size: 100_000,
        }
    }
}

/// SDAM's `topologyVersion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopologyVersion {
    /// The server process.
    pub process_id: [u8; 12],
    /// Grows with each change of its state.
    pub counter: i64,
}

impl TopologyVersion {
    /// Reads the value of a reply's `topologyVersion`.
    pub fn parse(value: &Value<'_>) -> Option<Self> {
        let document = value.as_document()?;
        let (Ok(Some(Value::ObjectId(process_id))), Ok(Some(counter))) =
            (document.get("processId"), document.get("counter"))
        else {
            return None;
        };
        Some(Self {
            process_id,
            counter: counter.as_integer()?,
        })
    }

    /// Appends it as the field `topologyVersion`.
    pub(crate) fn append(self, command: &mut Appender<'_>) {
        command.document("topologyVersion", |version| {
            version
                .object_id("processId", &self.process_id)
                .int64("counter", self.counter);
        });
    }

    /// Whether a state change reported with this version is news to somebody who knows `known`
    /// (SDAM, "topologyVersion Comparison": unknown or another process counts as news).
    pub fn is_news_to(self, known: Option<Self>) -> bool {
        known
            .is_none_or(|known| known.process_id != self.process_id || self.counter > known.counter)
    }
}

impl Hello {
    /// Reads a reply to `hello` or its legacy form.
    ///
    /// # Errors
    /// The server's error, or a reply that is no document.
    pub fn parse(document: Document<'_>) -> Result<Self, Error> {
        Self::read(document).map_err(|error| Error::wire(Phase::Hello, &error))?
    }

    fn read(document: Document<'_>) -> Result<Result<Self, Error>, WireError> {
        let mut ok = false;
        let mut limits = Limits::default();
        let mut hello = Self {
            limits,
            wire_versions: (0, 0),
            hello_ok: false,
            connection_id: None,
            service_id: None,
            topology_version: None,
            compression: Vec::new(),
            abilities: Abilities::default(),
        };
        let mut abilities = Abilities::default();
        for element in document.elements() {
            let element = element?;
            let value = &element.value;
            let integer = || value.as_integer();
            match element.key {
                b"ok" => ok = value.as_bool_like(),
                b"helloOk" => hello.hello_ok = value.as_bool_like(),
                b"maxBsonObjectSize" => set_size(&mut limits.max_document_size, integer()),
                b"maxMessageSizeBytes" => set_size(&mut limits.max_message_size, integer()),
                b"maxWriteBatchSize" => set_size(&mut limits.max_write_batch_size, integer()),
                b"minWireVersion" => hello.wire_versions.0 = integer().unwrap_or(0) as i32,
                b"maxWireVersion" => hello.wire_versions.1 = integer().unwrap_or(0) as i32,
                b"connectionId" => hello.connection_id = integer(),
                b"serviceId" => {
                    if let Value::ObjectId(id) = value {
                        hello.service_id = Some(ServiceId(*id));
                    }
                }
                b"topologyVersion" => hello.topology_version = TopologyVersion::parse(value),
                b"compression" => hello.compression = strings(value),
                b"logicalSessionTimeoutMinutes" => {
                    abilities.session_minutes = integer().and_then(|it| u32::try_from(it).ok());
                }
                b"msg" => abilities.is_router = value.as_str() == Some("isdbgrid"),
                b"setName" => abilities.has_transactions = true,
                _ => {}
            }
        }
        hello.limits = limits;
        abilities.max_wire_version = hello.wire_versions.1;
        abilities.has_transactions |= abilities.is_router;
        hello.abilities = abilities;
        if ok {
            Ok(Ok(hello))
        } else {
            Ok(Err(Error::reported(Phase::Hello, document)?))
        }
    }
}

impl Hello {
    /// Whether the server has accepted a compressor.
    pub fn accepts(&self, offered: Compressor) -> bool {
        self.compression.iter().any(|name| name == offered.name())
    }
}

/// The texts of an array.
fn strings(array: &Value<'_>) -> Vec<String> {
    let elements = array.as_array().into_iter();
    elements
        .flat_map(|array| array.elements())
        .filter_map(|element| element.ok()?.value.as_str().map(str::to_owned))
        .collect()
}

/// A size that a server announces, if it is one; a legal message has room for more than a header.
fn set_size(size: &mut usize, announced: Option<i64>) {
    if let Some(announced) = announced.and_then(|announced| usize::try_from(announced).ok())
        && announced > 0
    {
        *size = announced.min(i32::MAX as usize);
    }
}

impl Error {
    /// The error that a reply whose `ok` is not 1 reports.
    ///
    /// # Errors
    /// A document that cannot be read.
    pub fn reported(phase: Phase, document: Document<'_>) -> Result<Self, WireError> {
        let failure = ServerFailure::read(document)?;
        let message = { document.get("errmsg")? }
            .and_then(|message| message.as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("{} failed", phase.name()));
        Ok(Self::new(ErrorKind::Server(failure), phase, message))
    }
}

impl ServerFailure {
    /// Reads the fields of a reply whose `ok` is not 1.
    ///
    /// # Errors
    /// A document that cannot be read.
    pub fn read(document: Document<'_>) -> Result<Self, WireError> {
        let mut failure = Self {
            reply: document.as_bytes().to_vec(),
            ..Self::default()
        };
        for element in document.elements() {
            let element = element?;
            match element.key {
                b"code" => failure.code = element.value.as_integer().map(|code| code as i32),
                b"codeName" => failure.code_name = element.value.as_str().map(str::to_owned),
                b"topologyVersion" => {
                    failure.topology_version = TopologyVersion::parse(&element.value)
                }
                b"errorLabels" => failure.labels = strings(&element.value),
                _ => {}
            }
        }
        Ok(failure)
    }
}
