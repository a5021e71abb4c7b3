//! A lane driven by tokio, for environments whose event loop cannot be had: turns run on the core's
//! threads, and their completions reach JavaScript by one thread-safe call for many.
//!
//! **Life.** The thread-safe function is called under [`Gate`]'s lock alone. The environment's cleanup
//! hook takes it out of there, so that nobody calls it afterwards.

#![allow(
    unsafe_code,
    reason = "Node-API's thread-safe functions are called as they are"
)]

use ferropool_client::{Engine, Turn, runtime};
use ferropool_lane::{Outbox, Record, drive};
use napi::bindgen_prelude::{Int32Array, Uint8Array};
use napi::{Env, sys};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// A handle to the driver, for the environment's own thread.
pub(crate) struct TokioLane {
    shared: Arc<Shared>,
    env: Env,
}

struct Shared {
    engine: Arc<Mutex<Engine>>,
    gate: Mutex<Gate>,
}

/// What the two threads hand each other.
struct Gate {
    /// `None` once the environment has ended.
    function: Option<Function>,
    ready: VecDeque<Batch>,
    spare: Vec<Batch>,
    /// Whether JavaScript has been called and has not looked yet.
    called: bool,
    /// Operations that JavaScript has started and whose completions it does not have: these keep the
    /// process alive, though the engine may be done with them.
    undelivered: u32,
}

struct Function(sys::napi_threadsafe_function);

// SAFETY: a thread-safe function may be called from any thread.
unsafe impl Send for Function {}

/// One turn's completions.
struct Batch {
    slab: Vec<u8>,
    records: Vec<i32>,
    turn: Turn,
}

/// What JavaScript's thread needs to deliver; owned by the thread-safe function.
struct Delivery {
    shared: Arc<Shared>,
    slab: Uint8Array,
    records: Int32Array,
}

impl TokioLane {
    /// Drives the engine on the core's threads.
    pub(crate) fn start(
        env: Env,
        callback: sys::napi_value,
        engine: Arc<Mutex<Engine>>,
        slab: Uint8Array,
        records: Int32Array,
    ) -> Option<Self> {
        let gate = Gate {
            function: None,
            ready: VecDeque::new(),
            spare: Vec::new(),
            called: false,
            undelivered: 0,
        };
        let shared = Arc::new(Shared {
            engine,
            gate: Mutex::new(gate),
        });
        let sizes = (slab.len(), records.len());
        let delivery = Box::into_raw(Box::new(Delivery {
            shared: Arc::clone(&shared),
            slab,
            records,
        }));
        let mut function = ptr::null_mut();
        // SAFETY: this runs on the environment's thread inside a native call. `delivery` is freed by the
        // finaliser, after the last call; the hook's argument is an `Arc` that the hook takes back.
        unsafe {
            let raw = env.raw();
            let mut name = ptr::null_mut();
            sys::napi_create_string_utf8(raw, c"ferropool".as_ptr(), 9, &mut name);
            let status = sys::napi_create_threadsafe_function(
                raw,
                callback,
                ptr::null_mut(),
                name,
                0,
                1,
                delivery.cast(),
                Some(finalize),
                delivery.cast(),
                Some(deliver),
                &mut function,
            );
            if status != sys::Status::napi_ok {
                drop(Box::from_raw(delivery));
                return None;
            }
            sys::napi_unref_threadsafe_function(raw, function);
            let hooked = Arc::into_raw(Arc::clone(&shared));
            sys::napi_add_env_cleanup_hook(raw, Some(environment_ends), hooked.cast_mut().cast());
        }
        shared.gate.lock().function = Some(Function(function));
        let readiness = Arc::clone(shared.engine.lock().readiness());
        let driven = Arc::clone(&shared);
        runtime().spawn(async move {
            // The only failure is a runtime without I/O, which the core's is not.
            let _ = drive(readiness, move || driven.turn(sizes)).await;
        });
        Some(Self { shared, env })
    }

    /// So many operations have been started; the process stays alive until their completions are here.
    pub(crate) fn started(&self, operations: u32) {
        if operations > 0 {
            let mut gate = self.shared.gate.lock();
            gate.undelivered += operations;
            gate.keep_alive(self.env.raw(), true);
        }
    }
}

impl Gate {
    fn keep_alive(&self, env: sys::napi_env, alive: bool) {
        if let Some(function) = &self.function {
            // SAFETY: called on the environment's thread; the function is alive: it leaves the gate, whose
            // lock is held, before it ends. Both calls may be repeated.
            unsafe {
                match alive {
                    true => sys::napi_ref_threadsafe_function(env, function.0),
                    false => sys::napi_unref_threadsafe_function(env, function.0),
                };
            }
        }
    }
}

impl Shared {
    /// One turn on the core's thread; `None` once the environment has ended.
    fn turn(&self, (slab, records): (usize, usize)) -> Option<bool> {
        let mut batch = {
            let mut gate = self.gate.lock();
            gate.function.as_ref()?;
            gate.spare.pop().unwrap_or_else(|| Batch {
                slab: vec![0; slab],
                records: vec![0; records],
                turn: Turn {
                    completions: 0,
                    bytes: 0,
                    more: false,
                    events: false,
                    handled: false,
                },
            })
        };
        batch.turn = self
            .engine
            .lock()
            .turn(&mut Outbox::new(&mut batch.slab, &mut batch.records));
        let Turn {
            completions,
            more,
            events,
            handled,
            ..
        } = batch.turn;
        let mut gate = self.gate.lock();
        match completions > 0 || events {
            false => gate.spare.push(batch),
            true => {
                gate.ready.push_back(batch);
                if let (false, Some(function)) = (gate.called, &gate.function) {
                    // SAFETY: the function is alive: it leaves the gate, whose lock is held, before it ends.
                    let status = unsafe {
                        sys::napi_call_threadsafe_function(
                            function.0,
                            ptr::null_mut(),
                            sys::ThreadsafeFunctionCallMode::nonblocking,
                        )
                    };
                    gate.called = status == sys::Status::napi_ok;
                }
            }
        }
        Some(more || handled)
    }
}

/// On JavaScript's thread: hands over every batch that is ready.
unsafe extern "C" fn deliver(
    env: sys::napi_env,
    callback: sys::napi_value,
    context: *mut c_void,
    _: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    // SAFETY: Node-API calls this on the environment's thread with the context that it was given, which
    // lives until the finaliser; a handle scope is open. The borrows end before JavaScript is called.
    unsafe {
        let delivery: *mut Delivery = context.cast();
        let shared = Arc::clone(&(*delivery).shared);
        loop {
            let batch = {
                let mut gate = shared.gate.lock();
                let batch = gate.ready.pop_front();
                gate.called = batch.is_some();
                batch
            };
            let Some(batch) = batch else { break };
            let width = batch.turn.completions as usize * Record::WIDTH;
            (*delivery).records.as_mut()[..width].copy_from_slice(&batch.records[..width]);
            let used = batch.turn.bytes as usize;
            (*delivery).slab.as_mut()[..used].copy_from_slice(&batch.slab[..used]);
            let turn = batch.turn;
            let mut gate = shared.gate.lock();
            gate.spare.push(batch);
            gate.undelivered -= turn.completions;
            drop(gate);
            let mut this = ptr::null_mut();
            sys::napi_get_undefined(env, &mut this);
            let mut arguments = [ptr::null_mut(); 3];
            sys::napi_create_uint32(env, turn.completions, &mut arguments[0]);
            sys::napi_create_uint32(env, 0, &mut arguments[1]);
            sys::napi_get_boolean(env, turn.events, &mut arguments[2]);
            let mut result = ptr::null_mut();
            if sys::napi_call_function(env, this, callback, 3, arguments.as_ptr(), &mut result)
                != sys::Status::napi_ok
            {
                let mut error = ptr::null_mut();
                if sys::napi_get_and_clear_last_exception(env, &mut error) == sys::Status::napi_ok {
                    sys::napi_fatal_exception(env, error);
                }
            }
        }
        let gate = shared.gate.lock();
        gate.keep_alive(env, gate.undelivered > 0);
    }
}

/// The environment ends: nobody calls the function any more, and everything is given back.
unsafe extern "C" fn environment_ends(hooked: *mut c_void) {
    // SAFETY: the pointer is the `Arc` that the hook was registered with, and the hook runs once.
    let shared = unsafe { Arc::from_raw(hooked.cast_const().cast::<Shared>()) };
    let function = shared.gate.lock().function.take();
    let mut engine = shared.engine.lock();
    engine.shut_down();
    // The driving task looks once more, and ends.
    engine.readiness().wake();
    drop(engine);
    if let Some(function) = function {
        // SAFETY: the function is alive, and nobody else can reach it any more.
        unsafe {
            sys::napi_release_threadsafe_function(
                function.0,
                sys::ThreadsafeFunctionReleaseMode::abort,
            );
        }
    }
}

/// The function is gone: frees what it delivered with.
unsafe extern "C" fn finalize(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the pointer is the box that the function was created with; the finaliser runs once, last.
    drop(unsafe { Box::from_raw(data.cast::<Delivery>()) });
}
