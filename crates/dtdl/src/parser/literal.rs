//! Literals: strings, numbers and booleans, plain or as JSON-LD value objects.

use super::pattern::{self, matches};
use super::properties::Reading;
use super::report::Position;
use super::session::Session;
use crate::Code;
use crate::json::{Data, Member, Node};
use crate::metamodel::{Property, Value};
use crate::model::Literal;

/// The codes and message phrases for one type of literal.
struct LiteralCodes {
    noun: &'static str,
    help: &'static str,
    count_below_min: Code,
    multiple: Code,
    wrong: Code,
    no_value: Code,
    wrong_type: Code,
    wrong_value: Code,
    datatype: &'static str,
}

const STRING: LiteralCodes = LiteralCodes {
    noun: "a string",
    help: "Write a string in double quotes.",
    count_below_min: Code::StringCountBelowMin,
    multiple: Code::StringMultipleValues,
    wrong: Code::StringNotString,
    no_value: Code::StringObjectNoValue,
    wrong_type: Code::StringTypeNotString,
    wrong_value: Code::StringValueNotString,
    datatype: "string",
};
const INTEGER: LiteralCodes = LiteralCodes {
    noun: "a 32-bit integer",
    help: "Write an integer such as 5, without quotes.",
    count_below_min: Code::IntegerCountBelowMin,
    multiple: Code::IntegerMultipleValues,
    wrong: Code::IntegerNotInteger,
    no_value: Code::IntegerObjectNoValue,
    wrong_type: Code::IntegerTypeNotInteger,
    wrong_value: Code::IntegerValueNotInteger,
    datatype: "integer",
};
const NUMBER: LiteralCodes = LiteralCodes {
    noun: "a number",
    help: "Write a number such as 1.5, without quotes.",
    count_below_min: Code::NumericCountBelowMin,
    multiple: Code::NumericMultipleValues,
    wrong: Code::NumericNotNumeric,
    no_value: Code::NumericObjectNoValue,
    wrong_type: Code::NumericTypeNotNumeric,
    wrong_value: Code::NumericValueNotNumeric,
    datatype: "decimal",
};
const BOOLEAN: LiteralCodes = LiteralCodes {
    noun: "a boolean",
    help: "Write true or false, without quotes.",
    count_below_min: Code::BooleanCountBelowMin,
    multiple: Code::BooleanMultipleValues,
    wrong: Code::BooleanNotBoolean,
    no_value: Code::BooleanObjectNoValue,
    wrong_type: Code::BooleanTypeNotBoolean,
    wrong_value: Code::BooleanValueNotBoolean,
    datatype: "boolean",
};
const DURATION: LiteralCodes = LiteralCodes {
    noun: "a duration string",
    help: "Write a duration such as \"PT15S\", in double quotes.",
    count_below_min: Code::DurationCountBelowMin,
    multiple: Code::DurationMultipleValues,
    wrong: Code::DurationNotString,
    no_value: Code::DurationObjectNoValue,
    wrong_type: Code::DurationTypeNotDuration,
    wrong_value: Code::DurationValueNotString,
    datatype: "duration",
};
const ANY: LiteralCodes = LiteralCodes {
    noun: "a string, number or boolean",
    help: "Write a string, a number, true or false.",
    count_below_min: Code::LiteralCountBelowMin,
    multiple: Code::LiteralMultipleValues,
    wrong: Code::LiteralNotValid,
    no_value: Code::LiteralObjectNoValue,
    wrong_type: Code::LiteralNotValid,
    wrong_value: Code::LiteralNotValid,
    datatype: "",
};

impl Session<'_> {
    pub(super) fn literal(&mut self, reading: &Reading<'_>, property: &'static Property) {
        let codes = match property.value {
            Value::String { .. } => &STRING,
            Value::Integer { .. } => &INTEGER,
            Value::Number => &NUMBER,
            Value::Boolean => &BOOLEAN,
            Value::Duration => &DURATION,
            Value::Literal => &ANY,
            Value::Json => {
                let value = Literal::Json(Box::new(reading.member.value.to_value()));
                self.set(reading.element, property.name, value);
                return;
            }
            Value::Identifier { max, pattern } => {
                self.identifier(reading, property.required, Some(max), pattern);
                return;
            }
            Value::Iri => {
                self.iri(reading, property.required);
                return;
            }
            Value::Localized { .. } | Value::Element(_) => return,
        };
        let Some(value) = self.single(reading, property, codes) else {
            return;
        };
        let Some(plain) = self.unwrap_value(reading, codes, value) else {
            return;
        };
        let Some(read) = converted(property, plain) else {
            let is_object = matches!(value.data, Data::Object(_));
            let code = if is_object { codes.wrong_value } else { codes.wrong };
            self.report_value(
                reading,
                code,
                Position::node(reading.doc, value),
                format!(
                    "`{}` is {}; it must be {}.",
                    reading.name,
                    plain.excerpt(),
                    codes.noun
                ),
                codes.help,
            );
            return;
        };
        self.check_literal(reading, property, plain, &read);
        self.set(reading.element, property.name, read);
    }

    /// Returns the single value of the property. Reports an error if there are several values, or if a required
    /// property has none.
    fn single<'n>(
        &mut self,
        reading: &Reading<'n>,
        property: &Property,
        codes: &LiteralCodes,
    ) -> Option<&'n Node> {
        let values = reading.values();
        let [value] = values[..] else {
            if values.is_empty() {
                if property.required {
                    self.report_value(
                        reading,
                        codes.count_below_min,
                        reading.at(),
                        format!(
                            "`{}` is an empty array; it requires {}.",
                            reading.name, codes.noun
                        ),
                        codes.help,
                    );
                }
            } else {
                self.report_value(
                    reading,
                    codes.multiple,
                    reading.at(),
                    format!(
                        "`{}` has {} values; only one is allowed.",
                        reading.name,
                        values.len()
                    ),
                    "Keep one of them.",
                );
            }
            return None;
        };
        Some(value)
    }

    fn check_literal(
        &mut self,
        reading: &Reading<'_>,
        property: &'static Property,
        node: &Node,
        read: &Literal,
    ) {
        let at = Position::node(reading.doc, node);
        match (&property.value, read) {
            (Value::String { max, pattern }, Literal::String(text)) => {
                let max = max.map(|max| max.get(reading.context.limits));
                let length = text.encode_utf16().count();
                if let Some(max) = max.filter(|max| length > *max) {
                    self.report_value(
                        reading,
                        Code::StringTooLong,
                        at,
                        format!("`{}` has {length} characters; the limit is {max}.", reading.name),
                        format!("Shorten it to at most {max} characters."),
                    );
                }
                if let Some(pattern) = pattern.filter(|pattern| !matches(*pattern, text)) {
                    self.report_value(
                        reading,
                        Code::StringInvalid,
                        at,
                        format!("`{text}` is not allowed as `{}`.", reading.name),
                        pattern::help(pattern),
                    );
                }
            }
            (Value::Duration, Literal::String(text)) if !crate::instance::is_duration(text) => {
                self.report_value(
                    reading,
                    Code::DurationInvalid,
                    at,
                    format!(
                        "`{}` is `{text}`, which is not an ISO 8601 duration.",
                        reading.name
                    ),
                    "Write a duration such as \"PT15S\" or \"P1DT12H\".",
                );
            }
            (Value::Integer { min, max }, Literal::Integer(value)) => {
                self.check_range(reading, at, *value, *min, *max);
            }
            _ => {}
        }
    }

    fn check_range(
        &mut self,
        reading: &Reading<'_>,
        at: Position,
        value: i64,
        min: Option<i64>,
        max: Option<i64>,
    ) {
        let name = reading.name;
        let below = min.is_some_and(|min| value < min);
        let above = max.is_some_and(|max| value > max);
        let (code, range) = match (min, max) {
            (Some(min), Some(max)) if min == max && value != min => (Code::ValueNotExact, min.to_string()),
            (Some(min), Some(max)) if below => (Code::ValueBelowRange, format!("between {min} and {max}")),
            (Some(min), Some(max)) if above => (Code::ValueAboveRange, format!("between {min} and {max}")),
            (Some(min), None) if below => (Code::ValueBelowMin, format!("{min} or more")),
            (None, Some(max)) if above => (Code::ValueAboveMax, format!("{max} or less")),
            _ => return,
        };
        self.report_value(
            reading,
            code,
            at,
            format!("`{name}` is {value}; it must be {range}."),
            if code == Code::ValueNotExact {
                format!("Change it to {range}, or remove it.")
            } else {
                format!("Choose a value that is {range}.")
            },
        );
    }

    /// Returns the value itself, or the `@value` of a JSON-LD value object.
    fn unwrap_value<'n>(
        &mut self,
        reading: &Reading<'_>,
        codes: &LiteralCodes,
        value: &'n Node,
    ) -> Option<&'n Node> {
        let Data::Object(members) = &value.data else {
            return Some(value);
        };
        self.check_value_object(reading, members);
        let Some(inner) = value.member("@value") else {
            self.report_value(
                reading,
                codes.no_value,
                Position::node(reading.doc, value),
                format!("`{}` is an object without `@value`.", reading.name),
                codes.help,
            );
            return None;
        };
        let is_typed = value
            .member("@type")
            .is_none_or(|declared| self.check_datatype(reading, codes, &declared.value, &inner.value));
        is_typed.then_some(&inner.value)
    }

    /// Checks that a value object has no members but `@value` and `@type`.
    fn check_value_object(&mut self, reading: &Reading<'_>, members: &[Member]) {
        for member in members {
            let (code, what) = match &*member.name {
                "@value" | "@type" => continue,
                "@context" => (Code::ValueObjectContext, "keyword"),
                "@id" => (Code::ValueObjectId, "keyword"),
                "@graph" => (Code::ValueObjectGraph, "keyword"),
                name if name.starts_with('@') => {
                    if !reading.context.version.restricts_keywords {
                        continue;
                    }
                    let code = if name == "@language" {
                        Code::ValueObjectLanguage
                    } else {
                        Code::ValueObjectKeyword
                    };
                    (code, "keyword")
                }
                _ => (Code::ValueObjectInvalidProp, "member"),
            };
            let message = format!(
                "The value object of `{}` has the {what} `{}`, which is not allowed there.",
                reading.name, member.name
            );
            self.report_value(
                reading,
                code,
                Position::name(reading.doc, member),
                message,
                "Keep only `@value` and `@type`.",
            );
        }
    }

    /// Checks the `@type` of a value object. Returns whether it is the datatype of the property.
    fn check_datatype(
        &mut self,
        reading: &Reading<'_>,
        codes: &LiteralCodes,
        declared: &Node,
        inner: &Node,
    ) -> bool {
        let types = match &declared.data {
            Data::Array(items) => items.as_slice(),
            Data::String(_) => std::slice::from_ref(declared),
            _ => &[],
        };
        let type_at = Position::node(reading.doc, declared);
        let [only] = types else {
            self.report_value(
                reading,
                Code::LiteralTypeNotSingular,
                type_at,
                format!(
                    "The `@type` in the value object of `{}` does not name exactly one datatype.",
                    reading.name
                ),
                "Remove `@type`, or name one datatype.",
            );
            return false;
        };
        let name = only.as_str().and_then(|name| {
            name.strip_prefix("xsd:")
                .or_else(|| name.strip_prefix("http://www.w3.org/2001/XMLSchema#"))
        });
        let fits = match name {
            Some(name) if codes.datatype.is_empty() => is_datatype_of(name, inner),
            Some(name) => name == codes.datatype,
            None => false,
        };
        if !fits {
            let expected = if codes.datatype.is_empty() {
                "the datatype of `@value`".to_owned()
            } else {
                format!("\"xsd:{}\"", codes.datatype)
            };
            self.report_value(
                reading,
                codes.wrong_type,
                type_at,
                format!(
                    "The `@type` in the value object of `{}` is {}; it must be {expected}.",
                    reading.name,
                    only.excerpt()
                ),
                format!("Remove `@type`, or change it to {expected}."),
            );
            return false;
        }
        true
    }

    /// Reports a fault in the value of a property.
    pub(super) fn report_value(
        &mut self,
        reading: &Reading<'_>,
        code: Code,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.reporter
            .property(code, at, reading.id, reading.name, message, help);
    }
}

/// Returns the literal if it has the type of the property.
fn converted(property: &Property, plain: &Node) -> Option<Literal> {
    match (&property.value, &plain.data) {
        (Value::String { .. } | Value::Duration | Value::Literal, Data::String(text)) => {
            Some(Literal::String(text.clone()))
        }
        (Value::Boolean | Value::Literal, Data::Boolean(value)) => Some(Literal::Boolean(*value)),
        (Value::Integer { .. } | Value::Literal, Data::Number(_)) if plain.as_integer().is_some() => {
            plain.as_integer().map(Literal::Integer)
        }
        (Value::Number | Value::Literal, Data::Number(number)) => number.as_f64().map(Literal::Number),
        _ => None,
    }
}

/// Returns whether `datatype` is the XSD datatype of `value`, for properties that allow several.
fn is_datatype_of(datatype: &str, value: &Node) -> bool {
    match datatype {
        "string" => matches!(value.data, Data::String(_)),
        "integer" => value.as_integer().is_some(),
        "decimal" => matches!(value.data, Data::Number(_)),
        "boolean" => matches!(value.data, Data::Boolean(_)),
        _ => false,
    }
}
