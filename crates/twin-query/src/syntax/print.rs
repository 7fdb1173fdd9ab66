//! Printing of names and lists for both languages.

use std::fmt;

use super::dialect::Dialect;
use crate::name::{Name, Path};

/// Prints a property or relationship name, in brackets if necessary.
pub(crate) fn write_name(name: &Name, dialect: &Dialect, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name.is_plain() && !dialect.is_reserved(name.as_str()) {
        true => f.write_str(name.as_str()),
        false => write!(f, "[[{name}]]"),
    }
}

/// Prints an alias or variable. Unlike a property, it also needs brackets if it is a system name or clause keyword.
pub(crate) fn write_alias(name: &Name, dialect: &Dialect, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name.as_str().starts_with('$') || dialect.is_clause_keyword(name.as_str()) {
        true => write!(f, "[[{name}]]"),
        false => write_name(name, dialect, f),
    }
}

pub(crate) fn write_path(path: &Path, dialect: &Dialect, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, name) in path.names().iter().enumerate() {
        f.write_str(if index == 0 { "" } else { "." })?;
        write_name(name, dialect, f)?;
    }
    Ok(())
}

/// Prints items with a separator between them.
pub(crate) struct Joined<'a, T>(pub(crate) &'a [T], pub(crate) &'static str);

impl<T: fmt::Display> fmt::Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { self.1 })?;
            write!(f, "{item}")?;
        }
        Ok(())
    }
}
