//! Waiting for writes. The service under test has changes and snapshots that the test controls.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::durable::state_change::StateChange;
use crate::error::StateError;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse};

/// Timeout that only a failing test exceeds.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Size of a state above the compaction threshold, in bytes.
const LARGE: usize = 5 * 1024 * 1024;

type TakeChanges = Box<dyn FnMut() -> Vec<StateChange> + Send>;
type WriteState = Box<dyn FnMut() -> io::Result<()> + Send>;

/// A service with scripted changes and snapshots.
struct Scripted {
    take_changes: Mutex<TakeChanges>,
    write_state: Mutex<WriteState>,
    loaded: Mutex<Vec<Value>>,
}

impl Service for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn handle(&self, _request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(std::future::ready(ServiceResponse::empty(StatusCode::OK)))
    }

    fn refuse(&self, _refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        ServiceResponse::empty(StatusCode::BAD_REQUEST)
    }
}

impl StatefulService for Scripted {
    fn manage(&self, _request: &ServiceRequest, _path: &[&str]) -> Option<ServiceResponse> {
        None
    }

    fn record_changes(&self) {}

    fn take_changes(&self) -> Vec<StateChange> {
        (self.take_changes.lock())()
    }

    fn dump(&self) -> Value {
        Value::Null
    }

    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        (self.write_state.lock())()?;
        writer.write_all(b"{}")
    }

    fn load(&self, state: &Value) -> Result<(), StateError> {
        self.loaded.lock().push(state.clone());
        Ok(())
    }
}

fn change(length: usize) -> Vec<StateChange> {
    vec![StateChange {
        path: vec!["text".to_owned()],
        value: Some(json!("x".repeat(length))),
    }]
}

fn scripted(take_changes: TakeChanges, write_state: WriteState) -> Arc<Scripted> {
    Arc::new(Scripted {
        take_changes: Mutex::new(take_changes),
        write_state: Mutex::new(write_state),
        loaded: Mutex::default(),
    })
}

fn start(path: &Path, take_changes: TakeChanges, write_state: WriteState) -> (Journal, Writer) {
    let (file, _) = DataFile::open(path).unwrap();
    Journal::start(file, vec![scripted(take_changes, write_state)], Map::new()).unwrap()
}

async fn commit(journal: &Journal) -> Result<(), NotDurable> {
    let ((), commit) = journal.track(async {}).await;
    let committed = tokio::time::timeout(TIME_LIMIT, commit.durable()).await;
    committed.expect("the commit finishes in time")
}

/// Returns a snapshot writer that reports its start on the first channel and receives its result on the second.
fn controlled_snapshots() -> (WriteState, Receiver<()>, Sender<io::Result<()>>) {
    let (begun, beginnings) = mpsc::channel();
    let (end, ends) = mpsc::channel();
    let write_state = Box::new(move || {
        begun.send(()).unwrap();
        ends.recv_timeout(TIME_LIMIT).unwrap()
    });
    (write_state, beginnings, end)
}

#[tokio::test]
async fn journaled_change_does_not_wait_for_compaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (write_state, beginnings, end) = controlled_snapshots();
    end.send(Ok(())).unwrap();
    let (take, takes) = mpsc::channel();
    let take_changes: TakeChanges = Box::new(move || {
        take.send(()).unwrap();
        change(LARGE)
    });
    let (journal, writer) = start(&path, take_changes, write_state);
    beginnings.recv().unwrap();
    for outcome in [Ok(()), Err(io::Error::other("disk full"))] {
        assert_eq!(commit(&journal).await, Ok(()));
        takes.recv_timeout(TIME_LIMIT).unwrap();
        // Compaction has started and waits for its result.
        beginnings.recv_timeout(TIME_LIMIT).unwrap();
        let is_written = outcome.is_ok();
        end.send(outcome).unwrap();
        if is_written {
            // Changes during compaction are written at its end.
            takes.recv_timeout(TIME_LIMIT).unwrap();
        }
    }
    // Shutdown does not wait for the compaction.
    drop(writer);
    assert_eq!(beginnings.try_iter().count(), 0);
    let (_, saved) = DataFile::open(&path).unwrap();
    assert_eq!(saved.services["scripted"]["text"].as_str().unwrap().len(), LARGE);
}

#[tokio::test]
async fn commits_fail_after_the_thread_has_panicked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (begin, beginnings) = mpsc::channel();
    let take_changes: TakeChanges = Box::new(move || {
        beginnings.recv_timeout(TIME_LIMIT).unwrap();
        panic!("a panic for a test")
    });
    let (journal, writer) = start(&path, take_changes, Box::new(|| Ok(())));
    // The write of the first request panics; the second request waits for the next write.
    let first = commit(&journal);
    let second = async {
        begin.send(()).unwrap();
        commit(&journal).await
    };
    assert_eq!(
        futures::future::join(first, second).await,
        (Err(NotDurable), Err(NotDurable))
    );
    assert_eq!(commit(&journal).await, Err(NotDurable));
    journal.wake();
    drop(writer);
}

/// Returns a worker without a thread, whose journal has one line and then fails.
fn failing_worker(path: &Path, write_state: WriteState) -> (Worker, Arc<Scripted>, Journal) {
    let service = scripted(Box::new(|| change(1)), write_state);
    let (mut file, _) = DataFile::open(path).unwrap();
    let services: Vec<Arc<dyn StatefulService>> = vec![service.clone()];
    file.replace(&services, &Map::new()).unwrap();
    file.append(&BTreeMap::from([("scripted", change(3))])).unwrap();
    file.make_journal_read_only();
    let shared = Arc::new(Shared {
        undone: RwLock::new(0),
        requests: Mutex::default(),
        requested: Condvar::new(),
    });
    let worker = Worker {
        shared: shared.clone(),
        file,
        services,
        others: Map::new(),
        incomplete: false,
    };
    (worker, service, Journal { shared })
}

#[tokio::test]
async fn changes_of_a_failed_write_are_undone_before_their_requests_fail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut worker, service, journal) = failing_worker(&path, Box::new(|| Ok(())));
    let ((), first) = journal.track(async {}).await;
    let (thread, ended) = (std::thread::spawn(move || worker.run()), journal.clone());
    assert_eq!(first.durable().await, Err(NotDurable));
    assert_eq!(*service.loaded.lock(), [json!({"text": "xxx"})]);
    // A job cannot cause another attempt, but a request can.
    journal.wake();
    assert!(!journal.shared.requests.lock().is_woken);
    assert_eq!(commit(&journal).await, Ok(()));
    assert_eq!(commit(&journal).await, Ok(()));
    assert_eq!(service.loaded.lock().len(), 1);
    ended.shared.requests.lock().stop = true;
    ended.shared.requested.notify_one();
    thread.join().unwrap();
    let (_, saved) = DataFile::open(&path).unwrap();
    assert_eq!(saved.services["scripted"], json!({"text": "x"}));
}

#[tokio::test]
async fn all_changes_fail_after_an_undo_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut worker, service, journal) = failing_worker(&path, Box::new(|| Ok(())));
    std::fs::write(&path, "garbage").unwrap();
    let thread = std::thread::spawn(move || worker.run());
    for _ in 0..2 {
        assert_eq!(commit(&journal).await, Err(NotDurable));
    }
    thread.join().unwrap();
    assert!(service.loaded.lock().is_empty());
}

/// An undo fails a request that was handled before it, and a request that is still in progress.
#[tokio::test]
async fn request_in_progress_during_an_undo_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut worker, _, journal) = failing_worker(&path, Box::new(|| Ok(())));
    let (resume, resumed) = oneshot::channel::<()>();
    let waiting = journal.track(async { resumed.await.unwrap() });
    let undo = async {
        tokio::task::spawn_blocking(move || worker.undo().unwrap())
            .await
            .unwrap();
        resume.send(()).unwrap();
    };
    let (((), commit), ()) = futures::future::join(waiting, undo).await;
    assert_eq!(commit.durable().await, Err(NotDurable));
}

/// A request belongs to the write that has its changes, so a later failure does not fail it.
#[tokio::test]
async fn request_is_in_the_write_that_has_its_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut worker, _, journal) = failing_worker(&path, Box::new(|| Ok(())));
    // From here on the journal can be written again.
    worker.file.replace(&worker.services, &Map::new()).unwrap();
    let ((), durable) = journal.track(async {}).await;
    assert!(worker.write_or_undo(false));
    worker.file.make_journal_read_only();
    let ((), refused) = journal.track(async {}).await;
    assert!(worker.write_or_undo(false));
    assert_eq!(durable.durable().await, Ok(()));
    assert_eq!(refused.durable().await, Err(NotDurable));
}

/// A snapshot may contain changes that were made while it was written, so it is valid only together with the line
/// that has them.
#[tokio::test]
async fn change_during_a_failed_snapshot_is_not_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut worker, service, journal) = failing_worker(&path, Box::new(|| Ok(())));
    for is_compaction in [true, false] {
        worker.incomplete = !is_compaction;
        let new_journal = folder.path().join("data.json.journal.new");
        let blocked = new_journal.clone();
        // The snapshot is written, but its journal is not.
        *service.write_state.lock() = Box::new(move || std::fs::create_dir(&blocked));
        let ((), commit) = journal.track(async {}).await;
        assert!(worker.write_or_undo(is_compaction));
        std::fs::remove_dir(&new_journal).unwrap();
        let state = worker.file.read_state().unwrap();
        assert_eq!(state["scripted"], json!({"text": "xxx"}));
        if is_compaction {
            // No changes were taken, so the request still waits.
            assert_eq!(journal.shared.requests.lock().waiting.len(), 1);
        } else {
            assert_eq!(commit.durable().await, Err(NotDurable));
        }
    }
}
