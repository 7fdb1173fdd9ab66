//! Paged lists, with links and tokens.

use super::support::*;
use azure_core::http::Response;
use azure_protocol_runtime::Paging;
use azure_service_core::{Error, ErrorKind, ItemPage, Pager, ServiceClient};
use futures::{StreamExt, TryStreamExt};

fn page(names: &[&str], rest: &str) -> Reply {
    let items: Vec<_> = names
        .iter()
        .map(|name| format!(r#"{{"name":"{name}"}}"#))
        .collect();
    respond(200, format!(r#"{{"value":[{}]{rest}}}"#, items.join(",")))
}

type Rooms = Pager<Response<ItemPage<Room>>, Error>;

fn linked(client: &ServiceClient<Client>, continuation_token: Option<String>) -> Result<Rooms, Error> {
    let first = client.protocol().rooms_list_request(2);
    client.call("list_rooms").list(first, continuation_token)
}

fn names(rooms: &[Room]) -> Vec<&str> {
    rooms.iter().map(|room| room.name.as_str()).collect()
}

#[tokio::test]
async fn links_are_followed_byte_for_byte_with_the_same_headers_and_beyond_empty_pages() {
    let link = "https://service.example/Rooms?continuationToken=a+b%2Fc%20d&empty=&api-version=other";
    let transport = MockTransport::new([
        page(&["a", "b"], &format!(r#","nextLink":"{link}""#)),
        page(&[], r#","nextLink":"/rooms?page=3""#),
        page(&["c"], r#","nextLink":null"#),
    ]);
    let rooms: Vec<Room> = linked(&transport.client(), None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&rooms), ["a", "b", "c"]);
    let requests = transport.requests();
    let urls: Vec<_> = requests.iter().map(|request| request.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://service.example/rooms?api-version=2024-01-01",
            link,
            "https://service.example/rooms?page=3"
        ]
    );
    assert!(
        requests
            .iter()
            .all(|request| request.method == "GET" && request.header("max-items-per-page") == Some("2"))
    );
}

#[tokio::test]
async fn link_to_another_origin_is_not_followed() {
    for link in [
        "https://evil.example/rooms",
        "http://service.example/rooms",
        "https://service.example:444/",
        "//evil.example/",
    ] {
        let transport = MockTransport::new([
            page(&["a"], &format!(r#","nextLink":"{link}""#)),
            page(&["b"], ""),
        ]);
        let error = linked(&transport.client(), None)
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{link}");
        assert!(
            error.message().unwrap().contains("leads to another origin"),
            "{error}"
        );
        assert_eq!(transport.count(), 1);
    }
}

#[tokio::test]
async fn pager_resumes_from_a_continuation_token() {
    let transport = MockTransport::new([
        page(&["a"], r#","nextLink":"https://service.example/rooms?page=2""#),
        page(&["b"], ""),
    ]);
    let mut pages = linked(&transport.client(), None).unwrap().into_pages();
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!(names(&first.into_model().unwrap().items), ["a"]);
    let token = pages.continuation_token();
    assert_eq!(token.as_deref(), Some("https://service.example/rooms?page=2"));

    let rest: Vec<Room> = linked(&transport.client(), token)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&rest), ["b"]);
    let last = transport.requests().pop().unwrap();
    assert_eq!(
        (last.url.as_str(), last.header("max-items-per-page")),
        ("https://service.example/rooms?page=2", Some("2"))
    );
}

#[tokio::test]
async fn continuation_token_of_another_origin_is_refused() {
    let transport = MockTransport::new([page(&["a"], "")]);
    let error = linked(&transport.client(), Some("https://evil.example/".to_owned())).unwrap_err();
    assert_eq!(error.parameter(), Some("continuation_token"));
    assert_eq!(transport.count(), 0);
}

#[tokio::test]
async fn continuation_token_of_another_list_is_refused() {
    let transport = MockTransport::new([page(&["a"], "")]);
    let client = transport.client();
    let selected = |token: &str| -> Result<Rooms, Error> {
        let first = client.protocol().rooms_select_request();
        client.call("select_rooms").list(first, Some(token.to_owned()))
    };
    for pager in [
        linked(&client, Some("t1".to_owned())),
        selected("https://service.example/rooms?page=2"),
    ] {
        let error = pager.unwrap_err();
        assert_eq!(error.parameter(), Some("continuation_token"));
    }
    assert_eq!(transport.count(), 0);
}

#[tokio::test]
async fn token_in_the_body_is_sent_in_the_body_of_the_next_request() {
    let transport = MockTransport::new([
        page(&["a"], r#","continuationToken":"t1""#),
        page(&[], r#","continuationToken":"t2""#),
        page(&["b"], r#","continuationToken":null"#),
    ]);
    let client = transport.client();
    let first = client.protocol().rooms_query_request("SELECT *");
    let pager: Rooms = client.call("query_rooms").list(first, None).unwrap();
    let rooms: Vec<Room> = pager.try_collect().await.unwrap();
    assert_eq!(names(&rooms), ["a", "b"]);
    let bodies: Vec<_> = transport
        .requests()
        .into_iter()
        .map(|request| request.body)
        .collect();
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
async fn token_in_a_header_is_sent_in_the_header_of_the_next_request() {
    let transport = MockTransport::new([
        respond(200, r#"[{"name":"a"}]"#).header("x-ms-continuation", "t1"),
        respond(200, "[]").header("x-ms-continuation", "t2"),
        respond(200, r#"[{"name":"b"}]"#).header("x-ms-continuation", ""),
    ]);
    let client = transport.client();
    let first = client.protocol().rooms_select_request();
    let pager: Rooms = client.call("select_rooms").list(first, None).unwrap();
    let rooms: Vec<Room> = pager.try_collect().await.unwrap();
    assert_eq!(names(&rooms), ["a", "b"]);
    let tokens: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.header("x-ms-continuation").map(str::to_owned))
        .collect();
    assert_eq!(tokens, [None, Some("t1".to_owned()), Some("t2".to_owned())]);
}

#[tokio::test]
async fn error_of_a_later_page_keeps_its_details() {
    let transport = MockTransport::new([
        page(&["a"], r#","nextLink":"/rooms?page=2""#),
        respond(400, r#"{"error":{"code":"TimeoutError","message":"too slow"}}"#),
    ]);
    let mut pager = linked(&transport.client(), None).unwrap();
    assert_eq!(pager.next().await.unwrap().unwrap().name, "a");
    let error = pager.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(400), Some("TimeoutError"), Some("list_rooms"))
    );
    assert!(pager.next().await.is_none());
}

#[tokio::test]
async fn invalid_page_is_an_error() {
    for body in [
        "<html>",
        "",
        r#"{"value":"#,
        r#"{"value":3}"#,
        "7",
        "{}",
        r#"{"value":[],"nextLink":7}"#,
    ] {
        let transport = MockTransport::new([respond(200, body)]);
        let error = linked(&transport.client(), None)
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
    }
}

#[tokio::test]
async fn decoding_error_names_the_item_and_member() {
    let transport = MockTransport::new([
        page(&["a"], r#","nextLink":"/rooms?page=2""#),
        respond(200, r#"{"value":[{"name":"b"},{"name":7}]}"#),
    ]);
    let mut pager = linked(&transport.client(), None).unwrap();
    assert_eq!(pager.next().await.unwrap().unwrap().name, "a");
    let error = pager.next().await.unwrap().unwrap_err();
    assert!(
        report(&error)
            .starts_with("invalid response: page, member `value[1].name`: invalid type: integer `7`"),
        "{error}"
    );
}

#[tokio::test]
async fn continuation_token_refers_to_the_current_page() {
    let transport = MockTransport::new([
        page(&["a"], r#","nextLink":"/rooms?page=2""#),
        page(&["b", "c"], r#","nextLink":"/rooms?page=3""#),
        page(&["b", "c"], ""),
    ]);
    let mut pager = linked(&transport.client(), None).unwrap();
    assert_eq!(pager.continuation_token(), None);
    for name in ["a", "b"] {
        assert_eq!(pager.next().await.unwrap().unwrap().name, name);
    }
    let token = pager.continuation_token();
    assert_eq!(token.as_deref(), Some("https://service.example/rooms?page=2"));
    let rest: Vec<Room> = linked(&transport.client(), token)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&rest), ["b", "c"]);
}

/// Creates a list that never ends and has no items. Its pages cycle through `continuations`.
fn endless(paging: Paging, continuations: &[&str]) -> (MockTransport, Rooms) {
    let replies = continuations.iter().cycle().take(100).map(|next| match paging {
        Paging::NextLink => page(&[], &format!(r#","nextLink":"/rooms?page={next}""#)),
        Paging::BodyToken => page(&[], &format!(r#","continuationToken":"{next}""#)),
        _ => respond(200, "[]").header("x-ms-continuation", *next),
    });
    let transport = MockTransport::new(replies);
    let client = transport.client();
    let (call, api) = (client.call("list_rooms"), client.protocol());
    let rooms = match paging {
        Paging::NextLink => call.list(api.rooms_list_request(2), None),
        Paging::BodyToken => call.list(api.rooms_query_request("q"), None),
        _ => call.list(api.rooms_select_request(), None),
    };
    (transport, rooms.unwrap())
}

#[tokio::test]
async fn continuation_that_repeats_itself_or_a_cycle_of_them_without_items_is_an_error() {
    let cycle: &[&str] = &["a", "b", "c", "d", "e"];
    for paging in [Paging::NextLink, Paging::BodyToken, Paging::HeaderToken] {
        for (continuations, most) in [(&cycle[..1], 2), (&cycle[..2], 5), (cycle, 15)] {
            let (transport, rooms) = endless(paging, continuations);
            let error = rooms.try_collect::<Vec<Room>>().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
            assert_eq!(error.operation(), Some("list_rooms"));
            assert!(!error.is_retryable());
            assert!(error.to_string().contains("repeats a continuation"), "{error}");
            assert!(transport.count() <= most, "{paging:?}: {}", transport.count());
        }
    }
}

#[tokio::test]
async fn resumed_list_whose_continuation_repeats_itself_without_items_is_an_error() {
    let transport = MockTransport::new([page(&[], r#","nextLink":"https://service.example/rooms?page=2""#)]);
    let resumed = linked(
        &transport.client(),
        Some("https://service.example/rooms?page=2".to_owned()),
    );
    let error = resumed.unwrap().try_collect::<Vec<Room>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert_eq!(transport.count(), 1);
}

#[tokio::test]
async fn continuation_that_repeats_itself_with_items_is_followed() {
    let same = || page(&["a"], r#","nextLink":"/rooms?page=2""#);
    let transport = MockTransport::new([same(), same(), same(), page(&["b"], "")]);
    let rooms: Vec<Room> = linked(&transport.client(), None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&rooms), ["a", "a", "a", "b"]);
}
