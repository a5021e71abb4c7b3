//! Accepting connections, or not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::connection;
use crate::shared::Shared;

/// How long to wait after a failure that may pass, such as a lack of descriptors.
pub(crate) const RETRY: Duration = Duration::from_millis(10);

/// Serves `listener` until the task is aborted; the connections' tasks end with it.
///
/// `address` is bound again after it was not listened on for a while.
pub(crate) async fn serve(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    let mut changes = shared.watch_changes();
    loop {
        let is_refusing = shared.state.lock().faults.is_refusing;
        if is_refusing {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            accepted = accept(listener.as_ref(), is_refusing) => {
                if let Ok(stream) = accepted
                    && let Some(stream) = admit(stream, &shared)
                {
                    let is_silent = shared.state.lock().faults.stay_silent.take();
                    connections.spawn(connection::serve(stream, Arc::clone(&shared), is_silent));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>, is_refusing: bool) -> io::Result<TcpStream> {
    let accepted = match listener {
        Some(listener) => listener.accept().await,
        None if is_refusing => std::future::pending().await,
        None => Err(io::ErrorKind::AddrInUse.into()),
    };
    if accepted.is_err() {
        tokio::time::sleep(RETRY).await;
    }
    accepted.map(|(stream, _)| stream)
}

/// Applies the faults of accepting; `None` when the connection is over already.
fn admit(stream: TcpStream, shared: &Shared) -> Option<TcpStream> {
    let mut state = shared.state.lock();
    let is_closing = state.faults.close_on_accept.take();
    let is_resetting = !is_closing && state.faults.reset_on_accept.take();
    if is_closing || is_resetting {
        let (id, _) = state.register();
        state.unregister(id);
        if is_resetting {
            // Failing to reset, it closes: nobody can be told.
            let _ = stream.set_zero_linger();
        }
        return None;
    }
    let _ = stream.set_nodelay(true);
    Some(stream)
}
