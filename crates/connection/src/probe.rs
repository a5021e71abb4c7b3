use crate::address::Address;
use crate::error::{Error, Phase};
use crate::establish::{ConnectOptions, Progress, command, connect, document, greet};
use crate::hello::{Hello, TopologyVersion};
use crate::stream::{Form, Reply, Stream};
use ferropool_wire::op_msg::flags;
use std::pin::pin;
use std::time::{Duration, Instant};

/// A monitor's connection: encrypted as all of its client's are, never authenticated or compressed
/// ("Authentication", "Monitoring connections").
///
/// A call that is dropped before it has completed leaves the connection of no more use.
#[derive(Debug)]
pub struct Probe {
    stream: Stream,
    /// Whether it is asked with `hello`, rather than with the legacy form.
    modern: bool,
    /// The server's number for it.
    server_connection_id: Option<i64>,
    /// What the next reply answers, while the server streams them.
    next: Option<i32>,
}

/// What a check of a server brought.
#[derive(Debug)]
pub struct Checked {
    /// The reply to `hello`, a BSON document whose `ok` is 1.
    pub reply: Vec<u8>,
    /// How long the exchange took, without dialling.
    pub round_trip_time: Duration,
}

impl Probe {
    /// Dials `address` and asks for the first time. Each call is under `connectTimeoutMS`.
    ///
    /// # Errors
    /// The failure, with its phase and the address.
    pub async fn open(
        address: &Address,
        options: &ConnectOptions,
    ) -> Result<(Self, Checked), Error> {
        let progress = Progress::new();
        let opening = pin!(async {
            let (mut stream, _) = connect(address, options, &progress).await?;
            progress.enter(Phase::Hello);
            let asked = Instant::now();
            let reply = greet(&mut stream, options, |_| {}).await?;
            let checked = Checked {
                reply,
                round_trip_time: asked.elapsed(),
            };
            let mut probe = Self {
                stream,
                modern: false,
                server_connection_id: None,
                next: None,
            };
            probe.accept(&checked.reply, options)?;
            Ok((probe, checked))
        });
        let outcome = progress.bound(options, opening).await;
        outcome.map_err(|error| error.at(address))
    }

    /// Asks again. Not to be called while replies are streamed.
    ///
    /// # Errors
    /// As [`Self::open`]; the connection is then of no more use.
    pub async fn check(
        &mut self,
        address: &Address,
        options: &ConnectOptions,
    ) -> Result<Checked, Error> {
        let progress = Progress::new();
        progress.enter(Phase::Hello);
        let asking = pin!(async {
            let form = match self.modern {
                true => Form::Message,
                false => Form::Query,
            };
            let body = self.hello(options, form, None);
            let asked = Instant::now();
            let reply = self
                .stream
                .command(Phase::Hello, form, "admin", &body)
                .await?;
            let round_trip_time = asked.elapsed();
            self.accept(&reply, options)?;
            Ok(Checked {
                reply,
                round_trip_time,
            })
        });
        let outcome = progress.bound(options, asking).await;
        outcome.map_err(|error| error.at(address))
    }

    /// Waits until the server is no longer as in the version `known`, and for `limit` at most; gives its
    /// next reply ("Streaming Protocol"). Under `connectTimeoutMS` and `limit` together.
    ///
    /// # Errors
    /// As [`Self::open`]; the connection is then of no more use.
    pub async fn await_change(
        &mut self,
        address: &Address,
        options: &ConnectOptions,
        known: TopologyVersion,
        limit: Duration,
    ) -> Result<Vec<u8>, Error> {
        let progress = Progress::new();
        progress.enter(Phase::Hello);
        let asking = pin!(async {
            let request = match self.next {
                Some(previous) => previous,
                None => {
                    let body = self.hello(options, Form::Message, Some((known, limit)));
                    let (phase, flags) = (Phase::Hello, flags::EXHAUST_ALLOWED);
                    self.stream
                        .send(phase, Form::Message, "admin", &body, flags)
                        .await?
                }
            };
            let Reply { document, next } = self
                .stream
                .receive(Phase::Hello, Form::Message, request)
                .await?;
            self.next = next;
            self.accept(&document, options)?;
            Ok(document)
        });
        let patience = { options.connect_timeout }.map(|timeout| timeout.saturating_add(limit));
        let outcome = progress.within(patience, options, asking).await;
        outcome.map_err(|error| error.at(address))
    }

    /// Whether the server sends its next reply without being asked.
    pub fn is_streaming(&self) -> bool {
        self.next.is_some()
    }

    /// The server's own number for the connection, as its log has it.
    pub fn server_connection_id(&self) -> Option<i64> {
        self.server_connection_id
    }

    fn hello(
        &self,
        options: &ConnectOptions,
        form: Form,
        awaited: Option<(TopologyVersion, Duration)>,
    ) -> Vec<u8> {
        let name = match self.modern {
            true => "hello",
            false => "isMaster",
        };
        command(options, form, "admin", |hello| {
            hello.int32(name, 1).boolean("helloOk", true);
            if let Some((known, limit)) = awaited {
                let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
                known.append(hello);
                hello.int64("maxAwaitTimeMS", limit);
            }
        })
    }

    /// Takes note of what a reply says about the next question.
    fn accept(&mut self, reply: &[u8], options: &ConnectOptions) -> Result<(), Error> {
        let hello = Hello::parse(document(reply)?)?;
        self.modern = hello.hello_ok || options.server_api.is_some() || options.load_balanced;
        self.server_connection_id = hello.connection_id.or(self.server_connection_id);
        Ok(())
    }
}
