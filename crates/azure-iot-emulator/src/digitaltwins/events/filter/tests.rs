use super::*;
use crate::digitaltwins::events::filter::parse::SyntaxError;
use serde_json::json;

fn event() -> CloudEvent {
    CloudEvent {
        specversion: "1.0",
        id: "1".to_owned(),
        source: "host".to_owned(),
        event_type: event_type::TWIN_UPDATE,
        time: String::new(),
        subject: "room-1".to_owned(),
        datacontenttype: "application/json",
        dataschema: None,
        traceparent: String::new(),
        data: json!({"modelId": "dtmi:a;1", "n": 3, "ok": true, "list": [1], "in": {"x-y": "it's"}}),
    }
}

/// ADT-FILTER-1, ADT-FILTER-2, ADT-FILTER-3, ADT-FILTER-4, ADT-FILTER-5.
#[test]
fn filters_match_attributes_and_body() {
    for (filter, expected) in [
        ("true", true),
        ("false", false),
        (" TRUE ", true),
        ("type = 'Microsoft.DigitalTwins.Twin.Update'", true),
        ("type = 'microsoft.digitaltwins.twin.update'", false),
        ("type != 'x' AND subject = 'room-1'", true),
        ("false OR subject='room-2' or source = 'host'", true),
        ("true OR false AND false", true),
        ("(true OR false) AND false", false),
        ("STARTS_WITH(subject, 'room')", true),
        ("ENDS_WITH(subject, '-2')", false),
        ("CONTAINS($body.modelId, ':a;')", true),
        ("$body.n >= 3 AND $body.n < 3.5 AND $body.n > -1", true),
        ("$body.n <= 2", false),
        ("3 = $body.n", true),
        ("$body.ok = true", true),
        ("$body.in.x-y = 'it\\'s'", true),
        ("$body.absent = null AND $body.n != null", true),
        ("$body.list = 1", false),
        ("$body.list.0 = 1", false),
        ("dataschema = null", true),
        (
            "specversion = '1.0' AND datacontenttype = 'application/json'",
            true,
        ),
        (
            "$eventType = 'DigitalTwinTelemetryMessages' OR $eventType = 'DigitalTwinChangeNotification'",
            true,
        ),
        ("$body.n = '3'", false),
    ] {
        let parsed = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
        assert_eq!(parsed.matches(&event()), expected, "{filter}");
    }
}

/// ADT-ROUTE-4.
#[test]
fn syntax_errors_have_line_position_and_input() {
    for (filter, line, position, input) in [
        ("", 1, 1, "<EOF>"),
        ("type =", 1, 7, "<EOF>"),
        ("type = 'x", 1, 10, "<EOF>"),
        ("true\nAND nothing", 2, 5, "nothing"),
        ("true false or", 1, 6, "false"),
        ("$body = 1", 1, 1, "$body"),
        ("type", 1, 5, "<EOF>"),
        ("(true", 1, 6, "<EOF>"),
        ("CONTAINS(type)", 1, 14, ")"),
        ("types = 'x'", 1, 1, "types"),
        ("this is not a valid filter string", 1, 6, "is"),
    ] {
        let input = input.to_owned();
        assert_eq!(
            Filter::parse(filter),
            Err(SyntaxError {
                line,
                position,
                input
            }),
            "{filter}"
        );
    }
    assert!(Filter::parse(&"(".repeat(100_000)).is_err());
}
