//! Queries.

use std::collections::HashMap;

use digitaltwins_convenience::query::{Query, is_of_model, path};
use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, DigitalTwin, QueryCharge, QueryPageHeaders, QueryTwinsOptions,
    Relationship, Upsert,
};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{building, empty};

#[derive(Debug, Deserialize)]
struct Lamp {
    brightness: i32,
}

/// Starts an emulator with 25 lamps.
async fn lamps() -> (
    azure_iot_emulator::Emulator,
    digitaltwins_convenience::DigitalTwinsClient,
) {
    let (emulator, client) = building().await;
    for n in 0..25 {
        let lamp = json!({"brightness": n, "$metadata": {"$model": "dtmi:example:Lamp;1"}});
        client
            .upsert_digital_twin(&format!("lamp-{n}"), &lamp, Upsert::CreateOnly)
            .await
            .unwrap();
    }
    client.wait_until_visible("lamp-24", None).await.unwrap();
    (emulator, client)
}

#[tokio::test]
async fn a_paged_query_can_be_resumed() {
    let (_emulator, client) = lamps().await;
    let query = Query::select_all()
        .from_twins(None)
        .filter(is_of_model(None, "dtmi:example:Lamp;1"))
        .build()
        .unwrap();
    let charge = QueryCharge::default();
    let options = || QueryTwinsOptions {
        page_size: Some(10),
        charge: Some(charge.clone()),
        ..Default::default()
    };
    let mut pages = client
        .query_twins::<DigitalTwin<Lamp>>(&query, Some(options()))
        .unwrap()
        .into_pages();
    let page = pages.try_next().await.unwrap().unwrap();
    let first = page.query_charge().unwrap();
    assert!(first > 0.0);
    let mut seen: Vec<i32> = page
        .into_model()
        .unwrap()
        .rows
        .iter()
        .map(|lamp| lamp.contents.brightness)
        .collect();
    assert_eq!(seen.len(), 10);
    let mut rest = options();
    rest.continuation_token = pages.continuation_token();
    let lamps: Vec<DigitalTwin<Lamp>> = client
        .query_twins(&query, Some(rest))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    seen.extend(lamps.iter().map(|lamp| lamp.contents.brightness));
    seen.sort_unstable();
    assert_eq!(seen, (0..25).collect::<Vec<_>>());
    assert!(charge.pages() >= 3 && charge.units() > first);
}

#[tokio::test]
async fn rows_of_every_projection_decode() {
    #[derive(Deserialize)]
    struct Row {
        floor: DigitalTwin,
        room: BasicDigitalTwin,
        edge: Relationship<()>,
    }
    #[derive(Deserialize)]
    struct Count {
        #[serde(rename = "COUNT")]
        count: u64,
    }
    let (_emulator, client) = building().await;
    let query = Query::select(["floor", "room", "edge"])
        .from_twins("floor")
        .join_as("room", "floor.contains", "edge")
        .filter(path("floor.$dtId").eq("floor-1"))
        .build()
        .unwrap();
    let mut rows: Vec<Row> = client
        .query_twins(&query, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    rows.sort_by(|a, b| a.room.id.cmp(&b.room.id));
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.floor.id.as_str(),
                row.room.id.as_str(),
                row.edge.target_id.as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("floor-1", "room-1", "room-1"), ("floor-1", "room-2", "room-2")]
    );

    let text = "SELECT COUNT() FROM DIGITALTWINS";
    let count: Count = client
        .query_twins(text, None)
        .unwrap()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    let map: HashMap<String, u64> = client
        .query_twins(text, None)
        .unwrap()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    assert_eq!((count.count, map["COUNT"]), (3, 3));

    let text =
        "SELECT T.temperature, T.comment AS remark FROM DIGITALTWINS T WHERE IS_DEFINED(T.temperature)";
    let rows: Vec<Value> = client
        .query_twins(text, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows, vec![json!({"temperature": 20.5, "remark": "draughty"}); 2]);

    let text = "SELECT * FROM RELATIONSHIPS";
    let rows: Vec<BasicRelationship> = client
        .query_twins(text, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn bound_values_cannot_change_a_query() {
    let (_emulator, client) = building().await;
    let injection = "x' OR T.$dtId != '\\";
    let patch = digitaltwins_convenience::DigitalTwinPatch::new()
        .add("comment", injection)
        .unwrap();
    client
        .update_digital_twin("room-2", &patch, crate::ANY)
        .await
        .unwrap();
    let query = Query::select(["T"])
        .from_twins("T")
        .filter(path("T.comment").eq(injection))
        .build()
        .unwrap();
    let rows: Vec<HashMap<String, BasicDigitalTwin>> = client
        .query_twins(&query, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        rows.iter().map(|row| row["T"].id.as_str()).collect::<Vec<_>>(),
        ["room-2"]
    );
}

#[tokio::test]
async fn repeated_rows_are_dropped_on_request() {
    let (_emulator, client) = building().await;
    // The query returns the floor once per room.
    let text =
        "SELECT floor FROM DIGITALTWINS floor JOIN room RELATED floor.contains WHERE floor.$dtId = 'floor-1'";
    let rows: Vec<Value> = client
        .query_twins(text, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    let options = QueryTwinsOptions {
        deduplicate: true,
        page_size: Some(1),
        ..Default::default()
    };
    let rows: Vec<Value> = client
        .query_twins(text, Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn an_invalid_query_and_token_are_refused() {
    let (_emulator, client) = empty().await;
    let error = client
        .query_twins::<Value>("foo", None)
        .unwrap()
        .try_next()
        .await
        .unwrap_err();
    assert!(
        error.is_invalid_query() && error.message().unwrap().contains("foo"),
        "{error}"
    );
    let options = QueryTwinsOptions {
        continuation_token: Some("nonsense".to_owned()),
        ..Default::default()
    };
    let mut pager = client
        .query_twins::<Value>("SELECT * FROM DIGITALTWINS", Some(options))
        .unwrap();
    let error = pager.try_next().await.unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (Some(400), Some("BadRequest")),
        "{error}"
    );
}
