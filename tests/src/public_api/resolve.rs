//! The public items of a crate, and the definitions behind its re-exports.

use std::collections::BTreeMap;

use syn::{Ident, Item, ItemImpl, UseTree, Visibility};

use super::crate_source::CrateSource;
use super::error::Error;
use super::render;

/// Maximum length of a chain of imports. It ends the search for a name that only another crate defines.
const MAX_DEPTH: usize = 8;

pub(super) struct Resolver<'a> {
    source: &'a CrateSource,
}

/// The module and position of a definition.
type Definition<'a> = (&'a [String], usize);

/// A name at the end of a `use` tree.
enum Leaf {
    Name { path: Vec<String>, name: String },
    Glob { path: Vec<String> },
}

/// The public items, by the paths of users.
pub(super) struct PublicItems<'a> {
    source: &'a CrateSource,
    /// The public paths of each definition.
    items: BTreeMap<Definition<'a>, Vec<String>>,
    /// Re-exports of other crates.
    foreign: Vec<String>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(source: &'a CrateSource) -> Self {
        Self { source }
    }

    pub(super) fn public_items(&self) -> Result<PublicItems<'a>, Error> {
        let mut public = PublicItems {
            source: self.source,
            items: BTreeMap::new(),
            foreign: Vec::new(),
        };
        let root = self.source.root.as_slice();
        self.add_module(&mut public, root, &root.join("::"))?;
        Ok(public)
    }

    /// Adds the public items of a module under a public path.
    fn add_module(&self, public: &mut PublicItems<'a>, module: &[String], prefix: &str) -> Result<(), Error> {
        let Some((module, content)) = self.source.modules.get_key_value(module) else {
            return Ok(());
        };
        for (index, item) in content.items.iter().enumerate() {
            match item {
                Item::Use(item) if is_public(&item.vis) => {
                    for leaf in leaves(&item.tree) {
                        self.add_leaf(public, module, prefix, leaf)?;
                    }
                }
                Item::Macro(item) if is_exported(item) => {
                    let name = item.ident.as_ref().map(Ident::to_string).unwrap_or_default();
                    let path = format!("{}::{name}", self.source.root.join("::"));
                    public.add((module, index), path);
                }
                _ => {
                    if let Some((name, vis)) = declaration(item)
                        && is_public(vis)
                    {
                        self.add_definition(public, (module, index), format!("{prefix}::{name}"))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_definition(
        &self,
        public: &mut PublicItems<'a>,
        definition: Definition<'a>,
        path: String,
    ) -> Result<(), Error> {
        if let Item::Mod(item) = &self.source.modules[definition.0].items[definition.1] {
            let module = [definition.0, &[item.ident.to_string()]].concat();
            return self.add_module(public, &module, &path);
        }
        public.add(definition, path);
        Ok(())
    }

    fn add_leaf(
        &self,
        public: &mut PublicItems<'a>,
        module: &'a [String],
        prefix: &str,
        leaf: Leaf,
    ) -> Result<(), Error> {
        match leaf {
            Leaf::Glob { path } => match self.local(module, &path, 0) {
                Some(target) => self.add_module(public, &target, prefix)?,
                None => public
                    .foreign
                    .push(format!("pub use {prefix}::{{{}::*}}", path.join("::"))),
            },
            Leaf::Name { path, name } => {
                if !self.is_local(module, &path) {
                    public.add_foreign(prefix, &name, &path);
                } else if let Some(definition) = self.find(module, &path, 0) {
                    self.add_definition(public, definition, format!("{prefix}::{name}"))?;
                } else if let Some(path) = self.find_foreign(module, &path, 0) {
                    public.add_foreign(prefix, &name, &path);
                } else {
                    return Err(Error::Unresolved {
                        path: path.join("::"),
                        module: module.join("::"),
                    });
                }
            }
        }
        Ok(())
    }

    /// Returns whether a path begins in this crate.
    fn is_local(&self, module: &[String], path: &[String]) -> bool {
        match path.first().map(String::as_str) {
            Some("crate" | "self" | "super") => true,
            Some(first) => self.find_name(module, first, 0).is_some(),
            None => false,
        }
    }

    /// Returns the module of this crate at a path.
    fn local(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let mut at = module.to_vec();
        for segment in path {
            match segment.as_str() {
                "crate" => at = self.source.root.clone(),
                "self" => {}
                "super" => drop(at.pop()),
                name => {
                    let (parent, index) = self.find_name(&at, name, depth)?;
                    let Item::Mod(item) = &self.source.modules[parent].items[index] else {
                        return None;
                    };
                    at = [parent, &[item.ident.to_string()]].concat();
                }
            }
        }
        self.source.modules.contains_key(&at).then_some(at)
    }

    /// Returns the definition of the item at a path, as seen from a module. `depth` counts the imports followed so far.
    pub(super) fn find(&self, module: &[String], path: &[String], depth: usize) -> Option<Definition<'a>> {
        let (name, parents) = path.split_last()?;
        let target = self.local(module, parents, depth)?;
        self.find_name(&target, name, depth)
    }

    /// Returns the path in another crate of an item that a module of this crate re-exports.
    fn find_foreign(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let (name, parents) = path.split_last()?;
        let target = self.local(module, parents, depth)?;
        let items = self.source.modules.get(&target)?.items.iter();
        let mut leaves = items.flat_map(|item| match item {
            Item::Use(item) => leaves(&item.tree),
            _ => Vec::new(),
        });
        leaves.find_map(|leaf| match leaf {
            Leaf::Name { path, name: imported } if imported == *name && depth <= MAX_DEPTH => {
                if self.is_local(&target, &path) {
                    self.find_foreign(&target, &path, depth + 1)
                } else {
                    Some(path)
                }
            }
            _ => None,
        })
    }

    /// Returns the definition of a name in a module: an item, an imported name, or one of a glob import.
    fn find_name(&self, module: &[String], name: &str, depth: usize) -> Option<Definition<'a>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (module, content) = self.source.modules.get_key_value(module)?;
        let declared = |item: &Item| {
            declaration(item).is_some_and(|(declared, _)| declared == name) || generates(item, name)
        };
        if let Some(index) = content.items.iter().position(declared) {
            return Some((module, index));
        }
        let uses = content.items.iter().filter_map(|item| match item {
            Item::Use(item) => Some(leaves(&item.tree)),
            _ => None,
        });
        let (named, globs): (Vec<_>, Vec<_>) =
            uses.flatten().partition(|leaf| matches!(leaf, Leaf::Name { .. }));
        let named = named.into_iter().find_map(|leaf| match leaf {
            Leaf::Name { path, name: imported } if imported == name => self.find(module, &path, depth + 1),
            _ => None,
        });
        named.or_else(|| {
            globs.into_iter().find_map(|leaf| match leaf {
                Leaf::Glob { path } => {
                    let target = self.local(module, &path, depth + 1)?;
                    self.find_name(&target, name, depth + 1)
                }
                _ => None,
            })
        })
    }
}

impl<'a> PublicItems<'a> {
    fn add_foreign(&mut self, prefix: &str, name: &str, path: &[String]) {
        self.foreign
            .push(format!("pub use {prefix}::{name} = {}", path.join("::")));
    }

    fn add(&mut self, definition: Definition<'a>, path: String) {
        self.items.entry(definition).or_default().push(path);
    }

    /// Returns the lines of the listing, unsorted.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = self.foreign.clone();
        for ((module, index), paths) in &self.items {
            let item = &self.source.modules[*module].items[*index];
            for path in paths {
                lines.extend(render::item(item, path));
            }
        }
        let resolver = Resolver::new(self.source);
        for (module, content) in &self.source.modules {
            for (index, item) in content.items.iter().enumerate() {
                match item {
                    Item::Impl(item) => lines.extend(self.impl_lines(&resolver, module, item)),
                    // A macro may declare public items, or methods of public types, under names that occur only in its
                    // tokens.
                    Item::Macro(item)
                        if item.ident.is_none() && !self.items.contains_key(&(module.as_slice(), index)) =>
                    {
                        lines.push(render::invocation(&item.attrs, &item.mac, &module.join("::")));
                    }
                    _ => {}
                }
            }
        }
        lines
    }

    /// Returns whether a path leads to a private item of this crate.
    fn is_private(&self, resolver: &Resolver<'a>, module: &[String], path: &syn::Path) -> bool {
        let definition = resolver.find(module, &segments(path), 0);
        definition.is_some_and(|definition| !self.items.contains_key(&definition))
    }

    /// Returns the lines of an `impl` block of a public type, unless its trait, or the type that it converts from, is
    /// private.
    fn impl_lines(&self, resolver: &Resolver<'a>, module: &[String], item: &ItemImpl) -> Vec<String> {
        let definition = match &*item.self_ty {
            syn::Type::Path(ty) => resolver.find(module, &segments(&ty.path), 0),
            _ => None,
        };
        let Some(definition) = definition else {
            return self.foreign_impl(resolver, module, item).into_iter().collect();
        };
        let Some(paths) = self.items.get(&definition) else {
            return Vec::new();
        };
        if let Some((trait_, _)) = &item.trait_
            && (self.is_private(resolver, module, trait_)
                || type_arguments(trait_).any(|argument| self.is_private(resolver, module, argument)))
        {
            return Vec::new();
        }
        paths
            .iter()
            .flat_map(|path| render::impl_block(item, path))
            .collect()
    }

    /// Returns the line of an implementation for a type of another crate, if its trait or one of its type arguments is a
    /// public item of this crate, such as `impl From<Error> for azure_core::Error`.
    fn foreign_impl(&self, resolver: &Resolver<'a>, module: &[String], item: &ItemImpl) -> Option<String> {
        let (trait_, _) = item.trait_.as_ref()?;
        let mut named = vec![trait_];
        named.extend(type_arguments(trait_));
        named.extend(named_types(&item.self_ty));
        let is_public = |path: &&syn::Path| {
            let definition = resolver.find(module, &segments(path), 0);
            definition.is_some_and(|definition| self.items.contains_key(&definition))
        };
        let is_listed =
            named.iter().any(is_public) && !named.iter().any(|path| self.is_private(resolver, module, path));
        is_listed.then(|| render::foreign_impl(item))
    }
}

/// Returns the paths in a type: its own, that of a referenced type, and those of its type arguments.
fn named_types(ty: &syn::Type) -> Vec<&syn::Path> {
    match ty {
        syn::Type::Path(ty) => std::iter::once(&ty.path)
            .chain(type_arguments(&ty.path))
            .collect(),
        syn::Type::Reference(ty) => named_types(&ty.elem),
        syn::Type::Slice(ty) => named_types(&ty.elem),
        _ => Vec::new(),
    }
}

/// Returns the paths of the type arguments, as of `From<T>`.
fn type_arguments(path: &syn::Path) -> impl Iterator<Item = &syn::Path> {
    let arguments = path.segments.last().and_then(|segment| match &segment.arguments {
        syn::PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            syn::GenericArgument::Type(syn::Type::Path(ty)) => Some(&ty.path),
            _ => None,
        })
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect()
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

fn is_exported(item: &syn::ItemMacro) -> bool {
    item.attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("macro_export"))
}

/// Returns the name and visibility of an item that other modules can name.
fn declaration(item: &Item) -> Option<(&Ident, &Visibility)> {
    Some(match item {
        Item::Const(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Fn(item) => (&item.sig.ident, &item.vis),
        Item::Mod(item) => (&item.ident, &item.vis),
        Item::Static(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        _ => return None,
    })
}

/// Returns whether the tokens of a macro invocation declare a name.
fn generates(item: &Item, name: &str) -> bool {
    const KINDS: [&str; 6] = ["struct", "enum", "type", "trait", "fn", "const"];
    let Item::Macro(item) = item else {
        return false;
    };
    if item.ident.is_some() {
        return false;
    }
    let tokens = item.mac.tokens.clone().into_iter();
    let tokens: Vec<_> = tokens.map(|token| token.to_string()).collect();
    tokens
        .windows(2)
        .any(|pair| KINDS.contains(&pair[0].as_str()) && pair[1] == name)
}

/// Returns the names of a `use` tree with their paths.
fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn collect(tree: &UseTree, path: &[String], found: &mut Vec<Leaf>) {
        let with = |ident: &Ident| [path, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(tree) => collect(&tree.tree, &with(&tree.ident), found),
            UseTree::Name(tree) if tree.ident == "self" => found.push(Leaf::Name {
                path: path.to_vec(),
                name: path.last().cloned().unwrap_or_default(),
            }),
            UseTree::Name(tree) => found.push(Leaf::Name {
                path: with(&tree.ident),
                name: tree.ident.to_string(),
            }),
            UseTree::Rename(tree) => found.push(Leaf::Name {
                path: with(&tree.ident),
                name: tree.rename.to_string(),
            }),
            UseTree::Glob(_) => found.push(Leaf::Glob { path: path.to_vec() }),
            UseTree::Group(tree) => tree.items.iter().for_each(|tree| collect(tree, path, found)),
        }
    }
    let mut found = Vec::new();
    collect(tree, &[], &mut found);
    found
}
