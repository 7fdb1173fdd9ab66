//! The documentation of the clients.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use integration_tests::scenarios::Client;

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Returns the public methods in the `impl` blocks of the client in `source`, each with true if its documentation has
/// an example.
fn methods(source: &str, client: Client) -> Vec<(String, bool)> {
    let block = format!("impl {} {{", client.type_name());
    let (mut in_client, mut has_example, mut methods) = (false, false, Vec::new());
    for line in source.lines() {
        if line == block {
            in_client = true;
        } else if line == "}" {
            in_client = false;
        }
        let line = line.trim_start();
        let signature = line
            .strip_prefix("pub fn ")
            .or(line.strip_prefix("pub async fn "));
        if let Some(signature) = signature.filter(|_| in_client) {
            let name = signature.split(['(', '<']).next().unwrap();
            methods.push((name.to_owned(), has_example));
        }
        let in_docs = line.starts_with("///") || line.starts_with("#[");
        has_example = in_docs && (has_example || line == "/// # Example");
    }
    methods
}

#[test]
fn every_method_of_a_client_has_an_example() {
    for (client, crate_name) in [
        (Client::Hub, "iothub-convenience"),
        (Client::Twins, "digitaltwins-convenience"),
        (Client::Provisioning, "provisioning-convenience"),
        (Client::ProvisioningDevice, "provisioning-convenience"),
    ] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/{crate_name}/src"));
        let mut files = Vec::new();
        sources(&root, &mut files);
        let methods: Vec<_> = files
            .iter()
            .flat_map(|file| methods(&fs::read_to_string(file).unwrap(), client))
            .collect();
        let public = client.public_methods().unwrap();
        assert_eq!(
            methods.len(),
            public.len(),
            "not all methods of {crate_name} were found"
        );
        let missing: Vec<_> = methods.iter().filter(|(_, has_example)| !has_example).collect();
        assert!(missing.is_empty(), "{crate_name}: {missing:?}");
    }
}
