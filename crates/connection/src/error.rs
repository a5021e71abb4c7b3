use crate::address::Address;
use crate::hello::TopologyVersion;
use ferropool_pool::ServiceId;
use ferropool_wire::WireError;
use std::fmt;
use std::io;
use std::sync::Arc;

/// What went wrong with a connection. Cheap to clone: one error may fail many waiters.
#[derive(Clone)]
pub struct Error(Arc<Detail>);

#[derive(Clone)]
struct Detail {
    kind: ErrorKind,
    message: String,
    address: Option<Address>,
    phase: Phase,
    service: Option<ServiceId>,
    overloaded: bool,
}

/// The kinds of error that call for different handling (SDAM, "Error handling").
#[derive(Clone, Debug)]
pub enum ErrorKind {
    /// The connection failed.
    Network,
    /// A deadline passed before the peer answered.
    NetworkTimeout,
    /// The peer's bytes are not what the wire protocol allows.
    Protocol,
    /// The server answered with an error.
    Server(ServerFailure),
    /// The server does not prove who it is, or asks for what the client will not do.
    Authentication,
    /// What the client was configured with cannot be used: a file that cannot be read, a mechanism that
    /// is not to be had. Nothing was sent.
    Configuration,
}

/// An error that a server reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFailure {
    /// `code`, where the reply has one.
    pub code: Option<i32>,
    /// `codeName`.
    pub code_name: Option<String>,
    /// `errorLabels`.
    pub labels: Vec<String>,
    /// `topologyVersion`.
    pub topology_version: Option<TopologyVersion>,
    /// The whole reply, as BSON.
    pub reply: Vec<u8>,
}

/// How far a connection had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Resolving the host's name.
    Dns,
    /// Connecting the socket.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The `hello` command.
    Hello,
    /// Authentication.
    Auth,
    /// After the handshake.
    Established,
}

impl Phase {
    /// Every phase, in its order.
    pub const ALL: [Self; 6] = [
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Hello,
        Self::Auth,
        Self::Established,
    ];

    /// The phase's name, as errors and statistics show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Hello => "hello",
            Self::Auth => "auth",
            Self::Established => "established",
        }
    }
}

/// Error labels that this crate gives (CMAP, "Backpressure-enabled").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The failure may be due to overload; the pool is left alone.
    SystemOverloadedError,
    /// The operation may be retried.
    RetryableError,
}

impl Label {
    /// The label as users see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SystemOverloadedError => "SystemOverloadedError",
            Self::RetryableError => "RetryableError",
        }
    }
}

impl Error {
    /// An error of `kind` in `phase`. Network errors of dialling, TLS and `hello` count as overload;
    /// [`Self::not_by_load`] is for those that a server's load cannot cause.
    pub fn new(kind: ErrorKind, phase: Phase, message: impl Into<String>) -> Self {
        let network = matches!(kind, ErrorKind::Network | ErrorKind::NetworkTimeout);
        let overloaded = network && matches!(phase, Phase::Tcp | Phase::Tls | Phase::Hello);
        Self(Arc::new(Detail {
            kind,
            message: message.into(),
            address: None,
            phase,
            service: None,
            overloaded,
        }))
    }

    /// The same error, where the server's load cannot be its cause: a certificate, a proxy.
    #[must_use]
    pub fn not_by_load(self) -> Self {
        Self(Arc::new(Detail {
            overloaded: false,
            ..Detail::clone(&self.0)
        }))
    }

    /// What the client was configured with cannot be used.
    pub fn configuration(phase: Phase, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, phase, message)
    }

    /// The server and the client do not agree about who is who.
    pub fn authentication(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Authentication, Phase::Auth, message)
    }

    /// A failed system call.
    pub fn io(phase: Phase, error: &io::Error) -> Self {
        Self::new(ErrorKind::Network, phase, error.to_string())
    }

    /// The peer ended the stream.
    pub fn closed_by_peer(phase: Phase) -> Self {
        Self::new(ErrorKind::Network, phase, "connection closed by the server")
    }

    /// Bytes that the wire protocol does not allow.
    pub fn wire(phase: Phase, error: &WireError) -> Self {
        Self::new(ErrorKind::Protocol, phase, error.to_string())
    }

    /// The same error, with the address it belongs to.
    #[must_use]
    pub fn at(self, address: &Address) -> Self {
        Self(Arc::new(Detail {
            address: Some(address.clone()),
            ..Detail::clone(&self.0)
        }))
    }

    /// The same error, with the service behind a load balancer that it belongs to.
    #[must_use]
    pub(crate) fn of(self, service: ServiceId) -> Self {
        Self(Arc::new(Detail {
            service: Some(service),
            ..Detail::clone(&self.0)
        }))
    }

    /// What kind of error it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What happened, without the address.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The server's address, where it is known.
    pub fn address(&self) -> Option<&Address> {
        self.0.address.as_ref()
    }

    /// The service behind a load balancer, if the failed establishment knew it already.
    pub fn service(&self) -> Option<ServiceId> {
        self.0.service
    }

    /// In which phase it happened.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Whether the failure may be due to overload: such an error leaves the pool alone.
    pub fn is_overload(&self) -> bool {
        self.0.overloaded
    }

    /// The labels that this crate gives the error.
    pub fn labels(&self) -> &'static [Label] {
        match self.0.overloaded {
            true => &[Label::SystemOverloadedError, Label::RetryableError],
            false => &[],
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail {
            kind,
            message,
            address,
            phase,
            ..
        } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("message", message)
            .field("address", address)
            .field("phase", phase)
            .finish()
    }
}

impl std::error::Error for Error {}
