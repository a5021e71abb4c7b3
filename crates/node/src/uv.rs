//! libuv's functions, looked up at run time: a library that needed them to load would not load where
//! one is missing.

#![allow(unsafe_code, reason = "foreign functions by name")]

use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute;
use std::sync::OnceLock;

/// `uv_handle_type` of a poll handle.
pub(crate) const UV_POLL: c_int = 8;
/// `uv_poll_event` for reading.
pub(crate) const UV_READABLE: c_int = 1;

pub(crate) type PollCallback = unsafe extern "C" fn(*mut c_void, c_int, c_int);
pub(crate) type CloseCallback = unsafe extern "C" fn(*mut c_void);

/// The functions that an event-loop lane needs.
#[derive(Clone, Copy)]
pub(crate) struct Uv {
    pub(crate) handle_size: unsafe extern "C" fn(c_int) -> usize,
    pub(crate) poll_init: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    pub(crate) poll_start: unsafe extern "C" fn(*mut c_void, c_int, PollCallback) -> c_int,
    pub(crate) reference: unsafe extern "C" fn(*mut c_void),
    pub(crate) unreference: unsafe extern "C" fn(*mut c_void),
    pub(crate) close: unsafe extern "C" fn(*mut c_void, CloseCallback),
}

/// The functions of the process, or `None` where one is missing.
pub(crate) fn functions() -> Option<Uv> {
    static FOUND: OnceLock<Option<Uv>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        // SAFETY: each symbol is libuv's function of that name, whose C signature is the field's type.
        unsafe {
            Some(Uv {
                handle_size: transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> usize>(
                    symbol(c"uv_handle_size")?,
                ),
                poll_init: transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
                >(symbol(c"uv_poll_init")?),
                poll_start: transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut c_void, c_int, PollCallback) -> c_int,
                >(symbol(c"uv_poll_start")?),
                reference: transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void)>(symbol(
                    c"uv_ref",
                )?),
                unreference: transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void)>(symbol(
                    c"uv_unref",
                )?),
                close: transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void, CloseCallback)>(
                    symbol(c"uv_close")?,
                ),
            })
        }
    })
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the name is a NUL-terminated string; the process is searched, nothing is loaded.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}
