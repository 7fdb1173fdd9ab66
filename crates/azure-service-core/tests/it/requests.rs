//! Requests on the wire and successful responses.

use super::support::*;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, JsonFormat, Request, Response, UserAgentOptions};
use azure_core::time::OffsetDateTime;
use azure_service_core::{
    CallOptions, Credential, Error, ErrorKind, ItemPage, Pager, ResponseExt, ServiceClient,
};
use futures::TryStreamExt as _;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn request_of_the_generated_client_is_sent_unchanged() {
    let transport = MockTransport::new([respond(200, ROOM).header("etag", "\"7\"")]);
    let client = transport.client();
    let response: Response<Room> = client
        .call("get_room")
        .send(client.protocol().rooms_get_request("a/b"))
        .await
        .unwrap();
    assert_eq!(
        azure_service_core::etag(response.headers()).unwrap().as_ref(),
        "\"7\""
    );
    assert_eq!(response.into_model().unwrap(), Room { name: "hall".into() });

    let [request] = &transport.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        (
            "GET",
            "https://service.example/rooms/a%2Fb?api-version=2024-01-01"
        )
    );
    assert_eq!(request.header("accept"), Some("application/json"));
    assert!(request.header("x-ms-client-request-id").is_some());
    let agent = request.header("user-agent").unwrap();
    assert!(agent.contains("test-convenience/1.2.3"), "{agent}");
}

#[tokio::test]
async fn decode_names_the_member_that_cannot_be_decoded() {
    let transport = MockTransport::new([respond(200, r#"{"name":7}"#), respond(200, ROOM)]);
    let client = transport.client();
    let get = async || -> Response<Room> {
        let request = client.protocol().rooms_get_request("1");
        client.call("get_room").send(request).await.unwrap()
    };
    let error = get().await.decode().unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid response: response, member `name`: invalid type: integer `7`, expected a string at line 1 column 9"
    );
    assert_eq!(get().await.decode().unwrap(), Room { name: "hall".into() });
}

#[tokio::test]
async fn response_without_a_body_decodes_as_none_but_not_as_another_model() {
    async fn get<T>(body: &str) -> Response<T> {
        let client = MockTransport::new([respond(200, body)]).client();
        let request = client.protocol().rooms_get_request("1");
        client.call("get_room").send(request).await.unwrap()
    }
    let room = get::<Option<Room>>(ROOM).await.decode().unwrap();
    assert_eq!(room, Some(Room { name: "hall".into() }));
    assert_eq!(get::<Option<Room>>("").await.decode().unwrap(), None);
    let error = get::<Room>("").await.decode().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn dot_segment_as_id_is_refused_before_sending() {
    let transport = MockTransport::new([respond(200, ROOM)]);
    let client = transport.client();
    let error = client
        .call("get_room")
        .send::<_, _, Room, JsonFormat>(client.protocol().rooms_get_request(".."))
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
    assert_eq!(transport.count(), 0);
}

#[tokio::test]
async fn non_ascii_header_values_are_kept() {
    let transport = MockTransport::new([respond(204, "")]);
    let room = Room { name: "ü".into() };
    let client = transport.client();
    let request = client.protocol().rooms_update_request(Some("\"é\""), &room);
    let _: Response<()> = client.call("update_room").send(request).await.unwrap();
    let request = &transport.requests()[0];
    assert_eq!(request.header("if-match"), Some("\"é\""));
    assert_eq!(request.body, r#"{"name":"ü"}"#);
}

#[tokio::test]
async fn futures_are_send() {
    fn is_send<T: Send + 'static>(future: T) -> T {
        future
    }
    let transport = MockTransport::new([respond(200, ROOM)]);
    let client = transport.client();
    let room = tokio::spawn(is_send(async move { get(&client).await }))
        .await
        .unwrap();
    assert_eq!(room.unwrap().name, "hall");
}

#[tokio::test]
async fn generated_client_uses_the_same_pipeline() {
    let transport = MockTransport::new([
        respond(429, "").header("retry-after", "0"),
        respond(200, ROOM),
        respond(404, r#"{"error":{"code":"Gone"}}"#),
    ]);
    let identity = Identity::new(Ok("t0ken"));
    let client = client(
        ENDPOINT,
        &Credential::entra(identity, "scope"),
        transport.options(),
    );
    let api = client.protocol();
    assert_eq!(api.rooms_get("1").await.unwrap().into_inner().name, "hall");
    assert_eq!(
        transport.requests()[1].header("authorization"),
        Some("Bearer t0ken")
    );

    let error = api.rooms_get("1").await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    let error = Error::from(error);
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(404), Some("Gone"), Some("rooms_get"))
    );

    let transport = MockTransport::new([Reply::Break]);
    let client = transport.client();
    let api = client.protocol();
    let error = Error::from(api.rooms_invoke().await.unwrap_err());
    assert_eq!(
        (error.is_unknown_outcome(), error.attempts(), error.operation()),
        (true, 1, Some("rooms_invoke"))
    );
    let error = Error::from(api.rooms_get("").await.unwrap_err());
    assert_eq!(error.parameter(), Some("id"));
}

#[tokio::test]
async fn custom_policies_run() {
    #[derive(Debug)]
    struct CountingHeader(&'static str);

    #[async_trait::async_trait]
    impl Policy for CountingHeader {
        async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
            let value = request
                .headers()
                .get_optional_string(&azure_core::http::headers::HeaderName::from_static(self.0));
            request.insert_header(self.0, value.unwrap_or_default() + "x");
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    let transport = MockTransport::new([respond(503, ""), respond(200, ROOM)]);
    let options = ClientOptions {
        per_call_policies: vec![Arc::new(CountingHeader("per-call"))],
        per_try_policies: vec![Arc::new(CountingHeader("per-try"))],
        user_agent: UserAgentOptions {
            application_id: Some("my-app".into()),
        },
        ..transport.options()
    };
    get(&client(ENDPOINT, &anonymous(), options)).await.unwrap();
    let last = &transport.requests()[1];
    assert_eq!(
        (last.header("per-call"), last.header("per-try")),
        (Some("x"), Some("xx"))
    );
    assert!(last.header("user-agent").unwrap().starts_with("my-app "));
}

#[tokio::test(start_paused = true)]
async fn attempt_timeout_depends_on_the_operation_and_the_call_options() {
    let transport = MockTransport::new([Reply::Hang]);
    let client = transport.client();
    let start = tokio::time::Instant::now();
    let error = invoke(&client).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(error.is_timeout() && error.is_unknown_outcome(), "{error:?}");
    assert_eq!((error.attempts(), transport.count()), (1, 1));

    // A slow operation sets a longer attempt timeout, which also extends the timeout of the call.
    let invoke_slowly = async |client: &ServiceClient<Client>| {
        let start = tokio::time::Instant::now();
        let request = client.protocol().rooms_invoke_request();
        let call = client
            .call("invoke_room")
            .with_attempt_timeout(Duration::from_secs(300));
        let result: Result<Response<Room>, _> = call.send(request).await;
        result.unwrap_err();
        start.elapsed().as_secs()
    };
    assert_eq!(invoke_slowly(&client).await, 300);
    // The call options take precedence.
    let client = client.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_secs(5)),
        ..CallOptions::default()
    });
    assert_eq!(invoke_slowly(&client).await, 5);
}

#[test]
fn invalid_endpoints_and_application_ids_are_refused() {
    let make = |endpoint: &str, credential: &Credential, options| {
        ServiceClient::new(endpoint, credential, INFO, options, Client::new)
            .map(|client| client.endpoint().to_string())
    };
    let identity = Credential::entra(Identity::new(Ok("t")), "scope");
    let options = || MockTransport::new([]).options();
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
fn trusted_pem_must_contain_a_certificate() {
    assert_eq!(
        azure_service_core::transport_trusting("not a certificate")
            .unwrap_err()
            .parameter(),
        Some("pem")
    );
}

/// HUB-AUTH-10: five minutes of clock skew are allowed.
#[tokio::test]
async fn error_of_a_refused_credential_reports_clock_skew() {
    for (status, minutes, hint) in [
        (401, 4, None),
        (
            401,
            125,
            Some("; this computer's clock is 2 h behind the service's, so tokens may not be valid there"),
        ),
        (
            401,
            -7,
            Some("; this computer's clock is 7 min ahead of the service's, so tokens may not be valid there"),
        ),
        (403, 125, None),
    ] {
        let date = OffsetDateTime::now_utc() + azure_core::time::Duration::minutes(minutes);
        let reply = respond(status, "").header("date", azure_core::time::to_rfc7231(&date));
        let error = get(&MockTransport::new([reply]).client()).await.unwrap_err();
        let expected = format!(
            "the service returned {status}{} (get_room)",
            hint.unwrap_or_default()
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn response_with_a_byte_order_mark_is_read() {
    let with_mark = |status, body: &str| MockTransport::new([respond(status, format!("\u{feff}{body}"))]);
    assert_eq!(get(&with_mark(200, ROOM).client()).await.unwrap().name, "hall");
    let generated = with_mark(200, ROOM)
        .client()
        .protocol()
        .rooms_get("1")
        .await
        .unwrap();
    assert_eq!(generated.name, "hall");

    let client = with_mark(200, r#"{"value":[{"name":"hall"}],"nextLink":null}"#).client();
    let list = client
        .call("list_rooms")
        .list(client.protocol().rooms_list_request(2), None);
    let rooms: Pager<Response<ItemPage<Room>>, Error> = list.unwrap();
    assert_eq!(rooms.try_collect::<Vec<Room>>().await.unwrap().len(), 1);

    let client = with_mark(
        404,
        r#"{"error":{"code":"RoomNotFound","message":"no such room"}}"#,
    )
    .client();
    let error = get(&client).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("RoomNotFound"), Some("no such room"))
    );
}
