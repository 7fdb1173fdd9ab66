//! The canonical form of a query: its `Display` implementations.

use std::fmt::{self, Display as _};

use super::ast::{
    Collection, Condition, Direction, Edge, Function, Hops, Join, Operand, Pattern, Projection, Query, Select,
};
use super::dialect::DIALECT;
use crate::literal::write_quoted;
use crate::name::{Name, Path};
use crate::syntax::print::{Joined, write_alias, write_name, write_path};

struct Alias<'a>(&'a Name);

impl fmt::Display for Alias<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_alias(self.0, &DIALECT, f)
    }
}

struct Property<'a>(&'a Path);

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(self.0, &DIALECT, f)
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(self.0, f)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SELECT {} FROM {}", self.select, self.collection)?;
        if let Some(alias) = &self.alias {
            write!(f, " {}", Alias(alias))?;
        }
        for join in &self.joins {
            write!(f, " {join}")?;
        }
        if let Some(pattern) = &self.pattern {
            write!(f, " MATCH {pattern}")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Count => f.write_str("COUNT()"),
            Self::Top { count, projections } if projections.is_empty() => write!(f, "TOP({count})"),
            Self::Top { count, projections } => write!(f, "TOP({count}) {}", Joined(projections, ", ")),
            Self::Projections(projections) => Joined(projections, ", ").fmt(f),
        }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Property(&self.path))?;
        match &self.alias {
            Some(alias) => write!(f, " AS {}", Alias(alias)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Twins => "DIGITALTWINS",
            Self::Relationships => "RELATIONSHIPS",
        })
    }
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JOIN {} RELATED {}.", Alias(&self.target), Alias(&self.source))?;
        write_name(&self.relationship, &DIALECT, f)?;
        match &self.variable {
            Some(variable) => write!(f, " {}", Alias(variable)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_node(self.start.as_ref(), f)?;
        for step in &self.steps {
            write!(f, "{}", step.edge)?;
            write_node(step.node.as_ref(), f)?;
        }
        Ok(())
    }
}

fn write_node(variable: Option<&Name>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match variable {
        Some(variable) => write!(f, "({})", Alias(variable)),
        None => f.write_str("()"),
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.direction == Direction::Incoming {
            "<-["
        } else {
            "-["
        })?;
        if let Some(variable) = &self.variable {
            let variable = Alias(variable).to_string();
            // `[[[` would parse as the start of a name that begins with a bracket.
            f.write_str(if variable.starts_with('[') { " " } else { "" })?;
            f.write_str(&variable)?;
        }
        for (index, name) in self.names.iter().enumerate() {
            f.write_str(if index == 0 { ":" } else { "|" })?;
            write_name(name, &DIALECT, f)?;
        }
        match self.hops {
            None => {}
            Some(Hops::Exact(hops)) => write!(f, "*{hops}")?,
            Some(Hops::Range { from: None, to }) => write!(f, "*..{to}")?,
            Some(Hops::Range { from: Some(from), to }) => write!(f, "*{from}..{to}")?,
        }
        f.write_str(if self.direction == Direction::Outgoing {
            "]->"
        } else {
            "]-"
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => write_parts(parts, " OR ", |part| matches!(part, Self::Or(_)), f),
            Self::And(parts) => write_parts(
                parts,
                " AND ",
                |part| matches!(part, Self::Or(_) | Self::And(_)),
                f,
            ),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                write_part(inner, matches!(**inner, Self::Or(_) | Self::And(_)), f)
            }
            Self::Compare {
                left,
                operator,
                right,
            } => write!(f, "{left} {operator} {right}"),
            Self::In {
                operand,
                negated,
                values,
            } => {
                let keyword = if *negated { "NIN" } else { "IN" };
                write!(f, "{operand} {keyword} [{}]", Joined(values, ", "))
            }
            Self::Function(function) => function.fmt(f),
        }
    }
}

/// Prints the operands of `AND` or `OR`, in parentheses where `grouped` returns true.
fn write_parts(
    parts: &[Condition],
    operator: &str,
    grouped: impl Fn(&Condition) -> bool,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { operator })?;
        write_part(part, grouped(part), f)?;
    }
    Ok(())
}

fn write_part(part: &Condition, grouped: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if grouped {
        write!(f, "({part})")
    } else {
        part.fmt(f)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => Property(path).fmt(f),
            Self::Literal(literal) => literal.fmt(f),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsOfModel {
                variable,
                model,
                exact,
            } => {
                f.write_str("IS_OF_MODEL(")?;
                if let Some(variable) = variable {
                    write!(f, "{}, ", Alias(variable))?;
                }
                let exact = if *exact { ", exact" } else { "" };
                write!(f, "{}{exact})", Quoted(model))
            }
            Self::Type { test, path } => write!(f, "{}({})", test.function(), Property(path)),
            Self::String { test, path, value } => {
                write!(f, "{}({}, {})", test.function(), Property(path), Quoted(value))
            }
            Self::ArrayContains { path, value } => write!(f, "ARRAY_CONTAINS({}, {value})", Property(path)),
        }
    }
}
