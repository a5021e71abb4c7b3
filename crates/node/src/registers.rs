//! Five numbers that the shortest calls take and leave, the same ones for all lanes of an environment. Each argument costs several
//! times a store, and a call that has none need not ask for them at all.

use crate::memory::Registers;
use napi::bindgen_prelude::{FromNapiValue, Int32Array, Object, ObjectRef};
use napi::{Env, Error, JsValue, Result};
use std::cell::RefCell;

thread_local! {
    /// Those of this thread's environment.
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

struct Shared {
    registers: Registers,
    /// What every instance of the TypeScript module uses.
    array: ObjectRef<false>,
}

/// Gives the environment's; they are `offered`'s if there are none yet.
pub(crate) fn share<'env>(env: &'env Env, offered: Object<'env>) -> Result<Object<'env>> {
    SHARED.with_borrow_mut(|shared| {
        if let Some(shared) = shared {
            return shared.array.get_value(env);
        }
        let registers = Registers::new(Int32Array::from_unknown(offered.to_unknown())?)
            .ok_or_else(|| Error::from_reason("an environment has five registers"))?;
        let array = offered.create_ref()?;
        *shared = Some(Shared { registers, array });
        // While there is an environment to take them back, what it lent is given back.
        let of = *env;
        env.add_env_cleanup_hook((), move |()| {
            if let Some(shared) = SHARED.with_borrow_mut(Option::take) {
                drop(shared.array.unref(&of));
            }
        })?;
        Ok(offered)
    })
}

/// Nothing that runs JavaScript may be called.
pub(crate) fn with<R>(use_them: impl FnOnce(&mut [i32; 5]) -> Result<R>) -> Result<R> {
    SHARED.with_borrow_mut(|shared| match shared {
        Some(shared) => use_them(shared.registers.values()),
        None => Err(Error::from_reason("the environment has no registers")),
    })
}
