//! Builders and placeholders: values are bound as constants, and invalid input is a typed error.

use twin_query::{NameError, Parameter, ValueError, digitaltwins, iothub, not};

/// Strings that would change the query if they were concatenated into it.
const HOSTILE: [&str; 7] = [
    "' OR 1 = 1",
    "\\",
    "\\' OR '1' = '1",
    "x' OR ''='",
    "\\\\'",
    "\u{0}\n\r\t",
    "@p ]] [[ \" -- /* */",
];

#[test]
fn bound_strings_cannot_change_the_structure_of_the_query() {
    for hostile in HOSTILE {
        let query = digitaltwins::Query::select_all()
            .filter(digitaltwins::path("name").eq(hostile))
            .build()
            .unwrap();
        assert_eq!(
            digitaltwins::parse(&query.to_string()).as_ref(),
            Ok(&query),
            "{query}"
        );
        let bound = digitaltwins::bind(
            "SELECT * FROM DIGITALTWINS WHERE name = @p",
            [("p", hostile.into())],
        );
        assert_eq!(bound.as_ref(), Ok(&query));

        let query = iothub::Query::select_all()
            .filter(iothub::tag("name").eq(hostile))
            .build()
            .unwrap();
        assert_eq!(iothub::parse(&query.to_string()).as_ref(), Ok(&query), "{query}");
        let bound = iothub::bind(
            "SELECT * FROM devices WHERE tags.name = @p",
            [("p", hostile.into())],
        );
        assert_eq!(bound.as_ref(), Ok(&query));
    }
}

#[test]
fn names_that_are_not_identifiers_are_printed_in_brackets() {
    for hostile in [
        "a = 1 OR b",
        "x' OR ''='",
        "GROUP",
        "FROM",
        "1",
        "@p",
        "a,b",
        "[",
        "(",
        "$",
        " ",
    ] {
        let query = digitaltwins::Query::select_all()
            .filter(digitaltwins::path([hostile]).eq(1))
            .build()
            .unwrap();
        assert_eq!(
            query.to_string(),
            format!("SELECT * FROM DIGITALTWINS WHERE [[{hostile}]] = 1")
        );
        assert_eq!(digitaltwins::parse(&query.to_string()), Ok(query));

        let query = iothub::Query::select([iothub::column([hostile]).named(hostile)])
            .build()
            .unwrap();
        assert_eq!(iothub::parse(&query.to_string()), Ok(query));
    }
}

#[test]
fn values_of_every_supported_type_can_be_bound() {
    use digitaltwins::path;

    let query = digitaltwins::Query::select_all()
        .filter(
            path("a")
                .eq("s")
                .and(path("b").eq(String::from("s")))
                .and(path("c").eq(7_u8)),
        )
        .filter(
            path("d")
                .eq(i64::MIN)
                .and(path("e").eq(0.1_f32))
                .and(path("f").eq(1e300)),
        )
        .filter(
            path("g")
                .eq(true)
                .and(path("h").eq(None::<i32>))
                .and(path("i").eq(Some(3_usize))),
        )
        .filter(path("j").eq(path("k")).or(not(path("l").is_defined())))
        .build()
        .unwrap();
    assert_eq!(
        query.to_string(),
        "SELECT * FROM DIGITALTWINS WHERE a = 's' AND b = 's' AND c = 7 AND d = -9223372036854775808 AND e = 0.1 \
         AND f = 1e300 AND g = true AND h = null AND i = 3 AND (j = k OR NOT IS_DEFINED(l))"
    );
    assert_eq!(digitaltwins::parse(&query.to_string()), Ok(query));
}

#[test]
fn every_digitaltwins_clause_can_be_built() {
    use digitaltwins::{Query, any_node, column, edge, is_of_exact_model, is_of_model, node, path};

    let texts = [
        Query::select_count()
            .from_twins("T")
            .filter(is_of_model("T", "dtmi:a;1")),
        Query::select_all()
            .top(5)
            .filter(is_of_exact_model(None, "dtmi:a;1")),
        Query::select([column("T.name").named("order")])
            .top(5)
            .from_twins("T"),
        Query::select_all()
            .from_relationships("R")
            .filter(path("R.$relationshipName").eq("has")),
        Query::select(["T", "R"])
            .from_twins("T")
            .join_as("S", "T.has", "R")
            .join("U", ["S", "odd name"])
            .filter(path("T.$dtId").eq("t").and(!path("R.x").is_null())),
        Query::select(["b"])
            .matching(
                any_node()
                    .incoming(edge().named("p").named("q").hops(2), "a")
                    .outgoing("r", "b"),
            )
            .filter(path("a.$dtId").is_in(["x", "y"])),
        Query::select(["b"])
            .matching(node("a").either(edge().hops_between(1, 3), "b"))
            .filter(
                path("a.$dtId")
                    .eq("x")
                    .and(path("b.tags").array_contains(3))
                    .and(path("b.n").ends_with("z")),
            ),
    ]
    .map(|builder| builder.build().unwrap().to_string());
    assert_eq!(
        texts,
        [
            "SELECT COUNT() FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:a;1')",
            "SELECT TOP(5) FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:a;1', exact)",
            "SELECT TOP(5) T.name AS [[order]] FROM DIGITALTWINS T",
            "SELECT * FROM RELATIONSHIPS R WHERE R.$relationshipName = 'has'",
            "SELECT T, R FROM DIGITALTWINS T JOIN S RELATED T.has R JOIN U RELATED S.[[odd name]] WHERE T.$dtId = 't' \
             AND NOT IS_NULL(R.x)",
            "SELECT b FROM DIGITALTWINS MATCH ()<-[:p|q*2]-(a)-[:r]->(b) WHERE a.$dtId IN ['x', 'y']",
            "SELECT b FROM DIGITALTWINS MATCH (a)-[*1..3]-(b) WHERE a.$dtId = 'x' AND ARRAY_CONTAINS(b.tags, 3) \
             AND ENDSWITH(b.n, 'z')",
        ]
    );
}

#[test]
fn every_iothub_clause_can_be_built() {
    use iothub::{Query, avg, column, count, desired, max, min, path, reported, sum, tag};

    let texts = [
        Query::select_all()
            .from_modules()
            .filter(path("moduleId").ne("$edgeAgent")),
        Query::select_all()
            .from_jobs()
            .filter(path("jobId").eq("j").and(path("status").not_in(["failed"]))),
        Query::select(["deviceId"])
            .top(3)
            .filter(tag("order").is_defined().or(tag(["a.b"]).starts_with("x"))),
        Query::select([
            column("tags.x"),
            avg("tags.y"),
            sum("tags.y"),
            min("tags.y"),
            max("tags.y").named("top"),
        ])
        .group_by(["tags.x"])
        .filter(reported("$version").lt(desired("$version"))),
        Query::select([count().named("n")]),
        Query::select_all().filter(path("parentScopes").array_contains("ms-azure-iot-edge://e-1")),
    ]
    .map(|builder| builder.build().unwrap().to_string());
    assert_eq!(
        texts,
        [
            "SELECT * FROM devices.modules WHERE moduleId != '$edgeAgent'",
            "SELECT * FROM devices.jobs WHERE jobId = 'j' AND status NIN ['failed']",
            "SELECT TOP 3 deviceId FROM devices WHERE IS_DEFINED(tags.order) OR STARTSWITH(tags.[[a.b]], 'x')",
            "SELECT tags.x, AVG(tags.y), SUM(tags.y), MIN(tags.y), MAX(tags.y) AS top FROM devices \
             WHERE properties.reported.$version < properties.desired.$version GROUP BY tags.x",
            "SELECT COUNT() AS n FROM devices",
            "SELECT * FROM devices WHERE ARRAY_CONTAINS(parentScopes, 'ms-azure-iot-edge://e-1')",
        ]
    );
}

#[test]
fn build_returns_a_typed_error_for_invalid_input() {
    use digitaltwins::{Error, Query, ValidationError, node, path};

    let error = |builder: digitaltwins::QueryBuilder| builder.build().unwrap_err();
    let all = Query::select_all;
    assert_eq!(
        error(all().filter(path("a").gt(f64::NAN))),
        Error::Value(ValueError::NotFinite)
    );
    assert_eq!(
        error(all().filter(path("a").gt(u64::MAX))),
        Error::Value(ValueError::TooLarge(u64::MAX))
    );
    assert_eq!(
        error(all().filter(path("a").is_in::<&str>([]))),
        Error::Value(ValueError::EmptyList)
    );
    assert_eq!(
        error(all().filter(path("a..b").eq(1))),
        Error::Value(NameError::Empty.into())
    );
    assert_eq!(
        error(all().from_twins("a]]b")),
        Error::Value(NameError::Bracket("a]]b".into()).into())
    );
    assert_eq!(
        error(all().matching(node(""))),
        Error::Value(NameError::Empty.into())
    );
    assert_eq!(
        error(all().join("A", "has")),
        Error::Invalid(ValidationError::InvalidJoinPath("has".into()))
    );
    assert_eq!(
        error(Query::select_count().top(1)),
        Error::Invalid(ValidationError::CountWithTop)
    );
    assert_eq!(
        error(Query::select::<&str>([])),
        Error::Invalid(ValidationError::EmptyList)
    );
    assert_eq!(
        error(
            all()
                .from_twins("T")
                .join("S", "T.has")
                .filter(path("T.$dtId").eq("t"))
        ),
        Error::Invalid(ValidationError::SelectAllWithJoin)
    );
    assert_eq!(
        error(all().filter(path("a").eq("x".repeat(8_000)))),
        Error::Invalid(ValidationError::QueryTooLong {
            length: 8_000 + "SELECT * FROM DIGITALTWINS WHERE a = ''".len()
        })
    );
    assert_eq!(
        iothub::Query::select(["a"]).from_jobs().build(),
        Err(iothub::Error::Invalid(
            iothub::ValidationError::JobsRequireSelectAll
        ))
    );
    assert_eq!(
        iothub::Query::select(["a"]).group_by([""]).build(),
        Err(iothub::Error::Value(NameError::Empty.into()))
    );
}

#[test]
fn build_returns_the_first_error() {
    use digitaltwins::{Error, Query, path};

    let error = Query::select([""])
        .from_twins("]]")
        .filter(path("a").eq(f64::NAN))
        .build()
        .unwrap_err();
    assert_eq!(error, Error::Value(NameError::Empty.into()));
}

#[test]
fn placeholders_outside_strings_are_replaced_by_constants() {
    let query = digitaltwins::bind(
        "SELECT * FROM DIGITALTWINS T WHERE T.a IN [@x, 2] AND T.b NIN @list AND STARTSWITH(T.c, @s) AND T.d = '@x' \
         AND IS_OF_MODEL(@s) AND ARRAY_CONTAINS(T.e, @x) AND @x < T.f",
        [("x", 1.into()), ("@list", vec!["p", "q"].into()), ("s", "dtmi:a;1".into())],
    )
    .unwrap();
    assert_eq!(
        query.to_string(),
        "SELECT * FROM DIGITALTWINS T WHERE T.a IN [1, 2] AND T.b NIN ['p', 'q'] AND STARTSWITH(T.c, 'dtmi:a;1') \
         AND T.d = '@x' AND IS_OF_MODEL('dtmi:a;1') AND ARRAY_CONTAINS(T.e, 1) AND 1 < T.f"
    );
}

#[test]
fn placeholders_without_a_value_of_the_right_type_are_rejected() {
    use twin_query::ParseErrorKind::{ParameterType, UnboundParameter, UnexpectedToken};

    let equal = "SELECT * FROM DIGITALTWINS WHERE a = @x";
    let starts_with = "SELECT * FROM DIGITALTWINS WHERE STARTSWITH(a, @x)";
    let list = "SELECT * FROM DIGITALTWINS WHERE a IN @x";
    let keyword = "SELECT * FROM @x";
    let cases: [(&str, Vec<(&str, Parameter)>, _); 6] = [
        (equal, vec![], UnboundParameter),
        (equal, vec![("X", 1.into())], UnboundParameter),
        (equal, vec![("x", vec![1].into())], ParameterType),
        (starts_with, vec![("x", 1.into())], ParameterType),
        (list, vec![("x", 1.into())], ParameterType),
        (keyword, vec![("x", "DIGITALTWINS".into())], UnexpectedToken),
    ];
    for (text, parameters, kind) in cases {
        match digitaltwins::bind(text, parameters) {
            Err(digitaltwins::Error::Parse(error)) => {
                assert_eq!(error.kind(), &kind, "{text}");
                assert_eq!(Some(error.offset()), text.find("@x"), "{text}");
                assert_eq!(error.found(), Some("@x"), "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn values_that_are_unused_or_not_representable_are_rejected() {
    use digitaltwins::{Error, ValidationError, bind};

    let text = "SELECT * FROM DIGITALTWINS WHERE a = @x";
    assert_eq!(
        bind(text, [("x", 1.into()), ("y", 2.into())]),
        Err(Error::Value(ValueError::UnusedParameter("y".into())))
    );
    assert_eq!(
        bind(text, [("x", f64::INFINITY.into())]),
        Err(Error::Value(ValueError::NotFinite))
    );
    assert_eq!(
        bind(
            "SELECT * FROM DIGITALTWINS WHERE a IN @x",
            [("x", Vec::<i32>::new().into())]
        ),
        Err(Error::Invalid(ValidationError::EmptyList))
    );
}
