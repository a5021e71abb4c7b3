//! "Unit Test Runner": a thread is a task, and what it does happens in the order in which the main
//! thread scheduled it.

use crate::format::{Action, Operation, Test};
use crate::matching;
use crate::support::{self, Fault, LONG, Lease, Mock, Remote};
use ferropool_pool::{Condition, Event, Pool, PoolOptions};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Why an operation could not be done.
enum Failure {
    /// It threw, which the test may expect.
    Thrown(Value),
    /// The test cannot go on.
    Broken(String),
}

/// Runs `test` and says what did not match.
pub(crate) fn run(test: Test) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let options = test.pool_options.parsed();
        let shared = Arc::new(Shared::new(options.clone()));
        tokio::spawn(Pool::maintain(Arc::downgrade(&shared.pool)));

        let mut main = Main {
            shared: Arc::clone(&shared),
            threads: HashMap::new(),
        };
        let thrown = match main.run(&test.operations).await {
            Ok(()) => None,
            Err(Failure::Thrown(error)) => Some(error),
            Err(Failure::Broken(why)) => return Err(why),
        };
        match (&test.error, thrown) {
            (None, Some(error)) => return Err(format!("threw {error}")),
            (None, None) => {}
            (Some(expected), thrown) => matching::matches(expected, thrown.as_ref())
                .map_err(|why| format!("error {why}"))?,
        }
        shared.check_events(&test, &options)
    })
}

/// What the threads of a test have in common.
struct Shared {
    pool: Arc<Pool<Mock>>,
    remote: Arc<Remote>,
    events: Mutex<Vec<Event<Fault>>>,
    labelled: Mutex<HashMap<String, Lease>>,
    /// Connections that nobody can name stay checked out until the end.
    unlabelled: Mutex<Vec<Lease>>,
}

impl Shared {
    fn new(options: PoolOptions) -> Self {
        let (pool, remote) = support::paused(options);
        remote.establish_at_once();
        Self {
            pool,
            remote,
            events: Mutex::default(),
            labelled: Mutex::default(),
            unlabelled: Mutex::default(),
        }
    }

    async fn act(&self, action: &Action) -> Result<(), Failure> {
        match action {
            Action::Wait { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Action::WaitForEvent {
                event,
                count,
                timeout,
            } => {
                let timeout = timeout.map_or(LONG, Duration::from_millis);
                let wait = self.wait_for_event(event, *count);
                if tokio::time::timeout(timeout, wait).await.is_err() {
                    let why = format!("{event} did not occur {count} times in {timeout:?}");
                    return Err(Failure::Broken(why));
                }
            }
            Action::CheckOut { label } => {
                let lease = support::check_out(&self.pool, support::request())
                    .await
                    .map_err(|error| Failure::Thrown(matching::error(&error)))?;
                match label {
                    Some(label) => drop(lock(&self.labelled).insert(label.clone(), lease)),
                    None => lock(&self.unlabelled).push(lease),
                }
            }
            Action::CheckIn { connection } => {
                let lease = lock(&self.labelled).remove(connection);
                let lease = lease.ok_or(Failure::Broken(format!("there is no {connection}")))?;
                lease.check_in(Condition::Healthy);
            }
            Action::Clear { interrupt_in_use } => self.pool.clear(None, *interrupt_in_use, None),
            Action::Close => drop(self.pool.close()),
            Action::Ready => self.pool.ready(),
            Action::Start { .. } | Action::WaitForThread { .. } => {
                let why = "only the main thread has threads".to_owned();
                return Err(Failure::Broken(why));
            }
        }
        Ok(())
    }

    /// Counts from the start of the test, what is ignored later included.
    async fn wait_for_event(&self, name: &str, count: usize) {
        loop {
            let came = self.remote.events_came();
            if self.names().iter().filter(|other| **other == name).count() >= count {
                return;
            }
            came.await;
        }
    }

    fn names(&self) -> Vec<&'static str> {
        let mut events = lock(&self.events);
        self.pool.drain_events(|event| events.push(event));
        events.iter().map(matching::name).collect()
    }

    fn check_events(&self, test: &Test, options: &PoolOptions) -> Result<(), String> {
        let mut events = lock(&self.events);
        self.pool.drain_events(|event| events.push(event));
        let is_ignored = |event: &&Event<Fault>| {
            let name = matching::name(event);
            test.ignore.iter().any(|ignored| ignored == name)
        };
        let actual: Vec<Value> = events
            .iter()
            .filter(|event| !is_ignored(event))
            .map(|event| matching::event(event, options))
            .collect();
        for (index, expected) in test.events.iter().enumerate() {
            matching::matches(expected, actual.get(index))
                .map_err(|why| format!("event {index}{why}, in {actual:#?}"))?;
        }
        Ok(())
    }
}

/// The main thread.
struct Main {
    shared: Arc<Shared>,
    threads: HashMap<String, Thread>,
}

struct Thread {
    operations: mpsc::UnboundedSender<Operation>,
    task: JoinHandle<Result<(), Failure>>,
}

impl Main {
    async fn run(&mut self, operations: &[Operation]) -> Result<(), Failure> {
        for operation in operations {
            match (&operation.thread, &operation.action) {
                (Some(thread), _) => self.schedule(thread, operation.clone())?,
                (None, Action::Start { target }) => self.start(target),
                (None, Action::WaitForThread { target }) => self.wait_for(target).await?,
                (None, action) => self.shared.act(action).await?,
            }
        }
        Ok(())
    }

    fn start(&mut self, name: &str) {
        let (operations, mut scheduled) = mpsc::unbounded_channel::<Operation>();
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move {
            while let Some(operation) = scheduled.recv().await {
                shared.act(&operation.action).await?;
            }
            Ok(())
        });
        self.threads
            .insert(name.to_owned(), Thread { operations, task });
    }

    fn schedule(&self, name: &str, operation: Operation) -> Result<(), Failure> {
        let thread = self.threads.get(name).ok_or_else(|| no_thread(name))?;
        // A thread that has thrown does nothing more.
        let _ = thread.operations.send(operation);
        Ok(())
    }

    async fn wait_for(&mut self, name: &str) -> Result<(), Failure> {
        let Thread { operations, task } =
            self.threads.remove(name).ok_or_else(|| no_thread(name))?;
        drop(operations);
        match tokio::time::timeout(LONG, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Failure::Broken(panic.to_string())),
            Err(_) => Err(Failure::Broken(format!("thread {name} does not finish"))),
        }
    }
}

fn no_thread(name: &str) -> Failure {
    Failure::Broken(format!("there is no thread {name}"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
