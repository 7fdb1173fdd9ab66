//! Adds a service: its description, its entry in `services.toml`, and its protocol crate.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::description::Description;
use crate::document::version;
use crate::error::{Error, read};
use crate::facts::Facts;
use crate::generate::{Unsupported, stages};
use crate::import::{facts_file, printed, secrets};
use crate::output::{self, Output};
use crate::texts::{self, ForeignText};
use crate::workspace::Workspace;

/// The result of [`new_service()`].
#[derive(Debug)]
pub struct NewService {
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// The number of operations that were generated.
    pub operations: usize,
    /// The publisher's texts, each replaced by [`texts::TO_WRITE`].
    pub foreign_texts: Vec<ForeignText>,
    /// The components of other files that got another name, one line each.
    pub renamed: Vec<String>,
    /// JSON pointers of members that look like secrets.
    pub possible_secrets: Vec<String>,
    /// The operations that cannot be generated, with the reasons.
    pub skipped: Vec<String>,
}

/// Adds the service `name`, described by a Swagger 2.0 or OpenAPI 3.0 file: writes the description and the listing of its
/// facts below `specs/`, the entry in `services.toml`, and the crate `<name>-protocol` with its generated code.
///
/// # Errors
/// If the name is taken or cannot be a crate's, or the file is invalid. Nothing is written in that case.
pub fn new_service(workspace: &Workspace, name: &str, file: &Path) -> Result<NewService, Error> {
    check_name(workspace, name)?;
    let loaded = Description::load(file)?;
    loaded.require_complete()?;
    let renamed = loaded.bundled.renamed;
    let mut document = loaded.openapi;
    texts::remove_examples(&mut document);
    let foreign_texts = texts::replace_all(&mut document);
    let relative = format!("{name}/{}.json", version(&document));
    let folder = format!("crates/{name}-protocol");
    let (description, generated) = (
        Output::new(workspace.spec(&relative), printed(&document, file)?),
        generate(&document, &relative, file)?,
    );
    let facts = Facts::of(&document).map_err(|e| e.in_file(file))?;
    let mut outputs = vec![
        Output::new(facts_file(&description.path), facts.to_string()),
        with_entry(workspace, name, version(&document), &relative, &folder)?,
        with_dependency(workspace, name, &folder)?,
        Output::new(workspace.path(&folder).join("Cargo.toml"), manifest(name)),
        Output::new(workspace.path(&folder).join("src/lib.rs"), library(name)),
        description,
    ];
    let sources = workspace.path(&folder).join("src/generated");
    let files = generated.files.into_iter();
    outputs.extend(files.map(|file| Output::new(sources.join(file.name), file.text)));
    Ok(NewService {
        operations: generated.operations,
        skipped: generated.skipped,
        possible_secrets: secrets::unmarked(&document),
        foreign_texts,
        renamed,
        files: output::replace(&outputs)?,
    })
}

struct Generated {
    files: Vec<crate::split::GeneratedFile>,
    operations: usize,
    skipped: Vec<String>,
}

/// Generates the code from the description that will be written. Errors locate faults in that, so a fault that the
/// published file has too is reported for `published`.
fn generate(document: &Value, relative: &str, published: &Path) -> Result<Generated, Error> {
    let source = format!("specs/{relative}");
    stages(published, None, &source, Unsupported::Skip)?;
    let folder = tempfile::tempdir().map_err(|source| Error::Io {
        file: std::env::temp_dir(),
        source,
    })?;
    let file = folder.path().join("description.json");
    std::fs::write(&file, printed(document, published)?).map_err(|source| Error::Io {
        file: file.clone(),
        source,
    })?;
    let stages = stages(&file, None, &source, Unsupported::Skip)?;
    let prefix = format!("{}#", file.display());
    Ok(Generated {
        operations: stages.lowered.operations.len(),
        skipped: (stages.skipped.iter())
            .map(|line| line.replace(&prefix, &format!("{source}#")))
            .collect(),
        files: stages.files,
    })
}

fn check_name(workspace: &Workspace, name: &str) -> Result<(), Error> {
    let refuse = |reason: String| {
        Err(Error::NewService {
            name: name.to_owned(),
            reason,
        })
    };
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if !name.split('-').all(is_word) {
        return refuse(
            "a name consists of words joined by hyphens, and a word of lowercase letters and digits after a first letter"
                .to_owned(),
        );
    }
    if workspace.services()?.iter().any(|service| service.name == name) {
        return refuse(format!(
            "specs/services.toml lists it; move it to another version with `cargo xtask import {name} <file>`"
        ));
    }
    for folder in [format!("crates/{name}-protocol"), format!("specs/{name}")] {
        if workspace.path(&folder).exists() {
            return refuse(format!(
                "{folder} exists; choose another name or remove the folder"
            ));
        }
    }
    Ok(())
}

/// Returns `services.toml` with the entry of the service at its end.
fn with_entry(
    workspace: &Workspace,
    name: &str,
    version: &str,
    description: &str,
    folder: &str,
) -> Result<Output, Error> {
    let file = workspace.services_file();
    let text = read(&file)?;
    let text = format!(
        "{}\n\n[{name}]\nversion = \"{version}\"\ndescription = \"{description}\"\ncrate = \"{folder}\"\n",
        text.trim_end()
    );
    Ok(Output::new(file, text))
}

/// Returns the workspace's `Cargo.toml` with the crate among its dependencies, after the other protocol crates. The crate is
/// a member already, because the members are `crates/*`.
fn with_dependency(workspace: &Workspace, name: &str, folder: &str) -> Result<Output, Error> {
    let file = workspace.path("Cargo.toml");
    let text = read(&file)?;
    let mut lines: Vec<&str> = text.lines().collect();
    let is_protocol = |line: &&str| {
        line.split(" = ")
            .next()
            .is_some_and(|key| key.ends_with("-protocol"))
    };
    let last = lines.iter().rposition(is_protocol);
    let after = last.or_else(|| lines.iter().position(|line| *line == "[workspace.dependencies]"));
    let Some(after) = after else {
        return Err(Error::Toml {
            file,
            reason: "has no [workspace.dependencies], to which the protocol crate is added".to_owned(),
        });
    };
    let dependency = format!("{name}-protocol = {{ path = \"{folder}\" }}");
    lines.insert(after + 1, &dependency);
    let text = lines.join("\n") + "\n";
    Ok(Output::new(file, text))
}

fn manifest(name: &str) -> String {
    MANIFEST.replace("{name}", name)
}

fn library(name: &str) -> String {
    LIBRARY
        .replace("{name}", name)
        .replace("{module}", &name.replace('-', "_"))
}

const MANIFEST: &str = r#"[package]
name = "{name}-protocol"
description = "The `{name}` API, operation by operation, generated from its API description."
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
azure-protocol-runtime.workspace = true
progenitor-client.workspace = true
reqwest.workspace = true
serde.workspace = true
serde_json.workspace = true
"#;

const LIBRARY: &str = r#"//! The `{name}` API, operation by operation.
//!
//! [`Client`] has two methods per operation of the API: `<operation>_request` builds the request without IO, and
//! `<operation>` sends it and reads the response. [`types`] has the types of request and response bodies, and
//! [`OPERATIONS`] the metadata of each operation. All of it is generated.
//!
//! A request is a [`TypedRequest`](azure_protocol_runtime::TypedRequest), which can be inspected without a server.
//! Authentication, retries and tracing are up to the [`Executor`](azure_protocol_runtime::Executor) of the client;
//! without one, requests are sent unauthenticated. An error response is an [`Error::UnexpectedResponse`] whose body has not
//! been read.
//!
//! Decoding is lenient: an unknown enum value is kept as `UnknownValue`, unknown members are skipped (or kept in `extra`,
//! in types that are read and sent back), and dates are accepted in every format that the service is known to write.
//!
//! # Example
//!
//! ```
//! use {module}_protocol::{API_VERSION, Client, ClientInfo, OPERATIONS};
//!
//! let client = Client::new_with_client("https://localhost", reqwest::Client::new(), None);
//! for operation in OPERATIONS {
//!     println!("{} {}{}?api-version={API_VERSION}", operation.method, client.baseurl(), operation.path);
//! }
//! # assert!(!OPERATIONS.is_empty());
//! ```
//!
//! # Regenerating
//!
//! `cargo xtask generate` writes `src/generated/` from `specs/{name}/`: the API description, and an overlay, if there is
//! one, that corrects it where the real service differs. A test fails if the generated code is stale.

#[rustfmt::skip]
#[allow(
    missing_docs,
    unused_imports,
    dead_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::missing_errors_doc,
    reason = "generated: the API description is incomplete, and the generator emits one form for all cases"
)]
mod generated;

pub use generated::{
    API_VERSION, API_VERSIONS, ByteStream, Client, ClientInfo, Error, OPERATIONS, ResponseValue, types,
};
"#;
