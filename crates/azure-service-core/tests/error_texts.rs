//! The user-facing error texts of the crate, in one listing so that they can be reviewed together.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p azure-service-core --test error_texts` rewrites the listing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "it/support.rs"]
#[allow(dead_code, unused_imports, reason = "the other test program uses the rest")]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use azure_core::cloud::CloudConfiguration;
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::{ClientOptions, Etag, Response, RetryOptions, UserAgentOptions};
use azure_core::time::OffsetDateTime;
use azure_service_core::{
    CallOptions, CertificateFailure, CloudScopes, ConnectionFailure, ConnectionString, Credential, Error,
    ItemPage, JsonPatch, Pager, Poller, Precondition, ResponseExt, ServiceClient,
};
use futures::TryStreamExt;

use support::*;

/// The texts grouped by area, without duplicates.
#[derive(Default)]
struct Report(BTreeMap<&'static str, Vec<String>>);

impl Report {
    fn add(&mut self, area: &'static str, text: impl ToString) {
        let (texts, text) = (self.0.entry(area).or_default(), text.to_string());
        if !texts.contains(&text) {
            texts.push(text);
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (area, texts) in &self.0 {
            writeln!(out, "{area}").unwrap();
            for text in texts {
                writeln!(out, "    {text}").unwrap();
            }
        }
        out
    }
}

fn arguments(report: &mut Report) {
    let connection_strings = [
        "",
        "HostName=h;SharedAccessKey=c2VjcmV0",
        "HostName=h;SharedAccessKeyName=n",
        "HostName=;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
        "HostName=h;HostName=i;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
        "HostName=h;c2VjcmV0;SharedAccessKeyName=n",
        "HostName=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0!",
        "HostName=https://h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
        "HostNam=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
        "HostName=h,SharedAccessKeyName=n,SharedAccessKey=c2VjcmV0",
        "'HostName=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0'",
        "HostName=h",
        "HostName=h;SharedAccessSignature=c2VjcmV0",
        "HostName=h;SharedAccessKey=c2VjcmV0;SharedAccessSignature=x",
    ];
    for text in connection_strings {
        let error = text.parse::<ConnectionString>().unwrap_err();
        report.add("connection strings", Error::from(error));
    }
    let identity = Credential::entra(Identity::new(Ok("t")), "scope");
    let make = |endpoint: &str, options| {
        ServiceClient::new(endpoint, &identity, INFO, options, Client::new).unwrap_err()
    };
    for endpoint in ["", "http://h", "ftp://h", "https://u:p@h"] {
        report.add("clients", make(endpoint, MockTransport::new([]).options()));
    }
    let user_agent = UserAgentOptions {
        application_id: Some("has space".into()),
    };
    let options = ClientOptions {
        user_agent,
        ..MockTransport::new([]).options()
    };
    report.add("clients", make("h", options));
    #[cfg(feature = "rustls")]
    report.add("clients", azure_service_core::transport_trusting("").unwrap_err());
    let scopes = CloudScopes {
        public: "https://s.example/.default",
        government: None,
        china: None,
    };
    let scope = scopes.scope::<()>(Some(&CloudConfiguration::AzureChina), None);
    report.add("clients", scope.unwrap_err());
    for etag in ["", "a\"b", "\u{e9}"] {
        let precondition = Precondition::IfMatch(Etag::from(etag));
        report.add("preconditions", precondition.quoted().unwrap_err());
    }
    report.add("preconditions", Precondition::from_etag(None).unwrap_err());
    for path in ["", "/a/~"] {
        report.add("patches", JsonPatch::new().remove(path).unwrap_err());
    }
    let map = BTreeMap::from([((1, 2), 3)]);
    report.add("patches", JsonPatch::new().add("a", map).unwrap_err());
}

fn connections(report: &mut Report) {
    use CertificateFailure as Certificate;
    let certificates = [
        Certificate::UnknownIssuer,
        Certificate::WrongName {
            expected: Some("localhost".to_owned()),
            presented: vec!["other.example".to_owned()],
        },
        Certificate::WrongName {
            expected: None,
            presented: Vec::new(),
        },
        Certificate::Expired,
        Certificate::NotValidYet,
        Certificate::Other("UnknownRevocationStatus".to_owned()),
    ];
    let failures = [
        ConnectionFailure::Refused,
        ConnectionFailure::UnknownHost,
        ConnectionFailure::Timeout,
        ConnectionFailure::TlsVersion,
        ConnectionFailure::Tls("received corrupt message".to_owned()),
        ConnectionFailure::Other("network is unreachable".to_owned()),
    ];
    let failures = failures
        .into_iter()
        .chain(certificates.map(ConnectionFailure::Certificate));
    for failure in failures {
        report.add(
            "connections",
            format!("cannot connect to service.example:443: {failure}"),
        );
    }
}

fn client_with(replies: impl IntoIterator<Item = Reply>) -> ServiceClient<Client> {
    MockTransport::new(replies)
        .client()
        .with_call_options(CallOptions {
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        })
}

async fn responses(report: &mut Report) {
    let error = r#"{"error":{"code":"ValidationFailed","message":"bad","details":[{"target":"/a","message":"wrong"},{"code":"B"},{},{"target":"/c"}]}}"#;
    let date = azure_core::time::to_rfc7231(&(OffsetDateTime::now_utc() + Duration::from_secs(7200)));
    let replies = [
        respond(401, r#"{"error":{"code":"NoAccess","message":"no access"}}"#).header("date", &date),
        respond(400, error).header("x-ms-request-id", "r1"),
        respond(404, ""),
        respond(429, r#"{"error":{"code":"TooMany","message":"slow down"}}"#).header("retry-after", "90"),
        respond(500, "<html>"),
        respond(200, "<html>"),
        respond(200, r#"{"name":7}"#),
        Reply::Break,
        Reply::Refuse,
    ];
    for reply in replies {
        report.add("responses", get(&client_with([reply])).await.unwrap_err());
    }
    let client = client_with([respond(200, r#"{"name":7}"#)]);
    let request = client.protocol().rooms_get_request("1");
    let response: Response<Room> = client.call("get_room").send(request).await.unwrap();
    report.add("responses", response.decode().unwrap_err());
    let client = client_with([respond(200, ROOM)]).with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..CallOptions::default()
    });
    report.add("responses", get(&client).await.unwrap_err());
    report.add(
        "limits",
        get(&client_with([Reply::Large(200, 65)])).await.unwrap_err(),
    );
    report.add(
        "limits",
        get(&MockTransport::new([Reply::Hang]).client())
            .await
            .unwrap_err(),
    );
    let transport = MockTransport::new([respond(503, "")]);
    let client = transport.client().with_call_options(CallOptions {
        call_timeout: Some(Duration::from_millis(100)),
        ..CallOptions::default()
    });
    report.add("limits", get(&client).await.unwrap_err());
    let transport = MockTransport::new([respond(503, ""), Reply::Break]);
    report.add("responses", get(&transport.client()).await.unwrap_err());
    let identity = Credential::entra(Identity::new(Err(AzureKind::Credential)), "scope");
    let client = support::client(ENDPOINT, &identity, MockTransport::new([]).options());
    report.add("responses", get(&client).await.unwrap_err());
}

async fn lists_and_jobs(report: &mut Report) {
    let list = |client: &ServiceClient<Client>, token: Option<&str>| {
        let first = client.protocol().rooms_list_request(2);
        let pager: Result<Pager<Response<ItemPage<Room>>, Error>, Error> =
            client.call("list_rooms").list(first, token.map(str::to_owned));
        pager
    };
    for token in ["t1", "https://other.example/"] {
        report.add("lists", list(&client_with([]), Some(token)).unwrap_err());
    }
    for body in [
        r#"{"value":[],"nextLink":"https://other.example/"}"#,
        r#"{"value":[{"name":7}]}"#,
        r#"{"value":[],"nextLink":"/rooms?page=2"}"#,
        r#"{"value":3}"#,
        "{}",
        "<html>",
    ] {
        let pager = list(&client_with([respond(200, body)]), None).unwrap();
        report.add("lists", pager.try_collect::<Vec<_>>().await.unwrap_err());
    }
    let failed = r#"{"name":"j1","status":"failed","error":{"code":"NoAccess","message":"no access"}}"#;
    for body in [
        failed,
        r#"{"name":"j1","status":"cancelled","failureReason":"by request"}"#,
        r#"{"name":"j1","status":"failed"}"#,
    ] {
        let client = client_with([respond(200, body)]);
        let api = client.protocol();
        let (start, get) = (api.jobs_add_request("j1"), api.jobs_get_request("j1"));
        let job: Poller<Room, Error> = client.call("import_rooms").job(start, get, None).unwrap();
        report.add("jobs", job.await.unwrap_err());
    }
}

#[tokio::test(start_paused = true)]
async fn error_texts_match_the_listing() {
    let mut report = Report::default();
    arguments(&mut report);
    connections(&mut report);
    responses(&mut report).await;
    lists_and_jobs(&mut report).await;
    let text = report.text();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text, committed,
        "if the change is intended, run with UPDATE_ERROR_TEXTS=1 and review the listing"
    );
}
