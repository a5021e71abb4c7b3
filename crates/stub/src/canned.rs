//! The canned server: prepared replies as fast as one core can send them.
//!
//! One thread, one readiness set, no runtime. All complete requests of a read are answered with one
//! write. Of a request nothing is read but its command's name, and for a find its collection: `one` has
//! one document of 200 bytes, `many` has 100 of 1 KB, `mixed` too, with ObjectIds and text beyond ASCII;
//! every other is empty. An insert is taken for one document, into `inserted-many` for 100. A few commands that clients
//! need to get going are answered as the scripted server answers them; any other succeeds.
//!
//! Faults and fail points have no effect here.

mod documents;
mod server;
mod session;
mod templates;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use mio::Waker;

use crate::shared::Shared;
use server::Server;

/// The canned server's thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct CannedServer {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl CannedServer {
    pub(crate) fn start(address: SocketAddr, shared: Arc<Shared>) -> io::Result<CannedServer> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let mut server = Server::bind(address, shared, Arc::clone(&is_stopping))?;
        let address = server.address()?;
        let waker = server.waker()?;
        let thread = std::thread::Builder::new()
            .name("ferropool-stub-canned".to_owned())
            .spawn(move || server.run())?;
        Ok(CannedServer {
            address,
            is_stopping,
            waker,
            thread: Some(thread),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for CannedServer {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // A thread that cannot be woken cannot be waited for either.
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
