//! The program's arguments.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use bson::oid::ObjectId;
use bson::{Bson, Document};
use ferropool_stub::{Options, ProxyOptions, Role};

pub(crate) const USAGE: &str = "\
Usage: ferropool-stub [options]

  --host ADDRESS     IP address to listen on (default 127.0.0.1)
  --port N           port to listen on, 0 for a free one (default 0)
  --hello JSON       extended JSON merged into the hello reply; null removes a field
  --control JSON     extended JSON with fields of stubControl, applied at the start
  --service-ids N    give connections N service ids in turn
  --number-replies   add requestNumber to every reply
  --canned           answer with prepared bytes as fast as possible
  --proxy ADDRESS    pass everything on to the server at this IP address and port
  --as ROLE          what the proxy is taken for: mongos (the default), or load-balancer, with --service-ids
  --ignore-stdin     do not end when standard input does
  --help             print this";

/// What the program is asked to do.
#[derive(Debug)]
pub(crate) enum Invocation {
    Serve(Box<Arguments>),
    Proxy {
        options: ProxyOptions,
        is_ignoring_stdin: bool,
    },
    Help,
}

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) options: Options,
    pub(crate) control: Document,
    pub(crate) is_ignoring_stdin: bool,
}

/// Why the arguments make no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ArgumentError {
    Unknown(String),
    MissingValue(String),
    InvalidValue { option: String, value: String },
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArgumentError::Unknown(argument) => write!(formatter, "unknown argument '{argument}'"),
            ArgumentError::MissingValue(option) => write!(formatter, "{option} needs a value"),
            ArgumentError::InvalidValue { option, value } => {
                write!(formatter, "{option} cannot be '{value}'")
            }
        }
    }
}

/// Parses the arguments after the program's name. A value follows its option, or stands behind `=`.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Invocation, ArgumentError> {
    let mut arguments = arguments;
    let mut parsed = Arguments::default();
    let mut server = None;
    let mut is_balancing = false;
    while let Some(argument) = arguments.next() {
        let (option, mut attached) = match argument.split_once('=') {
            Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
            None => (argument.clone(), None),
        };
        let mut value = || {
            let value = attached.take().or_else(|| arguments.next());
            value.ok_or_else(|| ArgumentError::MissingValue(option.clone()))
        };
        match &option[..] {
            "--host" => {
                let host: IpAddr = convert(&option, value()?, |value| value.parse().ok())?;
                parsed.options.address.set_ip(host);
            }
            "--port" => {
                let port = convert(&option, value()?, |value| value.parse().ok())?;
                let host = parsed.options.address.ip();
                parsed.options.address = SocketAddr::new(host, port);
            }
            "--hello" => parsed.options.hello = convert(&option, value()?, document)?,
            "--control" => parsed.control = convert(&option, value()?, document)?,
            "--service-ids" => {
                let count: u8 = convert(&option, value()?, |value| value.parse().ok())?;
                let ids = (1..=count).map(|number| ObjectId::from_bytes([number; 12]));
                parsed.options.service_ids = ids.collect();
            }
            "--proxy" => {
                server = Some(convert(&option, value()?, |value| value.parse().ok())?);
            }
            "--as" => {
                is_balancing = convert(&option, value()?, |value| match value {
                    "mongos" => Some(false),
                    "load-balancer" => Some(true),
                    _ => None,
                })?;
            }
            "--number-replies" if attached.is_none() => parsed.options.number_replies = true,
            "--canned" if attached.is_none() => parsed.options.canned = true,
            "--ignore-stdin" if attached.is_none() => parsed.is_ignoring_stdin = true,
            "--help" | "-h" if attached.is_none() => return Ok(Invocation::Help),
            _ => return Err(ArgumentError::Unknown(argument)),
        }
    }
    let Some(to) = server else {
        return Ok(Invocation::Serve(Box::new(parsed)));
    };
    let Options {
        address,
        service_ids: services,
        ..
    } = parsed.options;
    let role = if is_balancing {
        Role::LoadBalancer { services }
    } else {
        Role::Router
    };
    Ok(Invocation::Proxy {
        options: ProxyOptions { address, to, role },
        is_ignoring_stdin: parsed.is_ignoring_stdin,
    })
}

fn convert<T>(
    option: &str,
    value: String,
    conversion: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ArgumentError> {
    conversion(&value).ok_or_else(|| ArgumentError::InvalidValue {
        option: option.to_owned(),
        value,
    })
}

fn document(json: &str) -> Option<Document> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    match Bson::try_from(value) {
        Ok(Bson::Document(document)) => Some(document),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn parse_all(arguments: &[&str]) -> Result<Invocation, ArgumentError> {
        parse(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn every_option_is_understood() {
        let parsed = parse_all(&[
            "--port",
            "27099",
            "--host=127.0.0.2",
            "--hello",
            r#"{"setName":"rs","counter":{"$numberLong":"5"}}"#,
            "--control",
            r#"{"latencyMS":3}"#,
            "--service-ids=2",
            "--number-replies",
            "--canned",
            "--ignore-stdin",
        ]);
        let Ok(Invocation::Serve(parsed)) = parsed else {
            panic!("{parsed:?}")
        };
        assert_eq!(parsed.options.address.to_string(), "127.0.0.2:27099");
        assert_eq!(
            parsed.options.hello,
            doc! { "setName": "rs", "counter": 5_i64 }
        );
        assert_eq!(parsed.control, doc! { "latencyMS": 3 });
        assert_eq!(parsed.options.service_ids.len(), 2);
        assert!(parsed.options.number_replies && parsed.options.canned);
        assert!(parsed.is_ignoring_stdin);
    }

    #[test]
    fn a_proxy_has_a_server_and_a_role() {
        let proxy = |arguments: &[&str]| match parse_all(arguments) {
            Ok(Invocation::Proxy { options, .. }) => options,
            other => panic!("{other:?}"),
        };
        let router = proxy(&["--proxy", "127.0.0.1:27017", "--port=27099"]);
        assert_eq!(router.to.port(), 27017);
        assert_eq!(router.address.port(), 27099);
        assert_eq!(router.role, Role::Router);
        let balancer = proxy(&[
            "--proxy=127.0.0.1:27017",
            "--as=load-balancer",
            "--service-ids=2",
        ]);
        let services = vec![ObjectId::from_bytes([1; 12]), ObjectId::from_bytes([2; 12])];
        assert_eq!(balancer.role, Role::LoadBalancer { services });
    }

    #[test]
    fn nonsense_is_named() {
        let error = |arguments: &[&str]| parse_all(arguments).unwrap_err();
        assert_eq!(
            error(&["--what"]),
            ArgumentError::Unknown("--what".to_owned())
        );
        assert_eq!(
            error(&["--canned=1"]),
            ArgumentError::Unknown("--canned=1".to_owned())
        );
        assert_eq!(
            error(&["--port"]),
            ArgumentError::MissingValue("--port".to_owned())
        );
        for (option, value) in [
            ("--port", "x"),
            ("--hello", "[]"),
            ("--control", "{"),
            ("--proxy", "here"),
            ("--as", "mongod"),
        ] {
            let expected = format!("{option} cannot be '{value}'");
            assert_eq!(error(&[option, value]).to_string(), expected);
        }
    }
}
