//! Rules and limits beyond the grammar, with queries just inside and outside of them.

use twin_query::{MAX_DEPTH, ParseErrorKind, digitaltwins, iothub};

#[test]
fn queries_within_the_rules_are_accepted() {
    for text in [
        // ARRAY_CONTAINS accepts properties of twins; it refuses only those of relationships.
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r]->(b) WHERE a.$dtId = 'x' AND ARRAY_CONTAINS(b.tags, 'x')",
        // A pattern may return to a node.
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r*1]->(b)-[]->(a) WHERE a.$dtId = 'x'",
        // The condition may restrict the id of any twin of a JOIN, to any number of constants.
        "SELECT T FROM DIGITALTWINS T JOIN S RELATED T.has WHERE S.$dtId IN ['x', 'y'] AND T.a = 1",
        "SELECT T FROM DIGITALTWINS T JOIN S RELATED T.has WHERE S.$dtId = 'x' OR 'y' = T.$dtId",
    ] {
        assert!(digitaltwins::parse_and_validate(text).is_ok(), "{text}");
    }
    for text in [
        "SELECT * FROM devices.jobs WHERE devices.jobs.status = 'failed'",
        "SELECT devices.tags.floor, COUNT() FROM devices GROUP BY tags.floor",
        "SELECT * FROM devices.modules WHERE devices.modules.deviceId = 'a' AND moduleId = 'b'",
        // HUB-QUERY-12.
        "SELECT devices.moduleId FROM devices.modules WHERE Devices.deviceId = 'a' AND devices.tags.floor = 3",
    ] {
        assert!(iothub::parse_and_validate(text).is_ok(), "{text}");
    }
}

/// HUB-QUERY-28.
#[test]
fn functions_of_message_routing_are_refused_and_never_rewritten() {
    for call in [
        "STARTS_WITH(deviceId, 'a')",
        "ends_with(deviceId, 'a')",
        "Contains(deviceId, 'a')",
    ] {
        let error = iothub::parse_condition(call).unwrap_err();
        assert_eq!(*error.kind(), ParseErrorKind::RoutingFunction, "{call}");
        assert!(error.to_string().contains("message routing"), "{error}");
    }
    // Without a call, `contains` is an ordinary property name.
    assert!(iothub::parse_condition("tags.contains = 'a'").is_ok());
}

/// HUB-QUERY-18.
#[test]
fn reserved_words_are_names_only_in_brackets() {
    assert_eq!(
        iothub_kind("SELECT * FROM devices WHERE tags.[[group]] = 'x'"),
        None
    );
    for raw in [
        "tags.group = 'x'",
        "tags.Group.region = 'US'",
        "properties.desired.in = 1",
    ] {
        let kind = iothub_kind(&format!("SELECT * FROM devices WHERE {raw}"));
        assert_eq!(kind, Some(ParseErrorKind::ReservedWord), "{raw}");
    }
}

/// HUB-CONFIG-22.
#[test]
fn only_metrics_may_omit_from() {
    for (text, canonical) in [
        ("select *", "SELECT * FROM devices"),
        (
            "SELECT deviceId WHERE tags.x = 1",
            "SELECT deviceId FROM devices WHERE tags.x = 1",
        ),
        ("SELECT * FROM devices.modules", "SELECT * FROM devices.modules"),
    ] {
        assert_eq!(iothub::parse_metric(text).unwrap().to_string(), canonical);
    }
    assert!(iothub::parse_metric("select").is_err());
    assert!(iothub::parse_metric("SELECT * GROUP BY tags.x").is_err());
    assert!(iothub::parse_and_validate("select *").is_err());
}

#[test]
fn the_maximum_query_length_counts_characters() {
    let digitaltwins = |length: usize| {
        let frame = "SELECT * FROM DIGITALTWINS WHERE a = ''".len();
        digitaltwins::parse_and_validate(&format!(
            "SELECT * FROM DIGITALTWINS WHERE a = '{}'",
            "é".repeat(length - frame)
        ))
    };
    assert!(digitaltwins(8_000).is_ok());
    let too_long = digitaltwins::ValidationError::QueryTooLong { length: 8_001 };
    assert_eq!(digitaltwins(8_001), Err(digitaltwins::Error::Invalid(too_long)));

    let iothub = |length: usize| {
        let frame = "SELECT * FROM devices WHERE a = ''".len();
        iothub::parse_and_validate(&format!(
            "SELECT * FROM devices WHERE a = '{}'",
            "é".repeat(length - frame)
        ))
    };
    assert!(iothub(8_192).is_ok());
    let too_long = iothub::ValidationError::QueryTooLong { length: 8_193 };
    assert_eq!(iothub(8_193), Err(iothub::Error::Invalid(too_long)));
}

/// Constructs that nest in both languages: the text before and after the nested condition.
const NESTING: [(&str, &str); 2] = [("(", ")"), ("NOT ", "")];

#[test]
fn nesting_beyond_the_maximum_depth_is_rejected() {
    for (open, close) in NESTING {
        for (head, parse) in [
            (
                "SELECT * FROM DIGITALTWINS WHERE ",
                digitaltwins_kind as fn(&str) -> _,
            ),
            ("SELECT * FROM devices WHERE ", iothub_kind),
        ] {
            let text = |depth: usize| format!("{head}{}a = 1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(parse(&text(MAX_DEPTH)), None);
            assert_eq!(parse(&text(MAX_DEPTH + 1)), Some(ParseErrorKind::TooDeep));
            assert_eq!(parse(&text(20_000)), Some(ParseErrorKind::TooDeep));
        }
    }
    let arrays = |depth: usize| {
        format!(
            "SELECT * FROM devices WHERE a = {}1{}",
            "[ ".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert_eq!(iothub_kind(&arrays(MAX_DEPTH)), None);
    assert_eq!(iothub_kind(&arrays(20_000)), Some(ParseErrorKind::TooDeep));
    let calls = |depth: usize| {
        format!(
            "SELECT * FROM devices WHERE {}a{}",
            "ABS(".repeat(depth),
            ")".repeat(depth)
        )
    };
    assert_eq!(iothub_kind(&calls(MAX_DEPTH)), None);
    assert_eq!(iothub_kind(&calls(MAX_DEPTH + 1)), Some(ParseErrorKind::TooDeep));
}

fn digitaltwins_kind(text: &str) -> Option<ParseErrorKind> {
    digitaltwins::parse(text).err().map(|error| error.kind().clone())
}

fn iothub_kind(text: &str) -> Option<ParseErrorKind> {
    iothub::parse(text).err().map(|error| error.kind().clone())
}

#[test]
fn queries_of_maximum_depth_fit_a_stack_of_one_mebibyte() {
    // Each level contains every construct that deepens the tree without counting as a nesting level.
    let level = "(x OR NOT x AND 1 + 2 * ";
    let depth = MAX_DEPTH - 1;
    let text = format!(
        "SELECT * FROM devices WHERE {}a{}",
        level.repeat(depth),
        ")".repeat(depth)
    );
    let parse = move || {
        let query = iothub::parse(&text).map_err(|error| error.to_string())?;
        let printed = query.to_string();
        let cloned = query.clone();
        let _ = query.validate();
        Ok::<_, String>(iothub::parse(&printed).as_ref() == Ok(&cloned))
    };
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(parse)
        .unwrap();
    assert_eq!(thread.join().unwrap(), Ok(true));
}

#[test]
fn chained_operators_do_not_count_as_nesting() {
    let conditions = vec!["a = 1"; 20_000].join(" AND ");
    assert_eq!(
        digitaltwins_kind(&format!("SELECT * FROM DIGITALTWINS WHERE {conditions}")),
        None
    );
    assert_eq!(
        iothub_kind(&format!("SELECT * FROM devices WHERE {conditions}")),
        None
    );
    let sum = vec!["1"; 20_000].join(" + ");
    assert_eq!(
        iothub_kind(&format!("SELECT * FROM devices WHERE a = {sum}")),
        None
    );
}

#[test]
fn validate_checks_trees_that_were_not_parsed() {
    use digitaltwins::{Condition, ValidationError};

    let mut query = digitaltwins::parse("SELECT * FROM DIGITALTWINS WHERE a = 1").unwrap();
    let inner = query.filter.clone().unwrap();
    let nested = |depth| (0..depth).fold(inner.clone(), |inner, _| Condition::Not(Box::new(inner)));
    query.filter = Some(nested(MAX_DEPTH));
    assert_eq!(query.validate(), Ok(()));
    assert_eq!(digitaltwins::parse(&query.to_string()).as_ref(), Ok(&query));
    query.filter = Some(nested(MAX_DEPTH + 1));
    assert_eq!(query.validate(), Err(ValidationError::TooDeep));
    query.filter = Some(Condition::And(vec![]));
    assert_eq!(query.validate(), Err(ValidationError::EmptyList));

    let mut query = iothub::parse("SELECT * FROM devices WHERE a = 1").unwrap();
    let inner = query.filter.clone().unwrap();
    let nested = |depth| (0..depth).fold(inner.clone(), |inner, _| iothub::Expression::Not(Box::new(inner)));
    query.filter = Some(nested(MAX_DEPTH));
    assert_eq!(query.validate(), Ok(()));
    query.filter = Some(nested(MAX_DEPTH + 1));
    assert_eq!(query.validate(), Err(iothub::ValidationError::TooDeep));
}
