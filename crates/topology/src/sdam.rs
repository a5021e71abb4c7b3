//! What a reply or an error says about a server ("Error handling").

use ferropool_connection::TopologyVersion;
use ferropool_wire::{Document, WireError};

/// What a command's reply says beyond its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the command succeeded (`ok` is 1).
    pub ok: bool,
    /// The state change that the reply reports, if it does.
    pub state_change: Option<StateChange>,
}

/// A "not writable primary" or "node is recovering" error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// The server shuts down: its pool is cleared.
    pub shutdown: bool,
    /// How recent the report is.
    pub topology_version: Option<TopologyVersion>,
}

const RECOVERING: [i32; 5] = [11600, 11602, 13436, 189, 91];
const NOT_WRITABLE_PRIMARY: [i32; 3] = [10107, 13435, 10058];
const SHUTDOWN: [i32; 2] = [11600, 91];

/// Reads a reply's outer fields; nothing below them but `writeConcernError` is looked at.
///
/// # Errors
/// A reply whose elements cannot be read.
pub fn read_reply(reply: Document<'_>) -> Result<Verdict, WireError> {
    let mut ok = false;
    let mut write_concern_error = None;
    for element in reply.elements() {
        let element = element?;
        match element.key {
            b"ok" => ok = element.value.as_bool_like(),
            b"writeConcernError" => write_concern_error = element.value.as_document(),
            _ => {}
        }
    }
    // The usual case ends here, after one pass over a handful of elements.
    let state_change = match (ok, write_concern_error) {
        (true, None) => None,
        (true, Some(error)) => state_change(error, reply)?,
        (false, _) => state_change(reply, reply)?,
    };
    Ok(Verdict { ok, state_change })
}

/// The state change that `error` reports, which is all of `reply` or its write concern error.
///
/// # Errors
/// A reply whose elements cannot be read.
pub fn state_change(
    error: Document<'_>,
    reply: Document<'_>,
) -> Result<Option<StateChange>, WireError> {
    let code = error.get("code")?.and_then(|code| code.as_integer());
    let message = error.get("errmsg")?;
    let message = message
        .as_ref()
        .and_then(|message| message.as_str())
        .unwrap_or_default();
    let code = code.map(|code| code as i32).filter(|code| *code != 0);
    if !is_state_change(code, message) {
        return Ok(None);
    }
    let version = reply.get("topologyVersion")?;
    Ok(Some(StateChange {
        shutdown: code.is_some_and(|code| SHUTDOWN.contains(&code)),
        topology_version: version.and_then(|version| TopologyVersion::parse(&version)),
    }))
}

/// Whether an error says that the server's role has changed; the message counts only without a code.
fn is_state_change(code: Option<i32>, message: &str) -> bool {
    match code {
        Some(code) => RECOVERING.contains(&code) || NOT_WRITABLE_PRIMARY.contains(&code),
        None => message.contains("not master") || message.contains("node is recovering"),
    }
}

#[cfg(test)]
mod tests {
    use super::{StateChange, Verdict, read_reply};
    use ferropool_wire::{Appender, Document};

    fn verdict(build: impl FnOnce(&mut Appender<'_>)) -> Verdict {
        let mut bytes = Vec::new();
        let mut reply = Appender::begin(&mut bytes);
        build(&mut reply);
        reply.finish();
        read_reply(Document::new(&bytes).expect("a document")).expect("a reply")
    }

    #[test]
    fn success_needs_ok() {
        assert_eq!(
            verdict(|reply| {
                reply.double("ok", 1.0);
            }),
            Verdict {
                ok: true,
                state_change: None
            }
        );
        assert_eq!(
            verdict(|reply| {
                reply.int32("n", 1);
            }),
            Verdict {
                ok: false,
                state_change: None
            }
        );
    }

    #[test]
    fn a_state_change_is_read_from_the_code_or_without_one_from_the_message() {
        let change = |shutdown| {
            Some(StateChange {
                shutdown,
                topology_version: None,
            })
        };
        for (code, expected) in [(91, change(true)), (10107, change(false)), (2, None)] {
            let found = verdict(|reply| {
                reply
                    .int32("ok", 0)
                    .int32("code", code)
                    .string("errmsg", "not master");
            });
            assert_eq!(found.state_change, expected, "{code}");
        }
        let found = verdict(|reply| {
            reply.int32("ok", 0).string("errmsg", "node is recovering");
        });
        assert_eq!(found.state_change, change(false));
    }

    #[test]
    fn a_write_concern_error_counts_though_the_command_succeeded() {
        let found = verdict(|reply| {
            reply.document("writeConcernError", |error| {
                error.int32("code", 11600);
            });
            reply.int32("ok", 1);
        });
        assert_eq!(
            found,
            Verdict {
                ok: true,
                state_change: Some(StateChange {
                    shutdown: true,
                    topology_version: None
                })
            }
        );
    }
}
