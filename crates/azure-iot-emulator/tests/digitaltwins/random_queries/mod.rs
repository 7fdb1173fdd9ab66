//! Random queries on random graphs, compared with an evaluator that knows no indexes, begins everywhere and reads
//! nothing but the JSON that the instance gives.

mod condition;
mod walk;
mod world;

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use condition::{Condition, Outcomes, Place, Scope, Variable};
use walk::{Joins, Pattern};
use world::{TWINS, World};

/// What the queries of a test were made of, and how often such a query had rows.
#[derive(Default)]
struct Coverage {
    rows: BTreeMap<String, usize>,
    outcomes: Outcomes,
}

impl Coverage {
    fn note(&mut self, labels: &[String], has_rows: bool) {
        for label in labels {
            *self.rows.entry(label.clone()).or_default() += usize::from(has_rows);
        }
    }

    /// Every one of these was in a query with rows, again and again.
    #[track_caller]
    fn has(&self, labels: &[&str]) {
        for label in labels {
            let count = self.rows.get(*label).copied().unwrap_or_default();
            assert!(count >= 5, "{label}: {count} queries with rows; {:?}", self.rows);
        }
    }

    /// Every kind of condition was true and false, again and again.
    #[track_caller]
    fn has_every_condition(&self) {
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
        // Null can't be stored.
        assert!(
            self.outcomes
                .0
                .get("IS_NULL")
                .is_some_and(|[yes, no, _]| *yes == 0 && *no >= 10)
        );
    }
}

/// What a query returns.
enum Select {
    All,
    Count,
    Top(u64),
    Columns(Option<u64>, Vec<(String, Place)>),
}

impl Select {
    /// `whole` tells whether rows may be a twin or relationship by itself.
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
                        |(key, place)| match place.path.last().is_some_and(|last| last == key) {
                            true => place.text.clone(),
                            false if place.path.is_empty() && place.text == *key => place.text.clone(),
                            false => format!("{} AS {key}", place.text),
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
                    .filter_map(|(key, place)| Some((key.clone(), place.value(values)?.clone())));
                found.collect::<Map<_, _>>().into()
            }
        }
    }

    /// Compares what was found with what there is.
    #[track_caller]
    fn check(&self, found: &[String], rows: &[Vec<&Value>], context: &str) {
        let mut expected: Vec<_> = rows.iter().map(|row| self.row(row).to_string()).collect();
        match self {
            Select::Count => {
                assert_eq!(found, [json!({"COUNT": rows.len()}).to_string()], "{context}");
            }
            // Any so many of them will do.
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

/// Variables and paths of them, each under a key of its own.
fn columns(random: &mut StdRng, scope: &Scope<'_>) -> Vec<(String, Place)> {
    let mut columns: Vec<(String, Place)> = Vec::new();
    for at in 0..random.random_range(1..5) {
        let variable = random.random_range(0..scope.variables.len());
        let name = &scope.variables[variable].name;
        let place = match random.random_bool(0.3) {
            true => Place {
                variable,
                path: Vec::new(),
                text: name.clone(),
            },
            false => scope.place(random),
        };
        let own = place.path.last().map_or(name.as_str(), |last| *last).to_owned();
        let taken = columns.iter().any(|(key, _)| *key == own);
        let key = if taken || random.random_bool(0.3) {
            format!("c{at}")
        } else {
            own
        };
        columns.push((key, place));
    }
    columns
}

/// Every row of a query, over pages of a random size, as sorted texts.
fn answer(instance: &crate::fixture::Instance, query: &str, page: usize) -> Vec<String> {
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

/// Runs a query and looks at its rows; `candidates` are those without the condition.
fn compare(
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
    let found = answer(&scope.world.instance, &query, page);
    select.check(&found, &rows, &format!("seed {seed}: {query}"));
    coverage.note(labels, !rows.is_empty());
    coverage.note(&[select.label().to_owned()], !rows.is_empty());
}

/// One collection, of twins or of relationships.
#[test]
fn conditions_mean_what_they_say() {
    let mut coverage = Coverage::default();
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::random(&mut random);
        for _ in 0..40 {
            let is_twin = random.random_bool(0.75);
            let (collection, things) = match is_twin {
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
            let candidates = things.iter().map(|thing| vec![thing]).collect();
            let mut labels = vec![collection.to_owned()];
            labels.extend(condition.is_none().then(|| "no WHERE".to_owned()));
            let from = format!("{collection} T");
            compare(
                &mut random,
                seed,
                &scope,
                (&from, &select, condition.as_ref()),
                candidates,
                (&mut coverage, &labels),
            );
        }
    }
    coverage.has(&[
        "DIGITALTWINS",
        "RELATIONSHIPS",
        "no WHERE",
        "*",
        "COUNT",
        "TOP",
        "columns",
        "TOP columns",
    ]);
    coverage.has_every_condition();
}

/// A condition that fixes one of some twins, in one of the ways that the service takes.
fn fixing(random: &mut StdRng, variables: &[Variable]) -> (Condition, &'static str) {
    let twins: Vec<_> = (0..variables.len()).filter(|at| variables[*at].is_twin).collect();
    let id = |random: &mut StdRng| json!(format!("t{}", random.random_range(0..TWINS)));
    let place = |random: &mut StdRng| {
        let variable = *twins.choose(random).expect("a twin");
        Place {
            variable,
            path: vec!["$dtId"],
            text: format!("{}.$dtId", variables[variable].name),
        }
    };
    let equal = |random: &mut StdRng| {
        let (place, id) = (
            condition::Operand::Place(place(random)),
            condition::Operand::Literal(id(random)),
        );
        match random.random_bool(0.7) {
            true => Condition::Compare(place, "=", id),
            false => Condition::Compare(id, "=", place),
        }
    };
    match random.random_range(0..4) {
        0 => {
            let ids = (0..random.random_range(1..5)).map(|_| id(random)).collect();
            (Condition::In(place(random), "IN", ids), "fixed by IN")
        }
        1 => (Condition::Or(vec![equal(random), equal(random)]), "fixed by OR"),
        _ => (equal(random), "fixed by ="),
    }
}

/// A fixed twin and some more.
fn walking(random: &mut StdRng, scope: &Scope<'_>) -> (Condition, &'static str) {
    let (fixed, label) = fixing(random, &scope.variables);
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
            let (condition, fixed) = walking(&mut random, &scope);
            let candidates = joins.rows(&world);
            let mut labels = joins.labels();
            labels.push(fixed.to_owned());
            compare(
                &mut random,
                seed,
                &scope,
                (&joins.text(), &select, Some(&condition)),
                candidates,
                (&mut coverage, &labels),
            );
        }
    }
    coverage.has(&[
        "1 JOIN",
        "2 JOIN",
        "3 JOIN",
        "4 JOIN",
        "5 JOIN",
        "branches",
        "relationship variable",
    ]);
    coverage.has(&[
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
            let (condition, fixed) = walking(&mut random, &scope);
            let candidates = pattern.rows(&world);
            let mut labels = pattern.labels();
            labels.push(fixed.to_owned());
            let from = format!("DIGITALTWINS MATCH {}", pattern.text());
            compare(
                &mut random,
                seed,
                &scope,
                (&from, &select, Some(&condition)),
                candidates,
                (&mut coverage, &labels),
            );
        }
    }
    coverage.has(&[
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
    coverage.has(&[
        "*n",
        "*..n",
        "*m..n",
        "a long way",
        "unnamed node",
        "closed",
        "relationship variable",
    ]);
    coverage.has(&[
        "fixed by =",
        "fixed by IN",
        "fixed by OR",
        "COUNT",
        "columns",
        "TOP columns",
    ]);
}
