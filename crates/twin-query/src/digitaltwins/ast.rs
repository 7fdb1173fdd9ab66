//! The syntax tree.

use crate::literal::Literal;
use crate::name::{Name, Path};
use crate::operator::Comparison;

/// A query.
///
/// `Display` prints the canonical text: capital keywords, single spaces, brackets and escapes only where needed.
/// [`Query::scope`] tells what the names in it refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What each row returns.
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

/// What each row returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// `*`: the twin or relationship itself.
    All,
    /// `COUNT()`: one row with the number of matches.
    Count,
    /// `TOP(n)`, at most that many rows. Without projections, each is the twin or relationship itself.
    Top {
        /// The greatest number of rows.
        count: u64,
        /// The projections after it; may be empty.
        projections: Vec<Projection>,
    },
    /// A list of projections, at least one.
    Projections(Vec<Projection>),
}

/// One projection: a variable or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// What is returned.
    pub path: Path,
    /// The name after `AS`; without it the value's key is the last name of the path.
    pub alias: Option<Name>,
}

impl Projection {
    /// The key of the value in the row.
    #[must_use]
    pub fn key(&self) -> &Name {
        self.alias.as_ref().unwrap_or_else(|| self.path.last())
    }
}

/// What a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    /// `DIGITALTWINS`
    Twins,
    /// `RELATIONSHIPS`
    Relationships,
}

/// `JOIN target RELATED source.relationship variable`: the twins that relationships of that name lead to from the
/// source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The new variable for the twin at the relationships' target.
    pub target: Name,
    /// The variable of the twin at the relationships' source, bound earlier.
    pub source: Name,
    /// The name of the relationships.
    pub relationship: Name,
    /// The variable for the relationship itself.
    pub variable: Option<Name>,
}

/// `MATCH (node)-[edge]->(node)…`: a path through the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The variable of the first twin, if named.
    pub start: Option<Name>,
    /// The steps from there; a lone node has none.
    pub steps: Vec<Step>,
}

/// A step of a pattern: over an edge to a twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The relationships to follow.
    pub edge: Edge,
    /// The variable of the twin reached, if named. A variable that is bound already means the same twin.
    pub node: Option<Name>,
}

/// The part of a pattern between two nodes, `-[variable:name|name*hops]-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Which way relationships are followed.
    pub direction: Direction,
    /// The variable for the relationship; only where there is one hop.
    pub variable: Option<Name>,
    /// The relationship names of which any will do; none means all.
    pub names: Vec<Name>,
    /// How many relationships to follow; `None` means one.
    pub hops: Option<Hops>,
}

/// Which way a pattern follows relationships, reading from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `-[]->`: from source to target.
    Outgoing,
    /// `<-[]-`: from target to source.
    Incoming,
    /// `-[]-`: either way.
    Either,
}

/// How many relationships an edge of a pattern follows.
///
/// The bounds are kept as written. Whether the service takes the lower bound of a range as part of it isn't settled:
/// its documentation explains `*3..5` as four or five hops, so that the bound is exclusive, but that has not been
/// verified against the service. An evaluator should keep that decision in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hops {
    /// `*n`: exactly this many.
    Exact(u32),
    /// `*..n` or `*m..n`
    Range {
        /// The lower bound as written, if written; without it one hop is the least.
        from: Option<u32>,
        /// The upper bound, inclusive.
        to: u32,
    },
}

impl Hops {
    /// The greatest number of hops.
    #[must_use]
    pub const fn most(self) -> u32 {
        match self {
            Self::Exact(hops) | Self::Range { to: hops, .. } => hops,
        }
    }
}

/// A condition that a row meets or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `a OR b OR …`, at least two. Parentheses around a part make it one nested condition.
    Or(Vec<Condition>),
    /// `a AND b AND …`, at least two. Binds tighter than `OR`.
    And(Vec<Condition>),
    /// `NOT a`. Binds tighter than `AND`.
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
        /// Whether it is `NIN`.
        negated: bool,
        /// The values, at least one.
        values: Vec<Literal>,
    },
    /// A function.
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

/// A function; every one is a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Function {
    /// `IS_OF_MODEL([variable,] 'dtmi' [, exact])`: whether the twin's model is the given one, a later version of it
    /// or derived from either.
    IsOfModel {
        /// The twin to test; needed where several are bound.
        variable: Option<Name>,
        /// The model's DTMI.
        model: String,
        /// Whether only exactly the given model counts.
        exact: bool,
    },
    /// A test of a property's type or presence.
    Type {
        /// Which.
        test: TypeTest,
        /// The property.
        path: Path,
    },
    /// A case-sensitive test of a string property.
    Text {
        /// Which.
        test: TextTest,
        /// The property.
        path: Path,
        /// The text to look for.
        text: String,
    },
    /// `ARRAY_CONTAINS(path, value)`: whether an array property of a twin has the value among its elements.
    ArrayContains {
        /// The array property.
        path: Path,
        /// The value.
        value: Literal,
    },
}

/// A test of a property's type or presence. On a property that is absent every one is false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeTest {
    /// `IS_DEFINED`: present, with whatever value.
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
    /// `IS_PRIMITIVE`: a string, number, boolean or null.
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

    /// The function's name.
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
pub enum TextTest {
    /// `STARTSWITH`
    StartsWith,
    /// `ENDSWITH`
    EndsWith,
    /// `CONTAINS`
    Contains,
}

impl TextTest {
    pub(super) const ALL: [Self; 3] = [Self::StartsWith, Self::EndsWith, Self::Contains];

    /// The function's name.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::StartsWith => "STARTSWITH",
            Self::EndsWith => "ENDSWITH",
            Self::Contains => "CONTAINS",
        }
    }
}
