//! Lists in pages, of all three kinds.

use super::support::*;
use azure_core::http::pager::{PagerContinuation, PagerOptions};
use azure_service_core::{Error, ErrorKind, ServiceClient};
use futures::{StreamExt, TryStreamExt};

fn page(names: &[&str], rest: &str) -> Reply {
    let items: Vec<_> = names
        .iter()
        .map(|name| format!(r#"{{"name":"{name}"}}"#))
        .collect();
    answer(200, format!(r#"{{"value":[{}]{rest}}}"#, items.join(",")))
}

fn linked(
    client: &ServiceClient<Client>,
    options: Option<PagerOptions<'static>>,
) -> azure_core::http::Pager<azure_service_core::ItemPage<Thing>> {
    client.list(client.protocol().things_list_request(2), options)
}

fn names(things: &[Thing]) -> Vec<&str> {
    things.iter().map(|thing| thing.name.as_str()).collect()
}

#[tokio::test]
async fn links_are_followed_byte_for_byte_with_the_same_headers_past_empty_pages() {
    let odd = "https://service.example/Things?continuationToken=a+b%2Fc%20d&empty=&api-version=other";
    let script = Script::new([
        page(&["a", "b"], &format!(r#","nextLink":"{odd}""#)),
        page(&[], r#","nextLink":"/things?page=3""#),
        page(&["c"], r#","nextLink":null"#),
    ]);
    let things: Vec<Thing> = linked(&script.client(), None).try_collect().await.unwrap();
    assert_eq!(names(&things), ["a", "b", "c"]);
    let seen = script.seen();
    let urls: Vec<_> = seen.iter().map(|seen| seen.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://service.example/things?api-version=2024-01-01",
            odd,
            "https://service.example/things?page=3"
        ]
    );
    assert!(
        seen.iter()
            .all(|seen| seen.method == "GET" && seen.header("max-items-per-page") == Some("2"))
    );
}

#[tokio::test]
async fn a_link_to_somewhere_else_is_not_followed() {
    for link in [
        "https://evil.example/things",
        "http://service.example/things",
        "https://service.example:444/",
        "//evil.example/",
    ] {
        let script = Script::new([
            page(&["a"], &format!(r#","nextLink":"{link}""#)),
            page(&["b"], ""),
        ]);
        let error = linked(&script.client(), None)
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
        let error = Error::from(error);
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{link}");
        assert!(
            error.message().unwrap().contains("leads away from the service"),
            "{error}"
        );
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test]
async fn a_pager_goes_on_where_another_stopped() {
    let script = Script::new([
        page(&["a"], r#","nextLink":"https://service.example/things?page=2""#),
        page(&["b"], ""),
    ]);
    let mut pages = linked(&script.client(), None).into_pages();
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!(names(&first.into_model().unwrap().items), ["a"]);
    let continuation = pages.into_continuation();
    assert!(matches!(&continuation, Some(PagerContinuation::Link(link)) if link.query() == Some("page=2")));

    let options = PagerOptions {
        continuation,
        ..PagerOptions::default()
    };
    let rest: Vec<Thing> = linked(&script.client(), Some(options))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&rest), ["b"]);
    let last = script.seen().pop().unwrap();
    assert_eq!(
        (last.url.as_str(), last.header("max-items-per-page")),
        ("https://service.example/things?page=2", Some("2"))
    );
}

#[tokio::test]
async fn a_continuation_of_the_callers_must_not_lead_away() {
    let script = Script::new([page(&["a"], "")]);
    let continuation = Some(PagerContinuation::Link("https://evil.example/".parse().unwrap()));
    let options = PagerOptions {
        continuation,
        ..PagerOptions::default()
    };
    let error = linked(&script.client(), Some(options))
        .try_collect::<Vec<_>>()
        .await
        .unwrap_err();
    assert_eq!(Error::from(error).parameter(), Some("continuation"));
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn a_continuation_of_another_list_is_refused_instead_of_starting_anew() {
    let token = PagerContinuation::Token("t1".into());
    let script = Script::new([page(&["a"], "")]);
    let options = PagerOptions {
        continuation: Some(token),
        ..PagerOptions::default()
    };
    let pager = linked(&script.client(), Some(options));
    let error = pager.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(Error::from(error).parameter(), Some("continuation"));

    let link = PagerContinuation::Link("https://service.example/things?page=2".parse().unwrap());
    let options = PagerOptions {
        continuation: Some(link),
        ..PagerOptions::default()
    };
    let client = script.client();
    let pager = client.list::<Thing, _, _>(client.protocol().things_select_request(), Some(options));
    let error = pager.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(Error::from(error).parameter(), Some("continuation"));
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn tokens_in_the_body_repeat_the_request() {
    let script = Script::new([
        page(&["a"], r#","continuationToken":"t1""#),
        page(&[], r#","continuationToken":"t2""#),
        page(&["b"], r#","continuationToken":null"#),
    ]);
    let client = script.client();
    let things: Vec<Thing> = client
        .list(client.protocol().things_query_request("SELECT *"), None)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&things), ["a", "b"]);
    let bodies: Vec<_> = script.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(
        bodies,
        [
            r#"{"query":"SELECT *","continuationToken":null}"#,
            r#"{"query":"SELECT *","continuationToken":"t1"}"#,
            r#"{"query":"SELECT *","continuationToken":"t2"}"#
        ]
    );
}

#[tokio::test]
async fn tokens_in_a_header_come_with_bare_arrays() {
    let script = Script::new([
        answer(200, r#"[{"name":"a"}]"#).header("x-ms-continuation", "t1"),
        answer(200, "[]").header("x-ms-continuation", "t2"),
        answer(200, r#"[{"name":"b"}]"#).header("x-ms-continuation", ""),
    ]);
    let client = script.client();
    let things: Vec<Thing> = client
        .list(client.protocol().things_select_request(), None)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&things), ["a", "b"]);
    let tokens: Vec<_> = script
        .seen()
        .iter()
        .map(|seen| seen.header("x-ms-continuation").map(str::to_owned))
        .collect();
    assert_eq!(tokens, [None, Some("t1".to_owned()), Some("t2".to_owned())]);
}

#[tokio::test]
async fn errors_in_the_middle_keep_all_they_know() {
    let script = Script::new([
        page(&["a"], r#","nextLink":"/things?page=2""#),
        answer(400, r#"{"error":{"code":"TimeoutError","message":"too slow"}}"#),
    ]);
    let mut pager = linked(&script.client(), None);
    assert_eq!(pager.next().await.unwrap().unwrap().name, "a");
    let error = pager.next().await.unwrap().unwrap_err();
    assert_eq!(error.http_status().map(u16::from), Some(400));
    let error = Error::from(error);
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(400), Some("TimeoutError"), Some("things_list"))
    );
    assert!(pager.next().await.is_none());
}

#[tokio::test]
async fn a_page_that_is_no_page_is_an_error() {
    for body in [
        "<html>",
        "",
        r#"{"value":"#,
        r#"{"value":3}"#,
        "7",
        "{}",
        r#"{"value":[],"nextLink":7}"#,
    ] {
        let script = Script::new([answer(200, body)]);
        let error = linked(&script.client(), None)
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
        assert_eq!(Error::from(error).kind(), ErrorKind::InvalidResponse, "{body}");
    }
}
