//! Property tests of the Digital Twins language: printed queries parse back, and no input makes the parser panic.

mod common;

use common::{comparison, literal, mutated, name, path, string};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use twin_query::digitaltwins::{
    Collection, Condition, Direction, Edge, Function, Hops, Join, Operand, Pattern, Projection, Query,
    Select, Step, StringTest, TypeTest, parse, parse_and_validate,
};

fn projection() -> impl Strategy<Value = Projection> {
    (path(), option::of(name())).prop_map(|(path, alias)| Projection { path, alias })
}

fn select() -> impl Strategy<Value = Select> {
    prop_oneof![
        Just(Select::All),
        Just(Select::Count),
        (any::<u64>(), vec(projection(), 0..3))
            .prop_map(|(count, projections)| Select::Top { count, projections }),
        vec(projection(), 1..3).prop_map(Select::Projections),
    ]
}

fn join() -> impl Strategy<Value = Join> {
    (name(), name(), name(), option::of(name())).prop_map(|(target, source, relationship, variable)| Join {
        target,
        source,
        relationship,
        variable,
    })
}

fn hops() -> impl Strategy<Value = Hops> {
    prop_oneof![
        any::<u32>().prop_map(Hops::Exact),
        (option::of(any::<u32>()), any::<u32>()).prop_map(|(from, to)| Hops::Range { from, to }),
    ]
}

fn edge() -> impl Strategy<Value = Edge> {
    let direction = prop::sample::select(vec![Direction::Outgoing, Direction::Incoming, Direction::Either]);
    (
        direction,
        option::of(name()),
        vec(name(), 0..3),
        option::of(hops()),
    )
        .prop_map(|(direction, variable, names, hops)| Edge {
            direction,
            variable,
            names,
            hops,
        })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let step = (edge(), option::of(name())).prop_map(|(edge, node)| Step { edge, node });
    (option::of(name()), vec(step, 0..3)).prop_map(|(start, steps)| Pattern { start, steps })
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        path().prop_map(Operand::Path),
        literal().prop_map(Operand::Literal)
    ]
}

fn function() -> impl Strategy<Value = Function> {
    let type_test = prop::sample::select(vec![
        TypeTest::Defined,
        TypeTest::Null,
        TypeTest::Bool,
        TypeTest::Number,
        TypeTest::String,
        TypeTest::Object,
        TypeTest::Primitive,
    ]);
    let string_test = prop::sample::select(vec![
        StringTest::StartsWith,
        StringTest::EndsWith,
        StringTest::Contains,
    ]);
    prop_oneof![
        (option::of(name()), string(), any::<bool>()).prop_map(|(variable, model, exact)| {
            Function::IsOfModel {
                variable,
                model,
                exact,
            }
        }),
        (type_test, path()).prop_map(|(test, path)| Function::Type { test, path }),
        (string_test, path(), string()).prop_map(|(test, path, value)| Function::String {
            test,
            path,
            value
        }),
        (path(), literal()).prop_map(|(path, value)| Function::ArrayContains { path, value }),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        (operand(), comparison(), operand()).prop_map(|(left, operator, right)| Condition::Compare {
            left,
            operator,
            right
        }),
        (operand(), any::<bool>(), vec(literal(), 1..4)).prop_map(|(operand, negated, values)| {
            Condition::In {
                operand,
                negated,
                values,
            }
        }),
        function().prop_map(Condition::Function),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Condition::And),
            vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    (
        select(),
        prop::sample::select(vec![Collection::Twins, Collection::Relationships]),
        option::of(name()),
        vec(join(), 0..3),
        option::of(pattern()),
        option::of(condition()),
    )
        .prop_map(|(select, collection, alias, joins, pattern, filter)| Query {
            select,
            collection,
            alias,
            joins,
            pattern,
            filter,
        })
}

proptest! {
    #[test]
    fn printed_trees_parse_back(query in query()) {
        let text = query.to_string();
        prop_assert_eq!(parse(&text), Ok(query), "{}", text);
    }

    #[test]
    fn arbitrary_input_never_panics(text in any::<String>()) {
        let _ = parse_and_validate(&text);
    }

    #[test]
    fn errors_in_token_sequences_point_at_the_token_found(words in vec(prop::sample::select(vec![
        "SELECT", "FROM", "WHERE", "DIGITALTWINS", "MATCH", "JOIN", "RELATED", "AND", "NOT", "IN", "TOP", "COUNT", "(", ")", "[",
        "]", "[[", "]]", "-", "<", ">", "*", "..", ".", ",", ":", "|", "=", "T", "$dtId", "'x'", "'", "1", "@p", "IS_OF_MODEL",
    ]), 0..20)) {
        let text = words.join(" ");
        if let Err(error) = parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset()));
            prop_assert!(error.column() >= 1 && error.line() == 1);
            prop_assert_eq!(error.found(), error.found().filter(|found| text[error.offset()..].starts_with(found)));
        }
    }

    #[test]
    fn mutated_queries_print_in_a_stable_form_or_fail_at_a_character_boundary(text in query().prop_flat_map(|query| mutated(vec![query.to_string()]))) {
        match parse(&text) {
            Ok(query) => {
                let canonical = query.to_string();
                prop_assert_eq!(parse(&canonical).map(|query| query.to_string()), Ok(canonical));
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.offset())),
        }
    }
}
