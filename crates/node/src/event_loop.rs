//! A lane driven by the environment's own event loop: its readiness set behind one poll handle.
//!
//! **Life.** Everything lives in one [`Inner`], owned by libuv's handle from `uv_poll_init` until its
//! close callback. The environment's cleanup hook, which runs once and before the environment is gone,
//! ends the engine and closes the handle; the environment waits for that. Whoever holds an
//! [`EventLoop`] beyond that finds it closed.

#![allow(unsafe_code, reason = "Node-API and libuv are called as they are")]

use crate::memory::Buffers;
use crate::uv::{self, Uv};
use ferropool_client::{Engine, Turn};
use ferropool_lane::Readiness;
use napi::{Env, sys};
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

/// A handle to the driver, for the environment's own thread.
pub(crate) struct EventLoop {
    inner: *mut Inner,
    closed: Rc<Cell<bool>>,
}

struct Inner {
    env: sys::napi_env,
    uv: Uv,
    /// The poll handle; its first field points back here.
    poll: *mut c_void,
    /// `onTurn`, its receiver, and the async context it is called in.
    callback: sys::napi_ref,
    receiver: sys::napi_ref,
    context: sys::napi_async_context,
    engine: Rc<RefCell<Engine>>,
    readiness: Arc<Readiness>,
    buffers: Buffers,
    referenced: bool,
    hook: sys::napi_async_cleanup_hook_handle,
    closed: Rc<Cell<bool>>,
}

impl EventLoop {
    /// Watches the engine's readiness on the environment's event loop. `None` where the loop cannot be
    /// had.
    pub(crate) fn start(
        env: Env,
        callback: sys::napi_value,
        engine: Rc<RefCell<Engine>>,
        buffers: Buffers,
    ) -> Option<Self> {
        let uv = uv::functions()?;
        let env = env.raw();
        let readiness = Arc::clone(engine.borrow().readiness());
        let closed = Rc::new(Cell::new(false));
        // SAFETY: this runs on the environment's thread inside a native call, so that `env` and `callback`
        // are valid and a handle scope is open. The handle's memory is as large as libuv asks for, zeroed,
        // and freed by its close callback alone. `inner` stays where it is until then.
        unsafe {
            let mut event_loop = ptr::null_mut();
            if sys::napi_get_uv_event_loop(env, &mut event_loop) != sys::Status::napi_ok
                || event_loop.is_null()
            {
                return None;
            }
            let poll = libc::calloc(1, (uv.handle_size)(uv::UV_POLL));
            if poll.is_null() || (uv.poll_init)(event_loop.cast(), poll, readiness.as_raw_fd()) != 0
            {
                libc::free(poll);
                return None;
            }
            let (mut callback_ref, mut receiver, mut receiver_ref) =
                (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            let (mut name, mut context) = (ptr::null_mut(), ptr::null_mut());
            sys::napi_create_reference(env, callback, 1, &mut callback_ref);
            sys::napi_create_object(env, &mut receiver);
            sys::napi_create_reference(env, receiver, 1, &mut receiver_ref);
            sys::napi_create_string_utf8(env, c"ferropool".as_ptr(), 9, &mut name);
            sys::napi_async_init(env, receiver, name, &mut context);
            let inner = Box::into_raw(Box::new(Inner {
                env,
                uv,
                poll,
                callback: callback_ref,
                receiver: receiver_ref,
                context,
                engine,
                readiness,
                buffers,
                referenced: false,
                hook: ptr::null_mut(),
                closed: Rc::clone(&closed),
            }));
            *poll.cast::<*mut Inner>() = inner;
            sys::napi_add_async_cleanup_hook(
                env,
                Some(environment_ends),
                inner.cast(),
                &mut (*inner).hook,
            );
            (uv.poll_start)(poll, uv::UV_READABLE, readable);
            (uv.unreference)(poll);
            Some(Self { inner, closed })
        }
    }

    /// Keeps the process from exiting, or no longer.
    pub(crate) fn keep_alive(&self, alive: bool) {
        if !self.closed.get() {
            // SAFETY: the driver is not closed, so that `inner` is alive; nobody else borrows it: every use
            // is on this thread, and none calls another.
            let inner = unsafe { &mut *self.inner };
            inner.keep_alive(alive);
        }
    }
}

impl Inner {
    fn keep_alive(&mut self, alive: bool) {
        if self.referenced != alive {
            self.referenced = alive;
            let change = if alive {
                self.uv.reference
            } else {
                self.uv.unreference
            };
            // SAFETY: the handle is initialised and not closing, or its owner would be closed.
            unsafe { change(self.poll) };
        }
    }

    fn turn(&mut self) -> (Turn, u32) {
        let (turn, which) = self
            .buffers
            .next(|outbox| self.engine.borrow_mut().turn(outbox));
        if turn.more {
            // The loop comes back after it has looked at its other handles.
            self.readiness.wake();
        }
        (turn, which)
    }
}

/// The lane has something to do.
unsafe extern "C" fn readable(poll: *mut c_void, _status: c_int, _events: c_int) {
    // SAFETY: libuv calls this on the environment's thread between `uv_poll_start` and `uv_close`; the
    // handle's first field is the pointer to `Inner` that was put there. The borrow ends before
    // JavaScript is called, which may call back into this lane or end the environment.
    unsafe {
        let inner: *mut Inner = *poll.cast();
        let turn = catch_unwind(AssertUnwindSafe(|| (*inner).turn()));
        let (env, closed) = ((*inner).env, Rc::clone(&(*inner).closed));
        let mut scope = ptr::null_mut();
        if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
            return;
        }
        match turn {
            Ok((turn, which)) if turn.completions > 0 || turn.events => {
                announce(
                    env,
                    (*inner).context,
                    (*inner).receiver,
                    (*inner).callback,
                    turn,
                    which,
                );
            }
            Ok(_) => {}
            Err(_panic) => raise(env, c"the native core panicked"),
        }
        sys::napi_close_handle_scope(env, scope);
        if !closed.get() {
            let alive = (*inner).engine.borrow().in_flight() > 0;
            (*inner).keep_alive(alive);
        }
    }
}

/// Calls `onTurn(completions, which, events)`.
///
/// # Safety
/// On the environment's thread, with a handle scope open; the references and the context are valid.
unsafe fn announce(
    env: sys::napi_env,
    context: sys::napi_async_context,
    receiver: sys::napi_ref,
    callback: sys::napi_ref,
    turn: Turn,
    which: u32,
) {
    // SAFETY: the caller's promise; every pointer is to a local.
    unsafe {
        let (mut this, mut function) = (ptr::null_mut(), ptr::null_mut());
        sys::napi_get_reference_value(env, receiver, &mut this);
        sys::napi_get_reference_value(env, callback, &mut function);
        let mut arguments = [ptr::null_mut(); 3];
        sys::napi_create_uint32(env, turn.completions, &mut arguments[0]);
        sys::napi_create_uint32(env, which, &mut arguments[1]);
        sys::napi_get_boolean(env, turn.events, &mut arguments[2]);
        let mut result = ptr::null_mut();
        let status = sys::napi_make_callback(
            env,
            context,
            this,
            function,
            3,
            arguments.as_ptr(),
            &mut result,
        );
        if status == sys::Status::napi_pending_exception {
            let mut error = ptr::null_mut();
            sys::napi_get_and_clear_last_exception(env, &mut error);
            sys::napi_fatal_exception(env, error);
        }
    }
}

/// Reports an error that has no caller, as an uncaught exception.
///
/// # Safety
/// On the environment's thread, with a handle scope open.
unsafe fn raise(env: sys::napi_env, message: &std::ffi::CStr) {
    // SAFETY: the caller's promise; every pointer is to a local.
    unsafe {
        let (mut text, mut error) = (ptr::null_mut(), ptr::null_mut());
        sys::napi_create_string_utf8(
            env,
            message.as_ptr(),
            message.count_bytes() as isize,
            &mut text,
        );
        sys::napi_create_error(env, ptr::null_mut(), text, &mut error);
        sys::napi_fatal_exception(env, error);
    }
}

/// The environment ends: gives everything back, then closes the handle.
unsafe extern "C" fn environment_ends(
    hook: sys::napi_async_cleanup_hook_handle,
    inner: *mut c_void,
) {
    let inner: *mut Inner = inner.cast();
    // SAFETY: Node-API calls this once, on the environment's thread, before the environment is gone;
    // `inner` is freed by the close callback that is asked for here, and not before.
    unsafe {
        (*inner).hook = hook;
        (*inner).closed.set(true);
        // A panic must not cross into the environment's teardown; there is nobody to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            (*inner).engine.borrow_mut().shut_down()
        }));
        ((*inner).uv.close)((*inner).poll, handle_closed);
    }
}

/// The handle is closed; the environment may go on ending.
unsafe extern "C" fn handle_closed(poll: *mut c_void) {
    // SAFETY: libuv is done with the handle, so that its memory and `Inner` are ours alone again. The
    // environment waits for the hook's removal, so that it can still take its references back.
    unsafe {
        let inner: Box<Inner> = Box::from_raw(*poll.cast());
        libc::free(poll);
        sys::napi_async_destroy(inner.env, inner.context);
        sys::napi_delete_reference(inner.env, inner.receiver);
        sys::napi_delete_reference(inner.env, inner.callback);
        let hook = inner.hook;
        drop(inner);
        sys::napi_remove_async_cleanup_hook(hook);
    }
}
