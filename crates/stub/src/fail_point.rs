//! The fail point `failCommand`, as test servers have it.

use std::time::Duration;

use bson::{Bson, Document, doc};

use crate::command_error::{CommandError, code_name, codes};
use crate::faults::Count;

/// A fail point that is set.
#[derive(Debug, Clone)]
pub(crate) struct FailPoint {
    left: Count,
    skip: u32,
    hits: i64,
    commands: Vec<String>,
    application: Option<String>,
    failure: Failure,
}

/// What the fail point does to a command.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Failure {
    /// Comes first, whatever follows.
    pub(crate) block: Duration,
    pub(crate) is_closing: bool,
    error_code: Option<i32>,
    error_labels: Option<Vec<Bson>>,
    write_concern_error: Option<Document>,
}

impl FailPoint {
    /// The fail point of a `configureFailPoint` command; `None` for mode `off`.
    pub(crate) fn parse(command: &Document) -> Result<Option<FailPoint>, CommandError> {
        match command.get("configureFailPoint") {
            Some(Bson::String(name)) if name == "failCommand" => {}
            Some(Bson::String(name)) => {
                return Err(CommandError::new(
                    149,
                    format!("fail point not found: {name}"),
                ));
            }
            _ => return Err(CommandError::type_mismatch("configureFailPoint", "string")),
        }
        let (left, skip) = match command.get("mode") {
            Some(Bson::String(mode)) if mode == "off" => return Ok(None),
            Some(Bson::String(mode)) if mode == "alwaysOn" => (Count::Always, 0),
            Some(Bson::Document(mode)) => match (small(mode, "times")?, small(mode, "skip")?) {
                (Some(times), None) => (Count::Times(times), 0),
                (None, Some(skip)) => (Count::Always, skip),
                _ => return Err(invalid_mode()),
            },
            _ => return Err(invalid_mode()),
        };
        let empty = Document::new();
        let data = command.get_document("data").unwrap_or(&empty);
        let commands = data
            .get_array("failCommands")
            .map_err(|_| CommandError::missing_field("data", "failCommands"))?;
        Ok(Some(FailPoint {
            left,
            skip,
            hits: 0,
            commands: strings(commands),
            application: data.get_str("appName").ok().map(str::to_owned),
            failure: Failure::parse(data)?,
        }))
    }

    /// What happens to this command, once more.
    pub(crate) fn take(&mut self, name: &str, application: &str) -> Option<Failure> {
        let is_meant = self.commands.iter().any(|meant| same_command(meant, name))
            && self
                .application
                .as_deref()
                .is_none_or(|meant| meant == application);
        if !is_meant {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        if !self.left.take() {
            return None;
        }
        self.hits += 1;
        Some(self.failure.clone())
    }

    /// How often the fail point was hit.
    pub(crate) fn hits(&self) -> i64 {
        self.hits
    }
}

impl Failure {
    fn parse(data: &Document) -> Result<Failure, CommandError> {
        let block = match data.get_bool("blockConnection") {
            Ok(true) => small(data, "blockTimeMS")?.unwrap_or(0),
            _ => 0,
        };
        Ok(Failure {
            block: Duration::from_millis(block.into()),
            is_closing: data.get_bool("closeConnection").unwrap_or(false),
            error_code: match data.get("errorCode") {
                None => None,
                Some(Bson::Int32(code)) => Some(*code),
                Some(Bson::Int64(code)) => i32::try_from(*code).ok(),
                // The cast saturates; codes are small.
                Some(Bson::Double(code)) => Some(*code as i32),
                Some(_) => return Err(CommandError::type_mismatch("data.errorCode", "int")),
            },
            error_labels: data.get_array("errorLabels").ok().cloned(),
            write_concern_error: data.get_document("writeConcernError").ok().cloned(),
        })
    }

    /// The reply in place of the command's, which is not run then.
    pub(crate) fn error_reply(&self) -> Option<Document> {
        let code = self.error_code?;
        let error = CommandError::new(code, "Failing command via 'failCommand' failpoint");
        let mut reply = error.to_reply();
        if let Some(labels) = &self.error_labels {
            reply.insert("errorLabels", labels.clone());
        }
        Some(reply)
    }

    /// Adds to the reply of a command that was run.
    pub(crate) fn amend(&self, reply: &mut Document) {
        let Some(error) = &self.write_concern_error else {
            return;
        };
        let mut error = error.clone();
        if let Ok(code) = error.get_i32("code")
            && !error.contains_key("codeName")
        {
            error.insert("codeName", code_name(code));
        }
        reply.insert("writeConcernError", error);
        if let Some(labels) = &self.error_labels {
            reply.insert("errorLabels", labels.clone());
        }
    }
}

/// Whether a list of command names means this one: `isMaster` has two spellings.
pub(crate) fn same_command(meant: &str, name: &str) -> bool {
    let is_legacy_hello = |name: &str| name == "isMaster" || name == "ismaster";
    meant == name || is_legacy_hello(meant) && is_legacy_hello(name)
}

pub(crate) fn strings(values: &[Bson]) -> Vec<String> {
    let texts = values.iter().filter_map(Bson::as_str);
    texts.map(str::to_owned).collect()
}

fn small(document: &Document, field: &str) -> Result<Option<u32>, CommandError> {
    let number = crate::storage::count(document, field)?;
    number
        .map(u32::try_from)
        .transpose()
        .map_err(|_| CommandError::new(codes::BAD_VALUE, format!("'{field}' is too large")))
}

fn invalid_mode() -> CommandError {
    CommandError::new(codes::FAILED_TO_PARSE, "invalid fail point mode")
}

/// The reply to `configureFailPoint`.
pub(crate) fn configured(previous: Option<&FailPoint>) -> Document {
    doc! { "count": previous.map_or(0, FailPoint::hits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail_point(mode: impl Into<Bson>, data: Document) -> FailPoint {
        let mode: Bson = mode.into();
        let command = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
        FailPoint::parse(&command).unwrap().unwrap()
    }

    #[test]
    fn times_are_counted_for_the_commands_meant() {
        let data = doc! { "failCommands": ["find"], "errorCode": 91 };
        let mut fail_point = fail_point(doc! { "times": 2 }, data);
        assert_eq!(fail_point.take("insert", ""), None);
        let reply = fail_point.take("find", "").unwrap().error_reply().unwrap();
        assert_eq!(reply.get_str("codeName").ok(), Some("ShutdownInProgress"));
        assert!(fail_point.take("find", "").is_some());
        assert_eq!(fail_point.take("find", ""), None);
        assert_eq!(fail_point.hits(), 2);
    }

    #[test]
    fn skipped_commands_pass() {
        let data = doc! { "failCommands": ["find"], "closeConnection": true };
        let mut fail_point = fail_point(doc! { "skip": 1 }, data);
        assert_eq!(fail_point.take("find", ""), None);
        assert!(fail_point.take("find", "").unwrap().is_closing);
    }

    #[test]
    fn an_application_is_meant_alone() {
        let data = doc! { "failCommands": ["isMaster"], "appName": "a" };
        let mut fail_point = fail_point("alwaysOn", data);
        assert_eq!(fail_point.take("ismaster", "b"), None);
        assert!(fail_point.take("ismaster", "a").is_some());
    }

    #[test]
    fn a_write_concern_error_amends_the_reply() {
        let data = doc! {
            "failCommands": ["insert"],
            "writeConcernError": { "code": 91, "errmsg": "x" },
            "errorLabels": ["RetryableWriteError"],
        };
        let failure = fail_point("alwaysOn", data).take("insert", "").unwrap();
        assert_eq!(failure.error_reply(), None);
        let mut reply = doc! { "ok": 1 };
        failure.amend(&mut reply);
        let error = reply.get_document("writeConcernError").unwrap();
        assert_eq!(error.get_str("codeName").ok(), Some("ShutdownInProgress"));
        assert!(reply.contains_key("errorLabels"));
    }

    #[test]
    fn off_removes_and_nonsense_is_refused() {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        assert!(FailPoint::parse(&off).unwrap().is_none());
        let unknown = doc! { "configureFailPoint": "other", "mode": "alwaysOn" };
        assert!(FailPoint::parse(&unknown).is_err());
        let no_mode = doc! { "configureFailPoint": "failCommand", "data": {} };
        assert!(FailPoint::parse(&no_mode).is_err());
    }
}
