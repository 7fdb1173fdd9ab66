//! Constant values.

use std::fmt;

/// A constant as both languages write it.
///
/// `Display` prints it with everything escaped that could end it early:
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
    /// A string, here without its quotes and escapes.
    String(String),
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
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
            Self::String(text) => quoted(text, f),
        }
    }
}

/// Prints a string in single quotes, the one form that both languages have.
pub(crate) fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;

    f.write_char('\'')?;
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('\'')
}

/// A finite number: an integer that fits `i64`, exactly, or a double.
///
/// The two kinds are kept apart so that integers beyond 2⁵³ lose nothing and `80.0` prints as `80.0`. For the same
/// reason `80` and `80.0` are different as syntax; an evaluator compares them by value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Integer(i64),
    /// Always finite: every constructor checks.
    Float(f64),
}

// Without NaN, equality of doubles is reflexive.
impl Eq for Number {}

impl Number {
    /// A double; `None` if it is infinite or not a number, which neither language can write.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Kind::Float(value)))
    }

    /// The exact integer, or `None` if the number was written with a fraction, an exponent or beyond `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Kind::Integer(value) => Some(value),
            Kind::Float(_) => None,
        }
    }

    /// The number as a double; integers beyond 2⁵³ are rounded.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self.0 {
            #[expect(clippy::cast_precision_loss, reason = "the documented rounding")]
            Kind::Integer(value) => value as f64,
            Kind::Float(value) => value,
        }
    }

    /// Whether the number is an exact integer.
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
            // An exponent only where plain digits would fill lines: not every parser knows exponents.
            Kind::Float(value) if value != 0.0 && !(1e-7..1e21).contains(&value.abs()) => {
                write!(f, "{value:e}")
            }
            // The decimal point is what makes it read back as a double.
            Kind::Float(value) if value.fract() == 0.0 => write!(f, "{value}.0"),
            Kind::Float(value) => write!(f, "{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_shortest_and_keep_their_kind() {
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
    fn only_finite_numbers_exist() {
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::from_f64(f64::INFINITY), None);
    }

    #[test]
    fn strings_escape_quote_and_backslash_only() {
        assert_eq!(Literal::from("a'b\\c\"d\n").to_string(), "'a\\'b\\\\c\"d\n'");
    }
}
