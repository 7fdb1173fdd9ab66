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
    let report = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
    assert!(report.is_successful(), "{report:?}");
}

#[tokio::test]
async fn twins_are_returned_page_by_page() {
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
        assert_eq!(page.row_type(), RowType::Twin);
        let page = page.into_model().unwrap();
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
async fn bound_values_cannot_inject_conditions() {
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
    let injection = Query::select_all()
        .from_devices()
        .filter(tag("site").eq("x' OR 1 = 1 OR tags.site = '"))
        .build()
        .unwrap();
    let rows: Vec<_> = hub
        .query_iot_hub_rows(&injection, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(rows.is_empty(), "{injection}");
}

#[tokio::test]
async fn projections_and_aggregates_are_raw_rows() {
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
async fn invalid_query_is_refused_by_the_service() {
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

/// HUB-QUERY-12.
#[tokio::test]
async fn modules_are_queried_with_the_prefix_of_devices() {
    let (_emulator, hub) = hub(&["m1", "m2"]).await;
    for device in ["m1", "m2"] {
        hub.create_module_with_sas(device, "filter", SymmetricKey::assigned_by_service(), None)
            .await
            .unwrap();
    }
    let text = "select * from devices.modules where devices.deviceId = 'm1'";
    query::parse_and_validate(text).unwrap();
    let twins: Vec<Twin> = hub
        .query_iot_hub(text, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(twins.len(), 1);
    assert_eq!(twins[0].device_id.as_deref(), Some("m1"));
}

/// HUB-QUERY-28.
#[tokio::test]
async fn routing_functions_are_refused_by_client_and_service() {
    let (_emulator, hub) = hub(&["a"]).await;
    for function in ["STARTS_WITH", "ENDS_WITH", "CONTAINS"] {
        let text = format!("SELECT * FROM devices WHERE {function}(deviceId, 'a')");
        let error = Error::from(query::parse_and_validate(&text).unwrap_err());
        assert!(
            error.is_invalid_input() && error.to_string().contains(function),
            "{error}"
        );
        let rows = hub.query_iot_hub::<Twin>(&text, None).unwrap();
        let error = rows.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.status(), Some(400), "{function}");
    }
}
