//! Reads models from files, folders and strings, for the parser and for upload.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

use crate::Document;

/// DTDL documents with the names of their files. A document holds one Interface or an array of them.
///
/// Files are UTF-8, or UTF-16 with a byte order mark. The mark is skipped.
///
/// ```
/// use dtdl::{ModelFiles, Parser};
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models");
/// let files = ModelFiles::read(folder)?;
/// let model = Parser::new().parse(files.documents())?;
/// assert_eq!(files.models()?.len(), model.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelFiles {
    /// Names and contents.
    files: Vec<(String, String)>,
}

/// An error from [`ModelFiles`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFilesError {
    /// A file or folder could not be read.
    #[error("could not read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The underlying I/O error.
        source: io::Error,
    },
    /// A folder has no `.json` file, not even in a folder below it.
    #[error("no .json file in {}", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A file is neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("{} is neither UTF-8 nor UTF-16 with a byte order mark", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
    },
    /// A document is not JSON.
    #[error("{document} is not valid JSON: {source}")]
    Json {
        /// The name of the document.
        document: String,
        /// The underlying JSON error.
        source: serde_json::Error,
    },
}

impl ModelFiles {
    /// Reads a file, or all `.json` files in a folder and the folders below it, in the order of their paths. Folder
    /// entries whose names start with a dot are skipped.
    ///
    /// # Errors
    ///
    /// If a file or folder cannot be read, if a file is neither UTF-8 nor UTF-16 with a byte order mark, or if the
    /// folder has no `.json` file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelFilesError> {
        let path = path.as_ref();
        let mut paths = Vec::new();
        if path.is_dir() {
            find_files(path, &mut HashSet::new(), &mut paths)?;
            if paths.is_empty() {
                return Err(ModelFilesError::Empty { path: path.into() });
            }
            paths.sort();
        } else {
            paths.push(path.into());
        }
        let files = paths.into_iter().map(read_file).collect::<Result<_, _>>()?;
        Ok(Self { files })
    }

    /// Creates a set of one document. The name appears in error messages.
    #[must_use]
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Self {
            files: vec![(name.into(), text)],
        }
    }

    /// Returns the documents, for [`Parser::parse`](crate::Parser::parse).
    pub fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        self.files
            .iter()
            .map(|(name, text)| Document::named(name.as_str(), text.as_str()))
    }

    /// Returns names and texts of the documents.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Returns the elements of all documents as JSON values, one per Interface; arrays are flattened.
    ///
    /// # Errors
    ///
    /// [`ModelFilesError::Json`] if a document is not JSON. Nothing else is validated.
    pub fn models(&self) -> Result<Vec<Value>, ModelFilesError> {
        let mut models = Vec::new();
        for (name, text) in &self.files {
            match serde_json::from_str(text) {
                Ok(Value::Array(elements)) => models.extend(elements),
                Ok(model) => models.push(model),
                Err(source) => {
                    let document = name.clone();
                    return Err(ModelFilesError::Json { document, source });
                }
            }
        }
        Ok(models)
    }
}

impl Extend<ModelFiles> for ModelFiles {
    fn extend<I: IntoIterator<Item = ModelFiles>>(&mut self, others: I) {
        self.files
            .extend(others.into_iter().flat_map(|other| other.files));
    }
}

/// Adds the `.json` files of `folder` and the folders below it to `found`. Folders in `visited` are skipped, so cyclic
/// links do not cause infinite recursion.
fn find_files(
    folder: &Path,
    visited: &mut HashSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<(), ModelFilesError> {
    let failed = |source| ModelFilesError::Io {
        path: folder.into(),
        source,
    };
    if !visited.insert(folder.canonicalize().map_err(failed)?) {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let is_json = |path: &Path| {
            path.extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        };
        if path.is_dir() {
            find_files(&path, visited, found)?;
        } else if is_json(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn read_file(path: PathBuf) -> Result<(String, String), ModelFilesError> {
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(ModelFilesError::Io { path, source }),
    };
    match decode(&bytes) {
        Some(text) => Ok((path.display().to_string(), text.into_owned())),
        None => Err(ModelFilesError::Encoding { path }),
    }
}

/// Decodes UTF-8, or UTF-16 with a byte order mark. Returns the text without the mark.
fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty()).map(Cow::Owned)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}
