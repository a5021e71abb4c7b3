use ferropool_connection::{Socket, Watcher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Where an established connection is until its first user takes it: watched by the task that
/// established it, so that a hang-up is noticed before anybody has used it.
#[derive(Debug, Default)]
pub(crate) struct Unclaimed {
    left: AtomicBool,
    leaving: Notify,
}

impl Watcher for Unclaimed {
    fn unwatch(&self, _socket: &Socket, _token: u64) {
        self.left.store(true, Ordering::Release);
        self.leaving.notify_one();
    }
}

impl Unclaimed {
    /// Completes with `true` if the peer hangs up before the connection is taken or closed.
    #[cfg(unix)]
    pub(crate) async fn hung_up(&self, socket: Arc<Socket>) -> bool {
        use tokio::io::{Interest, unix::AsyncFd};

        #[allow(
            deprecated,
            reason = "its replacement is unsafe; the descriptor is owned by the Arc inside, and stays open"
        )]
        let Ok(watched) = AsyncFd::with_interest(Descriptor(socket), Interest::READABLE) else {
            return false;
        };
        tokio::select! {
            biased;
            () = self.leaving.notified() => false,
            // What became readable after somebody had taken it is that one's reply.
            _ = watched.readable() => !self.left.load(Ordering::Acquire),
        }
    }

    /// Where a socket cannot be watched twice, its first user finds out.
    #[cfg(not(unix))]
    pub(crate) async fn hung_up(&self, _socket: Arc<Socket>) -> bool {
        self.leaving.notified().await;
        false
    }
}

#[cfg(unix)]
struct Descriptor(Arc<Socket>);

#[cfg(unix)]
impl std::os::fd::AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsFd;
        self.0.as_fd().as_raw_fd()
    }
}
