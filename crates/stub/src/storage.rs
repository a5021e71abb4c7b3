//! The documents of a stub: collections by namespace, and cursors over them.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};

use crate::collection::{Collection, Inserted};
use crate::command_error::{CommandError, codes};
use crate::cursor::{Cursor, Cursors};

#[derive(Debug, Default)]
pub(crate) struct Storage {
    collections: BTreeMap<String, Collection>,
    pub(crate) cursors: Cursors,
}

impl Storage {
    pub(crate) fn insert(
        &mut self,
        database: &str,
        command: &Document,
    ) -> Result<Document, CommandError> {
        let namespace = namespace(database, command, "insert")?;
        let documents = command
            .get_array("documents")
            .map_err(|_| CommandError::missing_field("insert", "documents"))?;
        let is_ordered = command.get_bool("ordered").unwrap_or(true);
        let collection = self.collections.entry(namespace.clone()).or_default();
        let (mut inserted, mut errors) = (0, vec![]);
        for (index, document) in (0_i32..).zip(documents) {
            let Bson::Document(document) = document else {
                return Err(CommandError::type_mismatch("insert.documents", "object"));
            };
            match collection.insert(document.clone()) {
                Inserted::New(document) => {
                    inserted += 1;
                    self.cursors.append(&namespace, document)?;
                }
                Inserted::Duplicate(id) => {
                    errors.push(Bson::Document(duplicate_key(&namespace, index, &id)));
                    if is_ordered {
                        break;
                    }
                }
            }
        }
        let mut reply = doc! { "n": inserted };
        if !errors.is_empty() {
            reply.insert("writeErrors", errors);
        }
        Ok(reply)
    }

    pub(crate) fn find(
        &mut self,
        database: &str,
        command: &Document,
    ) -> Result<Document, CommandError> {
        let namespace = namespace(database, command, "find")?;
        let empty = Document::new();
        let filter = command.get_document("filter").unwrap_or(&empty);
        let skip = count(command, "skip")?.unwrap_or(0);
        let limit = match count(command, "limit")? {
            None | Some(0) => usize::MAX,
            Some(limit) => limit,
        };
        let found = match self.collections.get(&namespace) {
            Some(collection) => collection.find(filter)?,
            None => vec![],
        };
        let found = found.into_iter().skip(skip).take(limit).cloned();
        let cursor = Cursor::new(
            namespace,
            found.collect(),
            command
                .get_bool("tailable")
                .unwrap_or(false)
                .then(|| filter.clone()),
            command.get_bool("awaitData").unwrap_or(false),
        );
        let batch_size = count(command, "batchSize")?.unwrap_or(101);
        let is_single = command.get_bool("singleBatch").unwrap_or(false);
        Ok(self.cursors.open(cursor, batch_size, is_single))
    }

    pub(crate) fn delete(
        &mut self,
        database: &str,
        command: &Document,
    ) -> Result<Document, CommandError> {
        let namespace = namespace(database, command, "delete")?;
        let deletes = command
            .get_array("deletes")
            .map_err(|_| CommandError::missing_field("delete", "deletes"))?;
        let mut deleted = 0;
        for delete in deletes {
            let Bson::Document(delete) = delete else {
                return Err(CommandError::type_mismatch("delete.deletes", "object"));
            };
            let filter = delete
                .get_document("q")
                .map_err(|_| CommandError::missing_field("delete.deletes", "q"))?;
            let is_one = count(delete, "limit")? == Some(1);
            if let Some(collection) = self.collections.get_mut(&namespace) {
                deleted += collection.delete(filter, is_one)?;
            }
        }
        Ok(doc! { "n": deleted })
    }

    pub(crate) fn drop_collection(
        &mut self,
        database: &str,
        command: &Document,
    ) -> Result<Document, CommandError> {
        let namespace = namespace(database, command, "drop")?;
        match self.collections.remove(&namespace) {
            Some(_) => Ok(doc! { "nIndexesWas": 1, "ns": namespace }),
            None => Err(CommandError::new(
                codes::NAMESPACE_NOT_FOUND,
                "ns not found",
            )),
        }
    }
}

/// `<database>.<collection>`, of which the second is the value of the command's first field.
pub(crate) fn namespace(
    database: &str,
    command: &Document,
    field: &str,
) -> Result<String, CommandError> {
    match command.get_str(field) {
        Ok(collection) => Ok(format!("{database}.{collection}")),
        Err(_) => Err(CommandError::new(
            codes::BAD_VALUE,
            format!("collection name has invalid type for '{field}'"),
        )),
    }
}

/// A field that counts something: any number without fraction, not below zero.
pub(crate) fn count(command: &Document, field: &str) -> Result<Option<usize>, CommandError> {
    let number = match command.get(field) {
        None | Some(Bson::Null) => return Ok(None),
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        Some(Bson::Double(number)) if number.fract() == 0.0 => *number as i64,
        Some(_) => return Err(CommandError::type_mismatch(field, "number")),
    };
    usize::try_from(number).map(Some).map_err(|_| {
        CommandError::new(
            codes::BAD_VALUE,
            format!("BSON field '{field}' value must be >= 0, actual value '{number}'"),
        )
    })
}

fn duplicate_key(namespace: &str, index: i32, id: &Bson) -> Document {
    doc! {
        "index": index,
        "code": codes::DUPLICATE_KEY,
        "errmsg": format!(
            "E11000 duplicate key error collection: {namespace} index: _id_ dup key: {{ _id: {id} }}"
        ),
        "keyPattern": { "_id": 1 },
        "keyValue": { "_id": id.clone() },
    }
}
