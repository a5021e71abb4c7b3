//! Starting a stub, and the handle that a Rust test holds.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bson::{Document, doc};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::canned::CannedServer;
use crate::control::{self, ControlError};
use crate::counters::Status;
use crate::fail_point;
use crate::listener;
use crate::options::Options;
use crate::shared::{Ending, Shared};

/// A MongoDB server that does what it is told.
#[derive(Debug)]
pub struct Stub;

impl Stub {
    /// Begins to listen; serves until the handle is dropped.
    ///
    /// Runs on the caller's tokio runtime. With [`Options::canned`] it has a thread of its own.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound, or the canned server's thread not be started.
    pub async fn start(options: Options) -> io::Result<StubHandle> {
        let address = options.address;
        let canned = options.canned;
        let shared = Arc::new(Shared::new(options));
        if canned {
            let server = CannedServer::start(address, Arc::clone(&shared))?;
            let address = server.address();
            return Ok(StubHandle {
                address,
                shared,
                _running: Running::Canned { _server: server },
            });
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(listener::serve(listener, address, Arc::clone(&shared)));
        Ok(StubHandle {
            address,
            shared,
            _running: Running::Scripted(AbortOnDrop(task)),
        })
    }
}

/// A running stub; it ends, with every connection, when this is dropped.
#[derive(Debug)]
pub struct StubHandle {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: Running,
}

impl StubHandle {
    /// Where the stub listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Applies the fields of a [`stubControl`](control) document.
    ///
    /// # Errors
    ///
    /// For a field that is unknown or has the wrong type; nothing is applied then.
    pub fn control(&self, fields: &Document) -> Result<(), ControlError> {
        control::apply(&self.shared, fields, None)
    }

    /// Sets or removes the fail point `failCommand`.
    ///
    /// `mode` and `data` are those of `configureFailPoint`.
    ///
    /// # Errors
    ///
    /// When a field has the wrong type.
    pub fn fail_command(
        &self,
        mode: impl Into<bson::Bson>,
        data: Document,
    ) -> Result<(), ControlError> {
        let command =
            doc! { "configureFailPoint": "failCommand", "mode": mode.into(), "data": data };
        let fail_point = fail_point::FailPoint::parse(&command)
            .map_err(|error| ControlError::FailPoint(error.message))?;
        self.shared.state.lock().fail_point = fail_point;
        Ok(())
    }

    /// Closes every open connection, but those that control the stub.
    pub fn close_all(&self) {
        self.shared.end_connections(Ending::Close, None);
    }

    /// Resets every open connection, but those that control the stub.
    pub fn reset_all(&self) {
        self.shared.end_connections(Ending::Reset, None);
    }

    /// What has happened so far.
    pub fn status(&self) -> Status {
        self.shared.state.lock().status()
    }
}

#[derive(Debug)]
enum Running {
    Scripted(#[expect(dead_code, reason = "held for its drop")] AbortOnDrop),
    Canned { _server: CannedServer },
}

/// The listener's task owns those of its connections: they end with it.
#[derive(Debug)]
pub(crate) struct AbortOnDrop(pub(crate) JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
