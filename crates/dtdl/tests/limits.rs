//! Limits that only large models reach, and large models that could exhaust stack, memory or time.

#![cfg(test)]

#[path = "support/interfaces.rs"]
mod interfaces;

use dtdl::{Code, Document, Dtmi, Parser};
use interfaces::{chain, fan, interface, oversized};

fn codes(parser: &Parser, documents: &[String]) -> Vec<Code> {
    match parser.parse(documents) {
        Ok(_) => Vec::new(),
        Err(error) => error
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code)
            .collect(),
    }
}

/// ADT-DTDL-14.
#[test]
fn chains_of_extends_have_a_maximum_depth() {
    let parser = Parser::new();
    for (version, depth) in [(2, 10), (3, 10), (4, 12)] {
        assert_eq!(codes(&parser, &chain(version, depth + 1)), []);
        assert_eq!(
            codes(&parser, &chain(version, depth + 2)),
            [Code::ExcessiveDepthNarrow]
        );
    }
}

/// ADT-DTDL-14.
#[test]
fn an_interface_extends_at_most_1024_others() {
    let parser = Parser::new();
    for (count, expected) in [(1024, vec![]), (1025, vec![Code::ExcessiveCount])] {
        assert_eq!(codes(&parser, &fan(3, count)), expected);
    }
}

/// ADT-DTDL-3.
#[test]
fn identifiers_have_a_maximum_length() {
    let long = format!("dtmi:com:example:{};1", "a".repeat(2049));
    let parser = Parser::new();
    let id = format!(r#"{{"@context": "dtmi:dtdl:context;3", "@id": "{long}", "@type": "Interface"}}"#);
    assert_eq!(codes(&parser, &[id]), [Code::IdTooLong]);
    let contents =
        format!(r#", "contents": [{{"@type": "Relationship", "name": "feeds", "target": "{long}"}}]"#);
    assert_eq!(
        codes(&parser, &[interface(3, "Pump", &contents)]),
        [Code::IdentifierTooLong]
    );
}

/// ADT-DTDL-15.
#[test]
fn an_interface_has_a_maximum_size() {
    assert_eq!(codes(&Parser::new(), &[oversized(3)]), [Code::PartitionTooLarge]);
}

/// ADT-DTDL-13.
#[test]
fn version_2_limits_contents_including_inherited_ones() {
    let contents = |prefix: &str, count: usize| {
        let items: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"@type": "Telemetry", "name": "{prefix}{n}", "schema": "double"}}"#))
            .collect();
        format!(r#", "contents": [{}]"#, items.join(","))
    };
    let parser = Parser::new();
    let extends = r#", "extends": "dtmi:com:example:Base;1""#;
    for (count, expected) in [(150, vec![]), (151, vec![Code::ObjectCountAboveMax])] {
        let documents = [
            interface(2, "Base", &contents("a", 150)),
            interface(2, "Pump", &format!("{extends}{}", contents("b", count))),
        ];
        assert_eq!(codes(&parser, &documents), expected);
    }
}

#[test]
fn limit_extensions_raise_limits() {
    let text = |context: &str| {
        format!(
            r#"{{"@context": [{context}], "@id": "dtmi:com:example:Camera;1", "@type": "Interface", "description": "{}"}}"#,
            "x".repeat(3000)
        )
    };
    let parser = Parser::new().limits(["dtmi:dtdl:limits:onvif;1", "dtmi:dtdl:limits:aio"]);
    let onvif = r#""dtmi:dtdl:context;4#limitless", "dtmi:dtdl:limits:onvif;1""#;
    let aio = r#""dtmi:dtdl:context;4#limitless", "dtmi:dtdl:limits:aio;1""#;
    assert_eq!(codes(&parser, &[text(onvif)]), []);
    assert_eq!(codes(&parser, &[text(aio)]), [Code::LangStringValueTooLong]);
    assert_eq!(
        codes(&parser, &[text(r#""dtmi:dtdl:context;4""#)]),
        [Code::LangStringValueTooLong]
    );
}

/// The depth of every recursion in the parser is limited, so deep input does not overflow the stack.
#[test]
fn deep_and_long_models_do_not_overflow_the_stack() {
    let parser = Parser::new();
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"contents":"#, "}]")] {
        for depth in [100, 10_000, 200_000] {
            let text = open.repeat(depth) + "1" + &close.repeat(depth);
            assert!(parser.parse([&text]).is_err());
            assert!(parser.parse([&open.repeat(depth)]).is_err());
        }
    }
    let mut nested = r#""double""#.to_owned();
    for _ in 0..60 {
        nested = format!(r#"{{"@type": "Array", "elementSchema": {nested}}}"#);
    }
    let contents = format!(r#", "contents": [{{"@type": "Telemetry", "name": "flow", "schema": {nested}}}]"#);
    assert!(codes(&parser, &[interface(3, "Pump", &contents)]).contains(&Code::ExcessiveDepthWide));

    let found = codes(&parser, &chain(3, 5000));
    assert!(found.contains(&Code::ExcessiveDepthNarrow));
    let mut cycle = chain(3, 3000);
    let last = cycle.len() - 1;
    cycle[last] = interface(
        3,
        &format!("Link{last}"),
        r#", "extends": "dtmi:com:example:Link0;1""#,
    );
    assert!(codes(&parser, &cycle).contains(&Code::RecursiveStructureNarrow));
}

/// Every Interface extends the two before it, so the number of paths to the first grows exponentially.
#[test]
fn exponentially_many_paths_to_an_ancestor_are_checked_in_time() {
    let documents: Vec<String> = (0..300)
        .map(|n: usize| {
            let bases: Vec<String> = (n.saturating_sub(2)..n)
                .map(|base| format!(r#""dtmi:com:example:Part{base};1""#))
                .collect();
            interface(
                3,
                &format!("Part{n}"),
                &format!(r#", "extends": [{}]"#, bases.join(",")),
            )
        })
        .collect();
    let found = codes(&Parser::new(), &documents);
    assert!(found.contains(&Code::ExcessiveDepthNarrow) && found.contains(&Code::ExcessiveCount));
}

#[test]
fn a_resolver_is_called_once_per_element() {
    let mut requested: Vec<Dtmi> = Vec::new();
    let resolver = |missing: &[Dtmi]| {
        requested.extend(missing.iter().cloned());
        vec![Document::from(interface(3, "Other", ""))]
    };
    let error = Parser::new()
        .parse_with(
            [interface(
                3,
                "Pump",
                r#", "extends": ["dtmi:com:example:A;1", "dtmi:com:example:B;1"]"#,
            )],
            resolver,
        )
        .unwrap_err();
    assert_eq!(error.unresolved_ids().len(), 2);
    assert_eq!(requested.len(), 2);
}

#[test]
fn diagnostics_stop_at_the_maximum() {
    let text = format!("[{}]", vec!["1"; 5000].join(","));
    let found = codes(&Parser::new().max_diagnostics(100), &[text]);
    assert_eq!(found.len(), 100);
}
