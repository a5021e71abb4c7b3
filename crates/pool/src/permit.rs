use crate::effects::Establish;
use crate::ids::{Key, ServiceId};
use crate::link::Link;
use crate::pool::Pool;
use crate::state::Clears;
use crate::types::Types;
use std::sync::Arc;
use std::time::Instant;

/// The permission to establish one connection, which only a pool can give. It counts as pending
/// until it is used up; dropping it unused is a failure. It keeps the pool alive.
#[must_use]
pub struct Permit<T: Types> {
    pool: Arc<Pool<T>>,
    establish: Option<Establish>,
}

impl<T: Types> Permit<T> {
    pub(crate) fn new(pool: Arc<Pool<T>>, establish: Establish) -> Self {
        Self {
            pool,
            establish: Some(establish),
        }
    }

    /// The connection's key.
    pub fn key(&self) -> Key {
        self.unused().key
    }

    /// Severed when the pool gives the establishment up.
    pub fn link(&self) -> &Arc<Link> {
        &self.unused().link
    }

    /// The pool's generation when the connection was created.
    pub fn generation(&self) -> u32 {
        self.unused().generation
    }

    /// Whether nobody waited for the connection when it was created.
    pub fn populates(&self) -> bool {
        self.unused().populates
    }

    /// The connection is established. Whether it is available now, with nobody who waited for it.
    pub fn complete(mut self, connection: T::Connection, service: Option<ServiceId>) -> bool {
        let key = self.use_up();
        self.pool.act(|state, effects| {
            state.established(key, connection, service, Instant::now(), effects);
            state.is_available(key)
        })
    }

    /// The connection could not be established, and that clears what `clears` says.
    pub fn fail(mut self, error: T::Error, clears: Clears) {
        let key = self.use_up();
        self.pool.act(|state, effects| {
            state.establishment_failed(key, error, clears, Instant::now(), effects)
        });
    }

    /// Used up, for a decision that is made elsewhere.
    pub(crate) fn into_key(mut self) -> Key {
        self.use_up()
    }

    fn unused(&self) -> &Establish {
        self.establish
            .as_ref()
            .expect("BUG: a permit is used up by value")
    }

    fn use_up(&mut self) -> Key {
        self.establish
            .take()
            .expect("BUG: a permit is used up by value")
            .key
    }
}

impl<T: Types> Drop for Permit<T> {
    fn drop(&mut self) {
        if let Some(establish) = self.establish.take() {
            let error = T::abandoned();
            self.pool.act(|state, effects| {
                state.establishment_failed(
                    establish.key,
                    error,
                    Clears::Nothing,
                    Instant::now(),
                    effects,
                )
            });
        }
    }
}
