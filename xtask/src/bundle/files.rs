//! The files of a publisher, each read only once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::document::load_json;
use crate::error::{Error, Pointer};

/// The target of a reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// The file.
    pub(super) file: PathBuf,
    /// The JSON pointer in that file.
    pub(super) fragment: String,
}

impl Target {
    /// Returns the name of the component for this target: the last token of the pointer, or the name of the file.
    pub(super) fn name(&self) -> String {
        let last = self.fragment.rsplit('/').next().unwrap_or_default();
        if last.is_empty() {
            let stem = self.file.file_stem().unwrap_or_default();
            return stem.to_string_lossy().into_owned();
        }
        last.replace("~1", "_").replace("~0", "~")
    }
}

/// Splits a reference in `file` into the file and the pointer of its target.
pub(super) fn split(reference: &str, file: &Path) -> Target {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let target = match path {
        "" => file.to_owned(),
        path => {
            let folder = file.parent().unwrap_or(Path::new(""));
            normalized(&folder.join(decoded(path).replace('\\', "/")))
        }
    };
    let fragment = decoded(fragment);
    Target {
        file: target,
        fragment: fragment.trim_end_matches('/').to_owned(),
    }
}

/// Resolves `.` and `..` without access to the disk.
pub(super) fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some_and(|name| name != "..") => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Decodes the percent-encoding of a URI reference.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The files that have been read.
pub(super) struct Files {
    root: PathBuf,
    read: BTreeMap<PathBuf, File>,
}

struct File {
    document: Value,
    /// Pairs of a schema and a schema that extends it.
    extends: BTreeSet<(Target, Target)>,
}

impl Files {
    pub(super) fn new(root: &Path, document: Value) -> Self {
        let root = normalized(root);
        let file = File::new(document, &root);
        Self {
            read: BTreeMap::from([(root.clone(), file)]),
            root,
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn file(&mut self, path: &Path) -> Result<Option<&File>, Error> {
        if !self.read.contains_key(path) {
            if !path.is_file() {
                return Ok(None);
            }
            let file = File::new(load_json(path)?, path);
            self.read.insert(path.to_owned(), file);
        }
        Ok(self.read.get(path))
    }

    /// Returns the value that a reference names; `None` if there is none.
    pub(super) fn get(&mut self, target: &Target) -> Result<Option<Value>, Error> {
        let file = self.file(&target.file)?;
        Ok(file.and_then(|file| file.document.pointer(&target.fragment).cloned()))
    }

    /// Returns the schemas in the same file that extend the target.
    pub(super) fn subtypes(&mut self, target: &Target) -> Result<Vec<Target>, Error> {
        let Some(file) = self.file(&target.file)? else {
            return Ok(Vec::new());
        };
        let own = file.extends.iter().filter(|(base, _)| base == target);
        Ok(own.map(|(_, subtype)| subtype.clone()).collect())
    }

    /// Returns whether the target extends a discriminated schema of its file.
    pub(super) fn is_subtype(&mut self, target: &Target) -> Result<bool, Error> {
        let Some(file) = self.file(&target.file)? else {
            return Ok(false);
        };
        let mut seen = BTreeSet::new();
        let mut next = vec![target];
        while let Some(current) = next.pop() {
            let bases = file.extends.iter().filter(|(_, own)| own == current);
            for (base, _) in bases {
                let schema = file.document.pointer(&base.fragment);
                if base.file == target.file && schema.is_some_and(|s| s.get("discriminator").is_some()) {
                    return Ok(true);
                }
                if seen.insert(base) {
                    next.push(base);
                }
            }
        }
        Ok(false)
    }
}

impl File {
    fn new(document: Value, path: &Path) -> Self {
        let mut extends = BTreeSet::new();
        for section in ["/definitions", "/components/schemas"] {
            let schemas = document.pointer(section).and_then(Value::as_object);
            for (name, schema) in schemas.into_iter().flatten() {
                let own = Target {
                    file: path.to_owned(),
                    fragment: Pointer::to(section).at(name).as_str().to_owned(),
                };
                let parts = schema.get("allOf").and_then(Value::as_array);
                let bases = parts
                    .into_iter()
                    .flatten()
                    .filter_map(|part| part.get("$ref")?.as_str());
                extends.extend(bases.map(|base| (split(base, path), own.clone())));
            }
        }
        Self { document, extends }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_relative_to_its_file() {
        let cases = [
            ("#/definitions/A", "/x/y/a.json", "/definitions/A"),
            ("a.json#/definitions/A%20B", "/x/y/a.json", "/definitions/A B"),
            ("./../c/b.json#/parameters/P", "/x/c/b.json", "/parameters/P"),
            ("b.json", "/x/y/b.json", ""),
        ];
        for (reference, file, fragment) in cases {
            let target = split(reference, Path::new("/x/y/a.json"));
            assert_eq!(target.file, Path::new(file), "{reference}");
            assert_eq!(target.fragment, fragment, "{reference}");
        }
    }
}
