//! Copies the definitions that a description references in other files into the description.
//!
//! Afterwards every reference is to a named component of the document itself. A component from another file keeps its
//! name unless that name is in use; then it is numbered, which is reported.

mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::description::Format;
use crate::error::{Error, Fault, Located, Pointer, unsupported};
use crate::lower::UNRESOLVED;
use crate::names::type_name;
use files::{Files, Target, split};

/// A description without references to other files.
#[derive(Debug, Clone)]
pub struct Bundled {
    /// The document.
    pub document: Value,
    /// The origin of each copied component: its pointer in the document, and the file and pointer that it was copied
    /// from.
    pub origins: Vec<(String, PathBuf, String)>,
    /// The renamed components, one line each.
    pub renamed: Vec<String>,
    /// The references to schemas that do not exist. Operations that need one cannot be generated.
    pub missing: Vec<(PathBuf, Located)>,
}

impl Bundled {
    /// Returns the file and pointer of a location in the bundled document.
    pub fn origin(&self, pointer: &str) -> Option<(PathBuf, String)> {
        self.origins.iter().find_map(|(prefix, file, origin)| {
            let rest = pointer.strip_prefix(prefix.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (file.clone(), format!("{origin}{rest}")))
        })
    }
}

/// The sections of named components.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
enum Section {
    #[default]
    Schemas,
    Parameters,
    Responses,
    Bodies,
}

impl Section {
    /// Returns the pointer of the section in a document of the given format.
    fn pointer(self, format: Format) -> &'static str {
        match (format, self) {
            (Format::Swagger2, Self::Schemas) => "/definitions",
            (Format::Swagger2, Self::Parameters | Self::Bodies) => "/parameters",
            (Format::Swagger2, Self::Responses) => "/responses",
            (Format::OpenApi3, Self::Schemas) => "/components/schemas",
            (Format::OpenApi3, Self::Parameters) => "/components/parameters",
            (Format::OpenApi3, Self::Responses) => "/components/responses",
            (Format::OpenApi3, Self::Bodies) => "/components/requestBodies",
        }
    }

    const ALL: [Self; 4] = [Self::Schemas, Self::Parameters, Self::Responses, Self::Bodies];
}

/// Bundles a document that was read from `file`.
///
/// # Errors
/// If a reference has no target, or a file that it names cannot be read.
pub fn bundle(mut document: Value, file: &Path, format: Format) -> Result<Bundled, Error> {
    let mut bundler = Bundler {
        format,
        files: Files::new(file, document.clone()),
        names: BTreeMap::new(),
        used: BTreeMap::new(),
        added: Vec::new(),
        origins: Vec::new(),
        renamed: Vec::new(),
        missing: Vec::new(),
        open: Vec::new(),
    };
    for section in Section::ALL {
        let names = document
            .pointer(section.pointer(format))
            .and_then(Value::as_object);
        let names = names.into_iter().flat_map(Map::keys);
        bundler
            .used
            .insert(section, names.map(|name| (type_name(name), None)).collect());
    }
    let root = bundler.files.root().to_owned();
    bundler.walk(&mut document, &root, &Pointer::root(), Place::Other)?;
    let mut next = 0;
    while let Some(mut component) = bundler.added.get_mut(next).map(std::mem::take) {
        next += 1;
        let Component {
            section,
            name,
            value,
            target,
        } = &mut component;
        let at = Pointer::to(&target.fragment);
        bundler.walk(value, &target.file, &at, Place::of(*section))?;
        insert(
            &mut document,
            section.pointer(format),
            name,
            std::mem::take(value),
        );
    }
    Ok(Bundled {
        document,
        origins: bundler.origins,
        renamed: bundler.renamed,
        missing: bundler.missing,
    })
}

/// Inserts a component into a section, which is created if it does not exist.
fn insert(document: &mut Value, section: &str, name: &str, value: Value) {
    let mut node = document;
    for token in section.split('/').skip(1) {
        if !node.get(token).is_some_and(Value::is_object) {
            node[token] = Value::Object(Map::new());
        }
        node = &mut node[token];
    }
    node[name] = value;
}

/// A component to be added to the document.
#[derive(Default)]
struct Component {
    section: Section,
    name: String,
    value: Value,
    target: Target,
}

/// The role of a value in the document. It determines the section to which the target of a reference belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A schema, or a part of the document without another role.
    Other,
    /// A map from names to schemas.
    Names,
    /// A parameter, or the list or map of parameters.
    Parameter,
    /// A response, or the map of responses.
    Response,
    /// A request body.
    Body,
    /// The map of path items.
    Paths,
    /// A path item.
    Path,
}

impl Place {
    fn of(section: Section) -> Self {
        match section {
            Section::Schemas => Self::Other,
            Section::Parameters => Self::Parameter,
            Section::Responses => Self::Response,
            Section::Bodies => Self::Body,
        }
    }

    fn section(self) -> Section {
        match self {
            Self::Parameter => Section::Parameters,
            Self::Response => Section::Responses,
            Self::Body => Section::Bodies,
            _ => Section::Schemas,
        }
    }

    /// Returns the role of the member `key`; `None` for examples, which are not descriptions.
    fn member(self, key: &str) -> Option<Self> {
        Some(match (self, key) {
            (Self::Names, _) => Self::Other,
            (Self::Paths, _) => Self::Path,
            (_, "x-ms-examples" | "example" | "examples") => return None,
            (_, "parameters") => Self::Parameter,
            (_, "responses") => Self::Response,
            (_, "requestBody" | "requestBodies") => Self::Body,
            (_, "paths" | "x-ms-paths") => Self::Paths,
            (_, "properties" | "definitions" | "schemas") => Self::Names,
            (_, "schema" | "items" | "content" | "headers") => Self::Other,
            // The members of maps of parameters, responses and bodies.
            (place @ (Self::Parameter | Self::Response | Self::Body), _) => place,
            _ => Self::Other,
        })
    }
}

struct Bundler {
    format: Format,
    files: Files,
    /// The references to copied components.
    names: BTreeMap<(Section, Target), String>,
    /// The Rust names in use. The name of a copied component has the target that it was copied from.
    used: BTreeMap<Section, BTreeMap<String, Option<Target>>>,
    added: Vec<Component>,
    origins: Vec<(String, PathBuf, String)>,
    renamed: Vec<String>,
    missing: Vec<(PathBuf, Located)>,
    /// The path items that are being taken in.
    open: Vec<Target>,
}

impl Bundler {
    fn walk(&mut self, value: &mut Value, file: &Path, at: &Pointer, place: Place) -> Result<(), Error> {
        match value {
            Value::Object(map) => {
                if place == Place::Path && map.contains_key("$ref") {
                    return self.path_item(value, file, at);
                }
                for (key, member) in map.iter_mut() {
                    let at = at.at(key);
                    match (key.as_str(), &mut *member) {
                        ("$ref", Value::String(reference)) if place != Place::Names => {
                            *reference = self.reference(reference, file, &at, place)?;
                        }
                        _ => {
                            if let Some(place) = place.member(key) {
                                self.walk(member, file, &at, place)?;
                            }
                        }
                    }
                }
                Ok(())
            }
            Value::Array(items) => items
                .iter_mut()
                .enumerate()
                .try_for_each(|(index, item)| self.walk(item, file, &at.at(index), place)),
            _ => Ok(()),
        }
    }

    /// Replaces a path item that is a reference by its target.
    fn path_item(&mut self, value: &mut Value, file: &Path, at: &Pointer) -> Result<(), Error> {
        let at_reference = at.at("$ref");
        let reference = value.get("$ref").and_then(Value::as_str).map(str::to_owned);
        let reference = reference
            .ok_or_else(|| Located::new(&at_reference, Fault::Expected("a string")).in_file(file))?;
        let target = split(&reference, file);
        if self.open.contains(&target) {
            let found = format!("path item `{reference}`, which contains this reference to it");
            return Err(
                unsupported(&at_reference, found, "a path item must not contain itself").in_file(file),
            );
        }
        *value = self.target(&target, &reference, file, &at_reference)?;
        let origin = Pointer::to(&target.fragment);
        self.origins.push((
            at.as_str().to_owned(),
            target.file.clone(),
            target.fragment.clone(),
        ));
        let path = target.file.clone();
        self.open.push(target);
        let walked = self.walk(value, &path, &origin, Place::Other);
        self.open.pop();
        walked
    }

    fn target(
        &mut self,
        target: &Target,
        reference: &str,
        file: &Path,
        at: &Pointer,
    ) -> Result<Value, Error> {
        let found = self.files.get(target)?;
        found
            .ok_or_else(|| Located::new(at, Fault::UnresolvableReference(reference.to_owned())).in_file(file))
    }

    /// Returns the reference, within the document, to the target of `reference`.
    fn reference(
        &mut self,
        reference: &str,
        file: &Path,
        at: &Pointer,
        place: Place,
    ) -> Result<String, Error> {
        let target = split(reference, file);
        let tokens: Vec<_> = target.fragment.split('/').skip(1).collect();
        let named = Section::ALL.into_iter().find(|section| {
            let pointer = section.pointer(self.format);
            let depth = pointer.split('/').skip(1).count();
            tokens.len() == depth + 1 && target.fragment.starts_with(&format!("{pointer}/"))
        });
        let is_here = target.file == self.files.root();
        if is_here && named.is_some() {
            // Whether the target exists is checked later, when the location in the converted document is known.
            return Ok(format!("#{}", target.fragment));
        }
        if is_here && self.files.get(&target)?.is_none() {
            return Ok(format!("#{}", target.fragment));
        }
        let section = named.unwrap_or(place.section());
        let mut origin = (target.file.clone(), target.fragment.clone());
        let value = match self.files.get(&target)? {
            Some(value) => value,
            None if section == Section::Schemas => {
                let fault = Fault::UnresolvableReference(reference.to_owned());
                self.missing.push((file.to_owned(), Located::new(at, fault)));
                // Errors name the reference, because there is no target.
                origin = (file.to_owned(), at.as_str().to_owned());
                json!({ UNRESOLVED: reference })
            }
            None => self.target(&target, reference, file, at)?,
        };
        self.add(section, target, value, origin)
    }

    /// Copies a component into the document, unless it has been copied before. Returns the reference to it.
    fn add(
        &mut self,
        section: Section,
        target: Target,
        value: Value,
        origin: (PathBuf, String),
    ) -> Result<String, Error> {
        if let Some(reference) = self.names.get(&(section, target.clone())) {
            return Ok(reference.clone());
        }
        let own = target.name();
        let used = self.used.entry(section).or_default();
        let mut name = own.clone();
        let mut number = 2;
        while used.contains_key(&type_name(&name)) {
            name = format!("{own}{number}");
            number += 1;
        }
        used.insert(type_name(&name), Some(target.clone()));
        if name != own {
            self.renamed.push(format!(
                "{}#{} is named `{name}`: the name `{own}` is in use",
                target.file.display(),
                target.fragment
            ));
        }
        let pointer = Pointer::to(section.pointer(self.format)).at(&name);
        let reference = format!("#{}", pointer.as_str());
        self.names.insert((section, target.clone()), reference.clone());
        self.origins
            .push((pointer.as_str().to_owned(), origin.0, origin.1));
        let is_base = value.get("discriminator").is_some();
        let is_subtype = self.files.is_subtype(&target)?;
        self.added.push(Component {
            section,
            name,
            value,
            target: target.clone(),
        });
        if section == Section::Schemas && (is_base || is_subtype) {
            self.add_subtypes(&target)?;
        }
        Ok(reference)
    }

    /// Copies the subtypes of a discriminated type, because no reference leads to them.
    fn add_subtypes(&mut self, base: &Target) -> Result<(), Error> {
        for target in self.files.subtypes(base)? {
            if target.file == self.files.root() {
                continue;
            }
            if let Some(value) = self.files.get(&target)? {
                let origin = (target.file.clone(), target.fragment.clone());
                self.add(Section::Schemas, target, value, origin)?;
            }
        }
        Ok(())
    }
}
