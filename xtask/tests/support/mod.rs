//! A temporary workspace with the fixture as its only service.

#![allow(dead_code, reason = "not every test uses every helper")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::workspace::Workspace;

/// Returns the path of a file in `fixtures/`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// Reads the fixture.
pub(crate) fn pottery() -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture("pottery.json")).unwrap()).unwrap()
}

pub(crate) struct Scratch {
    folder: tempfile::TempDir,
    pub(crate) workspace: Workspace,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let specs = folder.path().join("specs/pottery");
        std::fs::create_dir_all(&specs).unwrap();
        let services = "# The services.\n[pottery]\nversion = \"2030-01-01\"\ndescription = \"pottery/2030-01-01.json\"\n\
                        overlay = \"pottery/overlay.json\"\ncrate = \"crates/pottery-protocol\"\n";
        std::fs::write(folder.path().join("specs/services.toml"), services).unwrap();
        std::fs::copy(fixture("pottery.json"), specs.join("2030-01-01.json")).unwrap();
        std::fs::copy(fixture("pottery-overlay.json"), specs.join("overlay.json")).unwrap();
        let workspace = Workspace::at(folder.path());
        Self { folder, workspace }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Reads every file, to assert that nothing was written.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.folder.path(), &mut files);
        files
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

/// Returns the folder of the published descriptions; `build.rs` checks that it exists.
pub(crate) fn upstream() -> PathBuf {
    std::env::var_os("UPSTREAM_SPECS")
        .map_or_else(|| Workspace::here().path("../shared/upstream"), PathBuf::from)
}
