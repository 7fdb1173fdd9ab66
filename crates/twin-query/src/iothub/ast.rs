//! The syntax tree.

use super::function::Function;
use crate::literal::Literal;
use crate::name::{Name, Path};
use crate::operator::Comparison;

/// A query.
///
/// `Display` prints the canonical text: capital keywords, single spaces, single quotes, brackets and escapes only
/// where needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// `TOP n`: the greatest number of rows.
    pub top: Option<u64>,
    /// What each row returns.
    pub select: Select,
    /// The collection after `FROM`.
    pub source: Source,
    /// The condition after `WHERE`.
    pub filter: Option<Expression>,
    /// The properties after `GROUP BY`.
    pub group_by: Vec<Path>,
}

/// What each row returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// `*`: the whole twin or job.
    All,
    /// A list of properties and aggregates, at least one.
    Items(Vec<Item>),
}

/// One entry of the `SELECT` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is returned.
    pub value: ItemValue,
    /// The name after `AS`.
    pub alias: Option<Name>,
}

/// What an entry of the `SELECT` list returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemValue {
    /// A property.
    Path(Path),
    /// An aggregate over the rows, or over the rows of each group.
    Aggregate(Aggregate),
}

/// An aggregate.
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
    /// The function's name.
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

    /// The property aggregated; `COUNT()` has none.
    #[must_use]
    pub const fn path(&self) -> Option<&Path> {
        match self {
            Self::Count => None,
            Self::Average(path) | Self::Sum(path) | Self::Minimum(path) | Self::Maximum(path) => Some(path),
        }
    }
}

/// What a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `devices`: device twins.
    Devices,
    /// `devices.modules`: module twins.
    Modules,
    /// `devices.jobs`: what scheduled jobs did on each device.
    Jobs,
}

impl Source {
    /// The names of a path without the source in front: `devices.tags.floor` and `tags.floor` are the same property
    /// of `devices`.
    ///
    /// ```
    /// use twin_query::iothub::Source;
    ///
    /// let path = "devices.modules.moduleId".parse()?;
    /// assert_eq!(Source::Modules.property(&path), ["moduleId"]);
    /// # Ok::<(), twin_query::NameError>(())
    /// ```
    #[must_use]
    pub fn property(self, path: &Path) -> &[Name] {
        let prefix: &[&str] = match self {
            Self::Devices => &["devices"],
            Self::Modules => &["devices", "modules"],
            Self::Jobs => &["devices", "jobs"],
        };
        let names = path.names();
        let prefixed = names.len() > prefix.len()
            && names
                .iter()
                .zip(prefix)
                .all(|(name, word)| name.as_str().eq_ignore_ascii_case(word));
        if prefixed { &names[prefix.len()..] } else { names }
    }
}

/// An expression: a condition or an operand of one. The grammar doesn't keep the two apart; only a condition whose
/// value is `true` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `a OR b OR …`, at least two. Parentheses around a part make it one nested expression.
    Or(Vec<Expression>),
    /// `a AND b AND …`, at least two. Binds tighter than `OR`.
    And(Vec<Expression>),
    /// `NOT a`. Binds tighter than `AND`, looser than comparisons.
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
        /// Whether it is `NIN`.
        negated: bool,
        /// The values, at least one.
        values: Vec<Constant>,
    },
    /// `a + b - c …`, from left to right.
    Sum {
        /// The first operand.
        first: Box<Expression>,
        /// The others with the operators in front of them, at least one.
        rest: Vec<(SumOperator, Expression)>,
    },
    /// `a * b / c …`, from left to right. Binds tighter than sums.
    Product {
        /// The first operand.
        first: Box<Expression>,
        /// The others with the operators in front of them, at least one.
        rest: Vec<(ProductOperator, Expression)>,
    },
    /// A function call.
    Call {
        /// The function.
        function: Function,
        /// The arguments; [`Query::validate`] checks their number.
        arguments: Vec<Expression>,
    },
    /// A property.
    Path(Path),
    /// A constant.
    Constant(Constant),
}

/// An operator of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SumOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
}

/// An operator of products.
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
    /// A string, number, boolean or `null`.
    Literal(Literal),
    /// `[a, b]`
    Array(Vec<Constant>),
}

impl From<Literal> for Constant {
    fn from(literal: Literal) -> Self {
        Self::Literal(literal)
    }
}

/// The devices or modules that a configuration or scheduled job is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetCondition {
    /// No text: nothing is targeted.
    None,
    /// `*`: every device.
    All,
    /// A condition on devices.
    Devices(Expression),
    /// `FROM devices.modules WHERE …`: a condition on modules.
    Modules(Expression),
}
