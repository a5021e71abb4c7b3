//! What the contender without JavaScript asks for, and what the replies must hold.

use ferropool_wire::{Appender, Document};
use serde_json::Value;

/// What one job consists of; `mixed` chooses for each operation.
#[derive(Clone, Copy)]
pub(crate) enum Workload {
    Ping,
    FindOne { fixed: Option<i32> },
    Find100 { collection: &'static str },
    InsertOne,
    InsertMany,
    UpdateOne { fixed: Option<i32> },
    Mixed { fixed: Option<i32> },
}

/// A command as the engine takes it.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) body: Vec<u8>,
    /// The section of a sequence `documents`, or nothing.
    pub(crate) documents: Vec<u8>,
}

/// What an operation's reply is held against.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    Ok,
    Id(i32),
    Documents(usize),
    Affected(i64),
}

/// Numbers for `_id`s and for what `mixed` chooses.
#[derive(Default)]
pub(crate) struct Numbers {
    random: u32,
    inserted: u64,
    mixed: u32,
}

impl Workload {
    pub(crate) fn of(job: &Value) -> Option<Self> {
        let fixed = job["fixedId"].as_i64().map(|id| id as i32);
        Some(match job["workload"].as_str()? {
            "ping" => Self::Ping,
            "find-one" => Self::FindOne { fixed },
            "find-100" => Self::Find100 { collection: "many" },
            "find-100-mixed" => Self::Find100 {
                collection: "mixed",
            },
            "insert-one" => Self::InsertOne,
            "insert-many" => Self::InsertMany,
            "mixed" => Self::Mixed { fixed },
            _ => return None,
        })
    }

    /// Writes the next operation into `message`.
    pub(crate) fn write(self, message: &mut Message, numbers: &mut Numbers) -> Expected {
        let Message { body, documents } = message;
        body.clear();
        documents.clear();
        let mut command = Appender::begin(body);
        let expected = match self.chosen(numbers) {
            Self::Ping => {
                command.int32("ping", 1);
                Expected::Ok
            }
            Self::Find100 { collection } => {
                command
                    .string("find", collection)
                    .document("filter", |_| {})
                    .int32("limit", 100);
                Expected::Documents(100)
            }
            Self::InsertOne => {
                command.string("insert", "inserted");
                append_accounts(documents, 1, numbers);
                Expected::Affected(1)
            }
            Self::InsertMany => {
                command.string("insert", "inserted-many");
                append_accounts(documents, 100, numbers);
                Expected::Affected(100)
            }
            Self::UpdateOne { fixed } => {
                let id = numbers.id(fixed);
                let score = f64::from(numbers.random);
                command
                    .string("update", "one")
                    .array("updates", [id], |updates, index, id| {
                        updates.document(index, |update| {
                            update
                                .document("q", |filter| {
                                    filter.int32("_id", id);
                                })
                                .document("u", |change| {
                                    change.document("$set", |fields| {
                                        fields.double("score", score);
                                    });
                                });
                        });
                    });
                Expected::Affected(1)
            }
            Self::FindOne { fixed } | Self::Mixed { fixed } => {
                let id = numbers.id(fixed);
                command
                    .string("find", "one")
                    .document("filter", |filter| {
                        filter.int32("_id", id);
                    })
                    .int32("limit", 1)
                    .boolean("singleBatch", true);
                Expected::Id(id)
            }
        };
        command.finish();
        expected
    }

    /// Of ten mixed operations one is an insert, one an update, the others find.
    fn chosen(self, numbers: &mut Numbers) -> Self {
        let Self::Mixed { fixed } = self else {
            return self;
        };
        numbers.mixed = (numbers.mixed + 1) % 10;
        match numbers.mixed {
            0 => Self::InsertOne,
            5 => Self::UpdateOne { fixed },
            _ => Self::FindOne { fixed },
        }
    }
}

impl Numbers {
    fn id(&mut self, fixed: Option<i32>) -> i32 {
        self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        fixed.unwrap_or(((self.random >> 8) % 10_000) as i32)
    }
}

impl Expected {
    /// Whether the reply is what was asked for.
    pub(crate) fn is_met(self, reply: &Document<'_>) -> Option<bool> {
        let batch = || {
            let cursor = reply.get("cursor").ok()??.as_document()?;
            cursor.get("firstBatch").ok()??.as_array()
        };
        Some(match self {
            Self::Ok => reply.get("ok").ok()??.as_bool_like(),
            Self::Id(id) => {
                let found = batch()?.elements().next()?.ok()?.value.as_document()?;
                found.get("_id").ok()??.as_integer()? == i64::from(id)
            }
            Self::Documents(count) => batch()?.elements().count() == count,
            Self::Affected(count) => {
                reply.get("writeErrors").ok()?.is_none()
                    && reply.get("n").ok()??.as_integer()? == count
            }
        })
    }
}

/// A section of kind 1: its size without the kind, its name, its documents.
fn append_accounts(section: &mut Vec<u8>, count: usize, numbers: &mut Numbers) {
    section.extend_from_slice(b"\x01\0\0\0\0documents\0");
    for _ in 0..count {
        append_account(section, numbers);
    }
    let size = (section.len() - 1) as i32;
    section[1..5].copy_from_slice(&size.to_le_bytes());
}

/// A user account as `bench/documents.mjs` has it, with an `_id` of its own.
fn append_account(documents: &mut Vec<u8>, numbers: &mut Numbers) {
    numbers.inserted += 1;
    let number = numbers.inserted;
    let mut id = [0; 12];
    id[..4].copy_from_slice(&std::process::id().to_be_bytes());
    id[4..].copy_from_slice(&number.to_be_bytes());
    let mut account = Appender::begin(documents);
    account
        .object_id("_id", &id)
        .string("name", "User Name 7")
        .string("email", "user7@example.com")
        .int32("age", 27)
        .boolean("active", true)
        .double("score", 10.5)
        .date_time("created", 1_700_000_000_000 + number as i64)
        .array("tags", ["alpha", "beta"], |tags, index, tag| {
            tags.string(index, tag);
        })
        .string("note", "xxxxxxxxxxxxxxxxxxxx");
    account.finish();
}
