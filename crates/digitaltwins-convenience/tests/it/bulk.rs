//! Storing many twins and relationships.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, BulkUpsertOptions, DigitalTwin, GraphItem, ProgressCallback,
    ResponseExt, Upsert, UpsertOutcome,
};
use futures::{StreamExt, stream};
use serde_json::{Map, json};

use crate::store;
use crate::support::Answer;

fn twin(id: &str) -> GraphItem {
    BasicDigitalTwin::new(id, "dtmi:example:T;1", Map::new()).into()
}

fn relationship(source: &str, target: &str) -> GraphItem {
    BasicRelationship::new(format!("{source}-{target}"), source, "to", target, Map::new()).into()
}

/// A hundred twins, each followed by its relationship to the one before.
fn chain() -> Vec<GraphItem> {
    let mut items = vec![twin("t0")];
    for n in 1..100 {
        items.push(twin(&format!("t{n}")));
        items.push(relationship(&format!("t{n}"), &format!("t{}", n - 1)));
    }
    items
}

async fn outcomes(stream: impl stream::Stream<Item = UpsertOutcome>) -> Vec<UpsertOutcome> {
    let mut all: Vec<_> = stream.collect().await;
    all.sort_by_key(|outcome| outcome.index);
    all
}

#[tokio::test(start_paused = true)]
async fn relationships_wait_for_their_twins() {
    let (_, documents, client) = store::service(|_, _| None);
    let all = outcomes(client.bulk_upsert(stream::iter(chain()), None).unwrap()).await;
    let items: Vec<_> = all.iter().map(|outcome| outcome.item.clone()).collect();
    assert_eq!(items, chain());
    for outcome in &all {
        assert!(
            outcome.result.as_ref().unwrap().etag().is_some(),
            "every item has its ETag"
        );
    }
    assert_eq!(documents.lock().unwrap().by_path.len(), 199);
}

#[tokio::test(start_paused = true)]
async fn as_many_run_at_the_same_time_as_allowed() {
    // The script runs when a request arrives, and the answer comes a moment later: arrivals in between run together.
    let arrived = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (seen, highest) = (arrived.clone(), most.clone());
    let (_, _, client) = store::service(move |_, _| {
        highest.fetch_max(seen.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        None
    });
    let counter = arrived.clone();
    let options = BulkUpsertOptions {
        max_concurrency: 5,
        on_progress: Some(ProgressCallback::new(move |progress| {
            counter.fetch_sub(1, Ordering::SeqCst);
            assert!(progress.concurrency <= 5);
        })),
        ..Default::default()
    };
    let items = (0..200).map(|n| twin(&format!("t{n}")));
    let all = outcomes(client.bulk_upsert(stream::iter(items), Some(options)).unwrap()).await;
    assert_eq!(all.len(), 200);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=5).contains(&most), "{most} at the same time");
}

#[tokio::test(start_paused = true)]
async fn throttling_slows_it_down_and_loses_nothing() {
    // The service takes five writes a second, and says so.
    let start = tokio::time::Instant::now();
    let mut window = (0, 0);
    let refused = Arc::new(AtomicUsize::new(0));
    let count = refused.clone();
    let (_, documents, client) = store::service(move |_, _| {
        let second = start.elapsed().as_secs();
        if window.0 != second {
            window = (second, 0);
        }
        window.1 += 1;
        if window.1 <= 5 {
            return None;
        }
        count.fetch_add(1, Ordering::SeqCst);
        let body = json!({"error": {"statusCode": 429, "message": "Slow down"}});
        Some(Answer::json(429, &body).header("retry-after", "1"))
    });
    let last = Arc::new(Mutex::new(None));
    let seen = last.clone();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            *seen.lock().unwrap() = Some(progress.clone());
        })),
        ..Default::default()
    };
    let items = (0..100).map(|n| twin(&format!("t{n}")));
    let all = outcomes(client.bulk_upsert(stream::iter(items), Some(options)).unwrap()).await;
    assert!(all.iter().all(|outcome| outcome.result.is_ok()));
    assert_eq!(documents.lock().unwrap().by_path.len(), 100);
    let progress = last.lock().unwrap().clone().unwrap();
    assert_eq!(
        (progress.succeeded, progress.failed, progress.resume_at),
        (100, 0, 100)
    );
    assert!(progress.throttled > 0 && progress.concurrency < 32);
    // Without a pace, each of the waiting requests would be refused every second.
    assert!(refused.load(Ordering::SeqCst) < 150, "{refused:?} refusals");
    assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_failure_is_one_outcome() {
    let (_, documents, client) = store::service(|sent, _| {
        sent.target
            .contains("t7")
            .then(|| Answer::error(400, "ValidationFailed"))
    });
    let mut items: Vec<_> = (0..20).map(|n| twin(&format!("t{n}"))).collect();
    items.push(relationship("t1", "t2"));
    items.push(relationship("t1", "nobody"));
    let all = outcomes(client.bulk_upsert(stream::iter(items), None).unwrap()).await;
    let failed: Vec<_> = all.iter().filter(|outcome| outcome.result.is_err()).collect();
    assert_eq!(
        failed.iter().map(|outcome| outcome.index).collect::<Vec<_>>(),
        [7, 21]
    );
    assert!(failed[0].result.as_ref().unwrap_err().is_validation_failed());
    assert!(failed[1].result.as_ref().unwrap_err().is_target_not_found());
    assert_eq!(documents.lock().unwrap().by_path.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_broken_run_goes_on_where_it_was() {
    let (service, documents, client) = store::service(|_, _| None);
    let last = Arc::new(Mutex::new(0));
    let seen = last.clone();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            *seen.lock().unwrap() = progress.resume_at;
        })),
        ..Default::default()
    };
    let first: Vec<_> = client
        .bulk_upsert(stream::iter(chain()), Some(options))
        .unwrap()
        .take(60)
        .collect()
        .await;
    let resume_at = *last.lock().unwrap();
    let done: HashSet<u64> = first.iter().map(|outcome| outcome.index).collect();
    assert!(
        resume_at > 30 && (0..resume_at).all(|index| done.contains(&index)),
        "{resume_at}"
    );
    let before = service.sent().len();
    let options = BulkUpsertOptions {
        resume_at,
        ..Default::default()
    };
    let rest = outcomes(client.bulk_upsert(stream::iter(chain()), Some(options)).unwrap()).await;
    assert_eq!(rest.len() as u64, 199 - resume_at);
    assert_eq!(service.sent().len() - before, rest.len());
    assert_eq!(documents.lock().unwrap().by_path.len(), 199);
}

#[tokio::test(start_paused = true)]
async fn two_writes_of_one_twin_keep_their_order() {
    let (_, documents, client) = store::service(|_, _| None);
    let items = (0..50).map(|n| {
        let contents = Map::from_iter([("n".to_owned(), json!(n))]);
        GraphItem::from(BasicDigitalTwin::new("same", "dtmi:example:T;1", contents))
    });
    let all = outcomes(client.bulk_upsert(stream::iter(items), None).unwrap()).await;
    assert_eq!(all.len(), 50);
    assert_eq!(documents.lock().unwrap().by_path["/digitaltwins/same"].0["n"], 49);
}

#[tokio::test(start_paused = true)]
async fn the_mode_is_sent_and_typed_items_are_taken() {
    #[derive(serde::Serialize)]
    struct Room {
        temperature: f32,
        name: Option<String>,
    }
    let (service, _, client) = store::service(|_, _| None);
    let room = DigitalTwin::new(
        "r",
        "dtmi:example:Room;1",
        Room {
            temperature: 21.3,
            name: None,
        },
    );
    let items = [GraphItem::twin(&room).unwrap()];
    let options = BulkUpsertOptions {
        mode: Upsert::CreateOnly,
        ..Default::default()
    };
    outcomes(client.bulk_upsert(stream::iter(items), Some(options)).unwrap()).await;
    let sent = &service.sent()[0];
    assert_eq!(sent.header("if-none-match"), Some("*"));
    assert_eq!(
        sent.body,
        r#"{"$dtId":"r","temperature":21.3,"$metadata":{"$model":"dtmi:example:Room;1"}}"#
    );
    let none = BulkUpsertOptions {
        max_concurrency: 0,
        ..Default::default()
    };
    assert!(
        client
            .bulk_upsert(stream::empty(), Some(none))
            .err()
            .unwrap()
            .is_invalid_input()
    );
    assert_eq!(
        outcomes(client.bulk_upsert(stream::empty(), None).unwrap())
            .await
            .len(),
        0
    );
    assert!(
        GraphItem::twin(&DigitalTwin::new("r", "m", 7))
            .unwrap_err()
            .is_invalid_input()
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_source_does_not_hold_up_what_is_under_way() {
    let (_, _, client) = store::service(|_, _| None);
    let items = stream::iter((0..5).map(|n| twin(&format!("t{n}")))).then(|item| async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        item
    });
    let start = tokio::time::Instant::now();
    let mut stream = client.bulk_upsert(items, None).unwrap();
    for n in 1..=5 {
        stream.next().await.unwrap();
        assert_eq!(
            start.elapsed().as_secs(),
            n * 10,
            "the outcome of item {n} does not wait for the next item"
        );
    }
    assert!(stream.next().await.is_none());
}
