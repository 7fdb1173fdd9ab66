//! The filters of event routes: parsed when a route is stored, evaluated for each event.

use serde_json::Value;
use winnow::ascii::{Caseless, float, multispace0};
use winnow::combinator::{alt, cut_err, delimited, fail, not, opt, preceded, repeat, separated, terminated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::token::{any, none_of, one_of, take_while};

use crate::digitaltwins::events::CloudEvent;
use crate::digitaltwins::events::notify;

/// A condition on events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Constant(bool),
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Compare(Operand, Comparison, Operand),
    Text(Function, Operand, Operand),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Attribute(Attribute),
    /// The way to a member of the event's data; lists have no way in.
    Body(Vec<String>),
    Literal(Value),
}

/// What an event says about itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Attribute {
    Type,
    Source,
    Subject,
    DataSchema,
    DataContentType,
    SpecVersion,
    /// The kinds of event of the first preview, which filters still name.
    EventType,
}

/// Where a text stops being a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    /// Characters before it on its line.
    pub(crate) position: usize,
}

/// How deep parentheses may go, so that no text can exhaust the stack.
const DEPTH: usize = 50;

type Input<'i> = winnow::stream::Stateful<&'i str, usize>;
type Parsed<T> = Result<T, ErrMode<ContextError>>;

impl Filter {
    /// Reads a filter. Keywords and functions may be in any case.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mut input = Input {
            input: text,
            state: 0,
        };
        let parsed = preceded(multispace0, disjunction).parse_next(&mut input);
        match parsed {
            Ok(filter) if input.input.is_empty() => Ok(filter),
            _ => Err(fault(text, text.len() - input.input.len())),
        }
    }

    /// Whether an event passes.
    pub(crate) fn takes(&self, event: &CloudEvent) -> bool {
        match self {
            Filter::Constant(value) => *value,
            Filter::Or(parts) => parts.iter().any(|part| part.takes(event)),
            Filter::And(parts) => parts.iter().all(|part| part.takes(event)),
            Filter::Compare(left, operator, right) => {
                compare(&left.value(event), *operator, &right.value(event))
            }
            Filter::Text(function, whole, part) => {
                match (whole.value(event).as_str(), part.value(event).as_str()) {
                    (Some(whole), Some(part)) => match function {
                        Function::StartsWith => whole.starts_with(part),
                        Function::EndsWith => whole.ends_with(part),
                        Function::Contains => whole.contains(part),
                    },
                    _ => false,
                }
            }
        }
    }
}

fn fault(text: &str, offset: usize) -> Fault {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    Fault {
        line: before.matches('\n').count() + 1,
        position: line.chars().count(),
    }
}

impl Operand {
    /// Something absent is as good as null.
    fn value(&self, event: &CloudEvent) -> Value {
        match self {
            Operand::Literal(value) => value.clone(),
            Operand::Body(path) => path
                .iter()
                .try_fold(&event.data, |value, name| value.as_object()?.get(name))
                .cloned()
                .unwrap_or_default(),
            Operand::Attribute(attribute) => Value::from(match attribute {
                Attribute::Type => event.event_type,
                Attribute::Source => &event.source,
                Attribute::Subject => &event.subject,
                Attribute::DataSchema => return event.dataschema.clone().into(),
                Attribute::DataContentType => event.datacontenttype,
                Attribute::SpecVersion => event.specversion,
                Attribute::EventType => old_type(event.event_type),
            }),
        }
    }
}

/// Of the relationship kinds no recording exists; their names follow those of twins.
fn old_type(event_type: &str) -> &'static str {
    match event_type {
        notify::TELEMETRY => "DigitalTwinTelemetryMessages",
        notify::TWIN_UPDATE => "DigitalTwinChangeNotification",
        notify::TWIN_CREATE | notify::TWIN_DELETE => "DigitalTwinLifecycleNotification",
        notify::RELATIONSHIP_UPDATE => "RelationshipChangeNotification",
        _ => "RelationshipLifecycleNotification",
    }
}

/// Values of two types are different, and neither comes before the other.
fn compare(left: &Value, operator: Comparison, right: &Value) -> bool {
    let ordering = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Null, Value::Null) => Some(std::cmp::Ordering::Equal),
        _ => None,
    };
    match (operator, ordering) {
        (Comparison::Equal, ordering) => ordering.is_some_and(std::cmp::Ordering::is_eq),
        (Comparison::NotEqual, ordering) => !ordering.is_some_and(std::cmp::Ordering::is_eq),
        (_, None) => false,
        (Comparison::Less, Some(ordering)) => ordering.is_lt(),
        (Comparison::LessOrEqual, Some(ordering)) => ordering.is_le(),
        (Comparison::Greater, Some(ordering)) => ordering.is_gt(),
        (Comparison::GreaterOrEqual, Some(ordering)) => ordering.is_ge(),
    }
}

fn disjunction(input: &mut Input<'_>) -> Parsed<Filter> {
    let parts: Vec<_> = separated(1.., conjunction, keyword("OR")).parse_next(input)?;
    Ok(one_or(parts, Filter::Or))
}

fn conjunction(input: &mut Input<'_>) -> Parsed<Filter> {
    let parts: Vec<_> = separated(1.., condition, keyword("AND")).parse_next(input)?;
    Ok(one_or(parts, Filter::And))
}

fn one_or(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn condition(input: &mut Input<'_>) -> Parsed<Filter> {
    if input.input.starts_with('(') {
        if input.state >= DEPTH {
            return fail.parse_next(input).map_err(ErrMode::cut);
        }
        input.state += 1;
        let inner = delimited(symbol("("), cut_err(disjunction), cut_err(symbol(")"))).parse_next(input)?;
        input.state -= 1;
        return Ok(inner);
    }
    if let Some(function) = opt(terminated(function, symbol("("))).parse_next(input)? {
        let (whole, part) = cut_err((terminated(operand, symbol(",")), terminated(operand, symbol(")"))))
            .parse_next(input)?;
        return Ok(Filter::Text(function, whole, part));
    }
    let left = cut_err(operand).parse_next(input)?;
    match (opt(comparison).parse_next(input)?, left) {
        (Some(operator), left) => {
            let right = cut_err(operand).parse_next(input)?;
            Ok(Filter::Compare(left, operator, right))
        }
        (None, Operand::Literal(Value::Bool(value))) => Ok(Filter::Constant(value)),
        (None, _) => fail.parse_next(input).map_err(ErrMode::cut),
    }
}

fn function(input: &mut Input<'_>) -> Parsed<Function> {
    alt((
        keyword("STARTS_WITH").value(Function::StartsWith),
        keyword("ENDS_WITH").value(Function::EndsWith),
        keyword("CONTAINS").value(Function::Contains),
    ))
    .parse_next(input)
}

fn comparison(input: &mut Input<'_>) -> Parsed<Comparison> {
    alt((
        symbol("!=").value(Comparison::NotEqual),
        symbol("<=").value(Comparison::LessOrEqual),
        symbol(">=").value(Comparison::GreaterOrEqual),
        symbol("=").value(Comparison::Equal),
        symbol("<").value(Comparison::Less),
        symbol(">").value(Comparison::Greater),
    ))
    .parse_next(input)
}

fn operand(input: &mut Input<'_>) -> Parsed<Operand> {
    alt((
        text.map(|text| Operand::Literal(Value::String(text))),
        keyword("true").value(Operand::Literal(Value::Bool(true))),
        keyword("false").value(Operand::Literal(Value::Bool(false))),
        keyword("null").value(Operand::Literal(Value::Null)),
        terminated(number, multispace0),
        preceded("$body", repeat(1.., preceded('.', name)))
            .map(Operand::Body)
            .then_space(),
        attribute.map(Operand::Attribute),
    ))
    .parse_next(input)
}

fn number(input: &mut Input<'_>) -> Parsed<Operand> {
    // Words such as `nan` are no numbers here.
    winnow::combinator::peek(one_of(('0'..='9', '-', '+', '.'))).parse_next(input)?;
    let value: f64 = float.parse_next(input)?;
    match serde_json::Number::from_f64(value) {
        Some(value) => Ok(Operand::Literal(Value::Number(value))),
        None => fail.parse_next(input),
    }
}

fn attribute(input: &mut Input<'_>) -> Parsed<Attribute> {
    let mut exact = |word: &'static str, attribute: Attribute| {
        opt(terminated((word, not(part_of_name)), multispace0))
            .parse_next(input)
            .map(|found| found.map(|_| attribute))
    };
    for (word, attribute) in [
        ("type", Attribute::Type),
        ("source", Attribute::Source),
        ("subject", Attribute::Subject),
        ("dataschema", Attribute::DataSchema),
        ("datacontenttype", Attribute::DataContentType),
        ("specversion", Attribute::SpecVersion),
        ("$eventType", Attribute::EventType),
    ] {
        if let Some(attribute) = exact(word, attribute)? {
            return Ok(attribute);
        }
    }
    fail.parse_next(input)
}

fn text(input: &mut Input<'_>) -> Parsed<String> {
    let character = alt((preceded('\\', any), none_of(['\'', '\\'])));
    let characters = repeat(0.., character).fold(String::new, |mut text, character: char| {
        text.push(character);
        text
    });
    terminated(delimited('\'', characters, cut_err('\'')), multispace0).parse_next(input)
}

fn name(input: &mut Input<'_>) -> Parsed<String> {
    take_while(1.., |c: char| c.is_alphanumeric() || "_$-".contains(c))
        .map(str::to_owned)
        .parse_next(input)
}

fn part_of_name(input: &mut Input<'_>) -> Parsed<char> {
    one_of(|c: char| c.is_alphanumeric() || c == '_').parse_next(input)
}

fn keyword<'i>(word: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (Caseless(word), not(part_of_name), multispace0).void()
}

fn symbol<'i>(text: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (text, multispace0).void()
}

/// A parser that also takes the space behind what it reads.
trait ThenSpace<'i, O>: Parser<Input<'i>, O, ErrMode<ContextError>> + Sized {
    fn then_space(self) -> impl Parser<Input<'i>, O, ErrMode<ContextError>> {
        terminated(self, multispace0)
    }
}

impl<'i, O, P: Parser<Input<'i>, O, ErrMode<ContextError>>> ThenSpace<'i, O> for P {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> CloudEvent {
        CloudEvent {
            specversion: "1.0",
            id: "1".to_owned(),
            source: "host".to_owned(),
            event_type: notify::TWIN_UPDATE,
            time: String::new(),
            subject: "room-1".to_owned(),
            datacontenttype: "application/json",
            dataschema: None,
            traceparent: String::new(),
            data: json!({"modelId": "dtmi:a;1", "n": 3, "ok": true, "list": [1], "in": {"x-y": "it's"}}),
        }
    }

    #[test]
    fn what_filters_take() {
        for (filter, expected) in [
            ("true", true),
            ("false", false),
            (" TRUE ", true),
            ("type = 'Microsoft.DigitalTwins.Twin.Update'", true),
            ("type = 'microsoft.digitaltwins.twin.update'", false),
            ("type != 'x' AND subject = 'room-1'", true),
            ("false OR subject='room-2' or source = 'host'", true),
            ("true OR false AND false", true),
            ("(true OR false) AND false", false),
            ("STARTS_WITH(subject, 'room')", true),
            ("ENDS_WITH(subject, '-2')", false),
            ("CONTAINS($body.modelId, ':a;')", true),
            ("$body.n >= 3 AND $body.n < 3.5 AND $body.n > -1", true),
            ("$body.n <= 2", false),
            ("3 = $body.n", true),
            ("$body.ok = true", true),
            ("$body.in.x-y = 'it\\'s'", true),
            ("$body.absent = null AND $body.n != null", true),
            ("$body.list = 1", false),
            ("$body.list.0 = 1", false),
            ("dataschema = null", true),
            (
                "specversion = '1.0' AND datacontenttype = 'application/json'",
                true,
            ),
            (
                "$eventType = 'DigitalTwinTelemetryMessages' OR $eventType = 'DigitalTwinChangeNotification'",
                true,
            ),
            ("$body.n = '3'", false),
        ] {
            let parsed = Filter::parse(filter).unwrap_or_else(|fault| panic!("{filter}: {fault:?}"));
            assert_eq!(parsed.takes(&event()), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter() {
        for (filter, line, position) in [
            ("", 1, 0),
            ("type =", 1, 6),
            ("type = 'x", 1, 9),
            ("true\nAND nothing", 2, 4),
            ("true false", 1, 5),
            ("$body = 1", 1, 0),
            ("type", 1, 4),
            ("(true", 1, 5),
            ("CONTAINS(type)", 1, 13),
            ("types = 'x'", 1, 0),
        ] {
            assert_eq!(Filter::parse(filter), Err(Fault { line, position }), "{filter}");
        }
        assert!(Filter::parse(&"(".repeat(100_000)).is_err());
    }
}
