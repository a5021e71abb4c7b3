use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A value that is replaced now and then and read all the time.
#[derive(Debug)]
pub struct Published<T> {
    version: AtomicU64,
    value: Mutex<Arc<T>>,
}

/// One reader's copy of what is [`Published`]. It keeps the value that it saw last alive, and the place where
/// the next one will be.
#[derive(Debug)]
pub struct Latest<T> {
    published: Arc<Published<T>>,
    version: u64,
    value: Arc<T>,
}

impl<T> Published<T> {
    /// Publishes the first value.
    pub fn new(value: Arc<T>) -> Self {
        Self {
            version: AtomicU64::new(0),
            value: Mutex::new(value),
        }
    }

    /// Replaces the value. Who reads from now on sees the new one.
    pub fn publish(&self, value: Arc<T>) {
        let mut place = self.value.lock();
        let old = std::mem::replace(&mut *place, value);
        self.version.fetch_add(1, Ordering::Release);
        drop(place);
        // Not under the lock: it may be the last of them.
        drop(old);
    }

    /// The value that was published last.
    pub fn current(&self) -> Arc<T> {
        self.look().1
    }

    /// A reader, to be kept: its first look is this one.
    pub fn reader(self: &Arc<Self>) -> Latest<T> {
        let (version, value) = self.look();
        Latest {
            published: Arc::clone(self),
            version,
            value,
        }
    }

    fn look(&self) -> (u64, Arc<T>) {
        let value = self.value.lock();
        (self.version.load(Ordering::Relaxed), Arc::clone(&value))
    }
}

impl<T> Latest<T> {
    /// The value that was published last. Takes the lock only if that is another one than last time.
    pub fn get(&mut self) -> &Arc<T> {
        if self.published.version.load(Ordering::Acquire) != self.version {
            (self.version, self.value) = self.published.look();
        }
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::Published;
    use std::sync::Arc;
    use std::thread;

    #[test]
    fn a_reader_sees_what_was_published_last() {
        let published = Arc::new(Published::new(Arc::new(1)));
        let mut reader = published.reader();
        assert_eq!(**reader.get(), 1);
        published.publish(Arc::new(2));
        published.publish(Arc::new(3));
        assert_eq!(**reader.get(), 3);
        assert_eq!(**reader.get(), 3);
    }

    #[test]
    fn an_unchanged_value_is_read_without_the_lock() {
        let published = Arc::new(Published::new(Arc::new(1)));
        let mut reader = published.reader();
        let locked = published.value.lock();
        assert_eq!(**reader.get(), 1);
        drop(locked);
    }

    #[test]
    fn readers_in_other_threads_never_go_back() {
        let published = Arc::new(Published::new(Arc::new(0)));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let mut reader = published.reader();
                thread::spawn(move || {
                    let mut seen = 0;
                    while seen < 1000 {
                        let value = **reader.get();
                        assert!(value >= seen, "{value} after {seen}");
                        seen = value;
                    }
                })
            })
            .collect();
        for value in 1..=1000 {
            published.publish(Arc::new(value));
        }
        for reader in readers {
            reader.join().expect("it saw every value in its order");
        }
    }
}
