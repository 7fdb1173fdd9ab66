//! Operator precedence, which decides where parentheses are printed and how deep a printed tree nests.

use super::ast::Expression;

/// Precedence levels, lowest first. An operand below the level its position requires needs parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Primary,
}

impl Expression {
    pub(super) fn precedence(&self) -> Precedence {
        match self {
            Self::Or(_) => Precedence::Or,
            Self::And(_) => Precedence::And,
            Self::Not(_) => Precedence::Not,
            Self::Compare { .. } | Self::In { .. } => Precedence::Comparison,
            Self::Sum { .. } => Precedence::Sum,
            Self::Product { .. } => Precedence::Product,
            Self::Call { .. } | Self::Path(_) | Self::Constant(_) => Precedence::Primary,
        }
    }
}
