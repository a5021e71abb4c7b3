//! Documents in memory, found by equality.

use std::collections::{BTreeMap, HashMap};

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};

use crate::command_error::{CommandError, codes};

/// Documents in the order of their insertion, with an index on `_id`.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    documents: BTreeMap<u64, Document>,
    by_id: HashMap<Vec<u8>, u64>,
    last_place: u64,
}

/// What became of a document.
pub(crate) enum Inserted<'a> {
    New(&'a Document),
    /// Another document has this `_id`.
    Duplicate(Bson),
}

impl Collection {
    /// Inserts a document; one without `_id` is given an ObjectId.
    pub(crate) fn insert(&mut self, mut document: Document) -> Inserted<'_> {
        if !document.contains_key("_id") {
            let mut with_id = doc! { "_id": ObjectId::new() };
            with_id.extend(document);
            document = with_id;
        }
        let id = document.get("_id").cloned().unwrap_or(Bson::Null);
        let place = self.last_place + 1;
        match self.by_id.entry(index_key(&id)) {
            std::collections::hash_map::Entry::Occupied(_) => return Inserted::Duplicate(id),
            std::collections::hash_map::Entry::Vacant(vacant) => vacant.insert(place),
        };
        self.last_place = place;
        Inserted::New(self.documents.entry(place).or_insert(document))
    }

    /// The documents that match `filter`, in order.
    pub(crate) fn find(&self, filter: &Document) -> Result<Vec<&Document>, CommandError> {
        let mut found = vec![];
        for place in self.candidates(filter) {
            if let Some(document) = self.documents.get(&place)
                && matches(document, filter)?
            {
                found.push(document);
            }
        }
        Ok(found)
    }

    /// Removes what matches `filter`, or the first of it; gives how many that were.
    pub(crate) fn delete(&mut self, filter: &Document, is_one: bool) -> Result<i32, CommandError> {
        let mut deleted = 0;
        for place in self.candidates(filter) {
            match self.documents.get(&place) {
                Some(document) if matches(document, filter)? => {}
                _ => continue,
            }
            if let Some(document) = self.documents.remove(&place) {
                let id = document.get("_id").unwrap_or(&Bson::Null);
                self.by_id.remove(&index_key(id));
                deleted += 1;
            }
            if is_one {
                break;
            }
        }
        Ok(deleted)
    }

    /// Places of the documents that can match.
    fn candidates(&self, filter: &Document) -> Vec<u64> {
        match filter.get("_id") {
            Some(id) if !matches!(id, Bson::Document(_)) => self
                .by_id
                .get(&index_key(id))
                .copied()
                .into_iter()
                .collect(),
            _ => self.documents.keys().copied().collect(),
        }
    }
}

/// Whether every field of `filter` equals the document's. Operators are refused.
pub(crate) fn matches(document: &Document, filter: &Document) -> Result<bool, CommandError> {
    for (key, expected) in filter {
        let operator = match expected {
            Bson::Document(nested) => nested.keys().next().filter(|key| key.starts_with('$')),
            _ => Some(key).filter(|key| key.starts_with('$')),
        };
        if let Some(operator) = operator {
            return Err(CommandError::new(
                codes::BAD_VALUE,
                format!("unknown operator: {operator}"),
            ));
        }
        let found = document.get(key).unwrap_or(&Bson::Null);
        let is_equal = match (found, expected) {
            (Bson::Array(items), expected) if !matches!(expected, Bson::Array(_)) => {
                items.iter().any(|item| equal(item, expected))
            }
            (found, expected) => equal(found, expected),
        };
        if !is_equal {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal(left: &Bson, right: &Bson) -> bool {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

/// Numbers are equal whatever their type.
fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(number) => Some(f64::from(*number)),
        // Beyond 2^53 the type has to do.
        Bson::Int64(number) if number.unsigned_abs() <= 1 << 53 => Some(*number as f64),
        Bson::Double(number) => Some(*number),
        _ => None,
    }
}

fn index_key(id: &Bson) -> Vec<u8> {
    let canonical = match number(id) {
        Some(number) => Bson::Double(number),
        None => id.clone(),
    };
    // What cannot be written cannot have been read: it is no document's id.
    doc! { "": canonical }.to_vec().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(documents: impl IntoIterator<Item = Document>) -> Collection {
        let mut collection = Collection::default();
        for document in documents {
            collection.insert(document);
        }
        collection
    }

    #[test]
    fn an_id_is_unique_whatever_its_number_type() {
        let mut collection = collection([doc! { "_id": 1 }]);
        assert!(matches!(
            collection.insert(doc! { "_id": 1.0 }),
            Inserted::Duplicate(Bson::Double(_))
        ));
        assert!(matches!(
            collection.insert(doc! { "_id": "1" }),
            Inserted::New(_)
        ));
    }

    #[test]
    fn an_absent_id_is_made() {
        let mut collection = Collection::default();
        let Inserted::New(document) = collection.insert(doc! { "a": 1 }) else {
            panic!("an ObjectId is new")
        };
        assert_eq!(document.keys().next().unwrap(), "_id");
    }

    #[test]
    fn documents_are_found_by_equality() {
        let documents = (0..6).map(|i| doc! { "_id": i, "even": i % 2 == 0, "tags": [i] });
        let collection = collection(documents);
        let count = |filter| collection.find(&filter).unwrap().len();
        assert_eq!(count(doc! {}), 6);
        assert_eq!(count(doc! { "_id": 3_i64 }), 1);
        assert_eq!(count(doc! { "_id": 3, "even": true }), 0);
        assert_eq!(count(doc! { "even": true }), 3);
        assert_eq!(count(doc! { "tags": 4 }), 1);
        assert_eq!(count(doc! { "absent": Bson::Null }), 6);
        assert!(collection.find(&doc! { "_id": { "$gt": 1 } }).is_err());
    }

    #[test]
    fn one_or_all_are_deleted() {
        let documents = (0..6).map(|i| doc! { "_id": i, "even": i % 2 == 0 });
        let mut collection = collection(documents);
        assert_eq!(collection.delete(&doc! { "even": true }, true).unwrap(), 1);
        assert_eq!(collection.delete(&doc! { "even": true }, false).unwrap(), 2);
        assert_eq!(collection.find(&doc! {}).unwrap().len(), 3);
        assert!(matches!(
            collection.insert(doc! { "_id": 0 }),
            Inserted::New(_)
        ));
    }
}
