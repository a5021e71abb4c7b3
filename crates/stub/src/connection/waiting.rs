//! Everything that a connection waits for.

use std::io;
use std::time::Duration;

use bson::Bson;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{Connection, Stop};
use crate::hello;
use crate::request::Request;
use crate::shared::State;

/// How long a getMore waits for data, unless it says so.
const AWAIT_DATA: Duration = Duration::from_secs(1);

impl Connection {
    /// Appends to the input what has arrived, after waiting for something to arrive.
    pub(super) async fn read(&mut self) -> Result<(), Stop> {
        loop {
            // Before its first hello, a connection may be one that controls the stub.
            if self.application.is_some() {
                self.wait_until_read().await?;
            }
            self.stream.readable().await?;
            if self.application.is_some() && self.is_reading_stopped(&self.shared.state.lock()) {
                continue;
            }
            self.input.reserve(16 * 1024);
            match self.stream.try_read_buf(&mut self.input) {
                Ok(0) => return Err(Stop::Over),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes all output.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while let Some(rest) = self.output.get(written..).filter(|rest| !rest.is_empty()) {
            match self.stream.try_write(rest) {
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
        self.output.clear();
        Ok(())
    }

    /// Waits while reading is stopped.
    pub(super) async fn wait_until_read(&mut self) -> Result<(), Stop> {
        let mut changes = self.shared.watch_changes();
        while self.is_reading_stopped(&self.shared.state.lock()) {
            // Not even a client that hangs up is noticed: that would be reading.
            if changes.changed().await.is_err() {
                return Err(Stop::Over);
            }
        }
        Ok(())
    }

    fn is_reading_stopped(&self, state: &State) -> bool {
        state.faults.is_reading_stopped && !self.is_control()
    }

    /// Sends what was answered before, and lets time pass.
    pub(super) async fn pause(&mut self, duration: Duration) -> Result<(), Stop> {
        if duration.is_zero() {
            return Ok(());
        }
        self.flush().await?;
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = hang_up(&self.stream) => Err(Stop::Over),
        }
    }

    /// Waits for what the command says it waits for: a change of the topology, or data.
    pub(super) async fn await_news(&mut self, request: &Request) -> Result<(), Stop> {
        let command = &request.command;
        let limit = |field| milliseconds(command.get(field));
        if request.is_hello()
            && let Some(known) = hello::awaited_version(command)
        {
            let options = self.shared.options.clone();
            let limit = limit("maxAwaitTimeMS").unwrap_or_default();
            return self
                .wait_while(limit, move |state| {
                    hello::topology_version(&options, state)
                        .is_some_and(|current| hello::same_version(&current, &known))
                })
                .await;
        }
        if request.name == "getMore" {
            let limit = limit("maxTimeMS").unwrap_or(AWAIT_DATA);
            let is_waiting = |state: &State| state.storage.cursors.is_waiting(command);
            return self.wait_while(limit, is_waiting).await;
        }
        Ok(())
    }

    async fn wait_while(
        &mut self,
        limit: Duration,
        is_waiting: impl Fn(&State) -> bool,
    ) -> Result<(), Stop> {
        let deadline = Instant::now() + limit;
        let mut changes = self.shared.watch_changes();
        while is_waiting(&self.shared.state.lock()) {
            self.flush().await?;
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => break,
                () = hang_up(&self.stream) => return Err(Stop::Over),
                changed = changes.changed() => changed.map_err(|_| Stop::Over)?,
            }
        }
        Ok(())
    }

    /// Reads and forgets until the client hangs up.
    pub(super) async fn stay_silent(&mut self) {
        loop {
            self.input.clear();
            if self.read().await.is_err() {
                return;
            }
        }
    }
}

/// Ready when the client has closed or reset the connection; never while it has sent more.
async fn hang_up(stream: &TcpStream) {
    match stream.peek(&mut [0]).await {
        Ok(0) | Err(_) => {}
        Ok(_) => std::future::pending().await,
    }
}

fn milliseconds(value: Option<&Bson>) -> Option<Duration> {
    let number = match value? {
        Bson::Int32(number) => u64::try_from(*number).ok()?,
        Bson::Int64(number) => u64::try_from(*number).ok()?,
        // The cast saturates; negative times are none.
        Bson::Double(number) => *number as u64,
        _ => return None,
    };
    // A deadline has to be a point in time.
    Some(Duration::from_millis(number.min(1 << 40)))
}
