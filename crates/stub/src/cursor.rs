//! Open cursors: what is left of a find's result.

use std::collections::{BTreeMap, VecDeque};

use bson::{Bson, Document, doc};

use crate::collection::matches;
use crate::command_error::{CommandError, codes};
use crate::storage::{count, namespace};

/// The largest reply that a server gives, in bytes.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Cursor {
    namespace: String,
    remaining: VecDeque<Document>,
    /// The filter of a tailable cursor, which sees later inserts and stays open at its end.
    tailing: Option<Document>,
    is_awaiting_data: bool,
}

impl Cursor {
    pub(crate) fn new(
        namespace: String,
        remaining: VecDeque<Document>,
        tailing: Option<Document>,
        is_awaiting_data: bool,
    ) -> Cursor {
        Cursor {
            namespace,
            remaining,
            tailing,
            is_awaiting_data,
        }
    }

    fn next_batch(&mut self, size: usize) -> Vec<Bson> {
        let (mut batch, mut bytes) = (vec![], 0);
        while batch.len() < size
            && let Some(document) = self.remaining.front()
        {
            bytes += document.to_vec().map_or(0, |bytes| bytes.len());
            if bytes > MAX_BATCH_BYTES && !batch.is_empty() {
                break;
            }
            batch.extend(self.remaining.pop_front().map(Bson::Document));
        }
        batch
    }

    fn is_exhausted(&self) -> bool {
        self.remaining.is_empty() && self.tailing.is_none()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Cursors {
    open: BTreeMap<i64, Cursor>,
    last_id: i64,
}

impl Cursors {
    /// The reply to find; the cursor stays open if something is left of it.
    pub(crate) fn open(&mut self, mut cursor: Cursor, batch_size: usize, single: bool) -> Document {
        let batch = cursor.next_batch(batch_size);
        let namespace = cursor.namespace.clone();
        let id = if single || cursor.is_exhausted() {
            0
        } else {
            // Beyond 32 bits, as a server's are.
            self.last_id += 1;
            let id = self.last_id | 1 << 40;
            self.open.insert(id, cursor);
            id
        };
        doc! { "cursor": { "firstBatch": batch, "id": id, "ns": namespace } }
    }

    pub(crate) fn get_more(
        &mut self,
        database: &str,
        command: &Document,
    ) -> Result<Document, CommandError> {
        let namespace = namespace(database, command, "collection")?;
        let id = cursor_id(command)?;
        let batch_size = match count(command, "batchSize")? {
            None | Some(0) => usize::MAX,
            Some(size) => size,
        };
        let Some(cursor) = self.open.get_mut(&id) else {
            return Err(CommandError::new(
                codes::CURSOR_NOT_FOUND,
                format!("cursor id {id} not found"),
            ));
        };
        let batch = cursor.next_batch(batch_size);
        let id_left = if cursor.is_exhausted() { 0 } else { id };
        if id_left == 0 {
            self.open.remove(&id);
        }
        Ok(doc! { "cursor": { "nextBatch": batch, "id": id_left, "ns": namespace } })
    }

    pub(crate) fn kill(&mut self, command: &Document) -> Result<Document, CommandError> {
        let ids = command
            .get_array("cursors")
            .map_err(|_| CommandError::missing_field("killCursors", "cursors"))?;
        let (killed, absent): (Vec<_>, Vec<_>) = ids.iter().cloned().partition(|id| {
            let id = id.as_i64().or(id.as_i32().map(i64::from));
            id.is_some_and(|id| self.open.remove(&id).is_some())
        });
        Ok(doc! {
            "cursorsKilled": killed,
            "cursorsNotFound": absent,
            "cursorsAlive": [],
            "cursorsUnknown": [],
        })
    }

    /// Shows a new document to the tailable cursors of its collection.
    pub(crate) fn append(
        &mut self,
        namespace: &str,
        document: &Document,
    ) -> Result<(), CommandError> {
        for cursor in self.open.values_mut() {
            if let Some(filter) = &cursor.tailing
                && cursor.namespace == namespace
                && matches(document, filter)?
            {
                cursor.remaining.push_back(document.clone());
            }
        }
        Ok(())
    }

    /// Whether this getMore has to wait: its cursor awaits data, and there is none.
    pub(crate) fn is_waiting(&self, get_more: &Document) -> bool {
        cursor_id(get_more)
            .ok()
            .and_then(|id| self.open.get(&id))
            .is_some_and(|cursor| cursor.is_awaiting_data && cursor.remaining.is_empty())
    }
}

fn cursor_id(command: &Document) -> Result<i64, CommandError> {
    match command.get("getMore") {
        Some(Bson::Int64(id)) => Ok(*id),
        _ => Err(CommandError::type_mismatch("getMore.getMore", "long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(documents: i32, tailing: Option<Document>) -> Cursor {
        let documents = (0..documents).map(|i| doc! { "_id": i }).collect();
        Cursor::new("db.c".to_owned(), documents, tailing, true)
    }

    fn id(reply: &Document) -> i64 {
        reply.get_document("cursor").unwrap().get_i64("id").unwrap()
    }

    #[test]
    fn batches_go_on_until_nothing_is_left() {
        let mut cursors = Cursors::default();
        let first = cursors.open(cursor(5, None), 2, false);
        let get_more = doc! { "getMore": id(&first), "collection": "c", "batchSize": 2 };
        let second = cursors.get_more("db", &get_more).unwrap();
        assert_eq!(id(&second), id(&first));
        let third = cursors.get_more("db", &get_more).unwrap();
        assert_eq!(id(&third), 0);
        let error = cursors.get_more("db", &get_more).unwrap_err();
        assert_eq!(error.code, codes::CURSOR_NOT_FOUND);
    }

    #[test]
    fn a_single_batch_leaves_no_cursor() {
        let mut cursors = Cursors::default();
        assert_eq!(id(&cursors.open(cursor(5, None), 2, true)), 0);
        assert_eq!(id(&cursors.open(cursor(2, None), 2, false)), 0);
    }

    #[test]
    fn killed_cursors_are_told_from_absent_ones() {
        let mut cursors = Cursors::default();
        let open = id(&cursors.open(cursor(5, None), 2, false));
        let reply = cursors.kill(&doc! { "killCursors": "c", "cursors": [open, 7_i64] });
        let reply = reply.unwrap();
        assert_eq!(
            reply.get_array("cursorsKilled").ok(),
            Some(&vec![Bson::Int64(open)])
        );
        assert_eq!(
            reply.get_array("cursorsNotFound").ok(),
            Some(&vec![Bson::Int64(7)])
        );
    }

    #[test]
    fn a_tailable_cursor_waits_for_what_matches() {
        let mut cursors = Cursors::default();
        let open = id(&cursors.open(cursor(0, Some(doc! { "a": 1 })), 2, false));
        let get_more = doc! { "getMore": open, "collection": "c" };
        assert!(cursors.is_waiting(&get_more));
        cursors.append("db.c", &doc! { "a": 2 }).unwrap();
        assert!(cursors.is_waiting(&get_more));
        cursors.append("db.c", &doc! { "a": 1 }).unwrap();
        assert!(!cursors.is_waiting(&get_more));
    }
}
