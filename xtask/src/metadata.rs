//! The packages that `cargo metadata` lists.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The output of `cargo metadata`.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    /// The packages of the workspace, and their dependencies unless `--no-deps` excludes them.
    pub packages: Vec<Package>,
}

/// A package.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    /// The package name.
    pub name: String,
    /// The minimum supported Rust version.
    pub rust_version: Option<String>,
    /// The libraries, programs, examples, tests and benchmarks.
    pub targets: Vec<Target>,
    /// The features, with those that they enable.
    pub features: BTreeMap<String, Vec<String>>,
}

/// A target of a package.
#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    /// The target name.
    pub name: String,
    /// `lib`, `bin`, `example` and others.
    pub kind: Vec<String>,
    /// The features without which the target is not built.
    #[serde(default, rename = "required-features")]
    pub required_features: Vec<String>,
}

impl Metadata {
    /// Returns the examples with their packages.
    pub fn examples(&self) -> impl Iterator<Item = (&Package, &Target)> {
        self.packages.iter().flat_map(|package| {
            let examples = package.targets.iter().filter(|target| target.is_example());
            examples.map(move |target| (package, target))
        })
    }

    /// Returns each package that has features, paired with `None` and with each of its features except `default`.
    pub fn feature_sets(&self) -> impl Iterator<Item = (&Package, Option<&str>)> {
        let with_features = self
            .packages
            .iter()
            .filter(|package| !package.features.is_empty());
        with_features.flat_map(|package| {
            let features = package.features.keys().filter(|feature| *feature != "default");
            let each = features.map(|feature| Some(feature.as_str()));
            std::iter::once(None)
                .chain(each)
                .map(move |feature| (package, feature))
        })
    }
}

impl Target {
    fn is_example(&self) -> bool {
        self.kind.iter().any(|kind| kind == "example")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(packages: serde_json::Value) -> Metadata {
        serde_json::from_value(json!({ "packages": packages })).unwrap()
    }

    #[test]
    fn every_example_is_found_with_its_features() {
        let metadata = metadata(json!([
            { "name": "a", "rust_version": null, "features": {}, "targets": [
                { "name": "a", "kind": ["lib"] },
                { "name": "one", "kind": ["example"] },
                { "name": "two", "kind": ["example"], "required-features": ["amqp", "ws"] },
            ] },
            { "name": "b", "rust_version": null, "features": {}, "targets": [] },
        ]));
        let found: Vec<_> = metadata.examples().collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].0.name.as_str(), found[0].1.name.as_str()), ("a", "one"));
        assert_eq!(found[1].1.required_features, ["amqp", "ws"]);
    }

    #[test]
    fn every_feature_is_paired_with_its_package() {
        let metadata = metadata(json!([
            { "name": "a", "rust_version": null, "features": { "amqp": ["dep:x"], "default": ["amqp"] }, "targets": [] },
            { "name": "b", "rust_version": null, "features": {}, "targets": [] },
        ]));
        let sets: Vec<_> = metadata
            .feature_sets()
            .map(|(package, feature)| (package.name.as_str(), feature))
            .collect();
        assert_eq!(sets, [("a", None), ("a", Some("amqp"))]);
    }

    #[test]
    fn a_package_without_targets_is_refused() {
        let incomplete = json!({ "packages": [{ "name": "a", "rust_version": null, "features": {} }] });
        assert!(serde_json::from_value::<Metadata>(incomplete).is_err());
    }
}
