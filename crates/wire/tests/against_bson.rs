//! The `bson` crate reads what is appended, and what it writes is read in the same way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bson::{Binary, Bson, DateTime, Document as Reference, Timestamp, oid::ObjectId};
use ferropool_wire::{Appender, Document, Value};
use proptest::prelude::*;

fn any_leaf() -> impl Strategy<Value = Bson> {
    prop_oneof![
        any::<f64>().prop_map(Bson::Double),
        ".{0,12}".prop_map(Bson::String),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::Null),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<i64>().prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(ObjectId::from_bytes(bytes))),
        any::<(u32, u32)>()
            .prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| Bson::Binary(Binary {
            subtype: 0.into(),
            bytes
        })),
    ]
}

fn any_value() -> impl Strategy<Value = Bson> {
    any_leaf().prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Bson::Array),
            prop::collection::vec(("[a-z$.]{0,8}", inner), 0..5)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

fn any_fields() -> impl Strategy<Value = Vec<(String, Bson)>> {
    prop::collection::vec(("[a-z$.]{0,8}", any_value()), 0..8).prop_map(|fields| {
        // The reference keeps the last of equal keys; here they are simply different.
        let numbered = fields.into_iter().enumerate();
        numbered
            .map(|(at, (key, value))| (format!("{key}{at}"), value))
            .collect()
    })
}

fn append(appender: &mut Appender<'_>, key: &str, value: &Bson) {
    match value {
        Bson::Double(value) => appender.double(key, *value),
        Bson::String(value) => appender.string(key, value),
        Bson::Boolean(value) => appender.boolean(key, *value),
        Bson::Null => appender.null(key),
        Bson::Int32(value) => appender.int32(key, *value),
        Bson::Int64(value) => appender.int64(key, *value),
        Bson::DateTime(value) => appender.date_time(key, value.timestamp_millis()),
        Bson::ObjectId(value) => appender.object_id(key, &value.bytes()),
        Bson::Timestamp(value) => appender.timestamp(
            key,
            u64::from(value.time) << 32 | u64::from(value.increment),
        ),
        Bson::Binary(value) => appender.binary(key, value.subtype.into(), &value.bytes),
        Bson::Array(items) => appender.array(key, items, append),
        Bson::Document(fields) => appender.document(key, |nested| {
            fields
                .iter()
                .for_each(|(key, value)| append(nested, key, value));
        }),
        other => panic!("{other} is not generated"),
    };
}

fn check(value: Value<'_>, expected: &Bson) {
    match (value, expected) {
        (Value::Double(found), Bson::Double(expected)) => {
            assert_eq!(found.to_bits(), expected.to_bits());
        }
        (Value::String(found), Bson::String(expected)) => {
            assert_eq!(found.as_str(), Ok(&expected[..]));
        }
        (Value::Boolean(found), Bson::Boolean(expected)) => assert_eq!(found, *expected),
        (Value::Null, Bson::Null) => {}
        (Value::Int32(found), Bson::Int32(expected)) => assert_eq!(found, *expected),
        (Value::Int64(found), Bson::Int64(expected)) => assert_eq!(found, *expected),
        (Value::DateTime(found), Bson::DateTime(expected)) => {
            assert_eq!(found, expected.timestamp_millis());
        }
        (Value::ObjectId(found), Bson::ObjectId(expected)) => assert_eq!(found, expected.bytes()),
        (Value::Timestamp(found), Bson::Timestamp(expected)) => {
            let halves = (found >> 32, found & 0xffff_ffff);
            assert_eq!(halves, (expected.time.into(), expected.increment.into()));
        }
        (Value::Binary { subtype, bytes }, Bson::Binary(expected)) => {
            assert_eq!(subtype, u8::from(expected.subtype));
            assert_eq!(bytes, expected.bytes);
        }
        (Value::Array(found), Bson::Array(expected)) => {
            let elements: Vec<_> = found.elements().map(Result::unwrap).collect();
            assert_eq!(elements.len(), expected.len());
            for (at, (element, expected)) in elements.iter().zip(expected).enumerate() {
                assert_eq!(element.key_str().unwrap(), at.to_string());
                check(element.value, expected);
            }
        }
        (Value::Document(found), Bson::Document(expected)) => check_document(found, expected),
        (found, expected) => panic!("{found:?} for {expected:?}"),
    }
}

fn check_document(found: Document<'_>, expected: &Reference) {
    let elements: Vec<_> = found.elements().map(Result::unwrap).collect();
    assert_eq!(elements.len(), expected.len());
    for (element, (key, value)) in elements.iter().zip(expected) {
        assert_eq!(element.key, key.as_bytes());
        check(element.value, value);
    }
}

proptest! {
    #[test]
    fn appending_equals_the_reference(fields in any_fields()) {
        let mut buffer = vec![];
        let mut appender = Appender::begin(&mut buffer);
        fields.iter().for_each(|(key, value)| append(&mut appender, key, value));
        appender.finish();
        let reference: Reference = fields.into_iter().collect();
        prop_assert_eq!(buffer, reference.to_vec().unwrap());
    }

    #[test]
    fn reopening_equals_building_at_once(fields in any_fields(), split in any::<prop::sample::Index>()) {
        let split = split.index(fields.len() + 1);
        let first: Reference = fields[..split].iter().cloned().collect();
        let mut buffer = vec![1, 2, 3];
        buffer.extend(first.to_vec().unwrap());
        let mut appender = Appender::reopen(&mut buffer, 3).unwrap();
        fields[split..].iter().for_each(|(key, value)| append(&mut appender, key, value));
        appender.finish();
        let at_once: Reference = fields.into_iter().collect();
        prop_assert_eq!(&buffer[3..], at_once.to_vec().unwrap());
    }

    #[test]
    fn reading_equals_the_reference(fields in any_fields()) {
        let reference: Reference = fields.into_iter().collect();
        let bytes = reference.to_vec().unwrap();
        check_document(Document::new(&bytes).unwrap(), &reference);
    }

    #[test]
    fn copied_elements_equal_their_source(fields in any_fields()) {
        let reference: Reference = fields.into_iter().collect();
        let bytes = reference.to_vec().unwrap();
        let mut copy = vec![];
        let mut appender = Appender::begin(&mut copy);
        for element in Document::new(&bytes).unwrap().elements() {
            let element = element.unwrap();
            appender.raw(element.key_str().unwrap(), element.element_type, element.value_bytes);
        }
        appender.finish();
        prop_assert_eq!(copy, bytes);
    }
}
