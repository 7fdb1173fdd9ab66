//! Validation of values, twins, components and relationships.

#![cfg(test)]

use dtdl::{
    ElementKind as K, InstanceErrorKind as E, JsonType, Model, Parser, validate_component, validate_instance,
    validate_relationship, validate_twin,
};
use serde_json::{Value, json};

/// Returns a model with a Telemetry of this schema, in version 4, which has all schemas.
fn model_with(schema: &Value) -> Model {
    Parser::new()
        .parse([json!({
            "@context": ["dtmi:dtdl:context;4", "dtmi:dtdl:extension:requirement;1"],
            "@id": "dtmi:com:example:Probe;1", "@type": "Interface",
            "contents": [{ "@type": "Telemetry", "name": "reading", "schema": schema }]
        })])
        .unwrap()
}

fn check(schema_json: &Value, value: &Value) -> Vec<(String, E)> {
    let model = model_with(schema_json);
    let telemetry = model
        .interface("dtmi:com:example:Probe;1")
        .unwrap()
        .telemetries()
        .next()
        .unwrap();
    let errors = validate_instance(value, &telemetry.schema().unwrap());
    errors
        .into_iter()
        .map(|error| (error.pointer, error.kind))
        .collect()
}

#[test]
fn primitive_schemas_accept_only_their_json_form() {
    let valid: &[(&str, Value)] = &[
        ("boolean", json!([true, false])),
        ("byte", json!([-128, 127])),
        ("bytes", json!(["", "aGk=", "AAAA"])),
        ("date", json!(["2024-02-29"])),
        (
            "dateTime",
            json!(["2024-02-29T08:30:00Z", "2024-02-29T08:30:00.25+01:00"]),
        ),
        ("decimal", json!(["0", "-12.50"])),
        ("double", json!([0, -1.5, 1e300])),
        ("duration", json!(["PT15M", "P1Y2M3DT4H5M6.7S", "P4D"])),
        ("float", json!([0, 3.4e38])),
        ("integer", json!([-2147483648, 2147483647])),
        ("long", json!([i64::MIN, i64::MAX])),
        ("short", json!([-32768, 32767])),
        ("string", json!(["", "anything"])),
        ("time", json!(["08:30:00Z", "08:30:00.5+02:00"])),
        ("unsignedByte", json!([0, 255])),
        ("unsignedInteger", json!([0, 4_294_967_295_u32])),
        ("unsignedLong", json!([0, u64::MAX])),
        ("unsignedShort", json!([0, 65535])),
        ("uuid", json!(["6f1c2a34-0b5d-4e6f-8a90-1b2c3d4e5f60"])),
    ];
    for (name, values) in valid {
        for value in values.as_array().unwrap() {
            assert_eq!(check(&json!(name), value), [], "{value} is a {name}");
        }
        assert_ne!(check(&json!(name), &json!([])), [], "an array is not a {name}");
        assert!(
            matches!(check(&json!(name), &Value::Null)[..], [(_, E::Null { .. })]),
            "null is not a {name}"
        );
    }
    let invalid: &[(&str, Value, E)] = &[
        (
            "integer",
            json!("5"),
            E::WrongType {
                expected: K::Integer,
                found: JsonType::String,
            },
        ),
        (
            "integer",
            json!(1.5),
            E::WrongType {
                expected: K::Integer,
                found: JsonType::Number,
            },
        ),
        (
            "integer",
            json!(2_147_483_648_i64),
            E::OutOfRange { expected: K::Integer },
        ),
        (
            "long",
            json!(9_223_372_036_854_775_808_u64),
            E::OutOfRange { expected: K::Long },
        ),
        ("byte", json!(128), E::OutOfRange { expected: K::Byte }),
        (
            "unsignedByte",
            json!(-1),
            E::OutOfRange {
                expected: K::UnsignedByte,
            },
        ),
        ("float", json!(1e39), E::OutOfRange { expected: K::Float }),
        (
            "boolean",
            json!("true"),
            E::WrongType {
                expected: K::Boolean,
                found: JsonType::String,
            },
        ),
        ("date", json!("2023-02-29"), E::WrongFormat { expected: K::Date }),
        (
            "dateTime",
            json!("yesterday"),
            E::WrongFormat {
                expected: K::DateTime,
            },
        ),
        (
            "duration",
            json!("15 minutes"),
            E::WrongFormat {
                expected: K::Duration,
            },
        ),
        ("uuid", json!("6f1c2a34"), E::WrongFormat { expected: K::Uuid }),
        ("bytes", json!("a"), E::WrongFormat { expected: K::Bytes }),
        (
            "string",
            json!(5),
            E::WrongType {
                expected: K::String,
                found: JsonType::Number,
            },
        ),
    ];
    for (name, value, expected) in invalid {
        assert_eq!(
            check(&json!(name), value),
            [(String::new(), expected.clone())],
            "{value} as {name}"
        );
    }
}

#[test]
fn complex_schemas_validate_their_members() {
    let array = json!({ "@type": "Array", "elementSchema": "integer" });
    assert_eq!(check(&array, &json!([1, 2])), []);
    assert!(matches!(&check(&array, &json!([1, "2"]))[..], [(at, E::WrongType { .. })] if at == "/1"));

    let map = json!({ "@type": "Map", "mapKey": { "name": "k", "schema": "string" },
        "mapValue": { "name": "v", "schema": "boolean" } });
    assert_eq!(check(&map, &json!({ "any": true })), []);
    assert!(
        matches!(&check(&map, &json!({ "a/b~c": 1 }))[..], [(at, E::WrongType { .. })] if at == "/a~1b~0c")
    );

    let object = json!({ "@type": "Object", "fields": [
        { "name": "x", "schema": "double" }, { "@type": ["Field", "Required"], "name": "y", "schema": "double" }] });
    assert_eq!(check(&object, &json!({ "y": 1 })), []);
    assert_eq!(
        check(&object, &json!({ "x": 1 })),
        [(String::new(), E::MissingField { name: "y".into() })]
    );
    assert_eq!(
        check(&object, &json!({ "y": 1, "z": 1 })),
        [("/z".to_owned(), E::UnknownField { name: "z".into() })]
    );

    let number = json!({ "@type": "Enum", "valueSchema": "integer", "enumValues": [
        { "name": "off", "enumValue": 0 }, { "name": "on", "enumValue": 1 }] });
    assert_eq!(check(&number, &json!(1)), []);
    assert_eq!(
        check(&number, &json!(2))[0].1,
        E::NotInEnum {
            allowed: vec!["0".into(), "1".into()]
        }
    );
    let text = json!({ "@type": "Enum", "valueSchema": "string", "enumValues": [{ "name": "off", "enumValue": "O" }] });
    assert_eq!(check(&text, &json!("O")), []);
    assert_eq!(
        check(&text, &json!("off"))[0].1,
        E::NotInEnum {
            allowed: vec!["\"O\"".into()]
        }
    );

    assert_eq!(
        check(
            &json!("point"),
            &json!({ "type": "Point", "coordinates": [1.5, 2] })
        ),
        []
    );
    assert_ne!(
        check(
            &json!("point"),
            &json!({ "type": "Point", "coordinates": "here" })
        ),
        []
    );
}

/// In version 4 a schema may contain itself, so values of any depth fit it. Validation therefore has its own limit.
#[test]
fn values_nested_beyond_the_maximum_depth_are_refused() {
    let document = json!({
        "@context": "dtmi:dtdl:context;4", "@id": "dtmi:com:example:Tree;1", "@type": "Interface",
        "schemas": [{ "@id": "dtmi:com:example:Tree:Node;1", "@type": "Object",
            "fields": [{ "name": "next", "schema": "dtmi:com:example:Tree:Node;1" }] }],
        "contents": [{ "@type": "Telemetry", "name": "root", "schema": "dtmi:com:example:Tree:Node;1" }]
    });
    let model = Parser::new().parse([document]).unwrap();
    let telemetry = model
        .interface("dtmi:com:example:Tree;1")
        .unwrap()
        .telemetries()
        .next()
        .unwrap();
    let schema = telemetry.schema().unwrap();
    let mut value = json!({});
    for _ in 0..50 {
        value = json!({ "next": value });
    }
    assert!(validate_instance(&value, &schema).is_empty());
    for _ in 0..200 {
        value = json!({ "next": value });
    }
    assert!(
        validate_instance(&value, &schema)
            .iter()
            .any(|error| error.kind == E::TooDeep)
    );
}

fn plant() -> Model {
    Parser::new()
        .parse([json!([
            { "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Machine;1", "@type": "Interface",
              "contents": [{ "@type": "Property", "name": "serial", "schema": "string" }] },
            { "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Pump;1", "@type": "Interface",
              "extends": "dtmi:com:example:Machine;1",
              "contents": [
                { "@type": "Property", "name": "limit", "schema": "double" },
                { "@type": "Telemetry", "name": "flow", "schema": "double" },
                { "@type": "Command", "name": "start" },
                { "@type": "Relationship", "name": "feeds",
                  "properties": [{ "@type": "Property", "name": "metres", "schema": "integer" }] },
                { "@type": "Component", "name": "motor", "schema": "dtmi:com:example:Motor;1" }] },
            { "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Motor;1", "@type": "Interface",
              "contents": [{ "@type": "Property", "name": "turns", "schema": "integer" }] }
        ])])
        .unwrap()
}

fn twin(twin: &Value) -> Vec<(String, E)> {
    let pump = plant().interface("dtmi:com:example:Pump;1").unwrap();
    validate_twin(twin, &pump)
        .into_iter()
        .map(|error| (error.pointer, error.kind))
        .collect()
}

#[test]
fn twins_are_validated_against_their_interface() {
    let meta = json!({ "$model": "dtmi:com:example:Pump;1" });
    let motor = json!({ "$metadata": {}, "turns": 3 });
    let good =
        json!({ "$dtId": "p", "$etag": "e", "$metadata": meta, "serial": "A", "limit": 1.5, "motor": motor });
    assert_eq!(twin(&good), []);
    assert_eq!(
        twin(&json!({ "$metadata": meta, "motor": { "$metadata": {} } })),
        []
    );

    let with = |name: &str, value: Value| {
        let mut twin = good.clone();
        twin[name] = value;
        twin
    };
    let at = |pointer: &str, kind: E| vec![(pointer.to_owned(), kind)];
    assert_eq!(
        twin(&with("color", json!(1))),
        at("/color", E::UnknownProperty { name: "color".into() })
    );
    for (name, kind) in [
        ("flow", K::Telemetry),
        ("start", K::Command),
        ("feeds", K::Relationship),
    ] {
        let expected = E::NotAProperty {
            name: name.into(),
            kind,
        };
        assert_eq!(twin(&with(name, json!(1))), at(&format!("/{name}"), expected));
    }
    assert_eq!(
        twin(&with("limit", json!("1"))),
        at(
            "/limit",
            E::WrongType {
                expected: K::Double,
                found: JsonType::String
            }
        )
    );
    assert_eq!(
        twin(&with("limit", Value::Null)),
        at("/limit", E::Null { expected: K::Double })
    );
    assert_eq!(
        twin(&with("motor", json!({ "$metadata": {}, "turns": 1.5 }))),
        at(
            "/motor/turns",
            E::WrongType {
                expected: K::Integer,
                found: JsonType::Number
            }
        )
    );
    assert_eq!(
        twin(&with("motor", json!({ "turns": 1 }))),
        at("/motor", E::MissingMetadata)
    );
    assert_eq!(
        twin(&json!({ "$metadata": meta })),
        at("", E::MissingComponent { name: "motor".into() })
    );
    assert_eq!(twin(&json!({ "motor": motor })), at("", E::MissingMetadata));
    assert_eq!(
        twin(&json!({ "$metadata": {}, "motor": motor })),
        at("/$metadata", E::MissingModel)
    );
    let other = json!({ "$model": "dtmi:com:example:Motor;1" });
    assert!(
        matches!(&twin(&json!({ "$metadata": other, "motor": motor }))[..], [(at, E::WrongModel { .. })] if at == "/$metadata/$model")
    );
    assert!(matches!(twin(&json!(5))[..], [(_, E::WrongType { .. })]));
    // All errors are returned, in document order; missing members come last.
    let errors = twin(&json!({ "$metadata": meta, "limit": "1", "color": 1, "serial": 4 }));
    let pointers: Vec<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/limit", "/color", "/serial", ""]);
}

#[test]
fn components_and_relationships_are_validated() {
    let model = plant();
    let motor = model.interface("dtmi:com:example:Motor;1").unwrap();
    assert!(validate_component(&json!({ "$metadata": {}, "turns": 3 }), &motor).is_empty());
    assert_eq!(
        validate_component(&json!({ "$metadata": {}, "turns": true }), &motor)[0].pointer,
        "/turns"
    );

    let feeds = model
        .interface("dtmi:com:example:Pump;1")
        .unwrap()
        .relationships()
        .next()
        .unwrap();
    let edge = |value: Value| validate_relationship(&value, &feeds);
    assert!(edge(json!({ "$relationshipName": "feeds", "$targetId": "t", "metres": 3 })).is_empty());
    assert_eq!(edge(json!({ "metres": 3.5 }))[0].pointer, "/metres");
    assert_eq!(
        edge(json!({ "miles": 3 }))[0].kind,
        E::UnknownProperty { name: "miles".into() }
    );
}

#[test]
fn error_texts_name_the_value_and_the_rule() {
    let pump = plant().interface("dtmi:com:example:Pump;1").unwrap();
    let errors = validate_twin(
        &json!({ "$metadata": { "$model": "dtmi:com:example:Pump;1" }, "flow": 1 }),
        &pump,
    );
    let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "/flow: `flow` is a Telemetry, which has no value in a twin",
            "the Component `motor` is missing; add at least {\"$metadata\": {}}"
        ]
    );
}
