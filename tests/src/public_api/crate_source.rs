//! The modules of a crate, as parsed source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemMod};

use super::error::Error;

/// A parsed crate.
pub(super) struct CrateSource {
    /// All modules by path; the root has the name of the crate.
    pub(super) modules: BTreeMap<Vec<String>, Module>,
    pub(super) root: Vec<String>,
}

/// A module, without the items of its submodules, of tests and of fuzz targets.
pub(super) struct Module {
    pub(super) items: Vec<Item>,
}

impl CrateSource {
    pub(super) fn read(crate_name: &str, root: &Path) -> Result<Self, Error> {
        let root_path = vec![crate_name.replace('-', "_")];
        let mut source = Self {
            modules: BTreeMap::new(),
            root: root_path.clone(),
        };
        let directory = root.parent().map(Path::to_owned).unwrap_or_default();
        source.add(root_path, parse(root)?, &directory)?;
        Ok(source)
    }

    /// Adds a module. `directory` has the files of its submodules.
    fn add(&mut self, path: Vec<String>, items: Vec<Item>, directory: &Path) -> Result<(), Error> {
        let items: Vec<Item> = items
            .into_iter()
            .filter(|item| !is_for_tests(attributes(item)))
            .collect();
        for item in &items {
            if let Item::Mod(module) = item {
                self.add_submodule(&path, module, directory)?;
            }
        }
        self.modules.insert(path, Module { items });
        Ok(())
    }

    fn add_submodule(&mut self, parent: &[String], module: &ItemMod, directory: &Path) -> Result<(), Error> {
        let name = module.ident.to_string();
        let path = [parent, std::slice::from_ref(&name)].concat();
        let own_directory = directory.join(&name);
        if let Some((_, items)) = &module.content {
            return self.add(path, items.clone(), &own_directory);
        }
        let file = match explicit_path(&module.attrs) {
            Some(file) => directory.join(file),
            None => directory.join(format!("{name}.rs")),
        };
        let file = if file.exists() {
            file
        } else {
            own_directory.join("mod.rs")
        };
        self.add(path, parse(&file)?, &own_directory)
    }
}

fn parse(path: &Path) -> Result<Vec<Item>, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let file = syn::parse_file(&text).map_err(|source| Error::Parse {
        path: path.to_owned(),
        source,
    })?;
    Ok(file.items)
}

/// Returns the file of a `#[path]` attribute.
fn explicit_path(attributes: &[Attribute]) -> Option<PathBuf> {
    let attribute = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("path"))?;
    match &attribute.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(file),
            ..
        }) => Some(PathBuf::from(file.value())),
        _ => None,
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|predicate| {
                ["test", "doctest", "fuzzing"]
                    .iter()
                    .any(|name| predicate == name)
            })
    })
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
