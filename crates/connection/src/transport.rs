use crate::tls::Session;
use std::io;

/// What lies between a connection's messages and its socket: nothing, or TLS. It reads and writes where it
/// is told to, and waits for nothing.
#[derive(Debug, Default)]
pub(crate) enum Transport {
    /// Bytes as they are.
    #[default]
    Plain,
    /// Boxed: a session is large, and most of it is cold.
    Tls(Box<Session>),
}

/// A non-blocking byte stream: `WouldBlock` is its way to say "not now".
pub trait Duplex {
    /// Reads what is there; 0 is the end.
    ///
    /// # Errors
    /// Those of `recv(2)`.
    fn read(&self, into: &mut [u8]) -> io::Result<usize>;

    /// Writes as much as fits. Never a signal.
    ///
    /// # Errors
    /// Those of `send(2)`.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl Transport {
    /// Reads what is there, asking the stream at most once; 0 is its end.
    pub(crate) fn read(&mut self, stream: &impl Duplex, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain => stream.read(into),
            Self::Tls(session) => session.read(stream, into),
        }
    }

    /// Takes as many of `bytes` as can be sent now. What it has taken may still be on its way: see
    /// [`Self::flush`].
    pub(crate) fn write(&mut self, stream: &impl Duplex, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain => stream.write(bytes),
            Self::Tls(session) => session.write(stream, bytes),
        }
    }

    /// Sends what [`Self::write`] has taken, or reports `WouldBlock`.
    pub(crate) fn flush(&mut self, stream: &impl Duplex) -> io::Result<()> {
        match self {
            Self::Plain => Ok(()),
            Self::Tls(session) => session.flush(stream),
        }
    }

    /// Whether something taken is still to be sent.
    pub(crate) fn is_flushed(&self) -> bool {
        match self {
            Self::Plain => true,
            Self::Tls(session) => session.is_flushed(),
        }
    }

    /// Whether bytes are here that the stream's readiness does not speak of.
    pub(crate) fn holds_bytes(&self) -> bool {
        match self {
            Self::Plain => false,
            Self::Tls(session) => session.holds_bytes(),
        }
    }
}
