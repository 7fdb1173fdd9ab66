//! Redirects, links to other origins, and continuations that do not end.

use std::time::Duration;

use azure_service_core::ErrorKind;
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::clients::{Clients, failed, in_time};
use crate::evil_server::{Answer, EvilServer};

/// Redirects are not followed, so credentials reach no other server.
#[tokio::test]
async fn redirect_is_an_error_and_reaches_no_other_server() {
    let (server, other) = (EvilServer::start().await, EvilServer::start().await);
    other.answer(Answer::response(200, &[], "{}"));
    let clients = Clients::of(&server);
    for status in [301, 302, 303, 307, 308] {
        for location in [
            format!("https://{}/twins/d", other.address),
            format!("http://{}/twins/d", other.address),
            format!("//{}/", other.address),
            "/elsewhere".to_owned(),
        ] {
            server.answer(Answer::response(status, &[&format!("location: {location}")], ""));
            for result in clients.read().await.into_iter().chain(clients.write().await) {
                let error = result.expect_err("a redirect");
                assert_eq!(
                    (error.kind, error.status),
                    (ErrorKind::Service, Some(status)),
                    "{error:?}"
                );
            }
            let requests = server.requests();
            assert!(
                requests.iter().all(|head| !head.contains("elsewhere")),
                "{requests:?}"
            );
        }
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn link_to_another_origin_is_not_followed() {
    let (server, other) = (EvilServer::start().await, EvilServer::start().await);
    other.answer(Answer::response(200, &[], "{\"value\":[]}"));
    let clients = Clients::of(&server);
    for link in [
        format!("https://{}/models?api-version=1", other.address),
        format!("http://{}/models", server.address),
        format!("https://{}@{}/models", server.address, other.address),
        format!("//{}/models", other.address),
    ] {
        let page = serde_json::json!({"value": [], "nextLink": link}).to_string();
        server.answer(Answer::response(200, &[], &page));
        let models = clients.twins.list_models(None).expect("valid options");
        let error = failed(in_time(models.try_collect::<Vec<_>>()).await).expect_err("a foreign link");
        assert_eq!(error.kind, ErrorKind::InvalidResponse, "{link}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{link}");
    }
    // In a URL of HTTPS, a backslash is a slash, so this is a link to the service itself.
    let link = format!("https://{}\\@{}/models", server.address, other.address);
    let page = serde_json::json!({"value": [], "nextLink": link}).to_string();
    server.answer(Answer::response(200, &[], &page));
    let models = clients.twins.list_models(None).expect("valid options");
    failed(in_time(models.try_collect::<Vec<_>>()).await).expect_err("an endless list");
    assert!(server.requests().len() > 1);
    assert_eq!(other.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn continuation_that_repeats_itself_on_empty_pages_is_an_error() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    server.answer(Answer::response(
        200,
        &["x-ms-continuation: again", "x-ms-item-type: raw"],
        "[]",
    ));
    let rows = clients
        .hub
        .query_iot_hub_rows("SELECT * FROM devices", None)
        .expect("valid options");
    let error = failed(in_time(rows.try_collect::<Vec<_>>()).await).expect_err("an endless list");
    assert_eq!(error.kind, ErrorKind::InvalidResponse, "{error:?}");
    assert!(server.requests().len() < 10);

    server.answer(Answer::response(
        200,
        &[],
        "{\"value\":[],\"continuationToken\":\"again\"}",
    ));
    let rows = clients
        .twins
        .query_twins::<Value>("SELECT * FROM DIGITALTWINS", None);
    let rows = rows.expect("valid options");
    let error = failed(in_time(rows.try_collect::<Vec<_>>()).await).expect_err("an endless list");
    assert_eq!(error.kind, ErrorKind::InvalidResponse, "{error:?}");
    assert!(server.requests().len() < 10);
}

/// Pages with items may go on as long as the service sends them; the caller decides when to stop.
#[tokio::test]
async fn endless_list_of_items_is_read_page_by_page() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    server.answer(Answer::response(
        200,
        &[],
        "{\"value\":[{},{}],\"continuationToken\":\"again\"}",
    ));
    let rows = clients
        .twins
        .query_twins::<Value>("SELECT * FROM DIGITALTWINS", None);
    let mut rows = rows.expect("valid options");
    for _ in 0..5 {
        let row = tokio::time::timeout(Duration::from_secs(10), rows.try_next()).await;
        assert!(failed(row.expect("in time")).is_ok_and(|row| row.is_some()));
    }
    assert_eq!(server.requests().len(), 3);
}
