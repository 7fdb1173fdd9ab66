//! The values that each schema accepts.

use serde_json::{Value, json};

use crate::fixture::{Instance, model};

fn instance(schema: &Value, version: u8) -> Instance {
    let instance = Instance::new();
    let mut model = model(
        "dtmi:v:Thing;1",
        json!([{"@type": "Property", "name": "p", "schema": schema}]),
    );
    model[0]["@context"] = format!("dtmi:dtdl:context;{version}").into();
    instance.post("/models", &model).ok();
    instance
}

#[track_caller]
fn check_values(schema: Value, version: u8, good: &[Value], bad: &[Value]) {
    let instance = instance(&schema, version);
    for value in good {
        let reply = instance.put_twin("t", "dtmi:v:Thing;1", json!({"p": value}));
        assert_eq!(reply.body["p"].to_string(), value.to_string(), "{schema}");
    }
    for value in bad {
        let body = json!({"$metadata": {"$model": "dtmi:v:Thing;1"}, "p": value});
        let reply = instance.put("/digitaltwins/t", &body);
        assert_eq!(
            (reply.status, reply.code()),
            (400, "ValidationFailed"),
            "{schema}: {value}"
        );
        assert!(reply.details().contains('p'), "{}", reply.body);
    }
}

/// ADT-VALUE-1, ADT-VALUE-4, ADT-VALUE-12.
#[test]
fn booleans_and_strings_accept_only_their_type() {
    check_values(
        json!("boolean"),
        2,
        &[json!(true)],
        &[json!("true"), json!(1), Value::Null],
    );
    check_values(
        json!("string"),
        2,
        &[json!(""), json!("ü")],
        &[json!(1), json!(["a"]), Value::Null],
    );
}

/// ADT-VALUE-2.
#[test]
fn integer_has_32_bits_and_long_64() {
    let wrong = [json!(80.0), json!("80"), json!(1e3)];
    check_values(json!("integer"), 2, &[json!(80), json!(i32::MIN)], &wrong);
    check_values(
        json!("integer"),
        2,
        &[json!(i32::MAX)],
        &[json!(i64::from(i32::MAX) + 1)],
    );
    check_values(
        json!("long"),
        2,
        &[json!(i64::MAX), json!(i64::MIN)],
        &[json!(u64::MAX), json!("1"), json!(1.0)],
    );
}

/// ADT-VALUE-3, ADT-TWIN-4.
#[test]
fn floating_point_numbers_are_returned_as_sent() {
    check_values(
        json!("double"),
        2,
        &[json!(80), json!(80.5), json!(-1e300)],
        &[json!("1"), json!(true)],
    );
    check_values(json!("float"), 2, &[json!(80), json!(0.5)], &[json!("1")]);
}

/// ADT-VALUE-5, ADT-VALUE-6, ADT-VALUE-7.
#[test]
fn times_must_be_iso_8601() {
    check_values(
        json!("date"),
        2,
        &[json!("2024-02-29")],
        &[json!("2023-02-29"), json!("29.2.2024"), json!(0)],
    );
    check_values(
        json!("dateTime"),
        2,
        &[
            json!("2024-02-29T08:30:00Z"),
            json!("2024-02-29T08:30:00.123+01:00"),
        ],
        &[json!("2024-02-29T08:30:00"), json!("2024-02-29")],
    );
    check_values(
        json!("time"),
        2,
        &[json!("08:30:00Z"), json!("08:30:00+01:00")],
        &[json!("08:30:00"), json!("25:00:00Z")],
    );
    check_values(
        json!("duration"),
        2,
        &[json!("PT15M"), json!("P1DT0.5S"), json!("P2W")],
        &[json!("15M"), json!("P")],
    );
}

/// ADT-VALUE-8.
#[test]
fn enum_values_must_be_declared() {
    let schema = |kind: &str, values: [Value; 2]| {
        let [first, second] = values;
        json!({"@type": "Enum", "valueSchema": kind, "enumValues": [
            {"name": "first", "enumValue": first}, {"name": "second", "enumValue": second}]})
    };
    check_values(
        schema("integer", [json!(1), json!(2)]),
        2,
        &[json!(1), json!(2)],
        &[json!(3), json!("first"), json!("1")],
    );
    check_values(
        schema("string", [json!("a"), json!("b")]),
        2,
        &[json!("a")],
        &[json!("first"), json!("A"), json!(1)],
    );
}

/// ADT-VALUE-9, ADT-VALUE-12.
#[test]
fn objects_may_omit_fields() {
    let schema = json!({"@type": "Object", "fields": [
        {"name": "a", "schema": "integer"},
        {"name": "b", "schema": {"@type": "Object", "fields": [{"name": "c", "schema": "string"}]}},
    ]});
    check_values(
        schema,
        2,
        &[json!({}), json!({"a": 1}), json!({"b": {"c": "x"}, "a": 1})],
        &[
            json!({"a": "1"}),
            json!({"z": 1}),
            json!({"b": {"c": 1}}),
            json!({"a": null}),
            json!([]),
        ],
    );
}

/// ADT-VALUE-10.
#[test]
fn maps_accept_any_key() {
    let schema = json!({"@type": "Map", "mapKey": {"name": "k", "schema": "string"},
        "mapValue": {"name": "v", "schema": "integer"}});
    check_values(
        schema,
        2,
        &[json!({}), json!({"": 1, "a.b/c": 2, "ü": 3})],
        &[json!({"a": "1"}), json!([1]), json!({"a": null})],
    );
}

/// ADT-VALUE-11, ADT-PATCH-9.
#[test]
fn arrays_are_replaced_as_a_whole() {
    let schema = json!({"@type": "Array", "elementSchema": "integer"});
    check_values(
        schema,
        3,
        &[json!([]), json!([1, 2])],
        &[json!([1, "2"]), json!({}), json!([null]), json!(1)],
    );
    let instance = instance(&json!({"@type": "Array", "elementSchema": "integer"}), 3);
    instance.put_twin("t", "dtmi:v:Thing;1", json!({"p": [1, 2]}));
    // An element of an array has no path.
    let element = json!([{"op": "replace", "path": "/p/0", "value": 5}]);
    instance.patch("/digitaltwins/t", &element).is_error(
        400,
        "JsonPatchInvalid",
        "Could not resolve path /p/0.",
    );
    instance
        .patch(
            "/digitaltwins/t",
            &json!([{"op": "replace", "path": "/p", "value": [5]}]),
        )
        .ok();
    assert_eq!(instance.get("/digitaltwins/t").body["p"], json!([5]));
}

/// ADT-VALUE-13.
#[test]
fn error_of_a_nested_value_has_its_path() {
    let schema = json!({"@type": "Object", "fields": [{"name": "a", "schema": "integer"}]});
    let instance = instance(&schema, 2);
    let body = |value: Value| json!({"$metadata": {"$model": "dtmi:v:Thing;1"}, "p": value});
    instance
        .put("/digitaltwins/t", &body(json!({"a": "x"})))
        .is_error(
            400,
            "ValidationFailed",
            "Expected value of type integer for p/a on Twin.",
        );
    instance.put("/digitaltwins/t", &body(json!({"b": 1}))).is_error(
        400,
        "ValidationFailed",
        "p/b does not appear on the DTDL for Twin.",
    );
}

/// ADT-TWIN-25: inherited contents count in twins and in components, and an inherited component is required.
#[test]
fn inherited_contents_are_part_of_the_model() {
    let instance = Instance::new();
    let part = |id: &str, base: Option<&str>, name: &str| {
        let contents = json!([{"@type": "Property", "name": name, "schema": "integer"}]);
        let mut model = model(id, contents)[0].clone();
        if let Some(base) = base {
            model["extends"] = json!([base]);
        }
        model
    };
    let mut whole = part("dtmi:v:Whole;1", Some("dtmi:v:Middle;1"), "w");
    let component = json!({"@type": "Component", "name": "c", "schema": "dtmi:v:Middle;1"});
    whole["contents"]
        .as_array_mut()
        .expect("an array")
        .push(component);
    let batch = json!([
        whole,
        part("dtmi:v:Middle;1", Some("dtmi:v:Base;1"), "m"),
        part("dtmi:v:Base;1", None, "b")
    ]);
    instance.post("/models", &batch).ok();
    let body = json!({"w": 1, "m": 2, "b": 3, "c": {"m": 4, "b": 5, "$metadata": {}}});
    instance.put_twin("t", "dtmi:v:Whole;1", body);
    // A model that is uploaded later and inherits the component requires it, too.
    instance
        .post(
            "/models",
            &json!([part("dtmi:v:Heir;1", Some("dtmi:v:Whole;1"), "h")]),
        )
        .ok();
    let bare = json!({"$metadata": {"$model": "dtmi:v:Heir;1"}});
    instance
        .put("/digitaltwins/h", &bare)
        .is_error(400, "ValidationFailed", "Twin is missing component c.");
    instance.put_twin(
        "h",
        "dtmi:v:Heir;1",
        json!({"h": 1, "b": 2, "c": {"$metadata": {}}}),
    );
}
