//! What goes wrong at present, beside fail points: the network's faults and malformed replies.

use std::collections::VecDeque;
use std::time::Duration;

use bson::Document;

use crate::compression::CompressReplies;
use crate::fail_point::same_command;

/// The faults in force; by default none.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Before every reply.
    pub(crate) latency: Duration,
    /// Before the reply to a hello, in addition.
    pub(crate) hello_delay: Duration,
    pub(crate) stay_silent: Count,
    pub(crate) close_on_accept: Count,
    pub(crate) reset_on_accept: Count,
    pub(crate) is_reading_stopped: bool,
    /// The listener's socket is closed, so that connections are refused.
    pub(crate) is_refusing: bool,
    pub(crate) hello_overrides: Document,
    pub(crate) compress_replies: CompressReplies,
    pub(crate) replies: VecDeque<ReplyFault>,
}

impl Faults {
    /// What is wrong with the reply to this command, once more.
    pub(crate) fn take_reply(&mut self, name: &str, application: &str) -> Option<ReplyMode> {
        let is_meant = |fault: &ReplyFault| fault.is_meant_for(name, application);
        let at = self.replies.iter().position(is_meant)?;
        let fault = self.replies.get_mut(at)?;
        fault.left.take();
        let mode = fault.mode.clone();
        if fault.left == Count::Never {
            self.replies.remove(at);
        }
        Some(mode)
    }
}

/// How many times something is still to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Count {
    #[default]
    Never,
    Times(u32),
    Always,
}

impl Count {
    /// Whether it happens now.
    pub(crate) fn take(&mut self) -> bool {
        *self = match *self {
            Count::Never | Count::Times(0) => {
                *self = Count::Never;
                return false;
            }
            Count::Times(1) => Count::Never,
            Count::Times(left) => Count::Times(left - 1),
            Count::Always => Count::Always,
        };
        true
    }
}

/// A malformed reply to come.
#[derive(Debug, Clone)]
pub(crate) struct ReplyFault {
    pub(crate) mode: ReplyMode,
    pub(crate) left: Count,
    /// The commands that are meant; all when empty.
    pub(crate) commands: Vec<String>,
    pub(crate) application: Option<String>,
}

impl ReplyFault {
    fn is_meant_for(&self, name: &str, application: &str) -> bool {
        let is_named = self.commands.is_empty()
            || self.commands.iter().any(|meant| {
                // Here `hello` means its legacy spellings too.
                same_command(meant, name) || meant == "hello" && same_command("isMaster", name)
            });
        let is_application = self
            .application
            .as_deref()
            .is_none_or(|meant| meant == application);
        is_named && is_application
    }
}

/// How a reply is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReplyMode {
    /// These bytes stand in the reply's place.
    Garbage(Vec<u8>),
    /// The message is one byte longer than its header says.
    WrongLength,
    /// The header declares `i32::MAX` bytes.
    HugeLength,
    /// The reply answers a request that nobody sent.
    WrongRequestId,
    /// The message ends in the middle of its document.
    TruncatedBson,
    UnknownOpcode,
    /// Half of the reply, then nothing more on this connection, which stays open.
    HalfReply,
    /// Half of the reply, then the connection is closed.
    CloseMidReply,
    /// The reply is compressed, and wrong in what OP_COMPRESSED adds.
    Compressed(CompressionFault),
}

/// How a compressed reply is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompressionFault {
    /// It declares `i32::MAX` bytes, which no message has.
    HugeSize,
    /// It declares 40 MB, which a message may have, and has a few bytes.
    UnkeptSize,
    /// It declares a byte more than it has.
    SizeAbove,
    /// It declares a byte less than it has.
    SizeBelow,
    NegativeSize,
    UnknownId,
    /// It says that what is inside is compressed as well.
    Nested,
    /// The compressed bytes are noise.
    Garbage,
    /// The compressed bytes end in the middle.
    Truncated,
}

impl CompressionFault {
    fn parse(name: &str) -> Option<CompressionFault> {
        Some(match name {
            "compressedHugeSize" => CompressionFault::HugeSize,
            "compressedUnkeptSize" => CompressionFault::UnkeptSize,
            "compressedSizeAbove" => CompressionFault::SizeAbove,
            "compressedSizeBelow" => CompressionFault::SizeBelow,
            "compressedNegativeSize" => CompressionFault::NegativeSize,
            "compressedUnknownId" => CompressionFault::UnknownId,
            "compressedNested" => CompressionFault::Nested,
            "compressedGarbage" => CompressionFault::Garbage,
            "compressedTruncated" => CompressionFault::Truncated,
            _ => return None,
        })
    }
}

impl ReplyMode {
    pub(crate) fn parse(name: &str) -> Option<ReplyMode> {
        Some(match name {
            "wrongLength" => ReplyMode::WrongLength,
            "hugeLength" => ReplyMode::HugeLength,
            "wrongRequestId" => ReplyMode::WrongRequestId,
            "truncatedBson" => ReplyMode::TruncatedBson,
            "unknownOpcode" => ReplyMode::UnknownOpcode,
            "halfReply" => ReplyMode::HalfReply,
            "closeMidReply" => ReplyMode::CloseMidReply,
            name => return CompressionFault::parse(name).map(ReplyMode::Compressed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_ends() {
        let mut count = Count::Times(2);
        assert!(count.take() && count.take() && !count.take());
        assert!(!Count::Times(0).take());
        let mut always = Count::Always;
        assert!(always.take() && always.take());
    }

    #[test]
    fn the_first_fault_that_is_meant_is_taken() {
        let fault = |mode, commands: &[&str]| ReplyFault {
            mode,
            left: Count::Times(1),
            commands: commands.iter().map(|&name| name.to_owned()).collect(),
            application: None,
        };
        let mut faults = Faults::default();
        faults
            .replies
            .push_back(fault(ReplyMode::HalfReply, &["hello"]));
        faults.replies.push_back(fault(ReplyMode::HugeLength, &[]));
        assert_eq!(faults.take_reply("ping", ""), Some(ReplyMode::HugeLength));
        assert_eq!(faults.take_reply("ping", ""), None);
        assert_eq!(
            faults.take_reply("ismaster", ""),
            Some(ReplyMode::HalfReply)
        );
        assert!(faults.replies.is_empty());
    }
}
