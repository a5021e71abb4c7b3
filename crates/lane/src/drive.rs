use crate::readiness::Readiness;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Drives a lane on tokio: calls `turn` whenever the lane has something to do, until `turn` gives
/// `None`. `Some(true)` asks for another turn at once.
///
/// # Errors
/// The descriptor cannot be registered with the runtime.
pub async fn drive(
    readiness: Arc<Readiness>,
    mut turn: impl FnMut() -> Option<bool>,
) -> std::io::Result<()> {
    #[allow(
        deprecated,
        reason = "its replacement is unsafe; the descriptor is owned by the Arc inside, and stays open"
    )]
    let descriptor = AsyncFd::with_interest(Descriptor(readiness), Interest::READABLE)?;
    loop {
        let mut guard = descriptor.readable().await?;
        // Forgotten before the look: the runtime reports edges, so an edge after the look must not be
        // taken for one before it.
        guard.clear_ready();
        loop {
            match turn() {
                None => return Ok(()),
                Some(false) => break,
                // Other tasks of the runtime get their turn in between.
                Some(true) => tokio::task::yield_now().await,
            }
        }
    }
}

struct Descriptor(Arc<Readiness>);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
