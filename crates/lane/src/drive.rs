use crate::readiness::Readiness;
use std::sync::Arc;

/// Drives a lane on the core's threads: calls `turn` whenever the lane has something to do, until
/// `turn` gives `None`. `Some(true)` asks for another turn at once.
///
/// # Errors
/// The descriptor cannot be registered with the runtime.
#[cfg(unix)]
pub async fn drive(
    readiness: Arc<Readiness>,
    mut turn: impl FnMut() -> Option<bool> + Send + 'static,
) -> std::io::Result<()> {
    use tokio::io::{Interest, unix::AsyncFd};

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

/// The same where a set has no descriptor that the runtime could watch: on a thread of its own.
///
/// # Errors
/// The thread ended early.
#[cfg(not(unix))]
pub async fn drive(
    readiness: Arc<Readiness>,
    mut turn: impl FnMut() -> Option<bool> + Send + 'static,
) -> std::io::Result<()> {
    let driven = tokio::task::spawn_blocking(move || {
        loop {
            match turn() {
                None => return,
                Some(true) => {}
                Some(false) => {
                    // Interrupted by nothing but what it waits for; either way there is another look.
                    let _ = readiness.wait();
                }
            }
        }
    });
    driven.await.map_err(std::io::Error::other)
}

#[cfg(unix)]
struct Descriptor(Arc<Readiness>);

#[cfg(unix)]
impl std::os::fd::AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}
