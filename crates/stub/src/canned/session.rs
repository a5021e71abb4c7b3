//! One connection of the canned server.

use std::io::{self, Read, Write};

use ferropool_wire::{DEFAULT_MAX_MESSAGE_SIZE, frame};
use mio::net::TcpStream;

use super::templates::{self, Answer, Templates};
use crate::CONTROL_APPLICATION;
use crate::commands;
use crate::reply;
use crate::request::Request;
use crate::shared::Shared;

pub(super) struct Session {
    pub(super) id: i32,
    pub(super) stream: TcpStream,
    /// The beginning of a request that is not complete.
    partial: Vec<u8>,
    /// Replies that the socket has not taken, and how much of them it has.
    unsent: Vec<u8>,
    sent: usize,
    is_control: bool,
}

/// What the sessions of one server have in common.
pub(super) struct Context<'a> {
    pub(super) shared: &'a Shared,
    pub(super) templates: &'a Templates,
    /// Where reads go, and where their replies are put together.
    pub(super) scratch: &'a mut [u8],
    pub(super) output: &'a mut Vec<u8>,
    pub(super) tally: &'a mut Tally,
}

/// What has not been added to the counters yet.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) commands: i64,
    pub(super) bytes_in: i64,
    pub(super) bytes_out: i64,
    pub(super) last_request_id: i32,
}

impl Session {
    pub(super) fn new(id: i32, stream: TcpStream) -> Session {
        Session {
            id,
            stream,
            partial: Vec::new(),
            unsent: Vec::new(),
            sent: 0,
            is_control: false,
        }
    }

    /// Does all that can be done without waiting.
    ///
    /// `is_ending` says that the client has closed its side, so that a short read is not the last.
    ///
    /// # Errors
    ///
    /// When the connection is over, in order or not.
    pub(super) fn ready(&mut self, context: &mut Context<'_>, is_ending: bool) -> io::Result<()> {
        loop {
            // Who does not read replies gets no more of them.
            if !self.flush()? {
                return Ok(());
            }
            let length = match self.stream.read(context.scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            context.output.clear();
            self.answer_all(context, length)?;
            self.send(context.output)?;
            // A short read has emptied the socket: more of it makes a new event.
            if length < context.scratch.len() && !is_ending {
                return Ok(());
            }
        }
    }

    fn answer_all(&mut self, context: &mut Context<'_>, length: usize) -> io::Result<()> {
        let mut joined = std::mem::take(&mut self.partial);
        if joined.is_empty() {
            // The scratch buffer is lent for as long as the replies are put together.
            let scratch = std::mem::take(&mut context.scratch);
            let arrived = scratch.get(..length).unwrap_or_default();
            let consumed = self.answer_complete(context, arrived);
            if let Ok(consumed) = consumed {
                joined.extend_from_slice(arrived.get(consumed..).unwrap_or_default());
            }
            context.scratch = scratch;
            consumed?;
        } else {
            joined.extend_from_slice(context.scratch.get(..length).unwrap_or_default());
            let consumed = self.answer_complete(context, &joined)?;
            joined.drain(..consumed);
        }
        self.partial = joined;
        Ok(())
    }

    /// Answers the complete requests in `input`; gives how many bytes they are.
    fn answer_complete(&mut self, context: &mut Context<'_>, input: &[u8]) -> io::Result<usize> {
        let mut consumed = 0;
        loop {
            let rest = input.get(consumed..).unwrap_or_default();
            let request = frame::first_frame(rest, DEFAULT_MAX_MESSAGE_SIZE)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let Some(request) = request else {
                return Ok(consumed);
            };
            consumed += request.len();
            let before = context.output.len();
            match context.templates.answer(request) {
                Answer::Template(template) => {
                    let tally = &mut *context.tally;
                    tally.last_request_id = tally.last_request_id.wrapping_add(1);
                    templates::append(context.output, template, tally.last_request_id, request);
                }
                Answer::Nothing => {}
                Answer::Scripted => self.answer_scripted(context, request)?,
            }
            if !self.is_control {
                let tally = &mut *context.tally;
                tally.commands += 1;
                // Lengths of messages fit.
                tally.bytes_in += request.len() as i64;
                tally.bytes_out += (context.output.len() - before) as i64;
            }
        }
    }

    fn answer_scripted(&mut self, context: &mut Context<'_>, request: &[u8]) -> io::Result<()> {
        let request = Request::parse(request)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if request.is_hello() {
            self.identify(context.shared, &request);
        }
        let document = commands::run(context.shared, self.id, &request);
        let tally = &mut *context.tally;
        tally.last_request_id = tally.last_request_id.wrapping_add(1);
        let request_id = tally.last_request_id;
        // Without a scripted fault a reply never ends its connection.
        reply::append(
            context.output,
            &request,
            request_id,
            &document,
            false,
            None,
            None,
        );
        Ok(())
    }

    fn identify(&mut self, shared: &Shared, request: &Request) {
        let mut state = shared.state.lock();
        if let Some(metadata) = request.client_metadata() {
            let application = request.application();
            self.is_control = application == CONTROL_APPLICATION;
            state.identify(self.id, application, self.is_control);
            if !self.is_control {
                state.note_client_metadata(metadata);
            }
        }
        if !self.is_control {
            state.counters.hello_seen += 1;
        }
        state.hello_answered(self.id);
    }

    fn send(&mut self, output: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        while let Some(rest) = output.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent.extend_from_slice(rest);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether nothing is unsent any more.
    fn flush(&mut self) -> io::Result<bool> {
        while let Some(rest) = self.unsent.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(true)
    }
}
