//! Projections, aggregates and groups.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use twin_query::Path;
use twin_query::iothub::{Aggregate, Item, ItemValue, Query, Source};

use crate::iothub::query::property;
use crate::iothub::query::value::{Numeric, Operand};
use crate::iothub::store::view::TwinView;

/// Returns whether the rows are groups rather than twins.
pub(crate) fn is_grouped(query: &Query, items: &[Item]) -> bool {
    !query.group_by.is_empty()
        || items
            .iter()
            .any(|item| matches!(item.value, ItemValue::Aggregate(_)))
}

/// Returns one row of a projection. Undefined properties are omitted.
pub(crate) fn project(items: &[Item], source: Source, row: TwinView<'_>) -> Map<String, Value> {
    let mut projected = Map::new();
    for (at, item) in items.iter().enumerate() {
        let ItemValue::Path(path) = &item.value else {
            continue;
        };
        if let Some(value) = property::of_twin(row, source.property(path)).into_value() {
            projected.insert(key(item, source, at), value);
        }
    }
    projected
}

/// Returns the name of a column: the alias, the last name of the path, or the position of an aggregate.
fn key(item: &Item, source: Source, at: usize) -> String {
    match (&item.alias, &item.value) {
        (Some(alias), _) => alias.as_str().to_owned(),
        (None, ItemValue::Path(path)) => column(path, source),
        (None, ItemValue::Aggregate(_)) => format!("${}", at + 1),
    }
}

fn column(path: &Path, source: Source) -> String {
    let last = path.last().as_str();
    match source.property(path) {
        [only] => property::member_name(only.as_str()).unwrap_or(last).to_owned(),
        _ => last.to_owned(),
    }
}

/// The groups of a query, in the order of their first row.
pub(crate) struct Groups<'q> {
    query: &'q Query,
    items: &'q [Item],
    groups: IndexMap<String, Group>,
}

struct Group {
    /// The values of the selected paths, by position. All rows of a group have the same values.
    paths: Vec<Option<Value>>,
    aggregates: Vec<Option<Accumulator>>,
}

impl<'q> Groups<'q> {
    pub(crate) fn new(query: &'q Query, items: &'q [Item]) -> Self {
        let mut groups = Self {
            query,
            items,
            groups: IndexMap::new(),
        };
        if query.group_by.is_empty() {
            // Without GROUP BY there is always one row, even if no twin matches.
            groups.groups.insert(String::new(), groups.empty_group(None));
        }
        groups
    }

    fn empty_group(&self, row: Option<TwinView<'_>>) -> Group {
        let path = |item: &Item| match (&item.value, row) {
            (ItemValue::Path(path), Some(row)) => {
                property::of_twin(row, self.query.source.property(path)).into_value()
            }
            _ => None,
        };
        let aggregate = |item: &Item| match &item.value {
            ItemValue::Aggregate(_) => Some(Accumulator::default()),
            ItemValue::Path(_) => None,
        };
        Group {
            paths: self.items.iter().map(path).collect(),
            aggregates: self.items.iter().map(aggregate).collect(),
        }
    }

    pub(crate) fn add(&mut self, row: TwinView<'_>) {
        let source = self.query.source;
        let mut key = String::new();
        for path in &self.query.group_by {
            let value = property::of_twin(row, source.property(path)).into_value();
            // JSON contains no raw control characters, so they separate parts of a key unambiguously. An empty
            // part means undefined.
            if let Some(value) = value {
                key.push_str(&value.to_string());
            }
            key.push('\n');
        }
        if self.query.group_by.is_empty() {
            key.clear();
        }
        if !self.groups.contains_key(&key) {
            let group = self.empty_group(Some(row));
            self.groups.insert(key.clone(), group);
        }
        let group = &mut self.groups[&key];
        for (item, accumulator) in self.items.iter().zip(&mut group.aggregates) {
            if let (ItemValue::Aggregate(aggregate), Some(accumulator)) = (&item.value, accumulator) {
                match aggregate.path() {
                    Some(path) => accumulator.add(&property::of_twin(row, source.property(path))),
                    None => accumulator.count += 1,
                }
            }
        }
    }

    pub(crate) fn rows(self) -> Vec<Map<String, Value>> {
        let Self { query, items, groups } = self;
        let row = |group: Group| {
            let mut row = Map::new();
            let cells = group.paths.into_iter().zip(group.aggregates);
            for (at, (item, (path, accumulator))) in items.iter().zip(cells).enumerate() {
                let value = match (&item.value, accumulator) {
                    (ItemValue::Aggregate(aggregate), Some(accumulator)) => accumulator.result(aggregate),
                    _ => path,
                };
                if let Some(value) = value {
                    row.insert(key(item, query.source, at), value);
                }
            }
            row
        };
        groups.into_values().map(row).collect()
    }
}

/// State of an aggregate. Non-numeric values affect only the minimum and the maximum.
#[derive(Default)]
struct Accumulator {
    count: u64,
    sum: f64,
    exact_sum: Option<i64>,
    least: Option<Value>,
    greatest: Option<Value>,
}

impl Accumulator {
    fn add(&mut self, operand: &Operand<'_>) {
        if let Some(number) = operand.as_number() {
            let exact = if self.count == 0 { Some(0) } else { self.exact_sum };
            self.exact_sum = match number {
                Numeric::Integer(value) => exact.and_then(|sum| sum.checked_add(value)),
                Numeric::Float(_) => None,
            };
            self.sum += number.as_f64();
            self.count += 1;
        }
        // A value is ignored if its type differs from that of the first value.
        let is_better = |best: &Option<Value>, wanted: std::cmp::Ordering| match best {
            Some(best) => operand.order(&Operand::borrowed(best)) == Some(wanted),
            None => matches!(operand, Operand::Number(_) | Operand::Text(_) | Operand::Bool(_)),
        };
        if is_better(&self.least, std::cmp::Ordering::Less) {
            self.least = operand.clone().into_value();
        }
        if is_better(&self.greatest, std::cmp::Ordering::Greater) {
            self.greatest = operand.clone().into_value();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a hub has fewer than 2^53 devices")]
    fn result(self, aggregate: &Aggregate) -> Option<Value> {
        match aggregate {
            Aggregate::Count => Some(Value::from(self.count)),
            Aggregate::Minimum(_) => self.least,
            Aggregate::Maximum(_) => self.greatest,
            Aggregate::Average(_) | Aggregate::Sum(_) if self.count == 0 => None,
            Aggregate::Average(_) => Some(Value::from(self.sum / self.count as f64)),
            Aggregate::Sum(_) => Some(self.exact_sum.map_or_else(|| Value::from(self.sum), Value::from)),
        }
    }
}
