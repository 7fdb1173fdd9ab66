//! Options for calls reach every kind of call.

use super::support::*;
use azure_core::http::{Context, Response, RetryOptions};
use azure_service_core::{CallOptions, Error, ItemPage, Pager, Poller, ServiceClient};
use futures::StreamExt;
use std::time::Duration;

fn list(client: &ServiceClient<Client>) -> Pager<Response<ItemPage<Thing>>, Error> {
    client
        .call("list_things")
        .list(client.protocol().things_list_request(2), None)
        .unwrap()
}

fn import(client: &ServiceClient<Client>) -> Poller<Thing, Error> {
    let api = client.protocol();
    let (start, get) = (api.jobs_add_request("j1"), api.jobs_get_request("j1"));
    client.call("import_things").job(start, get, None).unwrap()
}

/// Makes a call of every kind: their errors, if they fail.
async fn call_all(client: &ServiceClient<Client>) -> Vec<Option<Error>> {
    vec![
        get(client).await.err(),
        invoke(client).await.err(),
        list(client).next().await.and_then(Result::err),
        import(client).await.err(),
        client.protocol().things_get("1").await.err().map(Error::from),
        client
            .composite("get_twice", async |core| get(&core).await)
            .await
            .err(),
    ]
}

/// A response that suits every kind of call.
fn anything() -> Reply {
    answer(200, r#"{"name":"lamp","value":[],"status":"succeeded"}"#)
}

#[tokio::test]
async fn attempt_timeout_reaches_every_kind_of_call_even_if_the_response_is_there_at_once() {
    let script = Script::new([anything()]);
    assert!(call_all(&script.client()).await.iter().all(Option::is_none));
    let client = script.client().with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..CallOptions::default()
    });
    for error in call_all(&client).await {
        let error = error.expect("no call is that quick");
        assert!(error.is_timeout() && error.is_unknown_outcome(), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("no response from service.example:443 in time: gave up after 0.000000001 s"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retries_reach_every_kind_of_call() {
    let script = Script::new([answer(429, "")]);
    for (error, attempts) in [
        (RetryOptions::none(), 1),
        (azure_service_core::retry_options(), 4),
    ] {
        let client = script.client().with_call_options(CallOptions {
            retry: Some(error),
            ..CallOptions::default()
        });
        for error in call_all(&client).await {
            assert_eq!(error.map(|error| error.attempts()), Some(attempts));
        }
    }
}

#[tokio::test]
async fn headers_reach_every_kind_of_call_and_leave_those_of_the_operation() {
    let script = Script::new([anything()]);
    let client = script.client().with_call_options(CallOptions {
        headers: vec![
            ("x-custom".into(), "1".into()),
            ("max-items-per-page".into(), "9".into()),
        ],
        ..CallOptions::default()
    });
    call_all(&client).await;
    let seen = script.seen();
    assert_eq!(seen.len(), 6);
    assert!(seen.iter().all(|seen| seen.header("x-custom") == Some("1")));
    assert_eq!(seen[2].header("max-items-per-page"), Some("2"));
    assert_eq!(seen[0].header("max-items-per-page"), Some("9"));
}

#[tokio::test]
async fn context_reaches_policies_of_the_caller() {
    use azure_core::http::policies::{Policy, PolicyResult};
    use azure_core::http::{ClientOptions, Request};
    use std::sync::Arc;

    #[derive(Debug)]
    struct Tenant(&'static str);

    #[derive(Debug)]
    struct Mark;

    #[async_trait::async_trait]
    impl Policy for Mark {
        async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
            if let Some(Tenant(tenant)) = ctx.value() {
                request.insert_header("x-tenant", *tenant);
            }
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    let script = Script::new([anything()]);
    let options = ClientOptions {
        per_call_policies: vec![Arc::new(Mark)],
        ..script.options()
    };
    let client = client(ENDPOINT, &anonymous(), options).with_call_options(CallOptions {
        context: Context::new().with_value(Tenant("contoso")),
        ..CallOptions::default()
    });
    call_all(&client).await;
    let tenants: Vec<_> = script
        .seen()
        .iter()
        .map(|seen| seen.header("x-tenant").map(str::to_owned))
        .collect();
    assert_eq!(tenants, vec![Some("contoso".to_owned()); 6]);
}

#[tokio::test(start_paused = true)]
async fn later_options_replace_earlier_ones_as_a_whole() {
    let script = Script::new([answer(429, "")]);
    let client = script
        .client()
        .with_call_options(CallOptions {
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        })
        .with_call_options(CallOptions::default());
    assert!(get(&client).await.unwrap_err().attempts() > 1);
}

#[test]
fn what_users_hold_can_be_sent_and_shared() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<ServiceClient<Client>>();
    is_send_and_sync::<CallOptions>();
    is_send_and_sync::<Error>();
    // azure_core's callbacks are not Sync.
    is_send::<Pager<Response<ItemPage<Thing>>, Error>>();
    is_send::<Poller<Thing, Error>>();
}

#[test]
fn debug_shows_no_header_value() {
    let options = CallOptions {
        headers: vec![("x-key".into(), "s3cret".into())],
        ..CallOptions::default()
    };
    let shown = format!("{options:?}");
    assert!(shown.contains("x-key") && !shown.contains("s3cret"), "{shown}");
}
