use ferropool_wire::{Document, Value};

/// The highest `$clusterTime` that was seen: a signed document, passed on as it is ("Gossipping the cluster time").
#[derive(Clone, Debug, Default)]
pub(crate) struct ClusterTime {
    time: u64,
    document: Vec<u8>,
}

impl ClusterTime {
    /// Whether any was seen.
    pub(crate) fn is_known(&self) -> bool {
        !self.document.is_empty()
    }

    /// Keeps `other` if it is later.
    pub(crate) fn advance(&mut self, other: Document<'_>) {
        if let Ok(Some(Value::Timestamp(time))) = other.get("clusterTime")
            && time > self.time
        {
            self.time = time;
            self.document.clear();
            self.document.extend_from_slice(other.as_bytes());
        }
    }

    /// The document; empty where none was seen.
    pub(crate) fn document(&self) -> &[u8] {
        &self.document
    }

    /// The later of the two.
    pub(crate) fn later<'a>(&'a self, other: &'a Self) -> &'a Self {
        if other.time > self.time { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::ClusterTime;
    use ferropool_wire::{Appender, Document};

    #[test]
    fn it_only_goes_forward() {
        let at = |time| {
            let mut bytes = Vec::new();
            let mut document = Appender::begin(&mut bytes);
            document.timestamp("clusterTime", time);
            document.finish();
            bytes
        };
        let mut known = ClusterTime::default();
        assert!(!known.is_known());
        for (seen, expected) in [(5, 5), (3, 5), (9, 9)] {
            let bytes = at(seen);
            known.advance(Document::new(&bytes).expect("a document"));
            assert_eq!(known.document(), at(expected));
        }
        let none = ClusterTime::default();
        assert_eq!(none.later(&known).document(), at(9));
        assert_eq!(known.later(&none).document(), at(9));
    }
}
