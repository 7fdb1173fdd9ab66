//! The import graph of a crate's source files, for the tests of layers and import cycles.
//!
//! Files are nodes. A file imports another if it names an item that the other defines: in a `use`, in an expression or
//! type, or in a macro's tokens. A re-export resolves to the file that defines the name and does not count as an import
//! itself, nor does `mod child;`: a file that only declares its children imports nothing. Items under `#[cfg(test)]`
//! or `#[cfg(fuzzing)]` and the files they declare are left out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, UseTree};

/// The imports of one crate. File paths are relative to the crate's `src`.
#[derive(Debug)]
pub struct Imports {
    /// The modules with a file of their own, by path: `["iothub", "store"]`; the root is empty.
    files: BTreeMap<Vec<String>, PathBuf>,
    /// The re-exports: module and name, with the path they resolve to.
    exports: BTreeMap<(Vec<String>, String), Vec<String>>,
    edges: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

impl Imports {
    /// Reads a crate from its root file, such as `crates/dtdl/src/lib.rs`.
    ///
    /// # Errors
    /// If a file cannot be read or parsed, or a `mod` has no file.
    pub fn read(root: &Path) -> Result<Self, String> {
        let source = root.parent().ok_or("the root has no folder")?;
        let mut modules = Vec::new();
        collect(source, root, &[], &mut modules)?;
        let files = modules
            .iter()
            .map(|module| (module.path.clone(), module.file.clone()))
            .collect();
        let mut imports = Self {
            files,
            exports: BTreeMap::new(),
            edges: BTreeMap::new(),
        };
        let mut found = Vec::new();
        for module in &modules {
            let mut paths = Paths::new(module);
            for item in &module.items {
                paths.visit_item(item);
            }
            imports.exports.extend(paths.exports);
            found.push((&module.file, paths.found));
        }
        for (file, paths) in found {
            let targets = paths.iter().map(|path| imports.file_of(path).to_owned());
            let targets = targets.filter(|target| target != file).collect();
            imports.edges.insert(file.clone(), targets);
        }
        Ok(imports)
    }

    /// Returns every file with the files that it imports.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &BTreeSet<PathBuf>)> {
        self.edges.iter().map(|(file, targets)| (file.as_path(), targets))
    }

    /// Returns the import cycles of three or more files, each once and in order. Two files that import each other are not
    /// a cycle here.
    pub fn cycles(&self) -> BTreeSet<Vec<&Path>> {
        let mut cycles = BTreeSet::new();
        for (from, targets) in &self.edges {
            for to in targets {
                if let Some(mut cycle) = self.shortest_cycle(from, to) {
                    let first = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or_default();
                    cycle.rotate_left(first);
                    cycles.insert(cycle);
                }
            }
        }
        cycles
    }

    /// Returns the shortest path from `from` to `to` and back that visits another file, starting at `from`.
    fn shortest_cycle<'a>(&'a self, from: &'a Path, to: &'a Path) -> Option<Vec<&'a Path>> {
        let mut previous = BTreeMap::from([(to, from)]);
        let mut open = VecDeque::from([to]);
        while let Some(file) = open.pop_front() {
            for target in self.edges.get(file)?.iter().map(PathBuf::as_path) {
                if target == from && file != to {
                    let path_back = std::iter::successors(Some(file), |file| previous.get(file).copied());
                    let mut path_back: Vec<_> = path_back.take_while(|file| *file != from).collect();
                    path_back.push(from);
                    path_back.reverse();
                    return Some(path_back);
                }
                if target != from && !previous.contains_key(target) {
                    previous.insert(target, file);
                    open.push_back(target);
                }
            }
        }
        None
    }

    /// Returns the file that defines the item at a path.
    #[expect(clippy::expect_used, reason = "every crate has a root")]
    fn file_of(&self, path: &[String]) -> &Path {
        let mut path = path.to_vec();
        // Chains of re-exports are short, and a cyclic one does not compile.
        loop {
            let (length, file) = (0..=path.len())
                .rev()
                .find_map(|length| Some((length, self.files.get(&path[..length])?)))
                .expect("the root is a prefix of every path");
            let exported = path.get(length).and_then(|name| {
                let key = (path[..length].to_vec(), name.clone());
                self.exports.get(&key)
            });
            match exported {
                Some(target) => path = [target, &path[length + 1..]].concat(),
                None => return file,
            }
        }
    }
}

struct Module {
    path: Vec<String>,
    file: PathBuf,
    items: Vec<Item>,
}

/// Adds a module and all its submodules.
fn collect(source: &Path, file: &Path, path: &[String], modules: &mut Vec<Module>) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let items: Vec<Item> = parsed.items.into_iter().filter(|item| !is_test(item)).collect();
    for item in &items {
        if let Item::Mod(module @ ItemMod { content: None, .. }) = item {
            let name = module.ident.to_string();
            let child: Vec<String> = path.iter().cloned().chain([name]).collect();
            collect(source, &file_of(source, &child)?, &child, modules)?;
        }
    }
    let relative = file.strip_prefix(source).unwrap_or(file).to_owned();
    modules.push(Module {
        path: path.to_vec(),
        file: relative,
        items,
    });
    Ok(())
}

fn file_of(source: &Path, path: &[String]) -> Result<PathBuf, String> {
    let base = source.join(path.join("/"));
    [base.with_extension("rs"), base.join("mod.rs")]
        .into_iter()
        .find(|file| file.is_file())
        .ok_or_else(|| format!("the module {} has no file", path.join("::")))
}

fn children(items: &[Item]) -> BTreeSet<String> {
    let modules = items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

fn is_test(item: &Item) -> bool {
    let attributes: &[Attribute] = match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    };
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|name| name == "test" || name == "fuzzing")
    })
}

/// Collects the paths that one module names, absolute from the crate's root.
struct Paths {
    at: Vec<String>,
    children: BTreeSet<String>,
    found: BTreeSet<Vec<String>>,
    exports: BTreeMap<(Vec<String>, String), Vec<String>>,
}

impl Paths {
    fn new(module: &Module) -> Self {
        Self {
            at: module.path.clone(),
            children: children(&module.items),
            found: BTreeSet::new(),
            exports: BTreeMap::new(),
        }
    }

    /// Records a path if it is in this crate.
    fn record(&mut self, segments: &[String]) {
        let path = self.absolute(segments);
        self.found.extend(path);
    }

    /// Returns a path from the crate's root, or `None` if it leaves the crate.
    fn absolute(&self, segments: &[String]) -> Option<Vec<String>> {
        let (first, rest) = segments.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.at.clone(),
            "super" => parent(&self.at),
            child if self.children.contains(child) => [self.at.as_slice(), &[child.to_owned()]].concat(),
            _ => return None,
        };
        let mut rest = rest;
        while let Some((up, tail)) = rest.split_first()
            && up == "super"
        {
            base = parent(&base);
            rest = tail;
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    fn use_tree(&mut self, tree: &UseTree, before: &mut Vec<String>, exported: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.use_tree(&path.tree, before, exported);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, before, exported);
                }
            }
            UseTree::Name(name) => self.used(&with(before, &name.ident), &name.ident, exported),
            UseTree::Rename(rename) => self.used(&with(before, &rename.ident), &rename.rename, exported),
            UseTree::Glob(_) => self.record(before),
        }
    }

    fn used(&mut self, path: &[String], name: &syn::Ident, exported: bool) {
        match self.absolute(path) {
            Some(target) if exported => {
                self.exports.insert((self.at.clone(), name.to_string()), target);
            }
            Some(target) => {
                self.found.insert(target);
            }
            None => {}
        }
    }

    /// Records a path of an expression, a type or a macro. A single name, such as the `crate` of `pub(crate)`, imports
    /// nothing.
    fn record_path(&mut self, segments: &[String]) {
        if segments.len() > 1 {
            self.record(segments);
        }
    }

    /// Records the paths in the tokens of a macro, which syn does not parse.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.record_path(&std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.record_path(&std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.record_path(&path);
    }
}

fn parent(path: &[String]) -> Vec<String> {
    path.split_last().map_or_else(Vec::new, |(_, rest)| rest.to_vec())
}

fn with(before: &[String], name: &syn::Ident) -> Vec<String> {
    before.iter().cloned().chain([name.to_string()]).collect()
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(item) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = &module.content {
            let inner = [self.at.as_slice(), &[module.ident.to_string()]].concat();
            let outer = (
                std::mem::replace(&mut self.at, inner),
                std::mem::replace(&mut self.children, children(items)),
            );
            for item in items {
                self.visit_item(item);
            }
            (self.at, self.children) = outer;
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let exported = !matches!(item.vis, syn::Visibility::Inherited);
        self.use_tree(&item.tree, &mut Vec::new(), exported);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(in path)` and `pub(super)` are not imports.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.record_path(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.tokens(found.tokens.clone());
        syn::visit::visit_macro(self, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a crate of these files, written to a temporary folder.
    fn imports(files: &[(&str, &str)]) -> Imports {
        let folder = std::env::temp_dir().join(format!("imports-{}-{}", std::process::id(), files.len()));
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
        let imports = Imports::read(&folder.join("lib.rs"));
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        imports.expect("the crate can be read")
    }

    fn targets(imports: &Imports, file: &str) -> Vec<String> {
        let (_, targets) = imports
            .files()
            .find(|(name, _)| *name == Path::new(file))
            .expect("the file is there");
        targets.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn every_form_of_import_is_found() {
        let imports = imports(&[
            (
                "lib.rs",
                "mod a; mod b; mod c; mod d; mod e; pub use e::F; fn f(_: a::A) {}",
            ),
            (
                "a.rs",
                "use crate::{b::{B as Other, *}, c}; use crate::F; use std::fmt; pub struct A;",
            ),
            (
                "b.rs",
                "fn f() -> super::c::C { format!(\"{}\", crate::d::VALUE); todo!() } pub struct B;",
            ),
            (
                "c.rs",
                "mod inner { use super::super::e::E; } #[cfg(test)] mod tests { use crate::a::A; }",
            ),
            (
                "d.rs",
                "pub(in crate::a) const VALUE: u8 = 0; flags! { pub(crate) struct Flags: u8 }",
            ),
            ("e.rs", "mod f; pub use self::f::F; pub struct E;"),
            ("e/f.rs", "pub struct F;"),
        ]);
        assert_eq!(targets(&imports, "lib.rs"), ["a.rs"]);
        assert_eq!(targets(&imports, "a.rs"), ["b.rs", "c.rs", "e/f.rs"]);
        assert_eq!(targets(&imports, "b.rs"), ["c.rs", "d.rs"]);
        assert_eq!(targets(&imports, "c.rs"), ["e.rs"]);
        assert_eq!(targets(&imports, "d.rs"), Vec::<String>::new());
        assert_eq!(targets(&imports, "e.rs"), Vec::<String>::new());
        assert!(imports.cycles().is_empty());
    }

    #[test]
    fn cycles_of_three_are_found_and_pairs_are_not() {
        let imports = imports(&[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A; use crate::d::D;"),
            ("d.rs", "use crate::c::C;"),
        ]);
        let cycle = ["a.rs", "b.rs", "c.rs"].map(Path::new).to_vec();
        assert_eq!(imports.cycles(), [cycle].into());
    }
}
