//! The two calls that a program makes of a connection by hand. They have no arguments and no result but the registers, and none of the
//! wrappers that `#[napi]` makes: a pair of them would take 5 ns longer, of 130.

use super::{ENDED, with};
use crate::lane::Lane;
use crate::registers::{self, LANE, Registers};
use napi::bindgen_prelude::{Function, Object};
use napi::{Env, Result, sys};
use napi_derive::napi;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

const PANICKED: &str = "the native core panicked";

/// Five numbers, and the calls that take them and leave others in their places. The last says the lane, and then what came of the call:
/// 0 nothing, 1 what was asked for, 2 the pool is closed, 3 `takeRefusal` says why not.
#[napi(object, object_from_js = false)]
pub struct RegisterCalls<'env> {
    /// Those that were offered first in this environment.
    #[napi(ts_type = "Int32Array")]
    pub registers: Object<'env>,
    /// Takes an available connection of the client and by the read preference's mode: the halves of its token, its number and its
    /// server's.
    #[napi(ts_type = "() => void")]
    pub try_check_out: Function<'env, (), ()>,
    /// Returns a connection: of the client, by the halves of its token.
    #[napi(ts_type = "() => void")]
    pub check_in: Function<'env, (), ()>,
}

/// What the shortest calls are made with.
#[napi(catch_unwind, ts_args_type = "offered: Int32Array")]
pub fn share_registers<'env>(env: &'env Env, offered: Object<'env>) -> Result<RegisterCalls<'env>> {
    Ok(RegisterCalls {
        registers: registers::share(env, offered)?,
        try_check_out: env.create_function("tryCheckOut", try_check_out)?,
        check_in: env.create_function("checkIn", check_in)?,
    })
}

/// Why the last of these calls was refused: JSON, or the text of an error.
#[napi(catch_unwind)]
pub fn take_refusal() -> Option<String> {
    registers::take_refusal()
}

extern "C" fn try_check_out(_: sys::napi_env, _: sys::napi_callback_info) -> sys::napi_value {
    answer(Lane::try_check_out)
}

extern "C" fn check_in(_: sys::napi_env, _: sys::napi_callback_info) -> sys::napi_value {
    answer(Lane::check_in)
}

/// No value is `undefined`. Without registers there is no TypeScript to answer.
fn answer(call: impl FnOnce(&Lane, &mut Registers)) -> sys::napi_value {
    let answered = catch_unwind(AssertUnwindSafe(|| {
        registers::with(|registers| {
            let lane = registers[LANE] as u32;
            if with(lane, |lane| call(lane, registers)).is_none() {
                registers::refuse(registers, ENDED.to_owned());
            }
        });
    }));
    if answered.is_err() {
        registers::with(|registers| registers::refuse(registers, PANICKED.to_owned()));
    }
    ptr::null_mut()
}
