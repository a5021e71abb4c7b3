use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;

/// Ends a socket without owning it.
pub trait Sever: Send + Sync + 'static {
    /// Shuts the socket down in both directions; whoever reads it sees the end of the stream.
    fn sever(&self);
}

/// The pool's hold on a connection that somebody else owns: a handshake in progress, or a
/// connection in use. Severing it ends the establishment or shuts the socket down.
///
/// A link keeps the socket's descriptor from being reused, not the connection alive.
#[derive(Default)]
pub struct Link {
    severed: AtomicBool,
    establishing: Notify,
    socket: OnceLock<Arc<dyn Sever>>,
}

impl Link {
    /// Ends whatever is at the other end, now or as soon as it is [attached](Self::attach).
    pub fn sever(&self) {
        self.severed.store(true, Ordering::SeqCst);
        // This stores the flag and then looks at the socket; `attach` stores the socket and then
        // looks at the flag. Only with a fence on both sides does one of them see the other's.
        fence(Ordering::SeqCst);
        if let Some(socket) = self.socket.get() {
            socket.sever();
        }
        self.establishing.notify_one();
    }

    /// Gives the link the established connection's socket.
    pub fn attach(&self, socket: Arc<dyn Sever>) {
        // A second socket for one connection would be a bug of the connector; the first one stays.
        let _ = self.socket.set(socket);
        fence(Ordering::SeqCst);
        // A sever that ran before `set` saw no socket: it is carried out here instead.
        if self.severed.load(Ordering::SeqCst)
            && let Some(socket) = self.socket.get()
        {
            socket.sever();
        }
    }

    /// Completes when the link is severed: the establishment then gives up.
    pub async fn severed(&self) {
        while !self.severed.load(Ordering::SeqCst) {
            self.establishing.notified().await;
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("severed", &self.severed)
            .finish_non_exhaustive()
    }
}
