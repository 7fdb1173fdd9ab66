//! Call options apply to every kind of call.

use super::support::*;
use azure_core::http::{Context, Response, RetryOptions};
use azure_service_core::{CallOptions, Error, ItemPage, Pager, Poller, ServiceClient};
use futures::StreamExt;
use std::time::Duration;

fn list(client: &ServiceClient<Client>) -> Pager<Response<ItemPage<Room>>, Error> {
    client
        .call("list_rooms")
        .list(client.protocol().rooms_list_request(2), None)
        .unwrap()
}

fn import(client: &ServiceClient<Client>) -> Poller<Room, Error> {
    let api = client.protocol();
    let (start, get) = (api.jobs_add_request("j1"), api.jobs_get_request("j1"));
    client.call("import_rooms").job(start, get, None).unwrap()
}

/// Makes one call of each kind and returns the error of each call, or `None` if it succeeded.
async fn call_all(client: &ServiceClient<Client>) -> Vec<Option<Error>> {
    vec![
        get(client).await.err(),
        invoke(client).await.err(),
        list(client).next().await.and_then(Result::err),
        import(client).await.err(),
        client.protocol().rooms_get("1").await.err().map(Error::from),
        client
            .composite("get_twice", async |core| get(&core).await)
            .await
            .err(),
    ]
}

/// Returns a response that every kind of call accepts.
fn accepted_by_all() -> Reply {
    respond(200, r#"{"name":"hall","value":[],"status":"succeeded"}"#)
}

#[tokio::test]
async fn timeouts_apply_to_every_kind_of_call_even_to_immediate_responses() {
    let transport = MockTransport::new([accepted_by_all()]);
    assert!(call_all(&transport.client()).await.iter().all(Option::is_none));
    let client = transport.client().with_call_options(CallOptions {
        call_timeout: Some(Duration::from_nanos(1)),
        ..CallOptions::default()
    });
    for error in call_all(&client).await {
        assert!(error.is_some_and(|error| error.is_timeout()));
    }
    let client = transport.client().with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..CallOptions::default()
    });
    for error in call_all(&client).await {
        let error = error.expect("no call takes less than a nanosecond");
        assert!(error.is_timeout() && error.is_unknown_outcome(), "{error}");
        assert!(
            error.to_string().starts_with(
                "no response from service.example:443 in time: the attempt timed out after 0.000000001 s"
            ),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retries_apply_to_every_kind_of_call() {
    let transport = MockTransport::new([respond(429, "")]);
    for (retry, attempts) in [
        (RetryOptions::none(), 1),
        (azure_service_core::retry_options(), 4),
    ] {
        let client = transport.client().with_call_options(CallOptions {
            retry: Some(retry),
            ..CallOptions::default()
        });
        for error in call_all(&client).await {
            assert_eq!(error.map(|error| error.attempts()), Some(attempts));
        }
    }
}

#[tokio::test]
async fn headers_are_added_to_every_kind_of_call_without_overwriting_those_of_the_operation() {
    let transport = MockTransport::new([accepted_by_all()]);
    let client = transport.client().with_call_options(CallOptions {
        headers: vec![
            ("x-custom".into(), "1".into()),
            ("max-items-per-page".into(), "9".into()),
        ],
        ..CallOptions::default()
    });
    call_all(&client).await;
    let requests = transport.requests();
    assert_eq!(requests.len(), 6);
    assert!(
        requests
            .iter()
            .all(|request| request.header("x-custom") == Some("1"))
    );
    assert_eq!(requests[2].header("max-items-per-page"), Some("2"));
    assert_eq!(requests[0].header("max-items-per-page"), Some("9"));
}

#[tokio::test]
async fn context_is_passed_to_custom_policies() {
    use azure_core::http::policies::{Policy, PolicyResult};
    use azure_core::http::{ClientOptions, Request};
    use std::sync::Arc;

    #[derive(Debug)]
    struct Tenant(&'static str);

    #[derive(Debug)]
    struct TenantHeader;

    #[async_trait::async_trait]
    impl Policy for TenantHeader {
        async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
            if let Some(Tenant(tenant)) = ctx.value() {
                request.insert_header("x-tenant", *tenant);
            }
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    let transport = MockTransport::new([accepted_by_all()]);
    let options = ClientOptions {
        per_call_policies: vec![Arc::new(TenantHeader)],
        ..transport.options()
    };
    let client = client(ENDPOINT, &anonymous(), options).with_call_options(CallOptions {
        context: Context::new().with_value(Tenant("contoso")),
        ..CallOptions::default()
    });
    call_all(&client).await;
    let tenants: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.header("x-tenant").map(str::to_owned))
        .collect();
    assert_eq!(tenants, vec![Some("contoso".to_owned()); 6]);
}

#[tokio::test(start_paused = true)]
async fn second_call_options_replace_the_first() {
    let transport = MockTransport::new([respond(429, "")]);
    let client = transport
        .client()
        .with_call_options(CallOptions {
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        })
        .with_call_options(CallOptions::default());
    assert!(get(&client).await.unwrap_err().attempts() > 1);
}

#[test]
fn public_types_are_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<ServiceClient<Client>>();
    is_send_and_sync::<CallOptions>();
    is_send_and_sync::<Error>();
    // azure_core's callbacks are not Sync.
    is_send::<Pager<Response<ItemPage<Room>>, Error>>();
    is_send::<Poller<Room, Error>>();
}

#[test]
fn debug_omits_header_values() {
    let options = CallOptions {
        headers: vec![("x-key".into(), "s3cret".into())],
        ..CallOptions::default()
    };
    let shown = format!("{options:?}");
    assert!(shown.contains("x-key") && !shown.contains("s3cret"), "{shown}");
}
