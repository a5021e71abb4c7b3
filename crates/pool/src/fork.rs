//! Whether this process is still the one that made a pool ("Forking").
//!
//! Asking the kernel for the process id at every check-out costs more than the check-out itself.
//! An embedder that is told of a fork (`pthread_atfork`) says so once, and then a counter answers.

use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static NOTIFIED: AtomicBool = AtomicBool::new(false);
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Identifies the process: equal in one process, different in its forked children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessMark {
    id: u32,
    forks: u32,
}

impl ProcessMark {
    /// The mark of the process that calls.
    pub fn current() -> Self {
        Self {
            id: process::id(),
            forks: FORKS.load(Ordering::Relaxed),
        }
    }

    /// Whether the caller runs in another process than the one that made this mark.
    pub fn is_foreign(self) -> bool {
        match NOTIFIED.load(Ordering::Relaxed) {
            true => FORKS.load(Ordering::Relaxed) != self.forks,
            false => process::id() != self.id,
        }
    }
}

/// Promises that [`forked`] is called in every child of a fork, so that nobody asks the kernel.
pub fn notifications_installed() {
    NOTIFIED.store(true, Ordering::Relaxed);
}

/// To be called in the child of a fork. Safe in a signal handler's context: one atomic addition.
pub extern "C" fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
