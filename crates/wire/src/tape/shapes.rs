//! The shapes that have been met, bounded.
//!
//! **When a shape has a number.** Keys that are met once are only remembered by a hash. Met again they become a
//! shape, which learns the kinds of its fields from every document that does not fit. The first that fits
//! gives it a description and a number. If a later one does not fit, every field may be of any kind from then on:
//! so a shape has two numbers at most, however its values vary.
//!
//! **When the store is full,** everything is forgotten and learnt again, but seldom: a flood of keys that are
//! data must not cost the others their place all the time.

use super::kind::Kind;
use crate::document::Document;
use std::collections::HashMap;

/// A document with more fields, or with longer keys, is taken for data.
const MAX_FIELDS: usize = 256;
const MAX_KEY: usize = 255;
/// What all shapes have together.
const MAX_SHAPES: usize = 1024;
const MAX_ALL_FIELDS: usize = 32 << 10;
const MAX_DESCRIPTIONS: usize = 2 * MAX_SHAPES;
/// Hashes of keys that were met once; a newer one takes an older one's place.
const MET: usize = 1024;
/// So many newcomers are turned away between two times that everything is forgotten.
const PATIENCE: u32 = 64 << 10;

#[derive(Debug)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    fields: Vec<Field>,
    /// The keys of all fields, each with a NUL.
    keys: Vec<u8>,
    by_hash: HashMap<u64, u32>,
    met: Box<[u64; MET]>,
    /// The first one's number is 1.
    descriptions: Vec<Box<[u8]>>,
    epoch: u32,
    refused: u32,
    /// The shape of the last reply.
    pub(super) root: u32,
    /// The shape of the last document of a part.
    pub(super) element: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) first: u32,
    pub(super) count: u32,
    /// Its description; 0 while the kinds of its fields are being learnt.
    pub(super) number: u32,
    described: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// The first bytes of the key and its NUL, and which of them count.
    word: u64,
    mask: u64,
    /// Where the key is, and its length with the NUL.
    key: u32,
    pub(super) length: u16,
    pub(super) kind: Kind,
    /// The kind of an array's elements, when it was last met.
    pub(super) elements: Kind,
    /// The shape of the document, or of the array's documents, that was met here last.
    pub(super) shape: u32,
}

/// No shape.
const NONE: u32 = u32::MAX;

impl Default for Shapes {
    fn default() -> Self {
        Self {
            shapes: Vec::new(),
            fields: Vec::new(),
            keys: Vec::new(),
            by_hash: HashMap::new(),
            met: Box::new([0; MET]),
            descriptions: Vec::new(),
            epoch: 0,
            refused: 0,
            root: NONE,
            element: NONE,
        }
    }
}

impl Shapes {
    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn description(&self, number: u32) -> Option<&[u8]> {
        let index = number.checked_sub(1)?;
        self.descriptions.get(index as usize).map(|text| &**text)
    }

    #[inline]
    pub(super) fn get(&self, shape: u32) -> Option<Shape> {
        self.shapes.get(shape as usize).copied()
    }

    #[inline]
    pub(super) fn field(&self, field: u32) -> Option<&Field> {
        self.fields.get(field as usize)
    }

    #[inline]
    pub(super) fn field_mut(&mut self, field: u32) -> Option<&mut Field> {
        self.fields.get_mut(field as usize)
    }

    /// Whether `rest` begins with the field's key and its NUL.
    #[inline]
    pub(super) fn is_key(&self, field: &Field, rest: &[u8]) -> bool {
        let length = usize::from(field.length);
        let Some(eight) = rest.first_chunk::<8>() else {
            return rest.get(..length) == Some(self.key(field));
        };
        u64::from_le_bytes(*eight) & field.mask == field.word
            && (length <= 8 || rest.get(8..length) == self.key(field).get(8..))
    }

    fn key(&self, field: &Field) -> &[u8] {
        let start = field.key as usize;
        self.keys
            .get(start..start + usize::from(field.length))
            .unwrap_or_default()
    }

    /// The shape of a document that is not the one that was expected; `None` while it stays BSON.
    ///
    /// `known` is for documents whose keys are a server's own words, which are worth a shape at first sight.
    pub(super) fn find(&mut self, document: Document<'_>, known: bool) -> Option<u32> {
        let mut hash = Hash::default();
        let mut count = 0;
        for element in document.elements() {
            hash.add(element.ok()?.key);
            count += 1;
        }
        let hash = hash.0;
        if let Some(&shape) = self.by_hash.get(&hash) {
            return Some(shape);
        }
        let place = &mut self.met[(hash >> 32) as usize % MET];
        if !known && *place != hash {
            *place = hash;
            return None;
        }
        if !self.has_room(count) {
            return None;
        }
        self.insert(document, hash);
        known.then(|| self.by_hash.get(&hash).copied()).flatten()
    }

    fn has_room(&mut self, fields: usize) -> bool {
        if fields > MAX_FIELDS {
            return false;
        }
        if self.shapes.len() < MAX_SHAPES
            && self.fields.len() + fields <= MAX_ALL_FIELDS
            && self.descriptions.len() < MAX_DESCRIPTIONS
        {
            return true;
        }
        self.refused += 1;
        false
    }

    /// Forgets everything if the store has been full for long. Not while a reply is being written.
    pub(super) fn make_room(&mut self) {
        if self.refused < PATIENCE {
            return;
        }
        *self = Self {
            epoch: self.epoch.wrapping_add(1),
            ..Self::default()
        };
    }

    fn insert(&mut self, document: Document<'_>, hash: u64) {
        let (first, keys) = (self.fields.len(), self.keys.len());
        for element in document.elements().flatten() {
            // bson makes a DBRef of a document with some of these.
            let reference = matches!(element.key, b"$ref" | b"$id" | b"$db");
            if reference || element.key.len() > MAX_KEY {
                self.fields.truncate(first);
                return self.keys.truncate(keys);
            }
            let key = self.keys.len();
            self.keys.extend_from_slice(element.key);
            self.keys.push(0);
            let length = element.key.len() + 1;
            let mut word = [0; 8];
            for (byte, &of_key) in word.iter_mut().zip(element.key) {
                *byte = of_key;
            }
            self.fields.push(Field {
                word: u64::from_le_bytes(word),
                mask: match length {
                    8.. => u64::MAX,
                    _ => (1 << (8 * length)) - 1,
                },
                key: key as u32,
                length: length as u16,
                kind: Kind::of(element.element_type, element.value_bytes, 0),
                elements: Kind::Any,
                shape: NONE,
            });
        }
        self.by_hash.insert(hash, self.shapes.len() as u32);
        self.shapes.push(Shape {
            first: first as u32,
            count: (self.fields.len() - first) as u32,
            number: 0,
            described: false,
        });
    }

    /// `document` has the keys of the shape, and values of other kinds.
    pub(super) fn learn(&mut self, shape: u32, document: Document<'_>) {
        let Some(shape) = self.shapes.get_mut(shape as usize) else {
            return;
        };
        shape.number = 0;
        let described = shape.described;
        let fields = self.fields.get_mut(shape.first as usize..);
        let fields = fields.unwrap_or_default().iter_mut();
        for (field, element) in fields.zip(document.elements().flatten()) {
            let seen = Kind::of(element.element_type, element.value_bytes, 0);
            field.kind = match described {
                true => Kind::Any,
                false => field.kind.join(seen),
            };
        }
    }

    /// The number under which JavaScript knows the shape, with the kinds that its fields have now.
    pub(super) fn number(&mut self, index: u32) -> u32 {
        let Some(shape) = self.get(index) else {
            return 0;
        };
        if shape.number != 0 {
            return shape.number;
        }
        let mut description = Vec::new();
        for index in shape.first..shape.first + shape.count {
            if let Some(field) = self.field(index) {
                description.push(field.kind as u8);
                description.extend_from_slice(self.key(field));
            }
        }
        self.descriptions.push(description.into());
        let number = self.descriptions.len() as u32;
        if let Some(shape) = self.shapes.get_mut(index as usize) {
            (shape.number, shape.described) = (number, true);
        }
        number
    }
}

/// A hash of keys in their order. Whoever makes two alike only makes his own documents slower.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        // Never 0, which is a place where nothing was met.
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Hash {
    #[inline]
    fn add(&mut self, key: &[u8]) {
        for eight in key.chunks(8) {
            let mut word = [0; 8];
            for (byte, &of_key) in word.iter_mut().zip(eight) {
                *byte = of_key;
            }
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(key.len() as u64);
    }

    #[inline]
    fn mix(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.0 ^= self.0 >> 32;
    }
}
