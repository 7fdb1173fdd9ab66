//! Random conditions with their query text, and their evaluation on JSON, independent of the emulator's code.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use serde_json::{Value, json};

use super::world::{MODELS, World};

/// A variable of a query, bound to a twin or a relationship.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) is_twin: bool,
}

/// A property path of a variable, and its query text.
#[derive(Debug, Clone)]
pub(super) struct PropertyPath {
    pub(super) variable: usize,
    pub(super) path: Vec<&'static str>,
    pub(super) text: String,
}

const TWIN_PATHS: [&[&str]; 29] = [
    &["x"],
    &["x"],
    &["y"],
    &["size"],
    &["flag"],
    &["flag"],
    &["flag"],
    &["z"],
    &["GROUP"],
    &["tags"],
    &["numbers"],
    &["map"],
    &["map", "k"],
    &["map", "1 k"],
    &["map", "GROUP"],
    &["place"],
    &["place", "city"],
    &["place", "inner"],
    &["place", "inner", "level"],
    &["part"],
    &["part", "serial"],
    &["part", "level"],
    &["part", "$metadata", "serial", "lastUpdateTime"],
    &["absent"],
    &["x", "absent"],
    &["$dtId"],
    &["$metadata", "$model"],
    &["$metadata", "x", "lastUpdateTime"],
    &["$metadata", "$lastUpdateTime"],
];
const RELATIONSHIP_PATHS: [&[&str]; 7] = [
    &["w"],
    &["label"],
    &["absent"],
    &["$relationshipId"],
    &["$sourceId"],
    &["$targetId"],
    &["$relationshipName"],
];

impl PropertyPath {
    /// Returns a random path of a variable. `bare` omits the variable's name.
    pub(super) fn random(random: &mut StdRng, variables: &[Variable], variable: usize, bare: bool) -> Self {
        let Variable { name, is_twin } = &variables[variable];
        let path = match is_twin {
            true => TWIN_PATHS.choose(random),
            false => RELATIONSHIP_PATHS.choose(random),
        };
        let path = path.expect("a path").to_vec();
        let mut parts: Vec<_> = path
            .iter()
            .map(|part| match *part {
                "1 k" | "GROUP" => format!("[[{part}]]"),
                plain if !plain.starts_with('$') && random.random_bool(0.1) => format!("[[{plain}]]"),
                plain => plain.to_owned(),
            })
            .collect();
        if !bare {
            parts.insert(0, name.clone());
        }
        PropertyPath {
            variable,
            path,
            text: parts.join("."),
        }
    }

    pub(super) fn value<'a>(&self, row: &[&'a Value]) -> Option<&'a Value> {
        let whole = row[self.variable];
        self.path
            .iter()
            .try_fold(whole, |value, name| value.as_object()?.get(*name))
    }
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    PropertyPath(PropertyPath),
    Literal(Value),
}

impl Operand {
    fn text(&self) -> String {
        match self {
            Operand::PropertyPath(property) => property.text.clone(),
            Operand::Literal(value) => query_literal(value),
        }
    }

    fn value<'a>(&'a self, row: &[&'a Value]) -> Option<&'a Value> {
        match self {
            Operand::PropertyPath(property) => property.value(row),
            Operand::Literal(value) => Some(value),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Condition {
    Compare(Operand, &'static str, Operand),
    In(PropertyPath, &'static str, Vec<Value>),
    Type(&'static str, PropertyPath),
    StringFunction(&'static str, PropertyPath, String),
    ArrayContains(PropertyPath, Value),
    /// Query text, variable, model, and whether the match is exact.
    Model(String, usize, &'static str, bool),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
}

/// The number of times that each form of condition was true, false and undefined.
#[derive(Debug, Default)]
pub(super) struct Outcomes(pub(super) BTreeMap<String, [usize; 3]>);

pub(super) fn query_literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        other => other.to_string(),
    }
}

/// The world, variables and syntax for which conditions are generated.
pub(super) struct Scope<'w> {
    pub(super) world: &'w World,
    pub(super) variables: Vec<Variable>,
    /// Whether paths may omit the variable's name.
    pub(super) single: bool,
}

impl Scope<'_> {
    pub(super) fn property(&self, random: &mut StdRng) -> PropertyPath {
        let variable = random.random_range(0..self.variables.len());
        let bare = self.single && random.random_bool(0.5);
        PropertyPath::random(random, &self.variables, variable, bare)
    }

    /// Returns a scalar to compare with. It is usually the property's value in a random twin or relationship, so that
    /// the comparison matches a row, and otherwise arbitrary.
    fn literal(&self, random: &mut StdRng, property: &PropertyPath) -> Value {
        let elements = match self.variables[property.variable].is_twin {
            true => &self.world.twins,
            false => &self.world.relationships,
        };
        let mut row = vec![&Value::Null; self.variables.len()];
        let found = elements.iter().filter_map(|element| {
            row[property.variable] = element;
            property.value(&row)
        });
        let found = found
            .filter(|value| !value.is_object() && !value.is_array())
            .choose(random);
        let any = [
            json!(1),
            json!(1.0),
            json!(2.5),
            json!("red"),
            json!(true),
            json!(null),
            json!("t3"),
        ];
        match found {
            Some(value) if random.random_bool(0.75) => value.clone(),
            _ => any.choose(random).expect("a value").clone(),
        }
    }

    pub(super) fn condition(&self, random: &mut StdRng, depth: usize) -> Condition {
        let parts = |random: &mut StdRng| {
            let count = random.random_range(2..4);
            (0..count).map(|_| self.condition(random, depth - 1)).collect()
        };
        match random.random_range(0..if depth == 0 { 10 } else { 16 }) {
            0..4 => self.comparison(random),
            4 | 5 => {
                let property = self.property(random);
                let count = random.random_range(1..4);
                let values = (0..count).map(|_| self.literal(random, &property)).collect();
                Condition::In(
                    property,
                    if random.random_bool(0.5) { "IN" } else { "NIN" },
                    values,
                )
            }
            6 => {
                let tests = [
                    "IS_DEFINED",
                    "IS_NULL",
                    "IS_BOOL",
                    "IS_NUMBER",
                    "IS_STRING",
                    "IS_OBJECT",
                    "IS_PRIMITIVE",
                ];
                Condition::Type(tests.choose(random).expect("a test"), self.property(random))
            }
            7 => {
                let test = ["STARTSWITH", "ENDSWITH", "CONTAINS"]
                    .choose(random)
                    .expect("a test");
                let text = ["red", "r", "d", "", "'s \\", "t1", "dtmi:r:"]
                    .choose(random)
                    .expect("a text");
                Condition::StringFunction(test, self.property(random), (*text).to_owned())
            }
            8 => self.array_contains(random),
            9 => self.model(random),
            10 | 11 => Condition::Not(Box::new(self.condition(random, depth - 1))),
            12 | 13 => Condition::And(parts(random)),
            _ => Condition::Or(parts(random)),
        }
    }

    fn comparison(&self, random: &mut StdRng) -> Condition {
        let property = self.property(random);
        let operators = ["=", "=", "!=", "<", "<=", ">", ">="];
        let operator = operators.choose(random).expect("an operator");
        let other = match random.random_bool(0.25) {
            true => Operand::PropertyPath(self.property(random)),
            false => Operand::Literal(self.literal(random, &property)),
        };
        match random.random_bool(0.2) {
            true => Condition::Compare(other, operator, Operand::PropertyPath(property)),
            false => Condition::Compare(Operand::PropertyPath(property), operator, other),
        }
    }

    /// Returns an `ARRAY_CONTAINS` condition on a twin property, which is usually an array. Returns a comparison if no
    /// variable is a twin.
    fn array_contains(&self, random: &mut StdRng) -> Condition {
        for _ in 0..1000 {
            let property = self.property(random);
            let is_array = matches!(property.path.as_slice(), ["tags" | "numbers"]);
            if self.variables[property.variable].is_twin && (is_array || random.random_bool(0.01)) {
                let values = [json!("red"), json!("Red"), json!(1), json!(1.0), json!(true)];
                return Condition::ArrayContains(property, values.choose(random).expect("a value").clone());
            }
        }
        self.comparison(random)
    }

    fn model(&self, random: &mut StdRng) -> Condition {
        let twins = (0..self.variables.len()).filter(|at| self.variables[*at].is_twin);
        let Some(variable) = twins.choose(random) else {
            return self.comparison(random);
        };
        let exact = random.random_bool(0.3);
        let ids = MODELS.map(|(id, _)| id);
        let model = ids.choose(random).expect("a model");
        let alias = match self.single && random.random_bool(0.5) {
            true => String::new(),
            false => format!("{}, ", self.variables[variable].name),
        };
        let end = if exact { ", exact" } else { "" };
        Condition::Model(
            format!("IS_OF_MODEL({alias}'{model}'{end})"),
            variable,
            model,
            exact,
        )
    }
}

impl Condition {
    pub(super) fn text(&self) -> String {
        let joined = |parts: &[Condition], word: &str| {
            let parts: Vec<_> = parts.iter().map(Condition::text).collect();
            format!("({})", parts.join(word))
        };
        match self {
            Condition::Compare(left, operator, right) => {
                format!("{} {operator} {}", left.text(), right.text())
            }
            Condition::In(property, operator, values) => {
                let values: Vec<_> = values.iter().map(query_literal).collect();
                format!("{} {operator} [{}]", property.text, values.join(", "))
            }
            Condition::Type(test, property) => format!("{test}({})", property.text),
            Condition::StringFunction(test, property, text) => {
                format!("{test}({}, {})", property.text, query_literal(&json!(text)))
            }
            Condition::ArrayContains(property, value) => {
                format!("ARRAY_CONTAINS({}, {})", property.text, query_literal(value))
            }
            Condition::Model(text, ..) => text.clone(),
            Condition::Not(inner) => format!("NOT ({})", inner.text()),
            Condition::And(parts) => joined(parts, " AND "),
            Condition::Or(parts) => joined(parts, " OR "),
        }
    }

    fn label(&self) -> String {
        match self {
            Condition::Compare(Operand::PropertyPath(_), operator, Operand::PropertyPath(_)) => {
                format!("path {operator} path")
            }
            Condition::Compare(Operand::Literal(_), operator, _) => format!("value {operator} path"),
            Condition::Compare(_, operator, _) => format!("path {operator} value"),
            Condition::In(_, word, _) | Condition::Type(word, _) | Condition::StringFunction(word, ..) => {
                (*word).to_owned()
            }
            Condition::ArrayContains(..) => "ARRAY_CONTAINS".to_owned(),
            Condition::Model(.., false) => "IS_OF_MODEL".to_owned(),
            Condition::Model(.., true) => "IS_OF_MODEL exact".to_owned(),
            Condition::Not(_) => "NOT".to_owned(),
            Condition::And(_) => "AND".to_owned(),
            Condition::Or(_) => "OR".to_owned(),
        }
    }

    /// Evaluates the condition. Returns `None` if an operand is absent or the values cannot be compared.
    pub(super) fn holds(&self, row: &[&Value], outcomes: &mut Outcomes) -> Option<bool> {
        let holds = match self {
            Condition::Compare(left, operator, right) => left
                .value(row)
                .zip(right.value(row))
                .and_then(|(left, right)| compare(left, operator, right)),
            Condition::In(property, operator, values) => property.value(row).map(|value| {
                let listed = values
                    .iter()
                    .any(|other| order(value, other) == Some(Ordering::Equal));
                listed == (*operator == "IN")
            }),
            Condition::Type(test, property) => Some(property.value(row).is_some_and(|value| match *test {
                "IS_DEFINED" => true,
                "IS_NULL" => value.is_null(),
                "IS_BOOL" => value.is_boolean(),
                "IS_NUMBER" => value.is_number(),
                "IS_STRING" => value.is_string(),
                "IS_OBJECT" => value.is_object(),
                _ => !value.is_object() && !value.is_array(),
            })),
            Condition::StringFunction(test, property, part) => property
                .value(row)
                .and_then(Value::as_str)
                .map(|whole| match *test {
                    "STARTSWITH" => whole.starts_with(part.as_str()),
                    "ENDSWITH" => whole.ends_with(part.as_str()),
                    _ => whole.contains(part.as_str()),
                }),
            Condition::ArrayContains(property, wanted) => {
                property.value(row).and_then(Value::as_array).map(|items| {
                    items
                        .iter()
                        .any(|item| order(item, wanted) == Some(Ordering::Equal))
                })
            }
            Condition::Model(_, variable, wanted, exact) => {
                let model = row[*variable]["$metadata"]["$model"].as_str().expect("a model");
                Some(if *exact {
                    model == *wanted
                } else {
                    is_of_model(model, wanted)
                })
            }
            Condition::Not(inner) => inner.holds(row, outcomes).map(|holds| !holds),
            Condition::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.holds(row, outcomes)).collect();
                match parts.contains(&Some(false)) {
                    true => Some(false),
                    false => parts.iter().all(Option::is_some).then_some(true),
                }
            }
            Condition::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.holds(row, outcomes)).collect();
                match parts.contains(&Some(true)) {
                    true => Some(true),
                    false => parts.iter().all(Option::is_some).then_some(false),
                }
            }
        };
        let outcome = match holds {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        };
        outcomes.0.entry(self.label()).or_default()[outcome] += 1;
        holds
    }
}

/// Returns whether `wanted`, or a later version of it, is the model or one of its ancestors.
fn is_of_model(model: &str, wanted: &str) -> bool {
    let split = |id: &str| {
        let (path, version) = id.rsplit_once(';').expect("a version");
        (path.to_owned(), version.parse::<u32>().expect("a number"))
    };
    let (path, version) = split(wanted);
    let (_, line) = MODELS.iter().find(|(id, _)| *id == model).expect("a model");
    line.iter().any(|id| {
        let (other, number) = split(id);
        other == path && number >= version
    })
}

/// Compares scalars of the same type. Returns `None` for all other values.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        _ => None,
    }
}

fn compare(left: &Value, operator: &str, right: &Value) -> Option<bool> {
    let order = order(left, right);
    match operator {
        "=" => Some(order == Some(Ordering::Equal)),
        "!=" => Some(order != Some(Ordering::Equal)),
        "<" => order.map(Ordering::is_lt),
        "<=" => order.map(Ordering::is_le),
        ">" => order.map(Ordering::is_gt),
        _ => order.map(Ordering::is_ge),
    }
}
