//! The canonical form of a query: its `Display` implementations.

use std::fmt::{self, Display as _};

use super::ast::{
    Aggregate, Constant, Expression, Item, ItemValue, ProductOperator, Query, Select, Source, SumOperator,
    TargetCondition,
};
use super::dialect::DIALECT;
use super::precedence::Precedence;
use crate::name::Path;
use crate::syntax::print::{Joined, write_alias, write_path};

struct Property<'a>(&'a Path);

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(self.0, &DIALECT, f)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        if let Some(top) = self.top {
            write!(f, "TOP {top} ")?;
        }
        write!(f, "{} FROM {}", self.select, self.source)?;
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        for (index, path) in self.group_by.iter().enumerate() {
            f.write_str(if index == 0 { " GROUP BY " } else { ", " })?;
            write!(f, "{}", Property(path))?;
        }
        Ok(())
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Items(items) => Joined(items, ", ").fmt(f),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            ItemValue::Path(path) => Property(path).fmt(f)?,
            ItemValue::Aggregate(aggregate) => aggregate.fmt(f)?,
        }
        match &self.alias {
            Some(alias) => {
                f.write_str(" AS ")?;
                write_alias(alias, &DIALECT, f)
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            None => write!(f, "{}()", self.function()),
            Some(path) => write!(f, "{}({})", self.function(), Property(path)),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Devices => "devices",
            Self::Modules => "devices.modules",
            Self::Jobs => "devices.jobs",
        })
    }
}

impl fmt::Display for TargetCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::All => f.write_str("*"),
            Self::Devices(condition) => condition.fmt(f),
            Self::Modules(condition) => write!(f, "FROM devices.modules WHERE {condition}"),
        }
    }
}

/// Prints an operand, in parentheses if its precedence is below the given level.
struct Operand<'a>(&'a Expression, Precedence);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.precedence() >= self.1 {
            self.0.fmt(f)
        } else {
            write!(f, "({})", self.0)
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => write_parts(parts, " OR ", Precedence::And, f),
            Self::And(parts) => write_parts(parts, " AND ", Precedence::Not, f),
            Self::Not(inner) => write!(f, "NOT {}", Operand(inner, Precedence::Not)),
            Self::Compare {
                left,
                operator,
                right,
            } => {
                write!(
                    f,
                    "{} {operator} {}",
                    Operand(left, Precedence::Sum),
                    Operand(right, Precedence::Sum)
                )
            }
            Self::In {
                operand,
                negated,
                values,
            } => {
                let keyword = if *negated { "NIN" } else { "IN" };
                write!(f, "{} {keyword} ", Operand(operand, Precedence::Sum))?;
                write_array(values, f)
            }
            Self::Sum { first, rest } => {
                Operand(first, Precedence::Product).fmt(f)?;
                rest.iter().try_for_each(|(operator, term)| {
                    write!(f, " {operator} {}", Operand(term, Precedence::Product))
                })
            }
            Self::Product { first, rest } => {
                Operand(first, Precedence::Primary).fmt(f)?;
                rest.iter().try_for_each(|(operator, factor)| {
                    write!(f, " {operator} {}", Operand(factor, Precedence::Primary))
                })
            }
            Self::Call { function, arguments } => {
                write!(f, "{}({})", function.name(), Joined(arguments, ", "))
            }
            Self::Path(path) => Property(path).fmt(f),
            Self::Constant(constant) => constant.fmt(f),
        }
    }
}

fn write_parts(
    parts: &[Expression],
    separator: &str,
    precedence: Precedence,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { separator })?;
        Operand(part, precedence).fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for SumOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
        })
    }
}

impl fmt::Display for ProductOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        })
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undefined => f.write_str("undefined"),
            Self::Literal(literal) => literal.fmt(f),
            Self::Array(elements) => write_array(elements, f),
        }
    }
}

fn write_array(elements: &[Constant], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // `[[` would parse as the start of a bracketed name.
    let opening = if matches!(elements.first(), Some(Constant::Array(_))) {
        "[ "
    } else {
        "["
    };
    write!(f, "{opening}{}]", Joined(elements, ", "))
}
