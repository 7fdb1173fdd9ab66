//! Finds the operations that no convenience crate reaches.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{Visit, visit_expr_method_call, visit_expr_path, visit_item_fn, visit_item_mod};
use syn::{Attribute, Expr, ExprMethodCall, ExprPath, ExprStruct, ItemFn, ItemMod, Lit, Macro, Member};

use crate::error::{Error, read};
use crate::workspace::{Service, Workspace};

/// The operations that one convenience crate reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The service.
    pub service: String,
    /// The operations that its code calls.
    pub reached: BTreeSet<String>,
    /// The other operations.
    pub missing: BTreeSet<String>,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.reached.len() + self.missing.len();
        write!(
            f,
            "{}: {} of {all} operations reached",
            self.service,
            self.reached.len()
        )?;
        self.reached
            .iter()
            .try_for_each(|name| write!(f, "\n  reached  {name}"))?;
        self.missing
            .iter()
            .try_for_each(|name| write!(f, "\n  missing  {name}"))
    }
}

/// Compares each service's operations table with the calls in its convenience crate.
///
/// # Errors
/// If a source file cannot be read or parsed.
pub fn coverage(workspace: &Workspace) -> Result<Vec<Coverage>, Error> {
    workspace
        .services()?
        .iter()
        .map(|service| of_service(workspace, service))
        .collect()
}

/// Fails if any operation is missing.
///
/// # Errors
/// [`Error::NotReached`].
pub fn require_all(coverage: &[Coverage]) -> Result<(), Error> {
    let missing: Vec<_> = coverage
        .iter()
        .flat_map(|c| c.missing.iter().map(|name| format!("{}: {name}", c.service)))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::NotReached(missing))
    }
}

fn of_service(workspace: &Workspace, service: &Service) -> Result<Coverage, Error> {
    let table = workspace.path(&service.krate).join("src/generated/operations.rs");
    let mut ids = TableIds::default();
    ids.visit_file(&parse(&table)?);

    let mut calls = Calls {
        operations: &ids.0,
        reached: BTreeSet::new(),
    };
    let client = workspace.path(&service.convenience).join("src");
    // The client of a new service is written after its protocol crate.
    if client.is_dir() {
        for file in rust_files(&client)? {
            calls.visit_file(&parse(&file)?);
        }
    }
    let reached = calls.reached;
    let missing = ids.0.difference(&reached).cloned().collect();
    Ok(Coverage {
        service: service.name.clone(),
        reached,
        missing,
    })
}

fn parse(file: &Path) -> Result<syn::File, Error> {
    syn::parse_file(&read(file)?).map_err(|e| Error::Rust {
        file: file.to_owned(),
        reason: e.to_string(),
    })
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fail = |source| Error::Io {
        file: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The operation ids in a generated table.
#[derive(Default)]
struct TableIds(BTreeSet<String>);

impl<'ast> Visit<'ast> for TableIds {
    fn visit_expr_struct(&mut self, row: &'ast ExprStruct) {
        for field in row.fields.iter().filter(|_| row.path.is_ident("Operation")) {
            if let (Member::Named(name), Expr::Lit(value)) = (&field.member, &field.expr)
                && name == "id"
                && let Lit::Str(id) = &value.lit
            {
                self.0.insert(id.value());
            }
        }
    }
}

/// The operations that a crate calls, except in its tests.
struct Calls<'a> {
    operations: &'a BTreeSet<String>,
    reached: BTreeSet<String>,
}

impl Calls<'_> {
    fn note(&mut self, name: &impl ToString) {
        let name = name.to_string();
        let operation = name.strip_suffix("_request").unwrap_or(&name);
        if self.operations.contains(operation) {
            self.reached.insert(operation.to_owned());
        }
    }

    /// Finds `.name(…)` in the arguments of a macro, which need not be Rust.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        for window in tokens.windows(3) {
            if let [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(_)] = window
                && dot.as_char() == '.'
            {
                self.note(name);
            }
        }
        for token in tokens {
            if let TokenTree::Group(group) = token {
                self.scan(group.stream());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Calls<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_test(&item.attrs) {
            visit_item_fn(self, item);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.note(&call.method);
        visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        // `Client::name`, called or passed as a function. A path of one segment is a variable.
        if path.path.segments.len() > 1
            && let Some(last) = path.path.segments.last()
        {
            self.note(&last.ident);
        }
        visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.scan(call.tokens.clone());
    }
}

/// Returns whether the attributes include `#[test]`, `#[tokio::test]` or `#[cfg(test)]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_named_test = attribute
            .path()
            .segments
            .last()
            .is_some_and(|s| s.ident == "test");
        let is_cfg_test = attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string() == "test");
        is_named_test || is_cfg_test
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(source: &str) -> Vec<String> {
        let operations = ["things_get", "things_put", "things_list"]
            .map(str::to_owned)
            .into();
        let mut calls = Calls {
            operations: &operations,
            reached: BTreeSet::new(),
        };
        calls.visit_file(&syn::parse_str(source).unwrap());
        calls.reached.into_iter().collect()
    }

    #[test]
    fn calls_are_found_in_closures_paths_and_macros() {
        assert_eq!(
            reached("fn f() { call(|c| async move { c.things_get(1).await }) }"),
            ["things_get"]
        );
        assert_eq!(
            reached("fn f() { send(c.things_get_request(1)) }"),
            ["things_get"]
        );
        assert_eq!(
            reached("impl C { fn f(&self) { g(protocol::Client::things_put) } }"),
            ["things_put"]
        );
        assert_eq!(
            reached("fn f() { call!(self, things => c.things_list(token)) }"),
            ["things_list"]
        );
    }

    #[test]
    fn comments_strings_definitions_and_tests_are_ignored() {
        let source = r#"
            /// Calls `things_get`.
            fn things_put() { let things_list = "c.things_get()"; things_list; }
            #[cfg(test)] mod tests { fn f() { c.things_get() } }
            #[tokio::test] async fn t() { c.things_list() }
        "#;
        assert_eq!(reached(source), Vec::<String>::new());
    }
}
