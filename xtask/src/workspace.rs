//! Paths and services of this workspace.

use std::path::{Path, PathBuf};

use crate::error::{Error, read};

/// A workspace, by its root folder.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

/// One entry of `specs/services.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The name of the service and of its folder under `specs/`.
    pub name: String,
    /// The api-version to generate.
    pub version: String,
    /// The api-versions that a caller may send.
    pub versions: Versions,
    /// The API description, relative to `specs/`.
    pub description: String,
    /// The overlay, relative to `specs/`, if the service needs corrections.
    pub overlay: Option<String>,
    /// The protocol crate, relative to the workspace root.
    pub krate: String,
    /// The crate of the client, relative to the workspace root. Services may share one.
    pub convenience: String,
}

/// The api-versions that a client may send: operations and types are those of the description, which is usually the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// All of them, as listed.
    pub all: Vec<String>,
    /// The one that is sent unless the caller chooses another.
    pub default: String,
}

impl Versions {
    /// Only one version.
    pub fn only(version: &str) -> Self {
        Self {
            all: vec![version.to_owned()],
            default: version.to_owned(),
        }
    }

    /// Returns the versions of an entry. Fails if the description's or the default one is not among them.
    fn of(version: &str, all: Option<Vec<String>>, default: Option<String>) -> Result<Self, String> {
        let mut versions = Self::only(version);
        versions.all = all.unwrap_or(versions.all);
        versions.default = default.unwrap_or(versions.default);
        for (key, value) in [("version", version), ("default_version", &versions.default)] {
            if !versions.all.iter().any(|known| known == value) {
                return Err(format!(
                    "`versions` lacks {value}, the value of `{key}`; list every version that clients may send"
                ));
            }
        }
        Ok(versions)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    version: String,
    versions: Option<Vec<String>>,
    default_version: Option<String>,
    description: String,
    overlay: Option<String>,
    #[serde(rename = "crate")]
    krate: String,
    convenience: Option<String>,
}

impl Workspace {
    /// Returns the workspace in which this program was built.
    pub fn here() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: xtask.parent().unwrap_or(xtask).to_owned(),
        }
    }

    /// Returns the workspace at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns a path relative to the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns a path relative to `specs/`.
    pub fn spec(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join("specs").join(relative)
    }

    /// Returns the root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of `specs/services.toml`.
    pub fn services_file(&self) -> PathBuf {
        self.spec("services.toml")
    }

    /// Returns the services, in the order of `services.toml`.
    ///
    /// # Errors
    /// If `services.toml` cannot be read or is invalid.
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
                versions,
                default_version,
                description,
                overlay,
                krate,
                convenience,
            } = entry;
            let versions = Versions::of(&version, versions, default_version);
            services.push(Service {
                versions: versions.map_err(|reason| fail(format!("[{name}] {reason}")))?,
                convenience: convenience.unwrap_or_else(|| krate.replace("-protocol", "-convenience")),
                name,
                version,
                description,
                overlay,
                krate,
            });
        }
        Ok(services)
    }

    /// Returns the service with the given name.
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
