//! Queries.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use iothub_convenience::query::{Query, count, tag};
use iothub_convenience::*;
use serde_json::json;

use crate::{ANY, hub};

async fn fleet(hub: &IotHubRegistryManager) {
    let entries = (0..25).map(|number| {
        let patch = TwinPatch::new()
            .set_tag("site", if number % 5 == 0 { "o'slo\\" } else { "rome" })
            .set_tag("number", number);
        RegistryEntry::create(format!("d{number}")).with_twin(patch)
    });
    let report = hub.bulk_create_or_update_devices(entries, None).await;
    assert!(report.is_successful(), "{report:?}");
}

#[tokio::test]
async fn twins_are_found_page_by_page() {
    let (_emulator, hub) = hub(&[]).await;
    fleet(&hub).await;
    let options = QueryIotHubOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let mut pages = hub
        .query_iot_hub_rows("SELECT * FROM devices", Some(options))
        .unwrap()
        .into_pages();
    let mut seen = BTreeSet::new();
    let mut sizes = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        assert_eq!(page.row_type, RowType::Twin);
        sizes.push(page.rows.len());
        seen.extend(
            page.rows
                .into_iter()
                .map(|row| row.into_twin().unwrap().device_id.unwrap()),
        );
    }
    assert_eq!((sizes, seen.len()), (vec![10, 10, 5], 25));
}

#[tokio::test]
async fn bound_values_cannot_break_out() {
    let (_emulator, hub) = hub(&[]).await;
    fleet(&hub).await;
    let query = Query::select_all()
        .from_devices()
        .filter(tag("site").eq("o'slo\\"))
        .build()
        .unwrap();
    let rows: Vec<_> = hub
        .query_iot_hub_rows(&query, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 5, "{query}");
    let evil = Query::select_all()
        .from_devices()
        .filter(tag("site").eq("x' OR 1 = 1 OR tags.site = '"))
        .build()
        .unwrap();
    let rows: Vec<_> = hub
        .query_iot_hub_rows(&evil, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(rows.is_empty(), "{evil}");
}

#[tokio::test]
async fn projections_and_aggregates_are_rows_of_their_own() {
    let (_emulator, hub) = hub(&[]).await;
    fleet(&hub).await;
    let rows: Vec<_> = hub
        .query_iot_hub_rows("SELECT deviceId FROM devices WHERE tags.number < 2", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let mut rows: Vec<_> = rows.iter().map(QueryRow::as_json).collect();
    rows.sort_by_key(ToString::to_string);
    assert_eq!(rows, [json!({"deviceId": "d0"}), json!({"deviceId": "d1"})]);

    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Count {
        devices: u32,
    }
    let query = Query::select([count().named("devices")])
        .from_devices()
        .build()
        .unwrap();
    let rows: Vec<_> = hub
        .query_iot_hub_rows(query, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| row.decode::<Count>().unwrap())
            .collect::<Vec<_>>(),
        [Count { devices: 25 }]
    );
}

#[tokio::test]
async fn a_bad_query_is_refused_by_the_service() {
    let (_emulator, hub) = hub(&["d"]).await;
    hub.update_twin("d", &TwinPatch::new().set_tag("a", 1), ANY)
        .await
        .unwrap();
    let error = hub
        .query_iot_hub_rows("SELEC *", None)
        .unwrap()
        .try_next()
        .await
        .unwrap_err();
    assert_eq!(
        (error.status(), error.error_code()),
        (Some(400), Some(ErrorCode::ARGUMENT_INVALID))
    );
}
