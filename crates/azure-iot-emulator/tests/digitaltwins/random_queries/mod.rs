//! Random queries on random graphs, compared with an evaluator that uses no indexes, tries every start twin and reads
//! only the JSON that the instance returns.

mod condition;
mod walk;
mod world;

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use condition::{Condition, Outcomes, PropertyPath, Scope, Variable};
use walk::{Joins, Pattern};
use world::{TWINS, World};

/// For each feature of the generated queries, the number of queries with that feature that returned rows. Also counts
/// the outcomes of conditions.
#[derive(Default)]
struct Coverage {
    rows: BTreeMap<String, usize>,
    outcomes: Outcomes,
}

impl Coverage {
    fn record(&mut self, labels: &[String], has_rows: bool) {
        for label in labels {
            *self.rows.entry(label.clone()).or_default() += usize::from(has_rows);
        }
    }

    /// Asserts that at least five queries with each feature returned rows.
    #[track_caller]
    fn assert_rows(&self, labels: &[&str]) {
        for label in labels {
            let count = self.rows.get(*label).copied().unwrap_or_default();
            assert!(count >= 5, "{label}: {count} queries with rows; {:?}", self.rows);
        }
    }

    /// Asserts that each form of condition was true and false at least five times.
    #[track_caller]
    fn assert_all_conditions(&self) {
        let operators = ["=", "!=", "<", "<=", ">", ">="];
        let comparisons = operators.iter().flat_map(|operator| {
            ["path {} value", "value {} path", "path {} path"].map(|form| form.replace("{}", operator))
        });
        let others = [
            "IN",
            "NIN",
            "IS_DEFINED",
            "IS_BOOL",
            "IS_NUMBER",
            "IS_STRING",
            "IS_OBJECT",
            "IS_PRIMITIVE",
            "STARTSWITH",
            "ENDSWITH",
            "CONTAINS",
            "ARRAY_CONTAINS",
            "IS_OF_MODEL",
            "IS_OF_MODEL exact",
            "NOT",
            "AND",
            "OR",
        ];
        for label in comparisons.chain(others.map(str::to_owned)) {
            let [yes, no, _] = self.outcomes.0.get(&label).copied().unwrap_or_default();
            assert!(yes >= 5 && no >= 5, "{label}: {yes} times true, {no} times false");
        }
        // Twins cannot store null.
        assert!(
            self.outcomes
                .0
                .get("IS_NULL")
                .is_some_and(|[yes, no, _]| *yes == 0 && *no >= 10)
        );
    }
}

/// The projection of a query.
enum Select {
    All,
    Count,
    Top(u64),
    Columns(Option<u64>, Vec<(String, PropertyPath)>),
}

impl Select {
    /// Returns a random projection. `whole` allows rows that are a whole twin or relationship.
    fn random(random: &mut StdRng, scope: &Scope<'_>, whole: bool) -> Self {
        let top = random.random_range(1..6);
        match random.random_range(0..if whole { 8 } else { 5 }) {
            0 => Select::Count,
            1 => Select::Columns(Some(top), columns(random, scope)),
            2..5 => Select::Columns(None, columns(random, scope)),
            5 => Select::Top(top),
            _ => Select::All,
        }
    }

    fn text(&self) -> String {
        match self {
            Select::All => "*".to_owned(),
            Select::Count => "COUNT()".to_owned(),
            Select::Top(count) => format!("TOP({count})"),
            Select::Columns(top, columns) => {
                let columns: Vec<_> = columns
                    .iter()
                    .map(
                        |(key, property)| match property.path.last().is_some_and(|last| last == key) {
                            true => property.text.clone(),
                            false if property.path.is_empty() && property.text == *key => {
                                property.text.clone()
                            }
                            false => format!("{} AS {key}", property.text),
                        },
                    )
                    .collect();
                let top = top.map(|count| format!("TOP({count}) ")).unwrap_or_default();
                format!("{top}{}", columns.join(", "))
            }
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Select::All => "*",
            Select::Count => "COUNT",
            Select::Top(_) => "TOP",
            Select::Columns(None, _) => "columns",
            Select::Columns(Some(_), _) => "TOP columns",
        }
    }

    fn row(&self, values: &[&Value]) -> Value {
        match self {
            Select::All | Select::Top(_) | Select::Count => values[0].clone(),
            Select::Columns(_, columns) => {
                let found = columns
                    .iter()
                    .filter_map(|(key, property)| Some((key.clone(), property.value(values)?.clone())));
                found.collect::<Map<_, _>>().into()
            }
        }
    }

    /// Compares the emulator's rows with the expected rows.
    #[track_caller]
    fn check(&self, found: &[String], rows: &[Vec<&Value>], context: &str) {
        let mut expected: Vec<_> = rows.iter().map(|row| self.row(row).to_string()).collect();
        match self {
            Select::Count => {
                assert_eq!(found, [json!({"COUNT": rows.len()}).to_string()], "{context}");
            }
            // TOP may return any of the rows.
            Select::Top(count) | Select::Columns(Some(count), _) => {
                assert_eq!(
                    found.len() as u64,
                    (*count).min(expected.len() as u64),
                    "{context}"
                );
                for row in found {
                    let at = expected.iter().position(|other| other == row);
                    assert!(at.is_some(), "{context}: {row} is not in {expected:?}");
                    if let Some(at) = at {
                        expected.swap_remove(at);
                    }
                }
            }
            Select::All | Select::Columns(None, _) => {
                expected.sort();
                assert_eq!(found, expected, "{context}");
            }
        }
    }
}

/// Returns random variables and property paths to select, each with its unique key in the rows.
fn columns(random: &mut StdRng, scope: &Scope<'_>) -> Vec<(String, PropertyPath)> {
    let mut columns: Vec<(String, PropertyPath)> = Vec::new();
    for at in 0..random.random_range(1..5) {
        let variable = random.random_range(0..scope.variables.len());
        let name = &scope.variables[variable].name;
        let property = match random.random_bool(0.3) {
            true => PropertyPath {
                variable,
                path: Vec::new(),
                text: name.clone(),
            },
            false => scope.property(random),
        };
        let own = property
            .path
            .last()
            .map_or(name.as_str(), |last| *last)
            .to_owned();
        let taken = columns.iter().any(|(key, _)| *key == own);
        let key = if taken || random.random_bool(0.3) {
            format!("c{at}")
        } else {
            own
        };
        columns.push((key, property));
    }
    columns
}

/// Returns all rows of a query as sorted strings. Reads pages of `page` rows.
fn query_rows(instance: &crate::fixture::Instance, query: &str, page: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut body = json!({ "query": query });
    loop {
        let reply = instance.query_page(&body, page);
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        let found = reply.body["value"].as_array().expect("rows");
        assert!(found.len() <= page);
        rows.extend(found.iter().map(Value::to_string));
        match reply.body["continuationToken"].clone() {
            Value::Null => break,
            token => body = json!({ "continuationToken": token }),
        }
    }
    rows.sort();
    rows
}

/// Runs a query and checks its rows. `candidates` are the rows that the query would have without its condition.
fn check_query(
    random: &mut StdRng,
    seed: u64,
    scope: &Scope<'_>,
    (from, select, condition): (&str, &Select, Option<&Condition>),
    candidates: Vec<Vec<&Value>>,
    (coverage, labels): (&mut Coverage, &[String]),
) {
    let end = condition
        .map(|condition| format!(" WHERE {}", condition.text()))
        .unwrap_or_default();
    let query = format!("SELECT {} FROM {from}{end}", select.text());
    let rows: Vec<_> = candidates
        .into_iter()
        .filter(|row| {
            condition.is_none_or(|condition| condition.holds(row, &mut coverage.outcomes) == Some(true))
        })
        .collect();
    let page = *[1, 2, 5, 20, 100].choose(random).expect("a size");
    let found = query_rows(&scope.world.instance, &query, page);
    select.check(&found, &rows, &format!("seed {seed}: {query}"));
    coverage.record(labels, !rows.is_empty());
    coverage.record(&[select.label().to_owned()], !rows.is_empty());
}

/// Queries of one collection, twins or relationships.
#[test]
fn conditions_select_the_expected_rows() {
    let mut coverage = Coverage::default();
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::random(&mut random);
        for _ in 0..40 {
            let is_twin = random.random_bool(0.75);
            let (collection, elements) = match is_twin {
                true => ("DIGITALTWINS", &world.twins),
                false => ("RELATIONSHIPS", &world.relationships),
            };
            let scope = Scope {
                world: &world,
                variables: vec![Variable {
                    name: "T".to_owned(),
                    is_twin,
                }],
                single: true,
            };
            let select = Select::random(&mut random, &scope, true);
            let condition = random.random_bool(0.95).then(|| scope.condition(&mut random, 3));
            let candidates = elements.iter().map(|element| vec![element]).collect();
            let mut labels = vec![collection.to_owned()];
            labels.extend(condition.is_none().then(|| "no WHERE".to_owned()));
            let from = format!("{collection} T");
            check_query(
                &mut random,
                seed,
                &scope,
                (&from, &select, condition.as_ref()),
                candidates,
                (&mut coverage, &labels),
            );
        }
    }
    coverage.assert_rows(&[
        "DIGITALTWINS",
        "RELATIONSHIPS",
        "no WHERE",
        "*",
        "COUNT",
        "TOP",
        "columns",
        "TOP columns",
    ]);
    coverage.assert_all_conditions();
}

/// Returns a condition that restricts the `$dtId` of a twin to constants, in a form that the service accepts, and a
/// label for the form.
fn id_condition(random: &mut StdRng, variables: &[Variable]) -> (Condition, &'static str) {
    let twins: Vec<_> = (0..variables.len()).filter(|at| variables[*at].is_twin).collect();
    let id = |random: &mut StdRng| json!(format!("t{}", random.random_range(0..TWINS)));
    let property = |random: &mut StdRng| {
        let variable = *twins.choose(random).expect("a twin");
        PropertyPath {
            variable,
            path: vec!["$dtId"],
            text: format!("{}.$dtId", variables[variable].name),
        }
    };
    let equal = |random: &mut StdRng| {
        let (property, id) = (
            condition::Operand::PropertyPath(property(random)),
            condition::Operand::Literal(id(random)),
        );
        match random.random_bool(0.7) {
            true => Condition::Compare(property, "=", id),
            false => Condition::Compare(id, "=", property),
        }
    };
    match random.random_range(0..4) {
        0 => {
            let ids = (0..random.random_range(1..5)).map(|_| id(random)).collect();
            (Condition::In(property(random), "IN", ids), "fixed by IN")
        }
        1 => (Condition::Or(vec![equal(random), equal(random)]), "fixed by OR"),
        _ => (equal(random), "fixed by ="),
    }
}

/// Returns a condition from [`id_condition`], either alone or combined with a random condition by `AND`.
fn condition_with_id(random: &mut StdRng, scope: &Scope<'_>) -> (Condition, &'static str) {
    let (fixed, label) = id_condition(random, &scope.variables);
    let more = match random.random_range(0..3) {
        0 => return (fixed, label),
        1 => scope.condition(random, 0),
        _ => scope.condition(random, 2),
    };
    let mut parts = vec![fixed, more];
    if random.random_bool(0.5) {
        parts.reverse();
    }
    (Condition::And(parts), label)
}

#[test]
fn joins_find_every_row() {
    let mut coverage = Coverage::default();
    for seed in 2000..2050 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::random(&mut random);
        for _ in 0..25 {
            let joins = Joins::random(&mut random);
            let scope = Scope {
                world: &world,
                variables: joins.variables.clone(),
                single: false,
            };
            let select = Select::random(&mut random, &scope, false);
            let (condition, fixed) = condition_with_id(&mut random, &scope);
            let candidates = joins.rows(&world);
            let mut labels = joins.labels();
            labels.push(fixed.to_owned());
            check_query(
                &mut random,
                seed,
                &scope,
                (&joins.text(), &select, Some(&condition)),
                candidates,
                (&mut coverage, &labels),
            );
        }
    }
    coverage.assert_rows(&[
        "1 JOIN",
        "2 JOIN",
        "3 JOIN",
        "4 JOIN",
        "5 JOIN",
        "branches",
        "relationship variable",
    ]);
    coverage.assert_rows(&[
        "fixed by =",
        "fixed by IN",
        "fixed by OR",
        "COUNT",
        "columns",
        "TOP columns",
    ]);
}

#[test]
fn patterns_find_every_path_once() {
    let mut coverage = Coverage::default();
    for seed in 1000..1040 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::random(&mut random);
        for _ in 0..25 {
            let pattern = Pattern::random(&mut random);
            let scope = Scope {
                world: &world,
                variables: pattern.variables.clone(),
                single: false,
            };
            let select = Select::random(&mut random, &scope, false);
            let (condition, fixed) = condition_with_id(&mut random, &scope);
            let candidates = pattern.rows(&world);
            let mut labels = pattern.labels();
            labels.push(fixed.to_owned());
            let from = format!("DIGITALTWINS MATCH {}", pattern.text());
            check_query(
                &mut random,
                seed,
                &scope,
                (&from, &select, Some(&condition)),
                candidates,
                (&mut coverage, &labels),
            );
        }
    }
    coverage.assert_rows(&[
        "0 edges",
        "1 edges",
        "2 edges",
        "3 edges",
        "->",
        "<-",
        "--",
        "one name",
        "two names",
        "any name",
    ]);
    coverage.assert_rows(&[
        "*n",
        "*..n",
        "*m..n",
        "many hops",
        "unnamed node",
        "closed",
        "relationship variable",
    ]);
    coverage.assert_rows(&[
        "fixed by =",
        "fixed by IN",
        "fixed by OR",
        "COUNT",
        "columns",
        "TOP columns",
    ]);
}
