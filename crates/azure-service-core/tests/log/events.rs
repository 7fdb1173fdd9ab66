//! Log events of calls. Their target is the client crate.

use super::secrets::Log;
use super::support::*;
use azure_service_core::{Error, ServiceClient};
use tracing_subscriber::EnvFilter;

/// Runs `work` and returns its log with `RUST_LOG` set to `filter`.
async fn logged(
    filter: &str,
    replies: impl IntoIterator<Item = Reply>,
    work: impl AsyncFnOnce(ServiceClient<Client>),
) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    work(MockTransport::new(replies).client()).await;
    log.text()
}

fn busy() -> Reply {
    respond(503, "")
        .header("rooms-errorcode", "ServerBusy")
        .header("x-ms-request-id", "r-1")
}

// The macro `client_info!` is expanded in this test program, so events have its crate name as their target.
const TARGET: &str = env!("CARGO_CRATE_NAME");

#[tokio::test(start_paused = true)]
async fn retries_are_logged_at_info_with_code_and_request_id() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let replies = || [busy(), Reply::Refuse, respond(200, ROOM)];
    let log = logged(&format!("{TARGET}=info"), replies(), async |client| {
        get(&client).await.unwrap();
    })
    .await;
    insta::assert_snapshot!(log);
    let log = logged(&format!("{TARGET}=warn"), replies(), async |client| {
        get(&client).await.unwrap();
    })
    .await;
    assert_eq!(log, "");
}

#[tokio::test(start_paused = true)]
async fn failures_are_logged_at_warn_with_code_and_request_id() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let log = logged(&format!("{TARGET}=warn"), [busy()], async |client| {
        get(&client).await.unwrap_err();
    })
    .await;
    insta::assert_snapshot!(log);
}

#[tokio::test(start_paused = true)]
async fn steps_of_a_composite_method_are_logged_at_info_and_its_failure_at_warn() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let work = async |client: ServiceClient<Client>| {
        let result: Result<(), Error> = client
            .composite("get_all", async |core| {
                get(&core).await.unwrap_err();
                get(&core).await.map(|_| ())
            })
            .await;
        result.unwrap_err();
    };
    let replies = || [respond(404, ""), respond(403, "")];
    let log = logged(&format!("{TARGET}=info"), replies(), work).await;
    insta::assert_snapshot!(log);
    let log = logged(&format!("{TARGET}=warn"), replies(), work).await;
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[tokio::test(start_paused = true)]
async fn diagnostic_headers_are_not_redacted() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let reply = busy()
        .header("x-ms-error-code", "Busy")
        .header("retry-after", "3600")
        .header("x-secret", "s3cret");
    let log = logged("typespec_client_core=debug", [reply], async |client| {
        get(&client).await.unwrap_err();
    })
    .await;
    for header in [
        "rooms-errorcode: ServerBusy",
        "x-ms-error-code: Busy",
        "x-ms-request-id: r-1",
        "retry-after: 3600",
        "x-secret: REDACTED",
    ] {
        assert!(log.contains(header), "{header} in {log}");
    }
    assert!(!log.contains("x-ms-client-request-id: REDACTED"), "{log}");
}
