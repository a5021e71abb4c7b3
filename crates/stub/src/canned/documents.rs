//! The documents that canned replies hold: their shapes are those of ordinary application data.

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};

const EPOCH: i64 = 1_700_000_000_000;

/// A user account, about 200 bytes.
pub(super) fn small(number: i32) -> Document {
    doc! {
        "_id": number,
        "name": format!("User Name {number}"),
        "email": format!("user{number}@example.com"),
        "age": 20 + number % 50,
        "active": true,
        "score": js_number(f64::from(number) * 1.5),
        "created": DateTime::from_millis(EPOCH + i64::from(number)),
        "tags": ["alpha", "beta"],
        "note": "x".repeat(20),
    }
}

/// An article with a dozen fields and an address, about 1 KB.
pub(super) fn large(number: i32) -> Document {
    let mut document = doc! {
        "_id": number,
        "title": format!("Document {number}"),
        "created": DateTime::from_millis(EPOCH + i64::from(number)),
        "views": number * 3,
        "rating": js_number(f64::from(number) / 7.0),
        "flags": { "a": true, "b": false, "c": Bson::Null },
        "tags": ["red", "green", "blue", "yellow"],
    };
    for field in 0..12 {
        let value = match field % 3 {
            0 => {
                let filling = "y".repeat(60);
                Bson::String(format!(
                    "value of the field number {field} in {number} {filling}"
                ))
            }
            _ => js_number(f64::from(field * number) + 0.5),
        };
        document.insert(format!("field{field}"), value);
    }
    document.insert("body", "lorem ipsum ".repeat(24));
    document.insert(
        "sub",
        doc! {
            "street": "1 Main St",
            "city": "Springfield",
            "zip": 12345,
            "geo": { "lat": 1.5, "lon": 2.5 },
        },
    );
    document
}

/// The same with an ObjectId, and with text beyond ASCII.
pub(super) fn mixed(number: i32) -> Document {
    let mut id = [0; 12];
    id[..4].copy_from_slice(&((EPOCH / 1000) as u32).to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let mut document = large(number);
    document.insert("_id", ObjectId::from_bytes(id));
    document.insert("title", format!("Größe №{number} — 東京"));
    document.insert(
        "tags",
        ["rouge", "grün", "bleu", "jaune"].map(Bson::from).to_vec(),
    );
    document.insert("body", "lorem ipsum — naïve ".repeat(13));
    document.insert(
        "sub",
        doc! {
            "street": "Rue de l’Église 1",
            "city": "Zürich",
            "zip": 8001,
            "geo": { "lat": 47.25, "lon": 8.5 },
        },
    );
    document.insert("number", number);
    document
}

/// A number as JavaScript's serialiser writes it: an int32 when it is whole.
fn js_number(number: f64) -> Bson {
    if number.fract() == 0.0 && number.abs() < f64::from(i32::MAX) {
        Bson::Int32(number as i32)
    } else {
        Bson::Double(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_about_those_promised() {
        let small = small(7).to_vec().unwrap().len();
        assert!((180..=240).contains(&small), "{small}");
        let large = large(7).to_vec().unwrap().len();
        assert!((1000..=1200).contains(&large), "{large}");
        let mixed = mixed(7).to_vec().unwrap().len();
        assert!((1000..=1200).contains(&mixed), "{mixed}");
    }

    #[test]
    fn whole_numbers_are_integers() {
        assert_eq!(js_number(3.0), Bson::Int32(3));
        assert_eq!(js_number(1.5), Bson::Double(1.5));
    }
}
