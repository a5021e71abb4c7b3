//! Every option: its name, what it may be, and where it goes.

use super::{ClientOptions, OptionError, OptionErrorKind, OptionValue};
use ferropool_pool::Background;
use std::time::Duration;

struct Spec {
    name: &'static str,
    kind: Kind,
}

enum Kind {
    /// An integer from the first to the second, inclusive.
    Integer(i64, i64, fn(&mut ClientOptions, i64)),
    Boolean(fn(&mut ClientOptions, bool)),
    /// One of these; for those who open the client to look at.
    Choice(&'static [&'static str]),
    /// A string of at most so many bytes.
    Text(usize, fn(&mut ClientOptions, &str)),
}

/// The largest number of connections or milliseconds: what fits a signed 32-bit integer.
const MAX: i64 = i32::MAX as i64;

const TABLE: &[Spec] = &[
    Spec {
        name: "appName",
        kind: Kind::Text(128, |options, name| {
            options.application.name = Some(name.to_owned())
        }),
    },
    Spec {
        name: "backgroundThreadIntervalMS",
        kind: Kind::Integer(-MAX, MAX, |options, value| {
            options.pool.background = match u64::try_from(value) {
                Ok(0) => Background::Driven,
                Ok(interval) => Background::Every(Duration::from_millis(interval)),
                Err(_) => Background::Never,
            };
        }),
    },
    Spec {
        name: "connectTimeoutMS",
        kind: Kind::Integer(0, MAX, |options, value| {
            options.connect_timeout = limit(value)
        }),
    },
    // Every client of this version connects directly; the option says so.
    Spec {
        name: "directConnection",
        kind: Kind::Boolean(|_, _| {}),
    },
    Spec {
        name: "heartbeatFrequencyMS",
        kind: Kind::Integer(1, MAX, |options, value| {
            if let Some(monitor) = &mut options.monitor {
                monitor.heartbeat_frequency = Duration::from_millis(value as u64);
            }
        }),
    },
    // Which lane carries the client is decided before the core is asked.
    Spec {
        name: "lane",
        kind: Kind::Choice(&["auto", "event-loop", "tokio"]),
    },
    Spec {
        name: "maxConnecting",
        kind: Kind::Integer(1, MAX, |options, value| {
            options.pool.max_connecting = value as u32
        }),
    },
    Spec {
        name: "maxIdleTimeMS",
        kind: Kind::Integer(0, MAX, |options, value| {
            options.pool.max_idle_time = limit(value)
        }),
    },
    Spec {
        name: "maxPoolSize",
        kind: Kind::Integer(0, MAX, |options, value| {
            options.pool.max_pool_size = (value > 0).then_some(value as u32);
        }),
    },
    Spec {
        name: "minHeartbeatFrequencyMS",
        kind: Kind::Integer(1, MAX, |options, value| {
            if let Some(monitor) = &mut options.monitor {
                monitor.min_heartbeat_frequency = Duration::from_millis(value as u64);
            }
        }),
    },
    Spec {
        name: "minPoolSize",
        kind: Kind::Integer(0, MAX, |options, value| {
            options.pool.min_pool_size = value as u32
        }),
    },
    // Who hears of commands is decided where listeners are.
    Spec {
        name: "monitorCommands",
        kind: Kind::Boolean(|_, _| {}),
    },
    Spec {
        name: "serverSelectionTimeoutMS",
        kind: Kind::Integer(1, MAX, |options, value| {
            options.server_selection_timeout = Duration::from_millis(value as u64);
        }),
    },
    Spec {
        name: "timeoutMS",
        kind: Kind::Integer(0, MAX, |options, value| options.timeout = limit(value)),
    },
    Spec {
        name: "waitQueueTimeoutMS",
        kind: Kind::Integer(0, MAX, |options, value| {
            options.pool.wait_queue_timeout = limit(value);
        }),
    },
];

/// The options that `connectionPoolCreated` shows.
const POOL_OPTIONS: [&str; 5] = [
    "maxConnecting",
    "maxPoolSize",
    "minPoolSize",
    "maxIdleTimeMS",
    "waitQueueTimeoutMS",
];

/// Options that are decided before, or beside, the core.
const OBJECT_ONLY: [&str; 2] = ["lane", "monitorCommands"];

/// Applies an option of the options object.
pub(super) fn apply(
    options: &mut ClientOptions,
    name: &str,
    value: &OptionValue,
) -> Result<(), OptionError> {
    let Some(spec) = TABLE.iter().find(|spec| spec.name == name) else {
        return Err(OptionError::argument(unknown(name)));
    };
    set(options, spec, value, OptionErrorKind::Argument)
}

/// Applies an option of a connection string, whose names have no case.
pub(super) fn apply_text(
    options: &mut ClientOptions,
    name: &str,
    text: &str,
) -> Result<(), OptionError> {
    let Some(spec) = TABLE
        .iter()
        .find(|spec| spec.name.eq_ignore_ascii_case(name))
    else {
        return Err(OptionError::uri(unknown(name)));
    };
    if OBJECT_ONLY.contains(&spec.name) {
        let name = spec.name;
        let message = format!(
            "Option \"{name}\" belongs into the options object, not into the connection string"
        );
        return Err(OptionError::uri(message));
    }
    let value = match (&spec.kind, text) {
        (Kind::Integer(..), text) => text
            .parse()
            .map_or_else(|_| OptionValue::Text(text.to_owned()), OptionValue::Number),
        (Kind::Boolean(_), "true") => OptionValue::Boolean(true),
        (Kind::Boolean(_), "false") => OptionValue::Boolean(false),
        (Kind::Boolean(_) | Kind::Choice(_) | Kind::Text(..), text) => {
            OptionValue::Text(text.to_owned())
        }
    };
    set(options, spec, &value, OptionErrorKind::ConnectionString)
}

/// Checks what one option says of another.
pub(super) fn check(options: &ClientOptions) -> Result<(), OptionError> {
    let (min, max) = (
        options.pool.min_pool_size,
        options.pool.max_pool_size.unwrap_or(u32::MAX),
    );
    match min > max {
        true => Err(OptionError::argument(format!(
            "Option \"minPoolSize\" must not exceed \"maxPoolSize\": {min} > {max}"
        ))),
        false => Ok(()),
    }
}

fn set(
    options: &mut ClientOptions,
    spec: &Spec,
    value: &OptionValue,
    kind: OptionErrorKind,
) -> Result<(), OptionError> {
    let name = spec.name;
    let refuse = |allowed: String| {
        let message = format!(
            "Option \"{name}\" must be {allowed}, received {}",
            display(value)
        );
        Err(OptionError { kind, message })
    };
    match (&spec.kind, value) {
        (Kind::Integer(min, max, put), OptionValue::Number(number))
            if number.fract() == 0.0 && (*min as f64..=*max as f64).contains(number) =>
        {
            put(options, *number as i64);
            if POOL_OPTIONS.contains(&name) {
                options.given.retain(|(given, _)| *given != name);
                options.given.push((name, *number));
            }
            Ok(())
        }
        (Kind::Integer(min, max, _), _) => refuse(format!("an integer from {min} to {max}")),
        (Kind::Boolean(put), OptionValue::Boolean(value)) => {
            put(options, *value);
            Ok(())
        }
        (Kind::Choice(allowed), OptionValue::Text(text)) if allowed.contains(&text.as_str()) => {
            Ok(())
        }
        (Kind::Choice(allowed), _) => refuse(format!("one of \"{}\"", allowed.join("\", \""))),
        (Kind::Boolean(_), _) => refuse("true or false".to_owned()),
        (Kind::Text(limit, put), OptionValue::Text(text))
            if text.len() <= *limit && !text.contains('\0') =>
        {
            put(options, text);
            Ok(())
        }
        (Kind::Text(limit, _), _) => refuse(format!("a string of at most {limit} bytes")),
    }
}

fn unknown(name: &str) -> String {
    let allowed: Vec<&str> = TABLE.iter().map(|spec| spec.name).collect();
    format!(
        "Unknown option \"{name}\"; allowed are {}",
        allowed.join(", ")
    )
}

fn display(value: &OptionValue) -> String {
    match value {
        // As JavaScript spells them.
        OptionValue::Number(number) if number.is_infinite() => if *number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned(),
        OptionValue::Number(number) if number.abs() >= 1e21 => {
            format!("{number:e}").replace('e', "e+")
        }
        OptionValue::Number(number) => number.to_string(),
        OptionValue::Boolean(value) => value.to_string(),
        OptionValue::Text(text) => format!("\"{text}\""),
        OptionValue::Other(text) => text.clone(),
    }
}

/// Milliseconds, where 0 is no limit.
fn limit(milliseconds: i64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds as u64))
}

#[cfg(test)]
mod tests {
    use super::super::{ClientOptions, OptionValue};

    fn parse(name: &str, value: OptionValue) -> Result<ClientOptions, String> {
        ClientOptions::from_address("a:1", &[(name.to_owned(), value)], "")
            .map_err(|error| error.message)
    }

    #[test]
    fn numbers_that_are_no_counts_are_refused_by_name_and_value() {
        for (number, shown) in [
            (-1.0, "-1"),
            (0.5, "0.5"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (1e300, "1e+300"),
        ] {
            let message = parse("maxPoolSize", OptionValue::Number(number)).expect_err("refused");
            assert!(
                message.starts_with(
                    "Option \"maxPoolSize\" must be an integer from 0 to 2147483647, received "
                ),
                "{message}"
            );
            assert!(message.contains(shown), "{message}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused_with_what_is_allowed() {
        let message = parse("maxPoolSise", OptionValue::Number(1.0)).expect_err("refused");
        assert!(
            message.starts_with("Unknown option \"maxPoolSise\"; allowed are appName, "),
            "{message}"
        );
    }

    #[test]
    fn the_object_wins_over_the_connection_string() {
        let object = [("maxPoolSize".to_owned(), OptionValue::Number(3.0))];
        let options =
            ClientOptions::from_uri("mongodb://a/?maxPoolSize=7&MAXCONNECTING=4", &object, "")
                .expect("valid");
        assert_eq!(
            (options.pool.max_pool_size, options.pool.max_connecting),
            (Some(3), 4)
        );
        assert_eq!(
            options.given,
            [("maxConnecting", 4.0), ("maxPoolSize", 3.0)]
        );
    }

    #[test]
    fn min_must_not_exceed_max() {
        let min = ("minPoolSize".to_owned(), OptionValue::Number(101.0));
        let error = ClientOptions::from_address("a:1", &[min], "").expect_err("refused");
        assert_eq!(
            error.message,
            "Option \"minPoolSize\" must not exceed \"maxPoolSize\": 101 > 100"
        );
    }
}
