//! What a connection looks up and writes down under the lock.

use std::time::Duration;

use ferropool_wire::CompressorId;

use super::Connection;
use crate::CONTROL_APPLICATION;
use crate::fail_point::Failure;
use crate::faults::ReplyMode;
use crate::reply::Then;
use crate::request::Request;

/// What is scripted for one command.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) number: i64,
    pub(super) delay: Duration,
    pub(super) failure: Failure,
    pub(super) reply_mode: Option<ReplyMode>,
    /// What the reply is compressed with.
    pub(super) compressor: Option<CompressorId>,
}

impl Plan {
    /// Nothing is scripted for who scripts.
    fn of_control(request: &Request) -> Plan {
        Plan {
            compressor: request.compressor,
            ..Plan::default()
        }
    }
}

impl Connection {
    /// Notes who the client is, by its first hello.
    pub(super) fn identify(&mut self, request: &Request) {
        if !request.is_hello() || self.application.is_some() {
            return;
        }
        let application = request.application();
        let is_control = application == CONTROL_APPLICATION;
        let mut state = self.shared.state.lock();
        state.identify(self.id, application, is_control);
        if !is_control {
            state.counters.shake_hands(&request.command);
            if let Some(metadata) = request.client_metadata() {
                state.note_client_metadata(metadata);
            }
        }
        self.application = Some(application.to_owned());
    }

    pub(super) fn is_control(&self) -> bool {
        self.application.as_deref() == Some(CONTROL_APPLICATION)
    }

    /// Counts the command, and takes what is scripted for it.
    pub(super) fn plan(&self, request: &Request, length: usize) -> Plan {
        if self.is_control() {
            return Plan::of_control(request);
        }
        let mut plan = self.plan_streamed(request);
        let mut state = self.shared.state.lock();
        let counters = &mut state.counters;
        plan.number = counters.command(&request.name, request.is_hello(), length);
        if let Some(compressor) = request.compressor {
            counters.compressed_in(&request.name, compressor);
        }
        plan
    }

    /// What is scripted for one more reply to a command that was counted.
    pub(super) fn plan_streamed(&self, request: &Request) -> Plan {
        if self.is_control() || request.is_control() {
            return Plan::of_control(request);
        }
        let application = self.application.as_deref().unwrap_or_default();
        let mut state = self.shared.state.lock();
        let mut delay = state.faults.latency;
        if request.is_hello() {
            delay += state.faults.hello_delay;
        }
        let fail_point = state.fail_point.as_mut();
        let failure = fail_point
            .and_then(|fail_point| fail_point.take(&request.name, application))
            .unwrap_or_default();
        let reply_mode = state.faults.take_reply(&request.name, application);
        let mut compressor = state.faults.compress_replies.to(request.compressor);
        if matches!(reply_mode, Some(ReplyMode::Compressed(_))) {
            // Who has not asked for it is sent it all the same.
            compressor = compressor.or(Some(CompressorId::Snappy));
        }
        Plan {
            number: 0,
            delay,
            failure,
            reply_mode,
            compressor,
        }
    }

    /// Counts the reply before it is sent, so that nobody who has seen it finds it uncounted.
    pub(super) fn account(
        &self,
        request: &Request,
        then: Then,
        compressor: Option<CompressorId>,
        length: usize,
    ) {
        let mut state = self.shared.state.lock();
        if request.is_hello() && then == Then::Continue {
            state.hello_answered(self.id);
        }
        if !self.is_control() {
            state.counters.bytes_out += i64::try_from(length).unwrap_or(i64::MAX);
            if let Some(compressor) = compressor {
                state.counters.compressed_out(compressor);
            }
        }
    }
}
