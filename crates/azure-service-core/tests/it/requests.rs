//! What goes out, and what comes back from a success.

use super::support::*;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, JsonFormat, Request, Response, UserAgentOptions};
use azure_service_core::{CallOptions, Credential, ErrorKind, ServiceClient};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_call_sends_what_the_generated_code_built() {
    let script = Script::new([answer(200, THING).header("etag", "\"7\"")]);
    let client = script.client();
    let response: Response<Thing> = client
        .call("get_thing")
        .send(client.protocol().things_get_request("a/b"))
        .await
        .unwrap();
    assert_eq!(
        azure_service_core::etag(response.headers()).unwrap().as_ref(),
        "\"7\""
    );
    assert_eq!(response.into_model().unwrap(), Thing { name: "lamp".into() });

    let [seen] = &script.seen()[..] else {
        panic!("one request")
    };
    assert_eq!(
        (seen.method.as_str(), seen.url.as_str()),
        (
            "GET",
            "https://service.example/things/a%2Fb?api-version=2024-01-01"
        )
    );
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert!(seen.header("x-ms-client-request-id").is_some());
    let agent = seen.header("user-agent").unwrap();
    assert!(agent.contains("test-convenience/1.2.3"), "{agent}");
}

#[tokio::test]
async fn an_id_that_would_address_the_parent_is_refused_before_sending() {
    let script = Script::new([answer(200, THING)]);
    let client = script.client();
    let error = client
        .call("get_thing")
        .send::<_, _, Thing, JsonFormat>(client.protocol().things_get_request(".."))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.parameter(), error.attempts()),
        (ErrorKind::InvalidInput, Some("id"), 0)
    );
    assert_eq!(
        error.to_string(),
        r#"invalid id: must not be "..", which URL parsers resolve as a relative segment"#
    );
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn header_values_that_are_not_ascii_survive() {
    let script = Script::new([answer(204, "")]);
    let thing = Thing { name: "ü".into() };
    let client = script.client();
    let request = client.protocol().things_update_request(Some("\"é\""), &thing);
    let _: Response<()> = client.call("update_thing").send(request).await.unwrap();
    let seen = &script.seen()[0];
    assert_eq!(seen.header("if-match"), Some("\"é\""));
    assert_eq!(seen.body, r#"{"name":"ü"}"#);
}

#[tokio::test]
async fn futures_can_be_sent_to_other_threads() {
    fn is_send<T: Send + 'static>(future: T) -> T {
        future
    }
    let script = Script::new([answer(200, THING)]);
    let client = script.client();
    let thing = tokio::spawn(is_send(async move { get(&client).await }))
        .await
        .unwrap();
    assert_eq!(thing.unwrap().name, "lamp");
}

#[tokio::test]
async fn the_low_level_client_has_the_same_pipeline() {
    let script = Script::new([
        answer(429, "").header("retry-after", "0"),
        answer(200, THING),
        answer(404, r#"{"error":{"code":"Gone"}}"#),
    ]);
    let identity = Identity::new(Ok("t0ken"));
    let client = client(ENDPOINT, &Credential::entra(identity, "scope"), script.options());
    let api = client.protocol();
    assert_eq!(api.things_get("1").await.unwrap().into_inner().name, "lamp");
    assert_eq!(script.seen()[1].header("authorization"), Some("Bearer t0ken"));

    let error = api.things_get("1").await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    let error = azure_service_core::Error::from(error);
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(404), Some("Gone"), Some("things_get"))
    );

    let script = Script::new([Reply::Break]);
    let client = script.client();
    let api = client.protocol();
    let error = azure_service_core::Error::from(api.things_invoke().await.unwrap_err());
    assert_eq!(
        (error.is_unknown_outcome(), error.attempts(), error.operation()),
        (true, 1, Some("things_invoke"))
    );
    let error = azure_service_core::Error::from(api.things_get("").await.unwrap_err());
    assert_eq!(error.parameter(), Some("id"));
}

#[tokio::test]
async fn policies_of_the_caller_run() {
    #[derive(Debug)]
    struct Mark(&'static str);

    #[async_trait::async_trait]
    impl Policy for Mark {
        async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
            let seen = request
                .headers()
                .get_optional_string(&azure_core::http::headers::HeaderName::from_static(self.0));
            request.insert_header(self.0, seen.unwrap_or_default() + "x");
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    let script = Script::new([answer(503, ""), answer(200, THING)]);
    let options = ClientOptions {
        per_call_policies: vec![Arc::new(Mark("per-call"))],
        per_try_policies: vec![Arc::new(Mark("per-try"))],
        user_agent: UserAgentOptions {
            application_id: Some("my-app".into()),
        },
        ..script.options()
    };
    get(&client(ENDPOINT, &anonymous(), options)).await.unwrap();
    let last = &script.seen()[1];
    assert_eq!(
        (last.header("per-call"), last.header("per-try")),
        (Some("x"), Some("xx"))
    );
    assert!(last.header("user-agent").unwrap().starts_with("my-app "));
}

#[tokio::test(start_paused = true)]
async fn the_time_for_an_answer_can_be_set_per_call() {
    let script = Script::new([Reply::Hang]);
    let client = script.client();
    let start = tokio::time::Instant::now();
    let error = invoke(&client).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(error.is_timeout() && error.is_unknown_outcome(), "{error:?}");
    assert_eq!((error.attempts(), script.count()), (1, 1));

    // An operation that takes longer by nature.
    let invoke_slowly = async |client: &ServiceClient<Client>| {
        let start = tokio::time::Instant::now();
        let request = client.protocol().things_invoke_request();
        let call = client
            .call("invoke_thing")
            .with_attempt_timeout(Duration::from_secs(300));
        let result: Result<Response<Thing>, _> = call.send(request).await;
        result.unwrap_err();
        start.elapsed().as_secs()
    };
    assert_eq!(invoke_slowly(&client).await, 300);
    // The caller's word goes before it.
    let client = client.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_secs(5)),
        ..CallOptions::default()
    });
    assert_eq!(invoke_slowly(&client).await, 5);
}

#[test]
fn endpoints_and_options_are_checked() {
    let make = |endpoint: &str, credential: &Credential, options| {
        ServiceClient::new(endpoint, credential, INFO, options, Client::new)
            .map(|client| client.endpoint().to_string())
    };
    let identity = Credential::entra(Identity::new(Ok("t")), "scope");
    let options = || Script::new([]).options();
    assert_eq!(
        make("hub.example", &identity, options()).unwrap(),
        "https://hub.example/"
    );
    assert_eq!(
        make("https://hub.example:8443/", &identity, options()).unwrap(),
        "https://hub.example:8443/"
    );
    assert_eq!(
        make("http://localhost:1", &anonymous(), options()).unwrap(),
        "http://localhost:1/"
    );
    for endpoint in [
        "",
        "http://hub.example",
        "ftp://h",
        "https://u:p@h",
        "https://h?q",
        "https://h#f",
        "https://",
    ] {
        let error = make(endpoint, &identity, options()).unwrap_err();
        assert_eq!(
            (error.kind(), error.parameter()),
            (ErrorKind::InvalidInput, Some("endpoint")),
            "{endpoint}"
        );
    }
    for id in ["has space", "longer-than-twenty-four-characters"] {
        let user_agent = UserAgentOptions {
            application_id: Some(id.into()),
        };
        let error = make(
            "h",
            &identity,
            ClientOptions {
                user_agent,
                ..options()
            },
        )
        .unwrap_err();
        assert_eq!(error.parameter(), Some("application_id"));
    }
}

#[cfg(feature = "rustls")]
#[test]
fn a_transport_needs_a_certificate() {
    assert_eq!(
        azure_service_core::transport_trusting("no certificate")
            .unwrap_err()
            .parameter(),
        Some("pem")
    );
}
