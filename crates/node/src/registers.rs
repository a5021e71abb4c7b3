//! Five numbers that the shortest calls take and leave, the same ones for all lanes of an environment. Each argument costs several
//! times a store, and a call that has none need not ask for them at all.

use crate::memory::LentRegisters;
use napi::bindgen_prelude::{FromNapiValue, Int32Array, Object, ObjectRef};
use napi::{Env, Error, JsValue, Result};
use std::cell::RefCell;

/// See `ts/registers.ts` for their layout.
pub(crate) type Registers = [i32; 5];

/// Which of them says the lane, and what came of the call.
pub(crate) const LANE: usize = 4;

/// What came of a call.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Nothing = 0,
    Done = 1,
    Closed = 2,
    Refused = 3,
}

thread_local! {
    /// Those of this thread's environment.
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
    /// Why the last call was refused, until somebody asks.
    static REFUSAL: RefCell<Option<String>> = const { RefCell::new(None) };
}

struct Shared {
    registers: LentRegisters,
    /// What every instance of the TypeScript module uses.
    array: ObjectRef<false>,
}

/// Gives the environment's; they are `offered`'s if there are none yet.
pub(crate) fn share<'env>(env: &'env Env, offered: Object<'env>) -> Result<Object<'env>> {
    SHARED.with_borrow_mut(|shared| {
        if let Some(shared) = shared {
            return shared.array.get_value(env);
        }
        let registers = LentRegisters::new(Int32Array::from_unknown(offered.to_unknown())?)
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

/// Nothing that runs JavaScript may be called. `None` where no environment has shared any.
pub(crate) fn with<R>(use_them: impl FnOnce(&mut Registers) -> R) -> Option<R> {
    SHARED.with_borrow_mut(|shared| Some(use_them(shared.as_mut()?.registers.values())))
}

/// Answers that a call was refused, and why: JSON, or the text of an error.
#[cold]
pub(crate) fn refuse(registers: &mut Registers, why: String) {
    REFUSAL.set(Some(why));
    registers[LANE] = Answer::Refused as i32;
}

/// Why the last call was refused, once.
pub(crate) fn take_refusal() -> Option<String> {
    REFUSAL.take()
}
