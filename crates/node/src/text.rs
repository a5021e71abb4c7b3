//! The function that makes a tape's strings. It is called for every few strings of a reply, so it is a function
//! of Node-API alone: without arguments, it costs half of what `Buffer`'s own methods do.

#![allow(unsafe_code, reason = "Node-API is called as it is")]

use crate::exports::tape::with_tape;
use crate::tape::Chunk;
use napi::bindgen_prelude::{FromNapiValue, Unknown};
use napi::{Env, Error, Result, sys};
use std::ffi::c_void;
use std::ptr;

/// A function that gives the next chunk of a tape's text each time that it is called.
pub(crate) fn reader(env: Env, tape: u32) -> Result<Unknown<'static>> {
    let mut function = ptr::null_mut();
    // SAFETY: called on the environment's thread inside a native call; the name outlives the call. The
    // function's data is a number, no address.
    unsafe {
        let status = sys::napi_create_function(
            env.raw(),
            c"nextText".as_ptr(),
            8,
            Some(next_text),
            ptr::without_provenance_mut(tape as usize),
            &mut function,
        );
        if status != sys::Status::napi_ok {
            return Err(Error::from_reason("the function cannot be made"));
        }
        Unknown::from_napi_value(env.raw(), function)
    }
}

unsafe extern "C" fn next_text(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut data: *mut c_void = ptr::null_mut();
    let mut string = ptr::null_mut();
    // SAFETY: Node-API calls this on the environment's thread with a handle scope open. The bytes are
    // the tape's, which is borrowed while they are copied; a string that is not made is `undefined` to the caller.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut data,
        );
        let _ = with_tape(data.addr() as u32, |tape| match tape.next_chunk() {
            Chunk::Latin1(bytes) => sys::napi_create_string_latin1(
                env,
                bytes.as_ptr().cast(),
                bytes.len() as isize,
                &mut string,
            ),
            Chunk::Utf16(bytes) => sys::napi_create_string_utf16(
                env,
                bytes.as_ptr().cast(),
                (bytes.len() / 2) as isize,
                &mut string,
            ),
        });
    }
    string
}
