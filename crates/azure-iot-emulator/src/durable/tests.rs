//! What waits for what, with a service that does as it is told.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::service::{Refusal, ServiceRequest, ServiceResponse};

/// Only a failure takes that long.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// More than a journal may grow to.
const MUCH: usize = 5 * 1024 * 1024;

type TakeChanges = Box<dyn FnMut() -> Vec<StateChange> + Send>;
type WriteState = Box<dyn FnMut() -> io::Result<()> + Send>;

/// Says what has changed, and writes a state, as a test has it.
struct Told {
    take_changes: Mutex<TakeChanges>,
    write_state: Mutex<WriteState>,
}

impl Service for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn handle(&self, _request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(std::future::ready(ServiceResponse::empty(StatusCode::OK)))
    }

    fn refuse(&self, _refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        ServiceResponse::empty(StatusCode::BAD_REQUEST)
    }

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

    fn load(&self, _state: &Value) -> Result<(), String> {
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
    let service = Told {
        take_changes: Mutex::new(take_changes),
        write_state: Mutex::new(write_state),
    };
    Journal::start(file, vec![Arc::new(service)], Map::new()).unwrap()
}

async fn commit(journal: &Journal) -> Result<(), NotDurable> {
    let committed = tokio::time::timeout(TIME_LIMIT, journal.commit()).await;
    committed.expect("a commit ends")
}

/// Tells that a whole state is to be written, and waits to hear how that ends.
fn asked() -> (WriteState, Receiver<()>, Sender<io::Result<()>>) {
    let (begun, beginnings) = mpsc::channel();
    let (end, ends) = mpsc::channel();
    let write_state = Box::new(move || {
        begun.send(()).unwrap();
        ends.recv_timeout(TIME_LIMIT).unwrap()
    });
    (write_state, beginnings, end)
}

#[tokio::test]
async fn what_is_in_the_journal_does_not_wait_for_the_whole_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (write_state, beginnings, end) = asked();
    end.send(Ok(())).unwrap();
    let (journal, writer) = start(&path, Box::new(|| change(MUCH)), write_state);
    beginnings.recv().unwrap();
    for outcome in [Ok(()), Err(io::Error::other("no room"))] {
        assert_eq!(commit(&journal).await, Ok(()));
        // The journal has outgrown the file, which can't be replaced before this is over.
        beginnings.recv_timeout(TIME_LIMIT).unwrap();
        end.send(outcome).unwrap();
    }
    // The end doesn't wait for it either: a start replaces the file anyway.
    drop(writer);
    assert_eq!(beginnings.try_iter().count(), 0);
    let (_, saved) = DataFile::open(&path).unwrap();
    assert_eq!(saved.services["told"]["text"].as_str().unwrap().len(), MUCH);
}

/// Requests are refused then; nobody waits for a thread that has gone.
#[tokio::test]
async fn nobody_waits_for_a_thread_that_has_panicked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (begin, beginnings) = mpsc::channel();
    let take_changes: TakeChanges = Box::new(move || {
        beginnings.recv_timeout(TIME_LIMIT).unwrap();
        panic!("a panic for a test")
    });
    let (journal, writer) = start(&path, take_changes, Box::new(|| Ok(())));
    // One whose write panics, and one that waits for the next.
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
    journal.poke();
    drop(writer);
}
