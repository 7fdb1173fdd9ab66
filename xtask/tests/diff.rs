//! Reported changes, and which of them break callers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::pottery;
use xtask::convert::convert;
use xtask::diff::{Report, diff};
use xtask::facts::Facts;

fn changed(change: impl FnOnce(&mut Value)) -> Report {
    let facts = |document: &Value| Facts::of(&convert(document).unwrap()).unwrap();
    let mut document = pottery();
    let old = facts(&document);
    change(&mut document);
    diff(&old, &facts(&document))
}

/// Asserts the reported changes; breaking ones start with `!`.
#[track_caller]
fn reports(change: impl FnOnce(&mut Value), expected: &[&str]) {
    let report = changed(change);
    let found: Vec<String> = report
        .changes
        .iter()
        .map(|c| {
            let text = c.to_string();
            let words = text
                .strip_prefix("BREAKING")
                .unwrap_or(&text)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            if c.breaking { format!("! {words}") } else { words }
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        report.breaking(),
        expected.iter().filter(|e| e.starts_with('!')).count()
    );
}

fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn descriptions_and_order_are_not_changes() {
    reports(
        |d| {
            d["info"]["description"] = json!("Other words.");
            d["definitions"]["Kiln"]["properties"]["id"]["description"] = json!("Other words.");
            remove(
                &mut d["definitions"]["Kiln"]["properties"]["glaze"],
                "description",
            );
            remove(&mut d["definitions"]["Kiln"]["properties"]["glaze"], "readOnly");
            d["definitions"]["Kiln"]["properties"]["glaze"]["readOnly"] = json!(true);
            d["paths"]["/kilns"]["get"]["parameters"]
                .as_array_mut()
                .unwrap()
                .reverse();
            d["definitions"]["Kiln"]["required"]
                .as_array_mut()
                .unwrap()
                .reverse();
        },
        &[],
    );
}

#[test]
fn removing_or_renaming_an_operation_breaks() {
    reports(
        |d| {
            remove(&mut d["paths"]["/kilns/{kilnId}"], "patch");
            d["paths"]["/kilns/{kilnId}"]["get"]["operationId"] = json!("Kilns_Read");
            d["paths"]["/kilns/{kilnId}"]["head"] = json!({ "operationId": "Kilns_Has", "responses": {} });
        },
        &[
            "! changed operation GET /kilns/{kilnId}: Kilns_Get → Kilns_Read",
            "added operation HEAD /kilns/{kilnId} (Kilns_Has)",
            "! removed operation PATCH /kilns/{kilnId} (Kilns_Patch)",
        ],
    );
}

#[test]
fn restricting_a_parameter_breaks() {
    reports(
        |d| {
            let list = d["paths"]["/kilns"]["get"]["parameters"].as_array_mut().unwrap();
            list[0]["required"] = json!(true);
            list[1]["items"]["type"] = json!("string");
            list[2]["collectionFormat"] = json!("csv");
            list[3]["enum"] = json!(["cold"]);
            list.remove(4);
            list.push(json!({ "name": "age", "in": "query", "type": "integer" }));
            list.push(json!({ "name": "x-key", "in": "header", "type": "string", "required": true }));
        },
        &[
            "! added parameter GET /kilns header x-key",
            "! removed parameter GET /kilns header x-marks",
            "added parameter GET /kilns query age",
            "! changed parameter GET /kilns query colours: optional → required",
            "! changed constraint GET /kilns query rooms style: \"pipeDelimited\" → \"form\"",
            "! changed type of GET /kilns query sizes[]: integer(int32) → string(int32)",
            "! removed enum value GET /kilns query state `hot`",
        ],
    );
}

#[test]
fn removing_from_a_response_or_adding_a_success_code_breaks() {
    reports(
        |d| {
            let patch = &mut d["paths"]["/kilns/{kilnId}"]["patch"];
            patch["consumes"] = json!(["application/merge-patch+json"]);
            patch["responses"]["202"] = json!({ "description": "" });
            remove(&mut patch["responses"], "204");
            d["paths"]["/kilns/{kilnId}"]["get"]["responses"]["200"]["schema"]["$ref"] =
                json!("#/definitions/GasKiln");
            remove(
                &mut d["paths"]["/kilns"]["get"]["responses"]["200"]["headers"],
                "x-count",
            );
            remove(&mut d["paths"]["/kilns"]["get"]["responses"], "default");
            remove(&mut d["paths"]["/kilns"]["get"], "x-ms-pageable");
            d["parameters"]["firing"]["required"] = json!(false);
        },
        &[
            "! removed header GET /kilns 200 x-count",
            "removed error response GET /kilns default",
            "! removed extension GET /kilns x-ms-pageable",
            "! changed type of GET /kilns/{kilnId} 200 application/json: Kiln → GasKiln",
            "! removed content type PATCH /kilns/{kilnId} application/json-patch+json",
            "added content type PATCH /kilns/{kilnId} application/merge-patch+json",
            "! added success code PATCH /kilns/{kilnId} 202",
            "removed success code PATCH /kilns/{kilnId} 204",
            "changed body POST /kilns/{kilnId}/firings/{number}: required → optional",
        ],
    );
}

#[test]
fn losing_a_header_of_an_error_response_does_not_break() {
    reports(
        |d| remove(&mut d["responses"]["Failure"]["headers"], "x-error"),
        &["removed header GET /kilns default x-error"],
    );
}

#[test]
fn property_changes_break_by_direction() {
    // `Firing` is only sent, `KilnPage` only received, `Kiln` both.
    reports(
        |d| {
            let firing = &mut d["definitions"]["Firing"];
            firing["required"] = json!(["programme", "result"]);
            firing["properties"]["start"] = json!({ "type": "string" });
            let page = &mut d["definitions"]["KilnPage"];
            page["required"] = json!(["nextLink"]);
            let kiln = &mut d["definitions"]["Kiln"];
            remove(&mut kiln["properties"], "serial");
            kiln["properties"]["state"]["enum"]
                .as_array_mut()
                .unwrap()
                .push(json!("broken"));
            kiln["properties"]["limit"]["maximum"] = json!(1300);
            kiln["properties"]["built"]["format"] = json!("date");
            kiln["properties"]["labels"]["x-nullable"] = json!(true);
        },
        &[
            "changed property Firing.payload: required → optional",
            "! changed property Firing.result: optional → required",
            "added property Firing.start",
            "! changed type of Kiln.built: string(date-time) → string(date)",
            "! added constraint Kiln.labels nullable",
            "! changed constraint Kiln.limit maximum: 1400 → 1300",
            "! removed property Kiln.serial",
            "added enum value Kiln.state `broken`",
            "! changed property KilnPage.nextLink: optional → required",
            "! changed property KilnPage.value: required → optional",
        ],
    );
}

#[test]
fn the_report_lists_every_change() {
    let report = changed(|d| {
        d["info"]["version"] = json!("2031-06-01");
        d["definitions"]["Kiln"]["properties"]["colour"] = json!({ "type": "string" });
        remove(&mut d["paths"], "/orders");
    });
    insta::assert_snapshot!(report);
}
