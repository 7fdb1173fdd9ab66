//! Interruptions of a connection at each of its frames.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use iothub_convenience::{
    AmqpErrorKind, CallOptions, DeliveryState, IotHubClientOptions, IotHubRegistryManager,
};

use crate::frame_proxy::{Fault, Interruption, Peer};
use crate::proxied::Proxied;
use crate::support::{amqp_error, wait_for_peer};

/// The maximum duration of a call when the connection breaks. It is shorter than every timeout (30 and 60 seconds, and
/// 5 seconds for closing), so a call that waits for a timeout fails the test.
const QUICK: Duration = Duration::from_secs(4);

/// Runs `scenario` once without a fault to count the frames, and then once per frame with `fault` at that frame. The
/// runs are distributed over `hubs` hubs, which work concurrently. Returns two lists in frame order: the results for
/// the client's frames, and those for the hub's frames.
async fn at_each_frame<T>(
    fault: Fault,
    hubs: usize,
    change: impl Fn(&mut IotHubClientOptions),
    scenario: impl AsyncFn(&Proxied, Option<Interruption>) -> T,
) -> [Vec<T>; 2] {
    let start = || Proxied::start(&change);
    // Boxed, because the futures are too large for a test thread's stack.
    let run = async |proxied: &Proxied, interruption| Box::pin(scenario(proxied, interruption)).await;
    let undisturbed = start().await;
    run(&undisturbed, None).await;
    let cases = [Peer::Client, Peer::Hub].into_iter().flat_map(|from| {
        let frames = 1..=undisturbed.proxy.frames(from);
        frames.map(move |frame| Interruption { fault, from, frame })
    });
    let cases: Vec<_> = cases.collect();
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let lanes = (0..hubs).map(async |_| {
        let proxied = start().await;
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
            proxied.slowest.take();
            let result = run(&proxied, Some(*case)).await;
            results
                .lock()
                .unwrap()
                .push((*case, result, proxied.slowest.take()));
        }
    });
    join_all(lanes).await;
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(case, ..)| case.frame);
    // Slow cases are repeated alone, because concurrent cases may have slowed them down.
    for (case, ..) in results.iter().filter(|(.., slowest)| *slowest > QUICK) {
        undisturbed.slowest.take();
        run(&undisturbed, Some(*case)).await;
        let slowest = undisturbed.slowest.take();
        assert!(slowest < QUICK, "{slowest:?} at {case:?}");
    }
    let (of_client, of_hub): (Vec<_>, Vec<_>) = results
        .into_iter()
        .partition(|(case, ..)| case.from == Peer::Client);
    assert!(!of_client.is_empty() && !of_hub.is_empty());
    [of_client, of_hub].map(|results| results.into_iter().map(|(_, result, _)| result).collect())
}

/// The result of sending a message, as the caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    /// Sent over a second connection, because the first one broke before the message was sent.
    Retried,
    /// Not retried, because the hub may have accepted it.
    Unknown,
    /// Sent over the first connection.
    AtOnce,
}

/// Connects, sends a message and closes the connection.
async fn send(proxied: &Proxied, interruption: Option<Interruption>) -> Sent {
    let Proxied { hub, proxy, .. } = proxied;
    let device = proxied.another_device().await;
    proxy.arm(interruption);
    let result = proxied.call(hub.client.send_c2d_message(&device, "hello")).await;
    let sent = match &result {
        Ok(sent) if sent.attempts == 1 => Sent::AtOnce,
        Ok(sent) => {
            assert_eq!(sent.attempts, 2, "{interruption:?}");
            Sent::Retried
        }
        Err(error) if error.is_unknown_outcome() => {
            let error = error.amqp().unwrap();
            let expected = (AmqpErrorKind::ConnectionLost, 1);
            assert_eq!((error.kind(), error.attempts()), expected, "{interruption:?}");
            Sent::Unknown
        }
        Err(error) => panic!("{error} at {interruption:?}"),
    };
    proxied.call(hub.client.close_amqp()).await;
    assert!(!proxy.is_armed(), "{interruption:?}");
    let queued = hub.receive_all(&device).len();
    match sent {
        Sent::Unknown => assert!(queued <= 1, "{queued} messages at {interruption:?}"),
        Sent::Retried | Sent::AtOnce => assert_eq!(queued, 1, "{interruption:?}"),
    }
    sent
}

/// Asserts that the outcome is unknown if and only if the message or its outcome is lost, and that all earlier faults
/// are retried.
async fn assert_send_is_honest(fault: Fault) {
    for results in at_each_frame(fault, 4, |_| (), send).await {
        assert!(results.is_sorted(), "{results:?}");
        assert!(results.contains(&Sent::Retried), "{results:?}");
        let unknown = results.iter().filter(|sent| **sent == Sent::Unknown);
        assert_eq!(unknown.count(), 1, "{results:?}");
    }
}

#[tokio::test]
async fn message_is_retried_or_its_outcome_unknown_if_the_connection_is_cut_at_any_frame() {
    assert_send_is_honest(Fault::Cut).await;
}

#[tokio::test]
async fn message_is_retried_or_its_outcome_unknown_if_the_connection_is_half_closed_at_any_frame() {
    assert_send_is_honest(Fault::HalfClose).await;
}

#[tokio::test]
async fn hub_that_stops_responding_at_any_frame_causes_a_timeout() {
    let scenario = async |proxied: &Proxied, interruption| {
        proxied.proxy.arm(interruption);
        let result = proxied.call(proxied.hub.hello()).await;
        if interruption.is_none() {
            result.unwrap();
            return DeliveryState::NotSent;
        }
        let error = amqp_error(result);
        let expected = (AmqpErrorKind::Timeout, 1);
        assert_eq!((error.kind(), error.attempts()), expected, "{interruption:?}");
        // The next call opens a new connection.
        let client = patient(&proxied.hub.client);
        client.send_c2d_message("dev-1", "hello").await.unwrap();
        proxied.hub.receive_all("dev-1");
        client.close_amqp().await;
        error.delivery_state()
    };
    let change = |options: &mut IotHubClientOptions| {
        options.amqp.connect_timeout = Duration::from_millis(1500);
        options.amqp.operation_timeout = Duration::from_millis(1500);
    };
    for results in at_each_frame(Fault::Silence, 8, change, scenario).await {
        let (unknown, not_sent) = results.split_last().unwrap();
        assert_eq!(*unknown, DeliveryState::Unknown, "{results:?}");
        let mut not_sent = not_sent.iter();
        assert!(
            not_sent.all(|state| *state == DeliveryState::NotSent),
            "{results:?}"
        );
    }
}

/// Receives and completes a batch of feedback, and closes the stream and the connection.
async fn receive(proxied: &Proxied, interruption: Option<Interruption>) {
    let Proxied { hub, proxy, .. } = proxied;
    let message_id = proxied.add_feedback().await;
    proxy.arm(interruption);
    let mut feedback = hub.client.feedback_messages();
    loop {
        let batch = proxied.call(feedback.next()).await.unwrap();
        let batch = batch.unwrap_or_else(|error| panic!("{error} at {interruption:?}"));
        // The hub may first redeliver a batch whose completion was lost.
        let is_new = batch.items[0].original_message_id.as_deref() == Some(&message_id);
        match proxied.call(batch.complete()).await {
            Ok(()) if is_new => break,
            Ok(()) => {}
            lost => assert_eq!(
                amqp_error(lost).kind(),
                AmqpErrorKind::LockLost,
                "{interruption:?}"
            ),
        }
    }
    proxied.call(feedback.close()).await;
    proxied.call(hub.client.close_amqp()).await;
    assert!(!proxy.is_armed(), "{interruption:?}");
}

#[tokio::test]
async fn stream_reconnects_if_the_connection_is_cut_at_any_frame() {
    at_each_frame(Fault::Cut, 4, |_| (), receive).await;
}

#[tokio::test]
async fn stream_reconnects_if_the_connection_is_half_closed_at_any_frame() {
    at_each_frame(Fault::HalfClose, 4, |_| (), receive).await;
}

/// Sets a lifetime of three seconds; tokens are renewed after five sixths of it.
fn renew_soon(options: &mut IotHubClientOptions) {
    options.token_lifetime = Some(Duration::from_secs(3));
}

const RENEWAL_TIMEOUT: Duration = Duration::from_millis(600);

/// Sets timeouts so short that a renewal times out before the token expires.
fn time_out_before_expiry(options: &mut IotHubClientOptions) {
    options.token_lifetime = Some(Duration::from_secs(9));
    options.amqp.operation_timeout = RENEWAL_TIMEOUT;
}

/// Returns a client with a long timeout, because other cases run concurrently.
fn patient(client: &IotHubRegistryManager) -> IotHubRegistryManager {
    client.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_secs(60)),
        ..CallOptions::default()
    })
}

/// Interrupts the renewal of a token, and then sends a message, which needs a new connection.
async fn renew(proxied: &Proxied, interruption: Option<Interruption>) {
    let Proxied { hub, proxy, .. } = proxied;
    let before = hub.amqp().statistics();
    let client = patient(&hub.client);
    client.send_c2d_message("dev-1", "hello").await.unwrap();
    proxy.arm(interruption);
    let is_done = || match interruption {
        None => hub.amqp().statistics().tokens == before.tokens + 2,
        Some(_) => !proxy.is_armed(),
    };
    let renewed = async {
        while !is_done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, renewed).await.unwrap();
    wait_for_peer().await;
    let Some(Interruption { fault, .. }) = interruption else {
        return;
    };
    if fault == Fault::Silence {
        tokio::time::sleep(RENEWAL_TIMEOUT).await;
    }
    let sent = proxied.call(client.send_c2d_message("dev-1", "hello")).await;
    let sent = sent.unwrap_or_else(|error| panic!("{error} at {interruption:?}"));
    assert_eq!(sent.attempts, 1, "{interruption:?}");
    assert_eq!(hub.receive_all("dev-1").len(), 2, "{interruption:?}");
    let connections = hub.amqp().statistics().connections - before.connections;
    assert_eq!(connections, 2, "{interruption:?}");
    hub.client.close_amqp().await;
}

#[tokio::test]
async fn renewal_of_a_token_that_is_cut_at_any_frame_breaks_the_connection() {
    at_each_frame(Fault::Cut, 8, renew_soon, renew).await;
}

#[tokio::test]
async fn renewal_of_a_token_that_is_half_closed_at_any_frame_breaks_the_connection() {
    at_each_frame(Fault::HalfClose, 8, renew_soon, renew).await;
}

/// The client's request is lost, or the hub sends no outcome, or the hub sends an outcome but no response.
#[tokio::test]
async fn renewal_of_a_token_without_a_response_breaks_the_connection() {
    let frames = [(Peer::Client, 1), (Peer::Hub, 1), (Peer::Hub, 2)];
    let cases = frames.map(async |(from, frame)| {
        let fault = Fault::Silence;
        let proxied = Proxied::start(time_out_before_expiry).await;
        Box::pin(renew(&proxied, Some(Interruption { fault, from, frame }))).await;
    });
    join_all(cases).await;
}

#[tokio::test]
async fn closing_is_bounded_if_the_hub_does_not_respond() {
    let silence = Interruption {
        fault: Fault::Silence,
        from: Peer::Hub,
        frame: 1,
    };
    let streams = async {
        let proxied = Proxied::start(|_| ()).await;
        proxied.add_feedback().await;
        let mut feedback = proxied.hub.client.feedback_messages();
        let batch = feedback.next().await.unwrap().unwrap();
        batch.complete().await.unwrap();
        proxied.proxy.arm(Some(silence));
        feedback.close().await;
    };
    let connections = async {
        let proxied = Proxied::start(|_| ()).await;
        proxied.hub.hello().await.unwrap();
        proxied.proxy.arm(Some(silence));
        proxied.hub.client.close_amqp().await;
    };
    let closing = async { tokio::join!(Box::pin(streams), Box::pin(connections)) };
    tokio::time::timeout(Duration::from_secs(10), closing)
        .await
        .unwrap();
}
