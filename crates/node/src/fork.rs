#![allow(unsafe_code, reason = "registering a fork handler is a foreign call")]

use ferropool_pool::fork;
use std::sync::Once;

/// Has a forked child told to the pools, so that a check-out need not ask for the process id.
pub(crate) fn watch_forks() {
    static INSTALL: Once = Once::new();
    #[cfg(unix)]
    INSTALL.call_once(|| {
        // SAFETY: the handler is a function of this library, which is never unloaded (`-z nodelete`), and
        // does nothing but one atomic addition.
        let installed = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        if installed == 0 {
            fork::notifications_installed();
        }
    });
}

#[cfg(unix)]
unsafe extern "C" fn forked() {
    fork::forked();
}
