//! Waiting for writes, with a service whose changes and snapshots the test controls.

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

/// Only a failing test exceeds this.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Above the compaction threshold.
const LARGE: usize = 5 * 1024 * 1024;

type TakeChanges = Box<dyn FnMut() -> Vec<StateChange> + Send>;
type WriteState = Box<dyn FnMut() -> io::Result<()> + Send>;

/// A service with scripted changes and snapshots.
struct Scripted {
    take_changes: Mutex<TakeChanges>,
    write_state: Mutex<WriteState>,
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

    fn load(&self, _state: &Value) -> Result<(), StateError> {
        Ok(())
    }
}

fn change(length: usize) -> Vec<StateChange> {
    vec![StateChange {
        path: vec!["text".to_owned()],
        value: Some(json!("x".repeat(length))),
    }]
}

fn start(path: &Path, take_changes: TakeChanges, write_state: WriteState) -> (Journal, Writer) {
    let (file, _) = DataFile::open(path).unwrap();
    let service = Scripted {
        take_changes: Mutex::new(take_changes),
        write_state: Mutex::new(write_state),
    };
    Journal::start(file, vec![Arc::new(service)], Map::new()).unwrap()
}

async fn commit(journal: &Journal) -> Result<(), NotDurable> {
    let committed = tokio::time::timeout(TIME_LIMIT, journal.commit()).await;
    committed.expect("the commit finishes in time")
}

/// A snapshot writer that reports when it starts, and waits for its result.
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
    let (journal, writer) = start(&path, Box::new(|| change(LARGE)), write_state);
    beginnings.recv().unwrap();
    for outcome in [Ok(()), Err(io::Error::other("disk full"))] {
        assert_eq!(commit(&journal).await, Ok(()));
        // Compaction has started and waits for its result.
        beginnings.recv_timeout(TIME_LIMIT).unwrap();
        end.send(outcome).unwrap();
    }
    // Shutdown does not wait for a compaction.
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
    // The write of the first panics; the second waits for the next write.
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
