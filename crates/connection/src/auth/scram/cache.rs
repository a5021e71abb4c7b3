use super::keys::{Hash, Keys};
use crate::secret::Secret;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::SetOnce;

/// More than the users' salts that the servers of one deployment can have: one for each mechanism, and
/// again for each server that stores users of its own.
const CAPACITY: usize = 8;

/// The keys that a client has derived ("Caching credentials in SCRAM"). One credential, so one password.
///
/// The first who needs keys starts a blocking task for them; everybody, the first as well, waits for its
/// result. The task outlives those who wait, so that a time-out shorter than the derivation delays a
/// client and does not stop it for ever. The task keeps only its own entry alive.
#[derive(Debug, Default)]
pub(in crate::auth) struct KeyCache(pub(super) Mutex<VecDeque<(Parameters, Entry)>>);

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    hash: Hash,
    salt: Vec<u8>,
    iterations: NonZeroU32,
}

/// Keys that are there, or will be.
pub(super) type Entry = Arc<SetOnce<Keys>>;

impl KeyCache {
    /// The keys for `password`. Await [`SetOnce::wait`] on what is returned.
    pub(super) fn get(
        &self,
        hash: Hash,
        password: Secret,
        salt: Vec<u8>,
        iterations: NonZeroU32,
    ) -> Entry {
        let parameters = Parameters {
            hash,
            salt,
            iterations,
        };
        let mut entries = self.0.lock();
        if let Some(at) = entries.iter().position(|(known, _)| *known == parameters)
            && let Some(entry) = entries.remove(at)
        {
            let keys = Arc::clone(&entry.1);
            entries.push_back(entry);
            return keys;
        }
        let keys = Entry::default();
        let (result, salt) = (Arc::clone(&keys), parameters.salt.clone());
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back((parameters, Arc::clone(&keys)));
        drop(entries);
        tokio::task::spawn_blocking(move || {
            let keys = Keys::derive(hash, password.reveal(), &salt, iterations);
            // Nobody else sets it.
            drop(result.set(keys));
        });
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Hash, KeyCache};
    use crate::secret::Secret;
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;

    fn get(cache: &KeyCache, hash: Hash, salt: u8, iterations: u32) -> super::Entry {
        let iterations = NonZeroU32::new(iterations).unwrap();
        cache.get(hash, Secret::new("pencil"), vec![salt], iterations)
    }

    #[tokio::test]
    async fn keys_are_derived_once_for_each_mechanism_salt_and_count() {
        let cache = KeyCache::default();
        let first = get(&cache, Hash::Sha256, 1, 1);
        let others = [
            get(&cache, Hash::Sha1, 1, 1),
            get(&cache, Hash::Sha256, 2, 1),
            get(&cache, Hash::Sha256, 1, 2),
        ];
        let again = get(&cache, Hash::Sha256, 1, 1);
        assert!(Arc::ptr_eq(&first, &again));
        for other in others {
            assert!(!Arc::ptr_eq(&first, &other));
            let proof = other.wait().await.proof("message");
            assert_ne!(proof, first.wait().await.proof("message"));
        }
    }

    #[tokio::test]
    async fn the_keys_used_least_recently_go_first() {
        let cache = KeyCache::default();
        let kept = get(&cache, Hash::Sha256, 0, 1);
        let dropped = get(&cache, Hash::Sha256, 1, 1);
        for salt in 2..=u8::try_from(CAPACITY).unwrap() {
            get(&cache, Hash::Sha256, 0, 1);
            get(&cache, Hash::Sha256, salt, 1);
        }
        assert_eq!(cache.0.lock().len(), CAPACITY);
        assert!(Arc::ptr_eq(&kept, &get(&cache, Hash::Sha256, 0, 1)));
        assert!(!Arc::ptr_eq(&dropped, &get(&cache, Hash::Sha256, 1, 1)));
    }

    #[tokio::test]
    async fn who_stops_waiting_does_not_stop_the_others() {
        let cache = KeyCache::default();
        let entry = get(&cache, Hash::Sha256, 1, 4096);
        // Whether the keys were there at once does not matter: they are waited for no more.
        let _given_up = tokio::time::timeout(Duration::ZERO, entry.wait()).await;
        let again = get(&cache, Hash::Sha256, 1, 4096);
        assert!(Arc::ptr_eq(&entry, &again));
        drop(entry);
        assert_eq!(again.wait().await.proof("message").len(), 32);
    }

    #[test]
    fn keys_are_not_printed() {
        let keys = super::Keys::derive(Hash::Sha1, "pencil", b"salt", NonZeroU32::MIN);
        assert_eq!(format!("{keys:?}"), "<redacted>");
    }
}
