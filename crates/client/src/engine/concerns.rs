//! Read and write concerns of commands ("Read and Write Concern", "Causal Consistency").

use super::operation::Operation;
use crate::session::Session;
use ferropool_wire::{Appender, Document, Element};

/// The concerns of a command that is part of no transaction.
pub(super) fn append_concerns(
    operation: &Operation,
    session: Option<&Session>,
    to: &mut Appender<'_>,
) {
    let profile = &operation.profile;
    // Whatever has no place in a snapshot is the server's to refuse.
    let is_snapshot = session.is_some_and(|session| session.options.snapshot);
    if profile.reads() || is_snapshot {
        append_read_concern(profile.read_concern.as_deref(), session, to);
    } else if profile.writes() {
        append_read_concern(None, session, to);
    }
    if let Some(concern) = profile
        .write_concern
        .as_deref()
        .filter(|_| profile.writes())
    {
        append_write_concern(concern, operation.has_timeout, to);
    }
}

/// `timeoutMS` supersedes `wtimeout`.
pub(super) fn append_write_concern(concern: &[u8], has_timeout: bool, to: &mut Appender<'_>) {
    let known = Document::new(concern).ok().filter(|_| has_timeout);
    let is_timeout = |element: &Element<'_>| element.key == b"wtimeout";
    let Some(known) = known.filter(|known| known.elements().flatten().any(|it| is_timeout(&it)))
    else {
        to.raw_document("writeConcern", concern);
        return;
    };
    let others = || known.elements().flatten().filter(|it| !is_timeout(it));
    if others().next().is_some() {
        to.document("writeConcern", |document| {
            for element in others() {
                if let Ok(key) = element.key_str() {
                    document.raw(key, element.element_type, element.value_bytes);
                }
            }
        });
    }
}

/// What was asked for, and what the session adds: "afterClusterTime" of a causally consistent one, "atClusterTime" of a
/// snapshot.
pub(super) fn append_read_concern(
    concern: Option<&[u8]>,
    session: Option<&Session>,
    to: &mut Appender<'_>,
) {
    let after = session
        .filter(|session| session.options.causal)
        .and_then(|session| session.operation_time);
    let is_snapshot = session.is_some_and(|session| session.options.snapshot);
    if concern.is_none() && after.is_none() && !is_snapshot {
        return;
    }
    let asked = concern.and_then(|concern| Document::new(concern).ok());
    to.document("readConcern", |document| {
        for element in asked.iter().flat_map(Document::elements).flatten() {
            if let Ok(key) = element.key_str()
                && !(is_snapshot && key == "level")
            {
                document.raw(key, element.element_type, element.value_bytes);
            }
        }
        if is_snapshot {
            document.string("level", "snapshot");
            if let Some(time) = session.and_then(|session| session.snapshot_time) {
                document.timestamp("atClusterTime", time);
            }
        } else if let Some(time) = after {
            document.timestamp("afterClusterTime", time);
        }
    });
}
