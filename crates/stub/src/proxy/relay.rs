//! Two sockets, and the messages that go from each to the other.

use std::io;

use ferropool_wire::{DEFAULT_MAX_MESSAGE_SIZE, frame};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::disguise::Disguise;

/// Passes messages on until either side ends; both sockets are closed then, whatever is on its way.
pub(super) async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    disguise: Disguise,
) -> io::Result<()> {
    let disguise = Mutex::new(disguise);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::select! {
        end = pass(from_client, to_server, |message| disguise.lock().request(message)) => end,
        end = pass(from_server, to_client, |message| disguise.lock().reply(message)) => end,
    }
}

/// Passes messages on in one direction, each as `change` makes it.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    change: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    let mut input = vec![];
    while from.read_buf(&mut input).await? > 0 {
        let mut passed = 0;
        while let Some(message) = next_message(&input, passed)? {
            match change(message) {
                Some(changed) => to.write_all(&changed).await?,
                None => to.write_all(message).await?,
            }
            passed += message.len();
        }
        input.drain(..passed);
    }
    Ok(())
}

fn next_message(input: &[u8], at: usize) -> io::Result<Option<&[u8]>> {
    let rest = input.get(at..).unwrap_or_default();
    // A server takes messages a little longer than what it declares.
    frame::first_frame(rest, DEFAULT_MAX_MESSAGE_SIZE + 16_384).map_err(io::Error::other)
}
