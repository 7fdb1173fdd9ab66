//! The built-in functions.

use std::ops::RangeInclusive;

/// A built-in function.
///
/// For twin and job queries, the service documents only [`IsDefined`](Self::IsDefined); tools use
/// [`StartsWith`](Self::StartsWith) and [`ArrayContains`](Self::ArrayContains) successfully. The other functions are
/// documented for message routing only. The service refuses the routing functions `STARTS_WITH`, `ENDS_WITH` and
/// `CONTAINS` in queries, so they are not part of this language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `IS_DEFINED(path)`: whether the property exists, even if it is null.
    IsDefined,
    /// `IS_NULL(x)`
    IsNull,
    /// `IS_NUMBER(x)`
    IsNumber,
    /// `IS_STRING(x)`
    IsString,
    /// `IS_BOOL(x)`
    IsBool,
    /// `IS_ARRAY(x)`
    IsArray,
    /// `IS_OBJECT(x)`
    IsObject,
    /// `IS_PRIMITIVE(x)`: a string, number, boolean, or null.
    IsPrimitive,
    /// `AS_NUMBER(x)`: a string converted to a number.
    AsNumber,
    /// `ABS(x)`
    Abs,
    /// `EXP(x)`
    Exp,
    /// `POWER(x, y)`
    Power,
    /// `SQUARE(x)`
    Square,
    /// `CEILING(x)`
    Ceiling,
    /// `FLOOR(x)`
    Floor,
    /// `SIGN(x)`
    Sign,
    /// `SQRT(x)`
    Sqrt,
    /// `CONCAT(a, b, …)`
    Concat,
    /// `LENGTH(string)`
    Length,
    /// `LOWER(string)`
    Lower,
    /// `UPPER(string)`
    Upper,
    /// `SUBSTRING(string, start [, length])`
    Substring,
    /// `INDEX_OF(string, substring)`
    IndexOf,
    /// `STARTSWITH(string, prefix)`
    StartsWith,
    /// `ARRAY_CONTAINS(array, value)`
    ArrayContains,
}

/// Message routing functions that the service refuses in queries.
const ROUTING_FUNCTIONS: [&str; 3] = ["STARTS_WITH", "ENDS_WITH", "CONTAINS"];

/// Returns whether the service refuses a function in queries because it belongs to message routing.
pub(super) fn is_routing_function(name: &str) -> bool {
    ROUTING_FUNCTIONS
        .iter()
        .any(|function| function.eq_ignore_ascii_case(name))
}

impl Function {
    const ALL: [Self; 25] = [
        Self::IsDefined,
        Self::IsNull,
        Self::IsNumber,
        Self::IsString,
        Self::IsBool,
        Self::IsArray,
        Self::IsObject,
        Self::IsPrimitive,
        Self::AsNumber,
        Self::Abs,
        Self::Exp,
        Self::Power,
        Self::Square,
        Self::Ceiling,
        Self::Floor,
        Self::Sign,
        Self::Sqrt,
        Self::Concat,
        Self::Length,
        Self::Lower,
        Self::Upper,
        Self::Substring,
        Self::IndexOf,
        Self::StartsWith,
        Self::ArrayContains,
    ];

    /// Returns the canonical spelling of the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IsDefined => "IS_DEFINED",
            Self::IsNull => "IS_NULL",
            Self::IsNumber => "IS_NUMBER",
            Self::IsString => "IS_STRING",
            Self::IsBool => "IS_BOOL",
            Self::IsArray => "IS_ARRAY",
            Self::IsObject => "IS_OBJECT",
            Self::IsPrimitive => "IS_PRIMITIVE",
            Self::AsNumber => "AS_NUMBER",
            Self::Abs => "ABS",
            Self::Exp => "EXP",
            Self::Power => "POWER",
            Self::Square => "SQUARE",
            Self::Ceiling => "CEILING",
            Self::Floor => "FLOOR",
            Self::Sign => "SIGN",
            Self::Sqrt => "SQRT",
            Self::Concat => "CONCAT",
            Self::Length => "LENGTH",
            Self::Lower => "LOWER",
            Self::Upper => "UPPER",
            Self::Substring => "SUBSTRING",
            Self::IndexOf => "INDEX_OF",
            Self::StartsWith => "STARTSWITH",
            Self::ArrayContains => "ARRAY_CONTAINS",
        }
    }

    /// Looks up a function by name, ignoring case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// Returns the number of arguments the function accepts.
    #[must_use]
    pub const fn arguments(self) -> RangeInclusive<usize> {
        match self {
            Self::Power | Self::IndexOf | Self::StartsWith | Self::ArrayContains => 2..=2,
            Self::Substring => 2..=3,
            Self::Concat => 2..=usize::MAX,
            _ => 1..=1,
        }
    }
}
