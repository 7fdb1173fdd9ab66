//! The condition builder.

use super::ast::{Condition, Function, Operand, StringTest, TypeTest};
use crate::filter::{RightOperand, private::BuildCondition};
use crate::literal::Literal;
use crate::name::{IntoPath, Name, Path};
use crate::operator::Comparison;
use crate::value::Value;

/// A condition under construction; see [`path`].
pub type Filter = crate::filter::Filter<Condition>;

/// A property operand of a condition under construction; see [`path`].
pub type PropertyPath = crate::filter::PropertyPath<Condition>;

/// Starts a condition on a property, such as `path("T.temperature")`. A list of names is not split at dots:
/// `path(["T", "map", "a.b"])`.
///
/// Reserved words and names that are not identifiers are printed in `[[…]]`.
///
/// ```
/// use twin_query::digitaltwins::{Query, path};
///
/// let query = Query::select_all().filter(path("order").ge(3).or(path("name").is_in(["a", "b"]))).build()?;
/// assert_eq!(query.to_string(), "SELECT * FROM DIGITALTWINS WHERE [[order]] >= 3 OR name IN ['a', 'b']");
/// # Ok::<(), twin_query::digitaltwins::Error>(())
/// ```
pub fn path(path: impl IntoPath) -> PropertyPath {
    PropertyPath::new(path)
}

/// Tests with `IS_OF_MODEL` for twins of the model, of its later versions, and of models derived from them.
///
/// The variable may be `None` in queries without `JOIN` and `MATCH`.
pub fn is_of_model<'a>(variable: impl Into<Option<&'a str>>, model: impl Into<String>) -> Filter {
    model_test(variable.into(), model.into(), false)
}

/// Tests with `IS_OF_MODEL(…, exact)` for twins of exactly this model and version.
pub fn is_of_exact_model<'a>(variable: impl Into<Option<&'a str>>, model: impl Into<String>) -> Filter {
    model_test(variable.into(), model.into(), true)
}

fn model_test(variable: Option<&str>, model: String, exact: bool) -> Filter {
    let variable = variable.map(Name::new).transpose();
    crate::filter::Filter(match variable {
        Ok(variable) => Ok(Function::IsOfModel {
            variable,
            model,
            exact,
        }
        .into()),
        Err(error) => Err(error.into()),
    })
}

impl PropertyPath {
    /// Tests with `ENDSWITH` for a string with the given suffix, case-sensitive.
    pub fn ends_with(self, suffix: impl Into<String>) -> Filter {
        self.string_test(StringTest::EndsWith, suffix.into())
    }

    /// Tests with `CONTAINS` for a string with the given substring, case-sensitive.
    pub fn contains(self, substring: impl Into<String>) -> Filter {
        self.string_test(StringTest::Contains, substring.into())
    }

    fn string_test(self, test: StringTest, value: String) -> Filter {
        self.into_filter(|path| Function::String { test, path, value }.into())
    }

    /// Tests with `ARRAY_CONTAINS` for an array that contains the value. The service supports it only for properties of
    /// twins.
    pub fn array_contains(self, value: impl Into<Value>) -> Filter {
        let value = value.into().into_literal();
        crate::filter::Filter(
            self.path
                .and_then(|path| Ok(Function::ArrayContains { path, value: value? }.into())),
        )
    }

    /// Tests with `IS_NULL`.
    pub fn is_null(self) -> Filter {
        self.type_test(TypeTest::Null)
    }

    /// Tests with `IS_BOOL`.
    pub fn is_bool(self) -> Filter {
        self.type_test(TypeTest::Bool)
    }

    /// Tests with `IS_NUMBER`.
    pub fn is_number(self) -> Filter {
        self.type_test(TypeTest::Number)
    }

    /// Tests with `IS_STRING`.
    pub fn is_string(self) -> Filter {
        self.type_test(TypeTest::String)
    }

    /// Tests with `IS_OBJECT`.
    pub fn is_object(self) -> Filter {
        self.type_test(TypeTest::Object)
    }

    /// Tests with `IS_PRIMITIVE` for a string, number, boolean, or null.
    pub fn is_primitive(self) -> Filter {
        self.type_test(TypeTest::Primitive)
    }

    fn type_test(self, test: TypeTest) -> Filter {
        self.into_filter(|path| Function::Type { test, path }.into())
    }
}

impl BuildCondition for Condition {
    fn conjunction(parts: Vec<Self>) -> Self {
        Self::And(parts)
    }

    fn disjunction(parts: Vec<Self>) -> Self {
        Self::Or(parts)
    }

    fn negation(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn into_conjuncts(self) -> Vec<Self> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    fn into_disjuncts(self) -> Vec<Self> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }

    fn compare(left: Path, operator: Comparison, right: RightOperand) -> Self {
        let right = match right {
            RightOperand::Path(path) => Operand::Path(path),
            RightOperand::Literal(literal) => Operand::Literal(literal),
        };
        Self::Compare {
            left: Operand::Path(left),
            operator,
            right,
        }
    }

    fn is_in(path: Path, negated: bool, values: Vec<Literal>) -> Self {
        Self::In {
            operand: Operand::Path(path),
            negated,
            values,
        }
    }

    fn is_defined(path: Path) -> Self {
        Function::Type {
            test: TypeTest::Defined,
            path,
        }
        .into()
    }

    fn starts_with(path: Path, prefix: String) -> Self {
        Function::String {
            test: StringTest::StartsWith,
            path,
            value: prefix,
        }
        .into()
    }
}
