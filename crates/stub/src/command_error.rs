//! Failed commands, in the words of a real server.

use bson::{Document, doc};

/// A command that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError {
    pub(crate) code: i32,
    pub(crate) message: String,
}

impl CommandError {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> CommandError {
        CommandError {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn type_mismatch(field: &str, expected: &str) -> CommandError {
        CommandError::new(
            codes::TYPE_MISMATCH,
            format!("BSON field '{field}' is the wrong type, expected type '{expected}'"),
        )
    }

    pub(crate) fn missing_field(command: &str, field: &str) -> CommandError {
        CommandError::new(
            codes::MISSING_FIELD,
            format!("BSON field '{command}.{field}' is missing but a required field"),
        )
    }

    pub(crate) fn to_reply(&self) -> Document {
        doc! {
            "ok": 0.0,
            "errmsg": &self.message,
            "code": self.code,
            "codeName": code_name(self.code),
        }
    }
}

/// The codes that the stub itself fails with.
pub(crate) mod codes {
    pub(crate) const BAD_VALUE: i32 = 2;
    pub(crate) const FAILED_TO_PARSE: i32 = 9;
    pub(crate) const TYPE_MISMATCH: i32 = 14;
    pub(crate) const NAMESPACE_NOT_FOUND: i32 = 26;
    pub(crate) const CURSOR_NOT_FOUND: i32 = 43;
    pub(crate) const COMMAND_NOT_FOUND: i32 = 59;
    pub(crate) const INVALID_OPTIONS: i32 = 72;
    pub(crate) const MISSING_FIELD: i32 = 40414;
    pub(crate) const MISSING_DATABASE: i32 = 40571;
    pub(crate) const DUPLICATE_KEY: i32 = 11000;
}

/// The server's name of a code, for the codes that clients look at.
pub(crate) fn code_name(code: i32) -> String {
    let name = match code {
        1 => "InternalError",
        2 => "BadValue",
        6 => "HostUnreachable",
        7 => "HostNotFound",
        8 => "UnknownError",
        9 => "FailedToParse",
        11 => "UserNotFound",
        13 => "Unauthorized",
        14 => "TypeMismatch",
        18 => "AuthenticationFailed",
        26 => "NamespaceNotFound",
        43 => "CursorNotFound",
        50 => "MaxTimeMSExpired",
        59 => "CommandNotFound",
        63 => "StaleShardVersion",
        72 => "InvalidOptions",
        89 => "NetworkTimeout",
        91 => "ShutdownInProgress",
        112 => "WriteConflict",
        134 => "ReadConcernMajorityNotAvailableYet",
        150 => "StaleEpoch",
        189 => "PrimarySteppedDown",
        234 => "RetryChangeStream",
        262 => "ExceededTimeLimit",
        391 => "ReauthenticationRequired",
        462 => "IngressRequestRateLimitExceeded",
        9001 => "SocketException",
        10107 => "NotWritablePrimary",
        11000 => "DuplicateKey",
        11600 => "InterruptedAtShutdown",
        11601 => "Interrupted",
        11602 => "InterruptedDueToReplStateChange",
        13388 => "StaleConfig",
        13435 => "NotPrimaryNoSecondaryOk",
        13436 => "NotPrimaryOrSecondary",
        code => return format!("Location{code}"),
    };
    name.to_owned()
}
