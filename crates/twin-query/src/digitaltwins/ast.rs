//! The syntax tree.

use crate::literal::Literal;
use crate::name::{Name, Path};
use crate::operator::Comparison;

/// A query.
///
/// `Display` prints the canonical form: uppercase keywords, single spaces, and brackets and escapes only where
/// necessary. [`Query::scope`] resolves the names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The `SELECT` clause.
    pub select: Select,
    /// The collection after `FROM`.
    pub collection: Collection,
    /// The collection's alias.
    pub alias: Option<Name>,
    /// The `JOIN` clauses in order.
    pub joins: Vec<Join>,
    /// The `MATCH` clause.
    pub pattern: Option<Pattern>,
    /// The condition after `WHERE`.
    pub filter: Option<Condition>,
}

/// The `SELECT` clause: the contents of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// `*`: the twin or relationship itself.
    All,
    /// `COUNT()`: a single row with the number of matches.
    Count,
    /// `TOP(n)`: at most `n` rows. Without projections, each row is the twin or relationship itself.
    Top {
        /// The maximum number of rows.
        count: u64,
        /// The projections after `TOP(n)`; may be empty.
        projections: Vec<Projection>,
    },
    /// A non-empty list of projections.
    Projections(Vec<Projection>),
}

/// One projection: a variable or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The variable or property.
    pub path: Path,
    /// The name after `AS`.
    pub alias: Option<Name>,
}

impl Projection {
    /// Returns the key of the value in the row: the alias, or the last name of the path.
    #[must_use]
    pub fn key(&self) -> &Name {
        self.alias.as_ref().unwrap_or_else(|| self.path.last())
    }
}

/// The collection that a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    /// `DIGITALTWINS`
    Twins,
    /// `RELATIONSHIPS`
    Relationships,
}

/// `JOIN target RELATED source.relationship variable`: the targets of the source's relationships with the given name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The new variable for the target twin.
    pub target: Name,
    /// The variable of the source twin, bound earlier.
    pub source: Name,
    /// The relationship name.
    pub relationship: Name,
    /// The variable for the relationship itself.
    pub variable: Option<Name>,
}

/// `MATCH (node)-[edge]->(node)…`: a path through the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The variable of the first node, if it has one.
    pub start: Option<Name>,
    /// The steps from the first node; empty for a single node.
    pub steps: Vec<Step>,
}

/// A step of a pattern: an edge and the node it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The relationships to follow.
    pub edge: Edge,
    /// The variable of the node, if it has one. A variable that is already bound refers to the same twin.
    pub node: Option<Name>,
}

/// The part of a pattern between two nodes, `-[variable:name|name*hops]-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The direction in which relationships are followed.
    pub direction: Direction,
    /// The variable for the relationship; allowed only on an edge of one hop.
    pub variable: Option<Name>,
    /// The relationship names to follow; empty for all.
    pub names: Vec<Name>,
    /// The number of relationships to follow; `None` means one.
    pub hops: Option<Hops>,
}

/// The direction in which a pattern follows relationships, reading from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `-[]->`: from source to target.
    Outgoing,
    /// `<-[]-`: from target to source.
    Incoming,
    /// `-[]-`: in either direction.
    Either,
}

/// The number of relationships that an edge of a pattern follows.
///
/// The bounds are kept as written. Whether the service treats the lower bound as inclusive is unverified: its
/// documentation explains `*3..5` as four or five hops, which makes the bound exclusive. An evaluator should keep that
/// decision in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hops {
    /// `*n`: exactly `n` hops.
    Exact(u32),
    /// `*..n` or `*m..n`
    Range {
        /// The lower bound as written; `None` means one hop or more.
        from: Option<u32>,
        /// The upper bound, inclusive.
        to: u32,
    },
}

impl Hops {
    /// Returns the maximum number of hops.
    #[must_use]
    pub const fn max(self) -> u32 {
        match self {
            Self::Exact(hops) | Self::Range { to: hops, .. } => hops,
        }
    }
}

/// A condition on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `a OR b OR …`, at least two operands. A parenthesized `OR` is a nested condition.
    Or(Vec<Condition>),
    /// `a AND b AND …`, at least two operands. Precedence above `OR`.
    And(Vec<Condition>),
    /// `NOT a`. Precedence above `AND`.
    Not(Box<Condition>),
    /// A comparison of two operands.
    Compare {
        /// The left operand.
        left: Operand,
        /// The operator.
        operator: Comparison,
        /// The right operand.
        right: Operand,
    },
    /// `operand IN [a, b]`, or `NIN`.
    In {
        /// The operand.
        operand: Operand,
        /// Whether the operator is `NIN`.
        negated: bool,
        /// The values; not empty.
        values: Vec<Literal>,
    },
    /// A function call.
    Function(Function),
}

impl From<Function> for Condition {
    fn from(function: Function) -> Self {
        Self::Function(function)
    }
}

/// An operand of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A property.
    Path(Path),
    /// A constant.
    Literal(Literal),
}

/// A function call. Every function returns a boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Function {
    /// `IS_OF_MODEL([variable,] 'dtmi' [, exact])`: whether the twin's model is the given one, a later version of it,
    /// or a model derived from either.
    IsOfModel {
        /// The variable of the twin to test; required in queries with `JOIN` or `MATCH`.
        variable: Option<Name>,
        /// The DTMI of the model.
        model: String,
        /// Whether later versions and derived models are excluded.
        exact: bool,
    },
    /// A test of a property's type or existence.
    Type {
        /// The test.
        test: TypeTest,
        /// The property.
        path: Path,
    },
    /// A case-sensitive test of a string property.
    String {
        /// The test.
        test: StringTest,
        /// The property.
        path: Path,
        /// The prefix, suffix, or substring to look for.
        value: String,
    },
    /// `ARRAY_CONTAINS(path, value)`: whether an array property of a twin contains the value.
    ArrayContains {
        /// The array property.
        path: Path,
        /// The element to look for.
        value: Literal,
    },
}

/// A test of a property's type or existence. Every test is false for a missing property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeTest {
    /// `IS_DEFINED`: the property exists, even if it is null.
    Defined,
    /// `IS_NULL`
    Null,
    /// `IS_BOOL`
    Bool,
    /// `IS_NUMBER`
    Number,
    /// `IS_STRING`
    String,
    /// `IS_OBJECT`
    Object,
    /// `IS_PRIMITIVE`: a string, number, boolean, or null.
    Primitive,
}

impl TypeTest {
    pub(super) const ALL: [Self; 7] = [
        Self::Defined,
        Self::Null,
        Self::Bool,
        Self::Number,
        Self::String,
        Self::Object,
        Self::Primitive,
    ];

    /// Returns the name of the function.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::Defined => "IS_DEFINED",
            Self::Null => "IS_NULL",
            Self::Bool => "IS_BOOL",
            Self::Number => "IS_NUMBER",
            Self::String => "IS_STRING",
            Self::Object => "IS_OBJECT",
            Self::Primitive => "IS_PRIMITIVE",
        }
    }
}

/// A case-sensitive test of a string property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StringTest {
    /// `STARTSWITH`
    StartsWith,
    /// `ENDSWITH`
    EndsWith,
    /// `CONTAINS`
    Contains,
}

impl StringTest {
    pub(super) const ALL: [Self; 3] = [Self::StartsWith, Self::EndsWith, Self::Contains];

    /// Returns the name of the function.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::StartsWith => "STARTSWITH",
            Self::EndsWith => "ENDSWITH",
            Self::Contains => "CONTAINS",
        }
    }
}
