//! How tightly expressions hold together: decides where parentheses are printed and how deep a tree nests.

use super::ast::Expression;

/// Classes of expressions from loose to tight. An operand that is looser than its place asks needs parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Primary,
}

impl Expression {
    pub(super) fn binding(&self) -> Binding {
        match self {
            Self::Or(_) => Binding::Or,
            Self::And(_) => Binding::And,
            Self::Not(_) => Binding::Not,
            Self::Compare { .. } | Self::In { .. } => Binding::Comparison,
            Self::Sum { .. } => Binding::Sum,
            Self::Product { .. } => Binding::Product,
            Self::Call { .. } | Self::Path(_) | Self::Constant(_) => Binding::Primary,
        }
    }
}
