//! For any input, the parser returns a model or diagnostics, without panics or hangs.

#![cfg(test)]

#[path = "support/ontology.rs"]
mod ontology;

use dtdl::{Model, ParseError, Parser, UnknownExtensions, validate_twin};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Calls the API of a model or error, and asserts the properties that hold for any input.
fn exercise(result: Result<Model, ParseError>) {
    match result {
        Ok(model) => {
            for element in model.elements() {
                let _ = (
                    element.to_value(),
                    element.display_name().get("en"),
                    element.comment(),
                );
            }
            assert_eq!(model.in_dependency_order().len(), model.len());
            for interface in model.interfaces() {
                assert!(interface.contents().all(|content| !content.name().is_empty()));
                let _ = validate_twin(&json!({ "$metadata": {} }), &interface);
            }
        }
        Err(error) => {
            assert!(!error.diagnostics.is_empty() || !error.unresolved.is_empty());
            for diagnostic in &error.diagnostics {
                assert!(!diagnostic.message.is_empty() && !diagnostic.help.is_empty());
            }
            let _ = error.to_string();
        }
    }
}

fn parse_all(documents: &[String]) {
    for choice in [
        UnknownExtensions::ByVersion,
        UnknownExtensions::Allow,
        UnknownExtensions::Refuse,
    ] {
        exercise(Parser::new().unknown_extensions(choice).parse(documents));
    }
}

/// Generates mostly valid terms, so that random models are not refused at the first check.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "@context", "@id", "@type", "@value", "@language", "@graph", "name", "schema", "contents", "extends",
            "schemas", "fields", "enumValues", "enumValue", "valueSchema", "elementSchema", "mapKey", "mapValue",
            "request", "response", "target", "properties", "writable", "displayName", "comment", "unit", "double",
            "string", "integer", "point", "Interface", "Property", "Telemetry", "Command", "Relationship",
            "Component", "Object", "Enum", "Map", "Array", "Temperature", "kelvin", "dtmi:dtdl:context;2",
            "dtmi:dtdl:context;3", "dtmi:dtdl:context;4", "dtmi:dtdl:extension:quantitativeTypes;1",
            "dtmi:com:example:A;1", "dtmi:com:example:B;1", "dtmi:dtdl:class:Property;3",
            "dtmi:dtdl:property:name;3", "en", "index", "Indexed", "Mqtt", "annotates", "ValueAnnotation",
        ]).prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        word().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Replaces the value at a path, which has one step per level.
fn replace(value: &mut Value, path: &[prop::sample::Index], to: Value) {
    let Some((step, rest)) = path.split_first() else {
        *value = to;
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = step.index(items.len());
            replace(&mut items[at], rest, to);
        }
        Value::Object(members) if !members.is_empty() => {
            let at = step.index(members.len());
            replace(members.values_mut().nth(at).unwrap(), rest, to);
        }
        _ => *value = to,
    }
}

const SEEDS: [&str; 3] = [
    include_str!("../../../fuzz/seeds/dtdl_model/every-schema.json"),
    include_str!("../../../fuzz/seeds/dtdl_model/version-2.json"),
    include_str!("../../../fuzz/seeds/dtdl_model/wrong.json"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(Parser::new().parse([bytes.as_slice()]));
    }

    #[test]
    fn text_that_resembles_json_does_not_panic(text in r#"[\[\]{}:,"0-9a-e\\u@ .-]{0,80}"#) {
        exercise(Parser::new().parse([text.as_str()]));
    }

    #[test]
    fn arbitrary_json_does_not_panic(value in value()) {
        parse_all(&[value.to_string()]);
    }

    #[test]
    fn an_interface_with_random_members_does_not_panic(version in 2..5_u8, members in prop::collection::vec((word(), value()), 0..5)) {
        let mut document: Map<String, Value> = members.into_iter().collect();
        document.insert("@context".to_owned(), format!("dtmi:dtdl:context;{version}").into());
        document.insert("@id".to_owned(), "dtmi:com:example:A;1".into());
        document.insert("@type".to_owned(), "Interface".into());
        parse_all(&[Value::Object(document).to_string()]);
    }

    #[test]
    fn a_model_with_random_changes_does_not_panic(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec((prop::collection::vec(any::<prop::sample::Index>(), 1..8), value()), 1..4),
    ) {
        let mut document: Value = serde_json::from_str(SEEDS[seed]).unwrap();
        for (path, to) in changes {
            replace(&mut document, &path, to);
        }
        parse_all(&[document.to_string()]);
    }

    #[test]
    fn a_truncated_or_corrupted_model_does_not_panic(seed in 0..SEEDS.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = SEEDS[seed].as_bytes().to_vec();
        let at = at.index(bytes.len());
        exercise(Parser::new().parse([&bytes[..at]]));
        bytes[at] = byte;
        exercise(Parser::new().parse([bytes.as_slice()]));
    }

    #[test]
    fn the_json_of_an_element_equals_its_document(comment in ".{0,40}", number in any::<i32>()) {
        let document = json!({
            "@context": ["dtmi:dtdl:context;3", "dtmi:com:example:paint;1"], "@id": "dtmi:com:example:A;1",
            "@type": ["Interface", "Paint"], "comment": comment, "coats": { "number": number, "of": [comment, null] }
        });
        let parser = Parser::new().unknown_extensions(UnknownExtensions::Allow);
        let model = parser.parse([document.to_string()]).unwrap();
        let interface = model.interface("dtmi:com:example:A;1").unwrap();
        prop_assert_eq!(interface.element().comment(), Some(comment.as_str()));
        prop_assert_eq!(interface.element().to_value().unwrap(), document.clone());
        let (name, value) = interface.element().undefined_properties().next().unwrap();
        prop_assert_eq!((name, value), ("coats", &document["coats"]));
    }

    #[test]
    fn arbitrary_json_as_a_twin_does_not_panic(value in value()) {
        let model = Parser::new().parse([SEEDS[0]]).unwrap();
        for interface in model.interfaces() {
            for error in validate_twin(&value, &interface) {
                prop_assert!(error.pointer.is_empty() || error.pointer.starts_with('/'));
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn the_order_of_documents_does_not_matter() {
    let documents = ontology::documents(60);
    let model = Parser::new().parse(&documents).unwrap();
    for shift in [1, 17, 42] {
        let mut shifted = documents.clone();
        shifted.rotate_left(shift);
        let other = Parser::new().parse(&shifted).unwrap();
        for interface in model.interfaces() {
            let same = other.interface(interface.id().as_str()).unwrap();
            assert_eq!(same.element().to_value(), interface.element().to_value());
            assert_eq!(same.ancestors().count(), interface.ancestors().count());
        }
    }
}
