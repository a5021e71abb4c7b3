//! The fields of the command `stubControl`, and what they change.
//!
//! | field | value | effect |
//! |---|---|---|
//! | `clear` | `true` | no faults and no fail point, before the other fields apply |
//! | `resetCounters` | `true` | the counters begin anew |
//! | `latencyMS` | milliseconds | before every reply |
//! | `helloDelayMS` | milliseconds | before the reply to a hello, in addition |
//! | `acceptAndStaySilent` | boolean or count | new connections (or so many) are never answered |
//! | `closeOnAccept` | boolean or count | new connections (or so many) are closed at once |
//! | `resetOnAccept` | boolean or count | the same with a RST |
//! | `refuse` | boolean | nothing listens: connecting is refused |
//! | `stopReading` | boolean | no connection is read from |
//! | `helloOverrides` | document | merged into the hello reply; null removes a field, `{}` ends it |
//! | `compressReplies` | name or null | with this compressor, whatever the request and the hello say; `never`; null: as the request was |
//! | `replyMode` | name or null | the next reply is malformed; null forgets what is still to come |
//! | `garbage` | hexadecimal text | the next reply is replaced with these bytes |
//! | `times` | count or `"always"` | for how many commands `replyMode` or `garbage` holds, default 1 |
//! | `commands` | names | which commands those two mean, default all; `hello` means every spelling |
//! | `appName` | text | which application those two mean, default all |
//! | `closeAll` | `true` | closes every open connection but the caller's, after the other fields |
//! | `resetAll` | `true` | the same with a RST |
//!
//! Names of `replyMode`: `wrongLength`, `hugeLength`, `wrongRequestId`, `truncatedBson`, `unknownOpcode`,
//! `halfReply` (then silence), `closeMidReply`; and of compressed replies, with the request's compressor or else snappy:
//! `compressedHugeSize` (2 GB), `compressedUnkeptSize` (40 MB, in a few bytes), `compressedSizeAbove`, `compressedSizeBelow`,
//! `compressedNegativeSize`, `compressedUnknownId`, `compressedNested`, `compressedGarbage`, `compressedTruncated`. The commands `stubControl`, `stubStatus` and
//! `configureFailPoint` are spared from all of it, and control connections are.
//!
//! A control connection has to be open before `closeOnAccept`, `resetOnAccept` or `refuse` holds: who
//! connects is known only by its hello.

mod values;

use bson::{Bson, Document};

use crate::compression::CompressReplies;
use crate::fail_point::strings;
use crate::faults::{Count, Faults, ReplyFault, ReplyMode};
use crate::shared::{Ending, Shared};
use values::{boolean, count, from_hexadecimal, invalid, milliseconds};

/// A control document that was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no such field.
    #[error("unknown field '{0}' of stubControl")]
    UnknownField(String),
    /// A field has a value that it cannot have.
    #[error("field '{0}' of stubControl cannot have this value")]
    InvalidValue(String),
    /// The fail point is malformed.
    #[error("{0}")]
    FailPoint(String),
}

/// Applies all fields, or none. `caller` is the connection that `closeAll` spares.
pub(crate) fn apply(
    shared: &Shared,
    fields: &Document,
    caller: Option<i32>,
) -> Result<(), ControlError> {
    let changes = parse(fields)?;
    {
        let mut state = shared.state.lock();
        if changes.is_clearing {
            if !state.faults.hello_overrides.is_empty() {
                state.hello_changes += 1;
            }
            state.faults = Faults::default();
            state.fail_point = None;
        }
        if changes.is_resetting_counters {
            state.counters.reset();
        }
        if fields.contains_key("helloOverrides") {
            state.hello_changes += 1;
        }
        for set in changes.settings {
            set(&mut state.faults);
        }
    }
    shared.announce_change();
    if let Some(ending) = changes.ending {
        shared.end_connections(ending, caller);
    }
    Ok(())
}

type Setting = Box<dyn FnOnce(&mut Faults)>;

#[derive(Default)]
struct Changes {
    is_clearing: bool,
    is_resetting_counters: bool,
    settings: Vec<Setting>,
    ending: Option<Ending>,
}

fn parse(fields: &Document) -> Result<Changes, ControlError> {
    let mut changes = Changes::default();
    for (key, value) in fields {
        let setting: Setting = match &key[..] {
            "clear" => {
                changes.is_clearing = boolean(key, value)?;
                continue;
            }
            "resetCounters" => {
                changes.is_resetting_counters = boolean(key, value)?;
                continue;
            }
            "closeAll" | "resetAll" => {
                let ending = if key == "closeAll" {
                    Ending::Close
                } else {
                    Ending::Reset
                };
                changes.ending = boolean(key, value)?.then_some(ending).or(changes.ending);
                continue;
            }
            "latencyMS" => {
                let latency = milliseconds(key, value)?;
                Box::new(move |faults| faults.latency = latency)
            }
            "helloDelayMS" => {
                let delay = milliseconds(key, value)?;
                Box::new(move |faults| faults.hello_delay = delay)
            }
            "acceptAndStaySilent" => {
                let count = count(key, value)?;
                Box::new(move |faults| faults.stay_silent = count)
            }
            "closeOnAccept" => {
                let count = count(key, value)?;
                Box::new(move |faults| faults.close_on_accept = count)
            }
            "resetOnAccept" => {
                let count = count(key, value)?;
                Box::new(move |faults| faults.reset_on_accept = count)
            }
            "refuse" => {
                let is_refusing = boolean(key, value)?;
                Box::new(move |faults| faults.is_refusing = is_refusing)
            }
            "stopReading" => {
                let is_stopped = boolean(key, value)?;
                Box::new(move |faults| faults.is_reading_stopped = is_stopped)
            }
            "helloOverrides" => {
                let overrides = value.as_document().ok_or_else(|| invalid(key))?.clone();
                Box::new(move |faults| faults.hello_overrides = overrides)
            }
            "compressReplies" => {
                let choice = match value {
                    Bson::Null => CompressReplies::default(),
                    Bson::String(name) => {
                        CompressReplies::parse(name).ok_or_else(|| invalid(key))?
                    }
                    _ => return Err(invalid(key)),
                };
                Box::new(move |faults| faults.compress_replies = choice)
            }
            "replyMode" if *value == Bson::Null => Box::new(|faults| faults.replies.clear()),
            "replyMode" | "garbage" => {
                let fault = reply_fault(key, value, fields)?;
                Box::new(move |faults| faults.replies.push_back(fault))
            }
            // These qualify the two above.
            "times" | "commands" | "appName" => continue,
            key if is_generic(key) => continue,
            key => return Err(ControlError::UnknownField(key.to_owned())),
        };
        changes.settings.push(setting);
    }
    Ok(changes)
}

/// What a client adds to any command.
fn is_generic(key: &str) -> bool {
    key.starts_with('$')
        || matches!(
            key,
            "stubControl" | "lsid" | "txnNumber" | "maxTimeMS" | "comment" | "readConcern"
        )
        || key.starts_with("api")
}

fn reply_fault(key: &str, value: &Bson, fields: &Document) -> Result<ReplyFault, ControlError> {
    let text = value.as_str().ok_or_else(|| invalid(key))?;
    let mode = if key == "garbage" {
        from_hexadecimal(text).map(ReplyMode::Garbage)
    } else {
        ReplyMode::parse(text)
    };
    let left = match fields.get("times") {
        None => Count::Times(1),
        Some(Bson::String(times)) if times == "always" => Count::Always,
        Some(times) => count("times", times)?,
    };
    Ok(ReplyFault {
        mode: mode.ok_or_else(|| invalid(key))?,
        left,
        commands: match fields.get("commands") {
            None => vec![],
            Some(Bson::Array(names)) => strings(names),
            Some(_) => return Err(invalid("commands")),
        },
        application: fields.get_str("appName").ok().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bson::doc;

    use super::*;
    use crate::options::Options;

    fn faults_after(documents: &[Document]) -> Faults {
        let shared = Shared::new(Options::default());
        for document in documents {
            apply(&shared, document, None).unwrap();
        }
        std::mem::take(&mut shared.state.lock().faults)
    }

    #[test]
    fn fields_add_up_until_they_are_cleared() {
        let set = doc! { "stubControl": 1, "latencyMS": 5, "$db": "admin" };
        let more = doc! { "closeOnAccept": 2, "stopReading": true };
        let faults = faults_after(&[set.clone(), more.clone()]);
        assert_eq!(faults.latency, Duration::from_millis(5));
        assert_eq!(faults.close_on_accept, Count::Times(2));
        assert!(faults.is_reading_stopped);
        let faults = faults_after(&[set, more, doc! { "clear": true, "refuse": true }]);
        assert_eq!(faults.latency, Duration::ZERO);
        assert!(faults.is_refusing && !faults.is_reading_stopped);
    }

    #[test]
    fn reply_faults_queue_up() {
        let faults = faults_after(&[
            doc! { "replyMode": "halfReply", "times": "always", "commands": ["find"] },
            doc! { "garbage": "00fF", "times": 3 },
        ]);
        assert_eq!(faults.replies[0].mode, ReplyMode::HalfReply);
        assert_eq!(faults.replies[0].left, Count::Always);
        assert_eq!(faults.replies[1].mode, ReplyMode::Garbage(vec![0, 255]));
        assert_eq!(faults.replies[1].left, Count::Times(3));
        let forgotten = [doc! { "garbage": "00" }, doc! { "replyMode": Bson::Null }];
        assert!(faults_after(&forgotten).replies.is_empty());
    }

    #[test]
    fn a_wrong_field_applies_nothing() {
        let shared = Shared::new(Options::default());
        for (document, error) in [
            (
                doc! { "latencyMS": 1, "x": 1 },
                ControlError::UnknownField("x".to_owned()),
            ),
            (doc! { "latencyMS": 1, "refuse": "y" }, invalid("refuse")),
            (doc! { "latencyMS": 1, "garbage": "0" }, invalid("garbage")),
            (doc! { "latencyMS": -1 }, invalid("latencyMS")),
            (
                doc! { "latencyMS": 1, "compressReplies": "lzma" },
                invalid("compressReplies"),
            ),
            (
                doc! { "latencyMS": 1, "replyMode": "odd" },
                invalid("replyMode"),
            ),
        ] {
            assert_eq!(apply(&shared, &document, None), Err(error));
            assert_eq!(shared.state.lock().faults.latency, Duration::ZERO);
        }
    }
}
