#![allow(unsafe_code, reason = "registering a fork handler is a foreign call")]

#[cfg(unix)]
use ferropool_pool::fork;

/// Has a forked child told to the pools, so that a check-out need not ask for the process id.
#[cfg(unix)]
pub(crate) fn watch_forks() {
    static INSTALL: std::sync::Once = std::sync::Once::new();
    INSTALL.call_once(|| {
        // SAFETY: the handler is a function of this library, which is never unloaded (`-z nodelete`), and
        // does nothing but one atomic addition.
        let installed = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        if installed == 0 {
            fork::notifications_installed();
        }
    });
}

/// There are no forks to watch.
#[cfg(not(unix))]
pub(crate) fn watch_forks() {}

#[cfg(unix)]
unsafe extern "C" fn forked() {
    fork::forked();
}
