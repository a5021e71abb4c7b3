//! A lane's engine, as those who act on it share it.

use ferropool_client::Engine;
use parking_lot::{Mutex, MutexGuard};
#[cfg(unix)]
use std::cell::{RefCell, RefMut};
use std::ops::{Deref, DerefMut};
#[cfg(unix)]
use std::rc::Rc;
use std::sync::Arc;

/// Where the environment's event loop drives the engine, it is that thread's alone and needs no lock, of which
/// a check-out and its check-in would have two.
pub(crate) enum Shared {
    #[cfg(unix)]
    Here(Rc<RefCell<Engine>>),
    Locked(Arc<Mutex<Engine>>),
}

/// The engine, until this is dropped.
pub(crate) enum Access<'a> {
    #[cfg(unix)]
    Here(RefMut<'a, Engine>),
    Locked(MutexGuard<'a, Engine>),
}

impl Shared {
    #[inline]
    pub(crate) fn access(&self) -> Access<'_> {
        match self {
            #[cfg(unix)]
            Self::Here(engine) => Access::Here(engine.borrow_mut()),
            Self::Locked(engine) => Access::Locked(engine.lock()),
        }
    }
}

impl Deref for Access<'_> {
    type Target = Engine;

    #[inline]
    fn deref(&self) -> &Engine {
        match self {
            #[cfg(unix)]
            Self::Here(engine) => engine,
            Self::Locked(engine) => engine,
        }
    }
}

impl DerefMut for Access<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Engine {
        match self {
            #[cfg(unix)]
            Self::Here(engine) => engine,
            Self::Locked(engine) => engine,
        }
    }
}
