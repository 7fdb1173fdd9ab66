//! The syntax tree.

use super::function::Function;
use crate::literal::Literal;
use crate::name::{Name, Path};
use crate::operator::Comparison;

/// A query.
///
/// `Display` prints the canonical form: uppercase keywords, single spaces, single quotes, and brackets and escapes only
/// where necessary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The maximum number of rows, `TOP n`.
    pub top: Option<u64>,
    /// The `SELECT` list.
    pub select: Select,
    /// The source after `FROM`.
    pub source: Source,
    /// The condition after `WHERE`.
    pub filter: Option<Expression>,
    /// The properties after `GROUP BY`.
    pub group_by: Vec<Path>,
}

/// The `SELECT` list: the contents of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// `*`: the whole twin or job.
    All,
    /// A non-empty list of properties and aggregates.
    Items(Vec<Item>),
}

/// One entry of the `SELECT` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The property or aggregate.
    pub value: ItemValue,
    /// The name after `AS`.
    pub alias: Option<Name>,
}

/// The value of a `SELECT` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemValue {
    /// A property.
    Path(Path),
    /// An aggregate over the rows, or over the rows of each group.
    Aggregate(Aggregate),
}

/// A call to an aggregate function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// `COUNT()`
    Count,
    /// `AVG(path)`
    Average(Path),
    /// `SUM(path)`
    Sum(Path),
    /// `MIN(path)`
    Minimum(Path),
    /// `MAX(path)`
    Maximum(Path),
}

impl Aggregate {
    /// Returns the name of the function.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::Average(_) => "AVG",
            Self::Sum(_) => "SUM",
            Self::Minimum(_) => "MIN",
            Self::Maximum(_) => "MAX",
        }
    }

    /// Returns the aggregated property, or `None` for `COUNT()`.
    #[must_use]
    pub const fn path(&self) -> Option<&Path> {
        match self {
            Self::Count => None,
            Self::Average(path) | Self::Sum(path) | Self::Minimum(path) | Self::Maximum(path) => Some(path),
        }
    }
}

/// The collection that a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `devices`: device twins.
    Devices,
    /// `devices.modules`: module twins.
    Modules,
    /// `devices.jobs`: the per-device outcomes of scheduled jobs.
    Jobs,
}

impl Source {
    /// Returns the names of a path without its source prefix. In a query over `devices`, `devices.tags.floor` and
    /// `tags.floor` are the same property. A query over `devices.modules` also accepts the prefix `devices`.
    ///
    /// ```
    /// use twin_query::iothub::Source;
    ///
    /// for path in ["moduleId", "devices.moduleId", "devices.modules.moduleId"] {
    ///     assert_eq!(Source::Modules.property(&path.parse()?), ["moduleId"]);
    /// }
    /// # Ok::<(), twin_query::NameError>(())
    /// ```
    #[must_use]
    pub fn property(self, path: &Path) -> &[Name] {
        // Longer prefixes first: a path with the prefix `devices.modules` also has the prefix `devices`.
        let prefixes: &[&[&str]] = match self {
            Self::Devices => &[&["devices"]],
            Self::Modules => &[&["devices", "modules"], &["devices"]],
            Self::Jobs => &[&["devices", "jobs"]],
        };
        let names = path.names();
        let is_prefix = |prefix: &&&[&str]| {
            names.len() > prefix.len()
                && names
                    .iter()
                    .zip(**prefix)
                    .all(|(name, word)| name.as_str().eq_ignore_ascii_case(word))
        };
        prefixes
            .iter()
            .find(is_prefix)
            .map_or(names, |prefix| &names[prefix.len()..])
    }
}

/// An expression: a condition or an operand. The grammar does not distinguish the two; a condition holds only if it
/// evaluates to `true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `a OR b OR …`, at least two operands. A parenthesized `OR` is a nested expression.
    Or(Vec<Expression>),
    /// `a AND b AND …`, at least two operands. Precedence above `OR`.
    And(Vec<Expression>),
    /// `NOT a`. Precedence above `AND`, below comparisons.
    Not(Box<Expression>),
    /// A comparison of two operands.
    Compare {
        /// The left operand.
        left: Box<Expression>,
        /// The operator.
        operator: Comparison,
        /// The right operand.
        right: Box<Expression>,
    },
    /// `operand IN [a, b]`, or `NIN`.
    In {
        /// The operand.
        operand: Box<Expression>,
        /// Whether the operator is `NIN`.
        negated: bool,
        /// The values; not empty.
        values: Vec<Constant>,
    },
    /// `a + b - c …`, left-associative.
    Sum {
        /// The first operand.
        first: Box<Expression>,
        /// The remaining operands, each with the operator before it; not empty.
        rest: Vec<(SumOperator, Expression)>,
    },
    /// `a * b / c …`, left-associative. Precedence above sums.
    Product {
        /// The first operand.
        first: Box<Expression>,
        /// The remaining operands, each with the operator before it; not empty.
        rest: Vec<(ProductOperator, Expression)>,
    },
    /// A function call.
    Call {
        /// The function.
        function: Function,
        /// The arguments. [`Query::validate`] checks their number; the parser does not.
        arguments: Vec<Expression>,
    },
    /// A property.
    Path(Path),
    /// A constant.
    Constant(Constant),
}

/// An additive operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SumOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
}

/// A multiplicative operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductOperator {
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constant {
    /// `undefined`
    Undefined,
    /// A string, number, boolean, or `null`.
    Literal(Literal),
    /// `[a, b]`
    Array(Vec<Constant>),
}

impl From<Literal> for Constant {
    fn from(literal: Literal) -> Self {
        Self::Literal(literal)
    }
}

/// The devices or modules that a configuration or scheduled job targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetCondition {
    /// An empty condition, which targets nothing.
    None,
    /// `*`: every device.
    All,
    /// A condition on devices.
    Devices(Expression),
    /// `FROM devices.modules WHERE …`: a condition on modules.
    Modules(Expression),
}
