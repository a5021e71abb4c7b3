//! What a reply says to the client itself, read in one pass over its outer fields.

use crate::labels::Labels;
use ferropool_connection::{Error, ErrorKind, Phase, ServerFailure};
use ferropool_topology::sdam::{self, StateChange};
use ferropool_wire::{Document, Value, WireError};

/// The codes of errors after which another attempt may succeed.
const RETRYABLE: [i32; 12] = [
    11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 262,
];

/// Those beside them after which a change stream may be resumed: its shards have moved, or its read preference cannot be met.
const RESUMABLE: [i32; 5] = [63, 150, 13388, 234, 133];

/// What a reply says beyond its result.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reply<'a> {
    /// Whether the command succeeded (`ok` is 1).
    pub(crate) ok: bool,
    /// The error's code: of the command, or of a write concern error.
    pub(crate) code: Option<i32>,
    /// Whether it is a write concern error that it reports.
    pub(crate) is_write_concern_error: bool,
    /// Its labels.
    pub(crate) labels: Labels,
    /// The change of the server's state that it reports.
    pub(crate) state_change: Option<StateChange>,
    /// `operationTime` ("Causal Consistency").
    pub(crate) operation_time: Option<u64>,
    /// `$clusterTime`.
    pub(crate) cluster_time: Option<Document<'a>>,
    /// `recoveryToken` ("Transactions", sharded).
    pub(crate) recovery_token: Option<Document<'a>>,
    /// `atClusterTime` ("Snapshot Reads").
    pub(crate) snapshot_time: Option<u64>,
    /// The cursor that it opened, or 0.
    pub(crate) cursor: Option<i64>,
    /// `baseBackoffMS` ("Client Backpressure").
    pub(crate) base_backoff_ms: Option<f64>,
}

impl<'a> Reply<'a> {
    /// Reads the outer fields; below them only an error's, a cursor's id and the write concern error's.
    ///
    /// # Errors
    /// A reply whose elements cannot be read.
    pub(crate) fn read(document: Document<'a>) -> Result<Self, WireError> {
        let mut reply = Self::default();
        let mut write_concern_error = None;
        let mut labels = None;
        for element in document.elements() {
            let element = element?;
            let value = element.value;
            match element.key {
                b"ok" => reply.ok = value.as_bool_like(),
                b"writeConcernError" => write_concern_error = value.as_document(),
                b"errorLabels" => labels = value.as_array(),
                b"code" => reply.code = value.as_integer().map(|code| code as i32),
                b"operationTime" => reply.operation_time = timestamp(&value),
                b"atClusterTime" => reply.snapshot_time = timestamp(&value),
                b"$clusterTime" => reply.cluster_time = value.as_document(),
                b"recoveryToken" => reply.recovery_token = value.as_document(),
                b"baseBackoffMS" => reply.base_backoff_ms = value.as_number(),
                b"cursor" => reply.read_cursor(value.as_document())?,
                _ => {}
            }
        }
        for label in labels.iter().flat_map(Document::elements) {
            reply.labels |= label?.value.as_str().map_or(Labels::NONE, Labels::parse);
        }
        match write_concern_error {
            _ if !reply.ok => reply.state_change = sdam::state_change(document, document)?,
            Some(error) => reply.read_write_concern_error(error, document)?,
            None => reply.code = None,
        }
        Ok(reply)
    }

    fn read_cursor(&mut self, cursor: Option<Document<'a>>) -> Result<(), WireError> {
        for element in cursor.iter().flat_map(Document::elements) {
            let element = element?;
            match element.key {
                b"id" => self.cursor = element.value.as_integer(),
                b"atClusterTime" => self.snapshot_time = timestamp(&element.value),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_write_concern_error(
        &mut self,
        error: Document<'a>,
        reply: Document<'a>,
    ) -> Result<(), WireError> {
        self.is_write_concern_error = true;
        self.state_change = sdam::state_change(error, reply)?;
        let code = error.get("code")?.and_then(|code| code.as_integer());
        self.code = code.map(|code| code as i32);
        let labels = error.get("errorLabels")?;
        let labels = labels.and_then(|labels| labels.as_array());
        for label in labels.iter().flat_map(Document::elements) {
            self.labels |= label?.value.as_str().map_or(Labels::NONE, Labels::parse);
        }
        Ok(())
    }

    /// Whether it reports an error, of the command or of its write concern.
    pub(crate) fn is_error(&self) -> bool {
        !self.ok || self.is_write_concern_error
    }

    /// Whether a read that failed so may be sent again ("Retryable Reads").
    pub(crate) fn is_retryable_read(&self) -> bool {
        // ReadConcernMajorityNotAvailableYet.
        const NOT_YET: i32 = 134;
        !self.ok
            && (self.state_change.is_some()
                || (self.code).is_some_and(|code| code == NOT_YET || RETRYABLE.contains(&code)))
    }

    /// Whether a server that gives no labels means that the write may be sent again ("Retryable Writes").
    pub(crate) fn is_retryable_write(&self) -> bool {
        self.is_error() && self.code.is_some_and(|code| RETRYABLE.contains(&code))
    }

    /// Whether a server that gives no labels means that the change stream may be resumed ("Change Streams").
    pub(crate) fn is_resumable(&self) -> bool {
        !self.ok && { self.code }
            .is_some_and(|code| RETRYABLE.contains(&code) || RESUMABLE.contains(&code))
    }
}

/// The error that a reply reports, as the description of its server shows it: of the command, or of its write concern.
pub(crate) fn reported_error(reply: &[u8]) -> Error {
    let read = || {
        let reply = Document::new(reply)?;
        let is_ok = reply.get("ok")?.is_some_and(|ok| ok.as_bool_like());
        let of_write_concern = reply.get("writeConcernError")?.filter(|_| is_ok);
        let error = of_write_concern
            .and_then(|error| error.as_document())
            .unwrap_or(reply);
        let message = error.get("errmsg")?;
        let message = message.and_then(|message| message.as_str());
        Ok(Error::new(
            ErrorKind::Server(ServerFailure::read(error)?),
            Phase::Established,
            message.unwrap_or("the server gave no message"),
        ))
    };
    read().unwrap_or_else(|error| Error::wire(Phase::Established, &error))
}

fn timestamp(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Timestamp(time) => Some(*time),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Reply, reported_error};
    use crate::labels::Labels;
    use ferropool_wire::{Appender, Document};

    fn read(build: impl FnOnce(&mut Appender<'_>), check: impl FnOnce(Reply<'_>)) {
        let mut bytes = Vec::new();
        let mut reply = Appender::begin(&mut bytes);
        build(&mut reply);
        reply.finish();
        let document = Document::new(&bytes).expect("a document");
        check(Reply::read(document).expect("a reply"));
    }

    #[test]
    fn a_result_is_no_error() {
        read(
            |reply| {
                reply.document("cursor", |cursor| {
                    cursor.array("firstBatch", [1], |batch, index, n| {
                        batch.int32(index, n);
                    });
                    cursor.int64("id", 7);
                });
                reply.double("ok", 1.0).timestamp("operationTime", 5);
            },
            |reply| {
                assert!(reply.ok && !reply.is_error());
                assert_eq!((reply.cursor, reply.operation_time), (Some(7), Some(5)));
            },
        );
    }

    #[test]
    fn the_error_of_a_command_or_of_its_write_concern_has_its_message() {
        let message = |build: &dyn Fn(&mut Appender<'_>)| {
            let mut bytes = Vec::new();
            let mut reply = Appender::begin(&mut bytes);
            build(&mut reply);
            reply.finish();
            reported_error(&bytes).to_string()
        };
        let of_command = message(&|reply| {
            reply.double("ok", 0.0).string("errmsg", "not master");
        });
        assert!(of_command.contains("not master"), "{of_command}");
        let of_write_concern = message(&|reply| {
            reply.double("ok", 1.0);
            reply.document("writeConcernError", |error| {
                error.int32("code", 91).string("errmsg", "going down");
            });
        });
        assert!(
            of_write_concern.contains("going down"),
            "{of_write_concern}"
        );
    }

    #[test]
    fn an_error_has_its_code_its_labels_and_what_they_allow() {
        read(
            |reply| {
                reply.double("ok", 0.0).int32("code", 91);
                reply.array(
                    "errorLabels",
                    ["RetryableWriteError"],
                    |labels, index, it| {
                        labels.string(index, it);
                    },
                );
            },
            |reply| {
                assert!(reply.is_error() && reply.is_retryable_read());
                assert!(reply.labels.has(Labels::RETRYABLE_WRITE));
                assert_eq!(reply.code, Some(91));
                assert!(reply.state_change.is_some_and(|change| change.shutdown));
            },
        );
    }

    #[test]
    fn codes_say_whether_a_change_stream_may_be_resumed() {
        let is_resumable = |ok: f64, code: i32, expected: bool| {
            read(
                |reply| {
                    reply.double("ok", ok).int32("code", code);
                },
                |reply| assert_eq!(reply.is_resumable(), expected, "{code}"),
            );
        };
        for code in [6, 133, 13388, 10107] {
            is_resumable(0.0, code, true);
            is_resumable(1.0, code, false);
        }
        // ElectionInProgress.
        is_resumable(0.0, 216, false);
    }

    #[test]
    fn a_write_concern_error_is_an_error_of_a_command_that_succeeded() {
        read(
            |reply| {
                reply.double("ok", 1.0);
                reply.document("writeConcernError", |error| {
                    error.int32("code", 64);
                });
            },
            |reply| {
                assert!(reply.ok && reply.is_error() && reply.is_write_concern_error);
                assert_eq!(reply.code, Some(64));
                assert!(!reply.is_retryable_read());
            },
        );
    }
}
