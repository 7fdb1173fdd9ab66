//! Property tests of the IoT Hub language: printed queries parse back, and no input makes the parser panic.

mod common;

use common::{comparison, literal, mutated, name, path};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use twin_query::iothub::{
    Aggregate, Constant, Expression, Function, Item, ItemValue, ProductOperator, Query, Select, Source,
    SumOperator, TargetCondition, parse, parse_and_validate, parse_target_condition,
};

fn aggregate() -> impl Strategy<Value = Aggregate> {
    prop_oneof![
        Just(Aggregate::Count),
        path().prop_map(Aggregate::Average),
        path().prop_map(Aggregate::Sum),
        path().prop_map(Aggregate::Minimum),
        path().prop_map(Aggregate::Maximum),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let value = prop_oneof![
        path().prop_map(ItemValue::Path),
        aggregate().prop_map(ItemValue::Aggregate)
    ];
    (value, option::of(name())).prop_map(|(value, alias)| Item { value, alias })
}

fn constant() -> impl Strategy<Value = Constant> {
    let leaf = prop_oneof![Just(Constant::Undefined), literal().prop_map(Constant::Literal)];
    leaf.prop_recursive(2, 8, 3, |inner| vec(inner, 0..4).prop_map(Constant::Array))
}

fn expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        path().prop_map(Expression::Path),
        constant().prop_map(Expression::Constant)
    ];
    leaf.prop_recursive(5, 32, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let function =
            prop::sample::select(vec![Function::IsDefined, Function::StartsWith, Function::Concat]);
        let plus = prop::sample::select(vec![SumOperator::Add, SumOperator::Subtract]);
        let times = prop::sample::select(vec![
            ProductOperator::Multiply,
            ProductOperator::Divide,
            ProductOperator::Remainder,
        ]);
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            vec(inner.clone(), 2..4).prop_map(Expression::Or),
            boxed.clone().prop_map(Expression::Not),
            (boxed.clone(), comparison(), boxed.clone()).prop_map(|(left, operator, right)| {
                Expression::Compare {
                    left,
                    operator,
                    right,
                }
            }),
            (boxed.clone(), any::<bool>(), vec(constant(), 1..4)).prop_map(|(operand, negated, values)| {
                Expression::In {
                    operand,
                    negated,
                    values,
                }
            }),
            (boxed.clone(), vec((plus, inner.clone()), 1..4))
                .prop_map(|(first, rest)| Expression::Sum { first, rest }),
            (boxed, vec((times, inner.clone()), 1..4))
                .prop_map(|(first, rest)| Expression::Product { first, rest }),
            (function, vec(inner, 0..3))
                .prop_map(|(function, arguments)| Expression::Call { function, arguments }),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    (
        option::of(any::<u64>()),
        prop_oneof![Just(Select::All), vec(item(), 1..4).prop_map(Select::Items)],
        prop::sample::select(vec![Source::Devices, Source::Modules, Source::Jobs]),
        option::of(expression()),
        vec(path(), 0..3),
    )
        .prop_map(|(top, select, source, filter, group_by)| Query {
            top,
            select,
            source,
            filter,
            group_by,
        })
}

proptest! {
    #[test]
    fn printed_trees_parse_back(query in query()) {
        let text = query.to_string();
        prop_assert_eq!(parse(&text), Ok(query), "{}", text);
    }

    #[test]
    fn printed_target_conditions_parse_back(condition in prop_oneof![
        Just(TargetCondition::None),
        Just(TargetCondition::All),
        expression().prop_map(TargetCondition::Devices),
        expression().prop_map(TargetCondition::Modules),
    ]) {
        let text = condition.to_string();
        prop_assert_eq!(parse_target_condition(&text), Ok(condition), "{}", text);
    }

    #[test]
    fn arbitrary_input_never_panics(text in any::<String>()) {
        let _ = (parse_and_validate(&text), parse_target_condition(&text));
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
