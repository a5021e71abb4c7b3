use crate::address::Address;
use crate::error::{Error, Phase};
use crate::establish::{ConnectOptions, Progress, command, connect, document, greet};
use crate::hello::Hello;
use crate::stream::{Form, Stream};
use std::time::{Duration, Instant};

/// A monitor's connection: encrypted as all of its client's are, never authenticated or compressed
/// ("Authentication", "Monitoring connections").
#[derive(Debug)]
pub struct Probe {
    stream: Stream,
    form: Form,
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
        let opening = async {
            let (mut stream, _) = connect(address, options, &progress).await?;
            progress.enter(Phase::Hello);
            let asked = Instant::now();
            let reply = greet(&mut stream, options, |_| {}).await?;
            let round_trip_time = asked.elapsed();
            let hello = Hello::parse(document(&reply)?)?;
            let modern = hello.hello_ok || options.server_api.is_some() || options.load_balanced;
            let form = if modern { Form::Message } else { Form::Query };
            let checked = Checked {
                reply,
                round_trip_time,
            };
            Ok((Self { stream, form }, checked))
        };
        let outcome = progress.bound(options, opening).await;
        outcome.map_err(|error| error.at(address))
    }

    /// Asks again.
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
        let name = match self.form {
            Form::Message => "hello",
            Form::Query => "isMaster",
        };
        let asking = async {
            let body = command(options, self.form, "admin", |hello| {
                hello.int32(name, 1).boolean("helloOk", true);
            });
            let asked = Instant::now();
            let reply = self
                .stream
                .command(Phase::Hello, self.form, "admin", &body)
                .await?;
            let round_trip_time = asked.elapsed();
            Hello::parse(document(&reply)?)?;
            Ok(Checked {
                reply,
                round_trip_time,
            })
        };
        let outcome = progress.bound(options, asking).await;
        outcome.map_err(|error| error.at(address))
    }
}
