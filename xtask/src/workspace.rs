//! Where things are in this workspace, and which services there are.

use std::path::{Path, PathBuf};

use crate::error::{Error, read};

/// The workspace's root folder.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

/// One entry of `specs/services.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The service's name, which is its folder under `specs/`.
    pub name: String,
    /// The api-version that is generated.
    pub version: String,
    /// The API description, relative to `specs/`.
    pub description: String,
    /// The overlay, relative to `specs/`; a service that needs no correction has none.
    pub overlay: Option<String>,
    /// The protocol crate, relative to the workspace's root.
    pub krate: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    version: String,
    description: String,
    overlay: Option<String>,
    #[serde(rename = "crate")]
    krate: String,
}

impl Workspace {
    /// The workspace this program was built in.
    pub fn here() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: xtask.parent().unwrap_or(xtask).to_owned(),
        }
    }

    /// A workspace somewhere else; tests use a temporary one.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// A path below the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path below `specs/`.
    pub fn spec(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join("specs").join(relative)
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `specs/services.toml`.
    pub fn services_file(&self) -> PathBuf {
        self.spec("services.toml")
    }

    /// The services, in the order of the file.
    ///
    /// # Errors
    /// When `services.toml` cannot be read or has another shape.
    pub fn services(&self) -> Result<Vec<Service>, Error> {
        let file = self.services_file();
        let fail = |reason: String| Error::Toml {
            file: file.clone(),
            reason,
        };
        let table: toml::Table = read(&file)?
            .parse()
            .map_err(|e: toml::de::Error| fail(e.to_string()))?;
        let mut services = Vec::new();
        for (name, value) in table {
            let entry: Entry = value
                .try_into()
                .map_err(|e: toml::de::Error| fail(format!("[{name}] {e}")))?;
            let Entry {
                version,
                description,
                overlay,
                krate,
            } = entry;
            services.push(Service {
                name,
                version,
                description,
                overlay,
                krate,
            });
        }
        Ok(services)
    }

    /// One service by name.
    ///
    /// # Errors
    /// [`Error::UnknownService`], or as [`Workspace::services`].
    pub fn service(&self, name: &str) -> Result<Service, Error> {
        let services = self.services()?;
        let known = services
            .iter()
            .map(|s| s.name.clone())
            .collect::<Vec<_>>()
            .join(", ");
        services
            .into_iter()
            .find(|s| s.name == name)
            .ok_or_else(|| Error::UnknownService {
                name: name.to_owned(),
                known,
            })
    }
}
