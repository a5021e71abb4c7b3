use crate::round_trip_time::RoundTripTimes;
use ferropool_connection::{Address, ConnectOptions, Probe};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// Measures a server's round-trip time over a connection of its own, while its monitor waits for streamed
/// replies ("Measuring RTT"). Dropping it ends the task and closes the connection.
#[derive(Debug)]
pub(crate) struct Pinger(AbortHandle);

impl Pinger {
    /// Asks now, and again after each `interval`. Must be called on a runtime.
    pub(crate) fn start(
        address: Address,
        connect: ConnectOptions,
        interval: Duration,
        times: Arc<Mutex<RoundTripTimes>>,
    ) -> Self {
        let task = tokio::spawn(async move {
            let mut connection = None;
            loop {
                // A failure is the monitor's to find out: nobody is told of this one.
                if let Ok(time) = ping(&mut connection, &address, &connect).await {
                    times.lock().add(time);
                }
                tokio::time::sleep(interval).await;
            }
        });
        Self(task.abort_handle())
    }
}

/// Asks once. After a failure there is no connection.
async fn ping(
    connection: &mut Option<Probe>,
    address: &Address,
    connect: &ConnectOptions,
) -> Result<Duration, ferropool_connection::Error> {
    let (probe, checked) = match connection.take() {
        Some(mut probe) => {
            let checked = probe.check(address, connect).await?;
            (probe, checked)
        }
        None => Probe::open(address, connect).await?,
    };
    *connection = Some(probe);
    Ok(checked.round_trip_time)
}

impl Drop for Pinger {
    fn drop(&mut self) {
        self.0.abort();
    }
}
