//! Lists in pages, of all three kinds.

use super::support::*;
use azure_core::http::Response;
use azure_service_core::{Error, ErrorKind, ItemPage, Pager, ServiceClient};
use futures::{StreamExt, TryStreamExt};

fn page(names: &[&str], rest: &str) -> Reply {
    let items: Vec<_> = names
        .iter()
        .map(|name| format!(r#"{{"name":"{name}"}}"#))
        .collect();
    answer(200, format!(r#"{{"value":[{}]{rest}}}"#, items.join(",")))
}

type Things = Pager<Response<ItemPage<Thing>>, Error>;

fn linked(client: &ServiceClient<Client>, continuation_token: Option<String>) -> Result<Things, Error> {
    let first = client.protocol().things_list_request(2);
    client.call("list_things").list(first, continuation_token)
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
    let things: Vec<Thing> = linked(&script.client(), None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
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
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
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
    let mut pages = linked(&script.client(), None).unwrap().into_pages();
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!(names(&first.into_model().unwrap().items), ["a"]);
    let token = pages.continuation_token();
    assert_eq!(token.as_deref(), Some("https://service.example/things?page=2"));

    let rest: Vec<Thing> = linked(&script.client(), token)
        .unwrap()
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
    let error = linked(&script.client(), Some("https://evil.example/".to_owned())).unwrap_err();
    assert_eq!(error.parameter(), Some("continuation_token"));
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn a_continuation_of_another_list_is_refused_instead_of_starting_anew() {
    let script = Script::new([page(&["a"], "")]);
    let client = script.client();
    let selected = |token: &str| -> Result<Things, Error> {
        let first = client.protocol().things_select_request();
        client.call("select_things").list(first, Some(token.to_owned()))
    };
    for pager in [
        linked(&client, Some("t1".to_owned())),
        selected("https://service.example/things?page=2"),
    ] {
        let error = pager.unwrap_err();
        assert_eq!(error.parameter(), Some("continuation_token"));
    }
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
    let first = client.protocol().things_query_request("SELECT *");
    let pager: Things = client.call("query_things").list(first, None).unwrap();
    let things: Vec<Thing> = pager.try_collect().await.unwrap();
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
    let first = client.protocol().things_select_request();
    let pager: Things = client.call("select_things").list(first, None).unwrap();
    let things: Vec<Thing> = pager.try_collect().await.unwrap();
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
    let mut pager = linked(&script.client(), None).unwrap();
    assert_eq!(pager.next().await.unwrap().unwrap().name, "a");
    let error = pager.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(400), Some("TimeoutError"), Some("list_things"))
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
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_decoded_is_named() {
    let script = Script::new([
        page(&["a"], r#","nextLink":"/things?page=2""#),
        answer(200, r#"{"value":[{"name":"b"},{"name":7}]}"#),
    ]);
    let mut pager = linked(&script.client(), None).unwrap();
    assert_eq!(pager.next().await.unwrap().unwrap().name, "a");
    let error = pager.next().await.unwrap().unwrap_err();
    assert!(
        report(&error).starts_with(
            "the service's response cannot be understood: page, member `value[1].name`: invalid type: integer `7`"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn token_leads_to_the_page_that_items_are_taken_from() {
    let script = Script::new([
        page(&["a"], r#","nextLink":"/things?page=2""#),
        page(&["b", "c"], r#","nextLink":"/things?page=3""#),
        page(&["b", "c"], ""),
    ]);
    let mut pager = linked(&script.client(), None).unwrap();
    assert_eq!(pager.continuation_token(), None);
    for name in ["a", "b"] {
        assert_eq!(pager.next().await.unwrap().unwrap().name, name);
    }
    let token = pager.continuation_token();
    assert_eq!(token.as_deref(), Some("https://service.example/things?page=2"));
    let rest: Vec<Thing> = linked(&script.client(), token)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&rest), ["b", "c"]);
}
