//! One connection: reading messages, waiting as scripted, answering.
//!
//! Complete messages in the buffer are answered one after another, and written together unless a wait
//! comes between them. While it waits, a connection notices that the client hangs up, so that the
//! counters never hold the dead.

mod books;
mod waiting;

use std::io;
use std::sync::Arc;

use bson::Document;
use ferropool_wire::{DEFAULT_MAX_MESSAGE_SIZE, frame};
use tokio::net::TcpStream;

use crate::commands;
use crate::compression::Codecs;
use crate::counters;
use crate::hello;
use crate::reply::{self, Then};
use crate::request::Request;
use crate::shared::{Ending, Shared};
use books::Plan;

/// Serves one connection until either side ends it. A silent one is never answered, unless it turns
/// out to control the stub.
pub(crate) async fn serve(stream: TcpStream, shared: Arc<Shared>, is_silent: bool) {
    let (id, ended) = shared.state.lock().register();
    // Declared before the connection, and so dropped after it: who is counted as closed is closed.
    let _registered = Registered {
        id,
        shared: Arc::clone(&shared),
    };
    let mut connection = Connection {
        id,
        shared,
        stream,
        input: Vec::new(),
        output: Vec::new(),
        codecs: Codecs::default(),
        is_silent,
        application: None,
    };
    let ending = tokio::select! {
        biased;
        Ok(ending) = ended => ending,
        () = connection.run() => Ending::Close,
    };
    if ending == Ending::Reset {
        // Failing to reset, it closes: nobody can be told.
        let _ = connection.stream.set_zero_linger();
    }
}

/// Takes the connection out of the books, also when its task is aborted.
struct Registered {
    id: i32,
    shared: Arc<Shared>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.shared.state.lock().unregister(self.id);
    }
}

struct Connection {
    id: i32,
    shared: Arc<Shared>,
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    codecs: Codecs,
    is_silent: bool,
    /// The `application.name` of the first hello; `None` before it.
    application: Option<String>,
}

/// Why a connection serves no longer.
enum Stop {
    /// The client is gone, or is to be left.
    Over,
    /// It stays open and is never answered.
    Silence,
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Stop {
        Stop::Over
    }
}

impl Connection {
    async fn run(&mut self) {
        loop {
            match self.serve_available().await {
                Ok(()) => {}
                Err(Stop::Silence) => {
                    // What was answered before is sent, or the client is gone already.
                    let _ = self.flush().await;
                    return self.stay_silent().await;
                }
                Err(Stop::Over) => {
                    let _ = self.flush().await;
                    return;
                }
            }
        }
    }

    /// Reads, and answers the messages that are complete.
    async fn serve_available(&mut self) -> Result<(), Stop> {
        self.read().await?;
        let mut consumed = 0;
        let limit = DEFAULT_MAX_MESSAGE_SIZE;
        while let Some(message) =
            frame::first_frame(self.input.get(consumed..).unwrap_or_default(), limit)
                .map_err(|_| Stop::Over)?
        {
            let length = message.len();
            let unwrapped = self.codecs.unwrap(message).map_err(|_| Stop::Over)?;
            let request = match unwrapped {
                Some((compressor, message)) => Request::parse(&message).map(|request| Request {
                    compressor: Some(compressor),
                    ..request
                }),
                None => Request::parse(message),
            };
            let request = request.map_err(|_| Stop::Over)?;
            consumed += length;
            self.serve_request(request, length).await?;
        }
        self.input.drain(..consumed);
        self.flush().await?;
        Ok(())
    }

    async fn serve_request(&mut self, mut request: Request, length: usize) -> Result<(), Stop> {
        self.identify(&request);
        if self.is_silent && !self.is_control() {
            return Err(Stop::Silence);
        }
        self.wait_until_read().await?;
        let mut plan = self.plan(&request, length);
        // An exhaust hello goes on by itself, each reply answering the one before.
        while let Some(streamed) = self.answer(&request, plan).await? {
            self.flush().await?;
            request = streamed;
            plan = self.plan_streamed(&request);
        }
        Ok(())
    }

    /// Answers once. Gives the request that the next reply of a stream answers.
    async fn answer(&mut self, request: &Request, plan: Plan) -> Result<Option<Request>, Stop> {
        self.pause(plan.delay + plan.failure.block).await?;
        if plan.failure.is_closing {
            return Err(Stop::Over);
        }
        self.await_news(request).await?;
        let mut document = match plan.failure.error_reply() {
            Some(error) => error,
            None => commands::run(&self.shared, self.id, request),
        };
        plan.failure.amend(&mut document);
        if self.shared.options.number_replies && plan.number > 0 {
            document.insert("requestNumber", counters::number(plan.number));
        }
        if request.is_unacknowledged {
            return Ok(None);
        }
        let streamed = streamed_version(request, &document);
        let (request_id, mode) = {
            let mut state = self.shared.state.lock();
            (state.next_request_id(), plan.reply_mode.as_ref())
        };
        let is_more_to_come = streamed.is_some();
        let before = self.output.len();
        let then = reply::append(
            &mut self.output,
            request,
            request_id,
            &document,
            is_more_to_come,
            plan.compressor.map(|id| (&mut self.codecs, id)),
            mode,
        );
        self.account(request, then, plan.compressor, self.output.len() - before);
        match then {
            Then::Continue => Ok(streamed.map(|version| {
                let mut next = request.clone();
                next.id = request_id;
                next.command.insert("topologyVersion", version);
                next
            })),
            Then::Silence => Err(Stop::Silence),
            Then::Close => Err(Stop::Over),
        }
    }
}

/// The topology version of this reply, when the client wants to hear of the next one.
fn streamed_version(request: &Request, reply: &Document) -> Option<Document> {
    let is_streaming = request.is_hello()
        && request.is_exhaust_allowed
        && hello::awaited_version(&request.command).is_some();
    if !is_streaming || reply.get_f64("ok").ok() != Some(1.0) {
        return None;
    }
    reply.get_document("topologyVersion").ok().cloned()
}
