//! Building conditions.

use super::ast::{Condition, Function, Operand, TextTest, TypeTest};
use crate::filter::{Side, private::Build};
use crate::literal::Literal;
use crate::name::{IntoPath, Name, Path};
use crate::operator::Comparison;
use crate::value::Value;

/// A condition being built; see [`path`].
pub type Filter = crate::filter::Filter<Condition>;

/// A property in a condition being built; see [`path`].
pub type PropertyPath = crate::filter::PropertyPath<Condition>;

/// A property in a condition: `path("T.temperature")`, or names as they are, `path(["T", "map", "a.b"])`.
///
/// Names that are reserved or odd are put in `[[…]]`.
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

/// `IS_OF_MODEL`: twins of the model, of later versions of it and of models derived from them.
///
/// The variable may be `None` where the query reads one collection only.
pub fn is_of_model<'a>(variable: impl Into<Option<&'a str>>, model: impl Into<String>) -> Filter {
    model_test(variable.into(), model.into(), false)
}

/// `IS_OF_MODEL(…, exact)`: twins of exactly this model and version.
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
    /// `ENDSWITH`: a string that ends with the text, case-sensitive.
    pub fn ends_with(self, text: impl Into<String>) -> Filter {
        self.text(TextTest::EndsWith, text.into())
    }

    /// `CONTAINS`: a string that contains the text, case-sensitive.
    pub fn contains(self, text: impl Into<String>) -> Filter {
        self.text(TextTest::Contains, text.into())
    }

    fn text(self, test: TextTest, text: String) -> Filter {
        self.test(|path| Function::Text { test, path, text }.into())
    }

    /// `ARRAY_CONTAINS`: an array that has the value among its elements. The service knows it for twins only.
    pub fn array_contains(self, value: impl Into<Value>) -> Filter {
        let value = value.into().into_literal();
        crate::filter::Filter(
            self.path
                .and_then(|path| Ok(Function::ArrayContains { path, value: value? }.into())),
        )
    }

    /// `IS_NULL`
    pub fn is_null(self) -> Filter {
        self.type_test(TypeTest::Null)
    }

    /// `IS_BOOL`
    pub fn is_bool(self) -> Filter {
        self.type_test(TypeTest::Bool)
    }

    /// `IS_NUMBER`
    pub fn is_number(self) -> Filter {
        self.type_test(TypeTest::Number)
    }

    /// `IS_STRING`
    pub fn is_string(self) -> Filter {
        self.type_test(TypeTest::String)
    }

    /// `IS_OBJECT`
    pub fn is_object(self) -> Filter {
        self.type_test(TypeTest::Object)
    }

    /// `IS_PRIMITIVE`: a string, number, boolean or null.
    pub fn is_primitive(self) -> Filter {
        self.type_test(TypeTest::Primitive)
    }

    fn type_test(self, test: TypeTest) -> Filter {
        self.test(|path| Function::Type { test, path }.into())
    }
}

impl Build for Condition {
    fn all(parts: Vec<Self>) -> Self {
        Self::And(parts)
    }

    fn any(parts: Vec<Self>) -> Self {
        Self::Or(parts)
    }

    fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn into_all(self) -> Vec<Self> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    fn into_any(self) -> Vec<Self> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }

    fn compare(left: Path, operator: Comparison, right: Side) -> Self {
        let right = match right {
            Side::Path(path) => Operand::Path(path),
            Side::Literal(literal) => Operand::Literal(literal),
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

    fn starts_with(path: Path, text: String) -> Self {
        Function::Text {
            test: TextTest::StartsWith,
            path,
            text,
        }
        .into()
    }
}
