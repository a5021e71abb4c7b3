//! The sections of an OP_MSG.

use super::{KIND_BODY, KIND_SEQUENCE};
use crate::bytes::{cstring_at, i32_at, to_str};
use crate::document::Document;
use crate::documents::Documents;
use crate::error::WireError;

/// A section of kind 1: documents that belong to the body's field `identifier`.
#[derive(Debug, Clone)]
pub struct Sequence<'a> {
    /// Name of the field, for example `documents`.
    pub identifier: &'a str,
    /// The documents' bytes.
    pub documents: Documents<'a>,
}

/// The document sequences of one message.
#[derive(Debug, Clone)]
pub struct Sequences<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Iterator for Sequences<'a> {
    type Item = Sequence<'a>;

    fn next(&mut self) -> Option<Sequence<'a>> {
        // `OpMsg::parse` has been through all of them: an error cannot occur here.
        while let Ok((section, rest)) = split_section(self.rest) {
            self.rest = rest;
            if let Section::Sequence(sequence) = section {
                return Some(sequence);
            }
        }
        None
    }
}

enum Section<'a> {
    Body(Document<'a>),
    Sequence(Sequence<'a>),
}

/// Goes through all sections, and gives the body.
pub(super) fn validate(mut sections: &[u8]) -> Result<Document<'_>, WireError> {
    let mut body = None;
    while !sections.is_empty() {
        let (section, rest) = split_section(sections)?;
        match section {
            Section::Body(document) if body.is_none() => body = Some(document),
            Section::Body(_) => return Err(WireError::RepeatedBody),
            Section::Sequence(_) => {}
        }
        sections = rest;
    }
    body.ok_or(WireError::MissingBody)
}

fn split_section(sections: &[u8]) -> Result<(Section<'_>, &[u8]), WireError> {
    let Some((&kind, rest)) = sections.split_first() else {
        return Err(WireError::Truncated {
            needed: 1,
            available: 0,
        });
    };
    match kind {
        KIND_BODY => {
            let (document, rest) = Document::split_first(rest)?;
            Ok((Section::Body(document), rest))
        }
        KIND_SEQUENCE => {
            let size = i32_at(rest, 0)?;
            let split = usize::try_from(size)
                .ok()
                .filter(|&size| size >= 4)
                .and_then(|size| rest.split_at_checked(size));
            let Some((section, rest)) = split else {
                return Err(WireError::InvalidSequenceSize {
                    size,
                    available: rest.len(),
                });
            };
            Ok((Section::Sequence(parse_sequence(section)?), rest))
        }
        kind => Err(WireError::UnknownSectionKind { kind }),
    }
}

fn parse_sequence(section: &[u8]) -> Result<Sequence<'_>, WireError> {
    let identifier = cstring_at(section, 4)?;
    let documents = section.get(4 + identifier.len() + 1..).unwrap_or_default();
    Ok(Sequence {
        identifier: to_str(identifier)?,
        documents: Documents::new(documents)?,
    })
}
