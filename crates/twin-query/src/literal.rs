//! Literals.

use std::fmt;

/// A constant in a query.
///
/// `Display` prints it in query syntax, with quotes and backslashes escaped:
///
/// ```
/// use twin_query::Literal;
///
/// assert_eq!(Literal::from("it's").to_string(), r"'it\'s'");
/// assert_eq!(Literal::Bool(true).to_string(), "true");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// A string, unquoted and unescaped.
    String(String),
}

impl From<&str> for Literal {
    fn from(string: &str) -> Self {
        Self::String(string.to_owned())
    }
}

impl From<Number> for Literal {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(string) => write_quoted(string, f),
        }
    }
}

/// Prints a string in single quotes, the only form that both languages accept.
pub(crate) fn write_quoted(string: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;

    f.write_char('\'')?;
    for character in string.chars() {
        if matches!(character, '\'' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('\'')
}

/// A finite number: an exact integer in the range of `i64`, or a double.
///
/// The two representations are distinct, so that integers beyond 2⁵³ stay exact and `80.0` prints as `80.0`. `80` and
/// `80.0` are therefore not equal as literals; an evaluator compares them by value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Integer(i64),
    /// Always finite: every constructor checks it.
    Float(f64),
}

// Equality of doubles is reflexive because NaN is excluded.
impl Eq for Number {}

impl Number {
    /// Creates a number from a double, or returns `None` for infinity and NaN, which neither language can represent.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Kind::Float(value)))
    }

    /// Returns the exact integer, or `None` if the number has a fraction or an exponent or exceeds `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Kind::Integer(value) => Some(value),
            Kind::Float(_) => None,
        }
    }

    /// Returns the number as a double, rounding integers beyond 2⁵³.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self.0 {
            #[expect(clippy::cast_precision_loss, reason = "the documented rounding")]
            Kind::Integer(value) => value as f64,
            Kind::Float(value) => value,
        }
    }

    /// Returns whether the number is an exact integer.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(self.0, Kind::Integer(_))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Kind::Integer(value))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Integer(value) => write!(f, "{value}"),
            // Not every parser accepts exponents, so only very large and very small numbers use one.
            Kind::Float(value) if value != 0.0 && !(1e-7..1e21).contains(&value.abs()) => {
                write!(f, "{value:e}")
            }
            // Without the decimal point it would parse back as an integer.
            Kind::Float(value) if value.fract() == 0.0 => write!(f, "{value}.0"),
            Kind::Float(value) => write!(f, "{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_in_their_shortest_form_and_doubles_keep_a_decimal_point() {
        let printed = |value: f64| Number::from_f64(value).unwrap().to_string();
        assert_eq!(Number::from(i64::MIN).to_string(), "-9223372036854775808");
        assert_eq!(printed(80.0), "80.0");
        assert_eq!(printed(-0.0), "-0.0");
        assert_eq!(printed(0.1), "0.1");
        assert_eq!(printed(1e300), "1e300");
        assert_eq!(printed(1.5e-9), "1.5e-9");
        assert_eq!(printed(123_456_789_012_345_680_000.0), "123456789012345680000.0");
    }

    #[test]
    fn nan_and_infinity_are_rejected() {
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::from_f64(f64::INFINITY), None);
    }

    #[test]
    fn strings_escape_only_single_quotes_and_backslashes() {
        assert_eq!(Literal::from("a'b\\c\"d\n").to_string(), "'a\\'b\\\\c\"d\n'");
    }
}
