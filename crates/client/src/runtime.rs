use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};

/// The core's own threads: one runtime for each process, started with the first client and never
/// stopped. Two threads, so that a handshake's arithmetic does not delay a deadline.
///
/// # Panics
/// The operating system gives no threads.
pub fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let start = || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("ferropool")
            .enable_all()
            .build();
        runtime.expect("the operating system gives threads and descriptors")
    };
    RUNTIME.get_or_init(start).handle()
}
