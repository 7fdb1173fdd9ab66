//! Bulk upserts.

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
use crate::support::MockResponse;

fn twin(id: &str) -> GraphItem {
    BasicDigitalTwin::new(id, "dtmi:example:T;1", Map::new()).into()
}

fn relationship(source: &str, target: &str) -> GraphItem {
    BasicRelationship::new(format!("{source}-{target}"), source, "to", target, Map::new()).into()
}

/// Returns a hundred twins, each with a relationship to the previous twin.
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
    let all = outcomes(client.bulk_upsert_stream(stream::iter(chain()), None).unwrap()).await;
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
async fn concurrency_reaches_but_never_exceeds_the_maximum() {
    // The hook increments the count when a request arrives, and `on_progress` decrements it when the item is done, so
    // the count is the number of requests in flight.
    let arrived = Arc::new(AtomicUsize::new(0));
    let highest = Arc::new(AtomicUsize::new(0));
    let (seen, peak) = (arrived.clone(), highest.clone());
    let (_, _, client) = store::service(move |_, _| {
        peak.fetch_max(seen.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        None
    });
    let counter = arrived.clone();
    let options = BulkUpsertOptions {
        max_concurrency: 5,
        on_progress: Some(ProgressCallback::new(move |_| {
            counter.fetch_sub(1, Ordering::SeqCst);
        })),
        ..Default::default()
    };
    let items = (0..200).map(|n| twin(&format!("t{n}")));
    let all = outcomes(
        client
            .bulk_upsert_stream(stream::iter(items), Some(options))
            .unwrap(),
    )
    .await;
    assert_eq!(all.len(), 200);
    let highest = highest.load(Ordering::SeqCst);
    assert!((2..=5).contains(&highest), "{highest} concurrent requests");
}

#[tokio::test(start_paused = true)]
async fn throttled_items_are_retried_at_a_lower_rate() {
    // The service accepts five writes per second and sends `Retry-After`.
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
        Some(MockResponse::json(429, &body).header("retry-after", "1"))
    });
    let last = Arc::new(Mutex::new(None));
    let seen = last.clone();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            *seen.lock().unwrap() = Some(*progress);
        })),
        ..Default::default()
    };
    let items = (0..100).map(|n| twin(&format!("t{n}")));
    let all = outcomes(
        client
            .bulk_upsert_stream(stream::iter(items), Some(options))
            .unwrap(),
    )
    .await;
    assert!(all.iter().all(|outcome| outcome.result.is_ok()));
    assert_eq!(documents.lock().unwrap().by_path.len(), 100);
    let progress = last.lock().unwrap().unwrap();
    assert_eq!(
        (progress.done, progress.failed, progress.total),
        (100, 0, Some(100))
    );
    assert_eq!(all.iter().map(|outcome| outcome.resume_at).max(), Some(100));
    assert!(refused.load(Ordering::SeqCst) > 0);
    // Without the shared delay, every waiting request would be throttled once per second.
    assert!(refused.load(Ordering::SeqCst) < 150, "{refused:?} refusals");
    assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_failed_item_does_not_stop_the_others() {
    let (_, documents, client) = store::service(|sent, _| {
        sent.target
            .contains("t7")
            .then(|| MockResponse::error(400, "ValidationFailed"))
    });
    let mut items: Vec<_> = (0..20).map(|n| twin(&format!("t{n}"))).collect();
    items.push(relationship("t1", "t2"));
    items.push(relationship("t1", "missing"));
    let all = outcomes(client.bulk_upsert_stream(stream::iter(items), None).unwrap()).await;
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
async fn an_interrupted_run_can_be_resumed() {
    let (service, documents, client) = store::service(|_, _| None);
    let first: Vec<_> = client
        .bulk_upsert_stream(stream::iter(chain()), None)
        .unwrap()
        .take(60)
        .collect()
        .await;
    let resume_at = first[59].resume_at;
    let done: HashSet<usize> = first.iter().map(|outcome| outcome.index).collect();
    assert!(
        resume_at > 30 && (0..resume_at).all(|index| done.contains(&index)),
        "{resume_at}"
    );
    let before = service.sent().len();
    let last = Arc::new(Mutex::new(None));
    let seen = last.clone();
    let options = BulkUpsertOptions {
        resume_at,
        on_progress: Some(ProgressCallback::new(move |progress| {
            *seen.lock().unwrap() = Some(*progress);
        })),
        ..Default::default()
    };
    let rest = outcomes(
        client
            .bulk_upsert_stream(stream::iter(chain()), Some(options))
            .unwrap(),
    )
    .await;
    assert_eq!(rest.len(), 199 - resume_at);
    let progress = last.lock().unwrap().unwrap();
    assert_eq!((progress.done, progress.total), (rest.len(), Some(rest.len())));
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
    let all = outcomes(client.bulk_upsert_stream(stream::iter(items), None).unwrap()).await;
    assert_eq!(all.len(), 50);
    assert_eq!(documents.lock().unwrap().by_path["/digitaltwins/same"].0["n"], 49);
}

#[tokio::test(start_paused = true)]
async fn the_mode_is_sent_and_typed_items_are_serialized() {
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
    outcomes(
        client
            .bulk_upsert_stream(stream::iter(items), Some(options))
            .unwrap(),
    )
    .await;
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
            .bulk_upsert_stream(stream::empty(), Some(none))
            .err()
            .unwrap()
            .is_invalid_input()
    );
    assert_eq!(
        outcomes(client.bulk_upsert_stream(stream::empty(), None).unwrap())
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
async fn outcomes_do_not_wait_for_a_slow_source() {
    let (_, _, client) = store::service(|_, _| None);
    let items = stream::iter((0..5).map(|n| twin(&format!("t{n}")))).then(|item| async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        item
    });
    let start = tokio::time::Instant::now();
    let mut stream = client.bulk_upsert_stream(items, None).unwrap();
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

#[tokio::test(start_paused = true)]
async fn the_report_has_every_item_in_order() {
    let (_, _, client) = store::service(|sent, _| {
        let failure = |id: &str| sent.target.contains(id);
        if failure("t7") {
            return Some(MockResponse::error(400, "ValidationFailed"));
        }
        failure("t8").then(|| MockResponse::error(403, "Forbidden"))
    });
    let items: Vec<_> = (0..20).map(|n| twin(&format!("t{n}"))).collect();
    let report = client.bulk_upsert(items.clone(), None).await.unwrap();
    let reported: Vec<_> = report
        .results
        .iter()
        .map(|outcome| outcome.item.clone())
        .collect();
    assert_eq!(reported, items);
    assert!(!report.is_successful());
    assert_eq!(report.done().count(), 18);
    assert!(report.done().all(|(_, response)| response.etag().is_some()));
    let failed: Vec<_> = report
        .failed()
        .map(|(item, error)| (item.clone(), error.status()))
        .collect();
    assert_eq!(
        failed,
        [(items[7].clone(), Some(400)), (items[8].clone(), Some(403))]
    );
    assert_eq!(
        report.into_unfinished(),
        [items[8].clone()],
        "a validation failure is final"
    );

    let twins = [BasicDigitalTwin::new("a", "dtmi:example:T;1", Map::new())];
    let report = client.bulk_upsert(twins, None).await.unwrap();
    assert!(report.is_successful() && report.into_unfinished().is_empty());
    let none = BulkUpsertOptions {
        max_concurrency: 0,
        ..Default::default()
    };
    let error = client.bulk_upsert(items, Some(none)).await.unwrap_err();
    assert_eq!(error.parameter(), Some("max_concurrency"));
}

#[tokio::test(start_paused = true)]
async fn the_total_is_known_only_for_sources_of_known_length() {
    let (_, _, client) = store::service(|_, _| None);
    let last = Arc::new(Mutex::new(None));
    let seen = last.clone();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            *seen.lock().unwrap() = Some(*progress);
        })),
        ..Default::default()
    };
    let items = stream::iter(0..3).filter_map(|n| async move { Some(twin(&format!("t{n}"))) });
    outcomes(client.bulk_upsert_stream(items, Some(options)).unwrap()).await;
    let progress = last.lock().unwrap().unwrap();
    assert_eq!((progress.done, progress.total), (3, None));
}
