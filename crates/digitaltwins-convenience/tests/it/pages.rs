//! Lists and queries: pages, continuation tokens, charges, repeated rows.

use std::collections::HashMap;

use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, DigitalTwin, Error, ListEventRoutesOptions,
    ListRelationshipsOptions, QueryCharge, QueryPageHeaders, QueryTwinsOptions, Relationship,
};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{MockResponse, MockService};

fn relationship(id: &str) -> Value {
    json!({"$relationshipId": id, "$sourceId": "s", "$relationshipName": "n", "$targetId": "t"})
}

fn twin(id: &str) -> Value {
    json!({"$dtId": id, "$metadata": {"$model": "dtmi:example:T;1"}})
}

/// Returns responses with pages of rows. All but the last have a continuation token.
fn pages(pages: &[Value]) -> Vec<MockResponse> {
    let last = pages.len() - 1;
    let page = |(index, rows): (usize, &Value)| {
        let token = if index == last {
            Value::Null
        } else {
            json!(format!("token \"{index}\""))
        };
        let charge = format!("{}.25", index + 1);
        MockResponse::json(200, &json!({"value": rows, "continuationToken": token}))
            .header("query-charge", charge)
    };
    pages.iter().enumerate().map(page).collect()
}

#[tokio::test]
async fn links_are_followed_byte_for_byte_and_an_empty_page_is_not_the_end() {
    let link = "https://twins.example/DigitalTwins/s/relationships?continuationToken=a%2Fb+c%20d&empty=&api-version=2023-10-31";
    let (service, client) = MockService::with_responses([
        MockResponse::json(
            200,
            &json!({"value": [relationship("1"), relationship("2")], "nextLink": link}),
        ),
        MockResponse::json(200, &json!({"value": [], "nextLink": "/relative?x=1"})),
        MockResponse::json(200, &json!({"value": [relationship("3")], "nextLink": null})),
    ]);
    let all: Vec<BasicRelationship> = client
        .list_relationships("s", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        all.iter()
            .map(|relationship| relationship.id.as_str())
            .collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
    let sent = service.sent();
    assert_eq!(
        sent[1].target,
        "/DigitalTwins/s/relationships?continuationToken=a%2Fb+c%20d&empty=&api-version=2023-10-31"
    );
    assert_eq!(sent[2].target, "/relative?x=1");
}

#[tokio::test]
async fn the_page_size_is_sent_for_every_page() {
    let (service, client) = MockService::with_responses([
        MockResponse::json(
            200,
            &json!({"value": [], "nextLink": "https://twins.example/next"}),
        ),
        MockResponse::json(200, &json!({"value": []})),
    ]);
    let options = ListEventRoutesOptions {
        page_size: Some(3),
        ..Default::default()
    };
    let routes: Vec<_> = client
        .list_event_routes(Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(routes.is_empty());
    for sent in service.sent() {
        assert_eq!(sent.header("max-items-per-page"), Some("3"));
        assert_eq!(sent.header("accept"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_link_to_another_origin_is_not_followed() {
    let (service, client) = MockService::with_responses([MockResponse::json(
        200,
        &json!({"value": [relationship("1")], "nextLink": "https://elsewhere.example/steal"}),
    )]);
    let pager = client.list_relationships::<BasicRelationship>("s", None).unwrap();
    let error: Error = pager.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("elsewhere.example"), "{error}");
    assert_eq!(service.sent().len(), 1);
}

#[tokio::test]
async fn a_list_can_be_resumed_from_a_continuation_token() {
    let (service, client) = MockService::with_responses([
        MockResponse::json(
            200,
            &json!({"value": [relationship("1")], "nextLink": "https://twins.example/page-2"}),
        ),
        MockResponse::json(200, &json!({"value": [relationship("2")]})),
    ]);
    let mut pages = client
        .list_relationships::<BasicRelationship>("s", None)
        .unwrap()
        .into_pages();
    pages.try_next().await.unwrap().unwrap();
    let continuation_token = pages.continuation_token();
    let options = ListRelationshipsOptions {
        continuation_token,
        ..Default::default()
    };
    let rest: Vec<BasicRelationship> = client
        .list_relationships("s", Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest[0].id, "2");
    assert_eq!(service.lines()[1], "GET /page-2");
}

#[tokio::test]
async fn every_page_request_has_the_query_and_adds_its_charge() {
    let (service, client) =
        MockService::with_responses(pages(&[json!([twin("a")]), json!([]), json!([twin("b")])]));
    let charge = QueryCharge::default();
    let options = QueryTwinsOptions {
        page_size: Some(1),
        charge: Some(charge.clone()),
        ..Default::default()
    };
    let all: Vec<BasicDigitalTwin> = client
        .query_twins("SELECT * FROM DIGITALTWINS", Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((charge.pages(), charge.units()), (3, 1.25 + 2.25 + 3.25));
    let bodies: Vec<_> = service.sent().iter().map(|sent| sent.json()).collect();
    let query = "SELECT * FROM DIGITALTWINS";
    assert_eq!(bodies[0], json!({"query": query}));
    assert_eq!(
        bodies[1],
        json!({"query": query, "continuationToken": "token \"0\""})
    );
    assert_eq!(
        bodies[2],
        json!({"query": query, "continuationToken": "token \"1\""})
    );
    assert!(
        service
            .sent()
            .iter()
            .all(|sent| sent.header("max-items-per-page") == Some("1"))
    );
}

#[tokio::test]
async fn pages_have_charge_and_continuation_token() {
    let (service, client) = MockService::with_responses(pages(&[json!([twin("a")]), json!([twin("b")])]));
    let mut pages = client
        .query_twins::<BasicDigitalTwin>("SELECT", None)
        .unwrap()
        .into_pages();
    let page = pages.try_next().await.unwrap().unwrap();
    assert_eq!(page.query_charge(), Some(1.25));
    let page = page.into_model().unwrap();
    assert_eq!(
        (page.rows[0].id.as_str(), page.continuation_token.as_deref()),
        ("a", Some("token \"0\""))
    );
    let options = QueryTwinsOptions {
        continuation_token: pages.continuation_token(),
        ..Default::default()
    };
    let rest: Vec<BasicDigitalTwin> = client
        .query_twins("SELECT", Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest[0].id, "b");
    assert_eq!(service.sent()[1].json()["continuationToken"], "token \"0\"");
}

#[tokio::test]
async fn a_missing_or_invalid_charge_is_none() {
    let responses = [
        MockResponse::json(200, &json!({"value": [], "continuationToken": "t"})),
        MockResponse::json(200, &json!({"value": [], "continuationToken": ""}))
            .header("query-charge", "much"),
    ];
    let (_, client) = MockService::with_responses(responses);
    let mut pages = client.query_twins::<Value>("SELECT", None).unwrap().into_pages();
    assert_eq!(pages.try_next().await.unwrap().unwrap().query_charge(), None);
    assert_eq!(pages.try_next().await.unwrap().unwrap().query_charge(), None);
    assert!(pages.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn repeated_rows_are_dropped_across_pages() {
    let rows = [
        json!([twin("a"), twin("b"), twin("a")]),
        json!([twin("b")]),
        json!([twin("c"), {"T": twin("a")}, {"COUNT": 1}, {"COUNT": 1}]),
    ];
    let (_, client) = MockService::with_responses(pages(&rows));
    let options = QueryTwinsOptions {
        deduplicate: true,
        ..Default::default()
    };
    let all: Vec<Value> = client
        .query_twins("SELECT", Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        all,
        [
            twin("a"),
            twin("b"),
            twin("c"),
            json!({"T": twin("a")}),
            json!({"COUNT": 1}),
            json!({"COUNT": 1})
        ]
    );
    let (_, client) = MockService::with_responses(pages(&rows));
    let all: Vec<Value> = client
        .query_twins("SELECT", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(all.len(), 8);
}

#[tokio::test]
async fn rows_decode_as_any_type() {
    #[derive(Debug, Deserialize)]
    struct Room {
        temperature: f64,
    }
    #[derive(Debug, Deserialize)]
    struct Row {
        #[serde(rename = "T")]
        floor: DigitalTwin,
        #[serde(rename = "CT")]
        room: DigitalTwin<Room>,
        #[serde(rename = "R")]
        contains: Relationship<()>,
        #[serde(rename = "label")]
        label: Option<String>,
    }
    let mut room = twin("room");
    room["temperature"] = json!(21.5);
    room["serial"] = json!(9_007_199_254_740_993_u64);
    let rows = json!([{"T": twin("floor"), "CT": room, "R": relationship("r")}]);
    let (_, client) = MockService::with_responses(pages(std::slice::from_ref(&rows)));
    let row: Row = client
        .query_twins("SELECT", None)
        .unwrap()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.floor.id.as_str(), row.contains.target_id.as_str(), row.label),
        ("floor", "t", None)
    );
    assert_eq!(row.room.contents.temperature, 21.5);
    assert_eq!(row.room.extra["serial"].to_string(), "9007199254740993");

    let (_, client) = MockService::with_responses(pages(&[json!([{"COUNT": 9_007_199_254_740_993_u64}])]));
    let row: HashMap<String, u64> = client
        .query_twins("SELECT", None)
        .unwrap()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row["COUNT"], 9_007_199_254_740_993);

    let (_, client) = MockService::with_responses(pages(&[json!([{"COUNT": "many"}])]));
    let error: Error = client
        .query_twins::<HashMap<String, u64>>("SELECT", None)
        .unwrap()
        .try_next()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), digitaltwins_convenience::ErrorKind::InvalidResponse);
}
