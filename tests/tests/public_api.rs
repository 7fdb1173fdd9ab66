//! The public API of each crate matches its committed listing.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use integration_tests::public_api::{difference, list};

/// The crates with a committed listing, in `public-api/<crate>.txt`.
const CRATES: &[&str] = &[
    "azure-iot-emulator",
    "azure-service-core",
    "digitaltwins-convenience",
    "iothub-convenience",
    "provisioning-convenience",
];

#[test]
fn public_apis_match_their_committed_listings() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_PUBLIC_API").is_some();
    for name in CRATES {
        let root = here.join(format!("../crates/{name}/src/lib.rs"));
        let current = list(name, &root).unwrap_or_else(|error| panic!("{name}: {error}"));
        let path = here.join(format!("public-api/{name}.txt"));
        if update {
            fs::write(&path, &current).expect("the listing can be written");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let difference = difference(&committed, &current);
        assert!(
            difference.is_empty(),
            "the public API of {name} has changed:\n{difference}\
             If that is intended, add a line to CHANGELOG.md and refresh the listing:\n\
             UPDATE_PUBLIC_API=1 cargo test -p integration-tests --test public_api"
        );
    }
}

/// Writes a crate of these files and returns its listing.
fn listing(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    list("a-crate", &folder.path().join("lib.rs")).expect("a listing")
}

const LIB: &str =
    "mod inner; mod errors; pub use inner::{Open, Status, Thing}; pub use errors::*; pub use http::Method;
    #[cfg(test)] mod tests { pub fn hidden() {} }";
const ERRORS: &str = "use thiserror::Error;
    #[derive(Debug, Error)] #[non_exhaustive] pub enum Failure { Io(#[from] std::io::Error), Other { reason: String } }
    pub(crate) struct Private;";
const INNER: &str =
    "pub(crate) mod deep; pub(crate) use self::deep::Thing; pub use http::StatusCode as Status;
    open_enum! { /// A type.
    pub enum Open { /// One.
    One = \"one\" } }
    impl std::fmt::Display for Thing {} impl deep::Hidden for Thing {}
    impl From<Hint> for Thing { fn from(_: Hint) -> Self { todo!() } } struct Hint;";
const DEEP: &str = "#[derive(Clone)] pub struct Thing { pub id: Option<String>, secret: u8 }
    pub(crate) trait Hidden {}
    impl Thing {
        pub const LIMIT: usize = 5;
        pub async fn read(&mut self, mut at: usize) -> Result<Vec<u8>, crate::Failure> { todo!() }
        pub(crate) fn internal(&self) {} fn private() {}
    }";

fn with_deep(deep: &str) -> String {
    listing(&[
        ("lib.rs", LIB),
        ("errors.rs", ERRORS),
        ("inner.rs", INNER),
        ("inner/deep.rs", deep),
    ])
}

#[test]
fn a_listing_follows_re_exports_into_private_modules() {
    let expected = "\
impl Debug for a_crate::Failure
impl Error for a_crate::Failure
pub enum a_crate::Failure #[non_exhaustive]
pub variant a_crate::Failure::Io(std::io::Error #[from])
pub variant a_crate::Failure::Other { reason: String }
pub use a_crate::Method = http::Method
pub item a_crate::Open from open_enum! { pub enum Open { One = \"one\" } }
pub use a_crate::Status = http::StatusCode
impl Clone for a_crate::Thing
impl std::fmt::Display for a_crate::Thing
pub struct a_crate::Thing /* private fields */
pub const a_crate::Thing::LIMIT: usize
pub field a_crate::Thing::id: Option<String>
pub async fn a_crate::Thing::read(&mut self, at: usize) -> Result<Vec<u8>, crate::Failure>
";
    assert_eq!(with_deep(DEEP), expected);
}

#[test]
fn added_removed_and_changed_functions_differ() {
    let before = with_deep(DEEP);
    let changed = |from: &str, to: &str| {
        assert!(DEEP.contains(from), "{from}");
        difference(&before, &with_deep(&DEEP.replace(from, to)))
    };
    assert_eq!(
        changed("fn private()", "pub fn added(self)"),
        "+ pub fn a_crate::Thing::added(self)\n"
    );
    assert_eq!(
        changed("pub const LIMIT", "const LIMIT"),
        "- pub const a_crate::Thing::LIMIT: usize\n"
    );
    let read = "pub async fn a_crate::Thing::read(&mut self, at:";
    assert_eq!(
        changed("mut at: usize", "at: u64"),
        format!(
            "+ {read} u64) -> Result<Vec<u8>, crate::Failure>\n- {read} usize) -> Result<Vec<u8>, crate::Failure>\n"
        )
    );
    assert_eq!(
        changed("&mut self", "&self").lines().count(),
        2,
        "the receiver is part of the signature"
    );
    // Items that are visible only in the crate are not part of its API.
    assert_eq!(changed("fn internal(&self)", "fn renamed(&self, x: u8)"), "");
    assert_eq!(changed("mut at: usize", "at: usize"), "");
}

#[test]
fn macro_invocations_and_implementations_for_foreign_types_are_listed() {
    let before = "mod inner; pub mod codes { codes! { /// Busy.
        BUSY = \"Busy\", GONE = \"Gone\" } } pub use inner::Failure;";
    let inner = "pub struct Failure; struct Private; forward! { Failure: status }
        impl Failure { forward! { /// Missing.
            is_not_found -> bool, is_conflict -> bool } }
        impl From<Failure> for http::Error { } impl From<Private> for http::Error { }
        impl<'a> IntoIterator for &'a Failure { type Item = u8; }";
    let list = |lib: &str, inner: &str| listing(&[("lib.rs", lib), ("inner.rs", inner)]);
    let expected = "\
items in a_crate::Failure from forward! { is_not_found -> bool, is_conflict -> bool }
pub struct a_crate::Failure
items in a_crate::codes from codes! { BUSY = \"Busy\", GONE = \"Gone\" }
items in a_crate::inner from forward! { Failure: status }
impl From<Failure> for http::Error
impl<'a> IntoIterator for &'a Failure type Item = u8
";
    assert_eq!(list(before, inner), expected);
    for removed in [
        "is_not_found -> bool,",
        "impl From<Failure> for http::Error { }",
        "forward! { Failure: status }",
    ] {
        assert!(inner.contains(removed), "{removed}");
        assert_ne!(list(before, &inner.replace(removed, "")), expected, "{removed}");
    }
    assert_ne!(list(&before.replace(", GONE = \"Gone\"", ""), inner), expected);
}

#[test]
fn the_errors_of_both_clients_have_the_same_accessors() {
    let methods = |name: &str| -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/{name}/src/lib.rs"));
        let prefix = format!("pub fn {}::Error::", name.replace('-', "_"));
        let listing = list(name, &root).expect("a listing");
        let lines = listing.lines().filter_map(|line| line.strip_prefix(&prefix));
        lines
            .filter_map(|line| Some(line.split_once('(')?.0.to_owned()))
            .collect()
    };
    let (hub, twins) = (methods("iothub-convenience"), methods("digitaltwins-convenience"));
    let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
        these.difference(those).cloned().collect()
    };
    // Errors that only one service or protocol has.
    assert_eq!(
        only(&hub, &twins),
        [
            "amqp",
            "error_code",
            "invalid_id",
            "invalid_key",
            "invalid_thumbprint",
            "invalid_twin",
            "is_device_offline",
            "is_queue_full"
        ]
    );
    assert_eq!(
        only(&twins, &hub),
        [
            "is_invalid_model",
            "is_invalid_patch",
            "is_invalid_query",
            "is_limit_reached",
            "is_model_in_use",
            "is_relationships_not_deleted",
            "is_target_not_found",
            "is_validation_failed",
            "left_behind"
        ]
    );
}

/// Returns the last names of the imports that begin with a crate, in all source files of a folder.
fn imported_from(krate: &str, folder: &Path) -> BTreeSet<String> {
    fn last_names(tree: &syn::UseTree, names: &mut BTreeSet<String>) {
        match tree {
            syn::UseTree::Path(tree) => last_names(&tree.tree, names),
            syn::UseTree::Name(tree) => drop(names.insert(tree.ident.to_string())),
            syn::UseTree::Rename(tree) => drop(names.insert(tree.rename.to_string())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| last_names(tree, names)),
            syn::UseTree::Glob(_) => drop(names.insert("*".to_owned())),
        }
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names.extend(imported_from(krate, &path));
            continue;
        }
        let file = syn::parse_file(&fs::read_to_string(&path).expect("a file")).expect("valid Rust");
        for item in file.items {
            match item {
                syn::Item::Use(syn::ItemUse {
                    tree: syn::UseTree::Path(tree),
                    ..
                }) if tree.ident == krate => last_names(&tree.tree, &mut names),
                _ => {}
            }
        }
    }
    names
}

#[test]
fn generated_types_are_public_only_through_the_method_protocol() {
    for (service, protocols, clients) in [
        ("iothub", &["iothub"][..], &["IotHubRegistryManager"][..]),
        ("digitaltwins", &["digitaltwins"], &["DigitalTwinsClient"]),
        (
            "provisioning",
            &["provisioning", "provisioning_device"],
            &["ProvisioningDeviceClient", "ProvisioningServiceClient"],
        ),
    ] {
        let krate = format!("{service}_convenience");
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/{service}-convenience/src"));
        let imported = protocols
            .iter()
            .map(|name| imported_from(&format!("{name}_protocol"), &source));
        let generated: BTreeSet<_> = imported.flatten().collect();
        // A glob import would hide the names that it imports.
        assert!(
            generated.contains("types") && !generated.contains("*"),
            "{generated:?}"
        );
        let listing = list(&krate.replace('_', "-"), &source.join("lib.rs")).expect("a listing");
        let names_generated = |line: &&str| {
            // Public paths are left out, because their names may equal generated ones.
            let words = line.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
            words
                .filter(|word| !word.starts_with(&format!("{krate}::")))
                .flat_map(|word| word.split("::"))
                .any(|word| word == "Client" || word.ends_with("_protocol") || generated.contains(word))
        };
        let public: Vec<_> = listing.lines().filter(names_generated).collect();
        let protocol = |client: &&str| format!("pub fn {krate}::{client}::protocol(&self) -> ");
        let expected: Vec<_> = clients.iter().map(protocol).collect();
        assert!(
            public.len() == expected.len() && public.iter().zip(&expected).all(|(p, e)| p.starts_with(e)),
            "{public:?}"
        );
    }
}

#[test]
fn both_clients_re_export_the_same_types_of_other_crates() {
    let re_exports = |name: &str| -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/{name}/src/lib.rs"));
        let prefix = format!("pub use {}::", name.replace('-', "_"));
        let listing = list(name, &root).expect("a listing");
        let lines = listing.lines().filter_map(|line| line.strip_prefix(&prefix));
        let pairs = lines.filter_map(|line| line.split_once(" = "));
        pairs
            .filter(|(_, path)| path.starts_with("azure_") || path.starts_with("json_patch"))
            .map(|(name, _)| name.to_owned())
            .collect()
    };
    let (hub, twins) = (
        re_exports("iothub-convenience"),
        re_exports("digitaltwins-convenience"),
    );
    assert!(hub.contains("Response") && hub.contains("etag"), "{hub:?}");
    let differences: Vec<_> = hub.symmetric_difference(&twins).collect();
    assert!(differences.is_empty(), "{differences:?}");
}

#[test]
fn a_re_export_without_a_definition_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("lib.rs");
    fs::write(&root, "mod inner { } pub use inner::Gone;").expect("a file");
    let error = list("a-crate", &root).expect_err("the definition is missing");
    assert!(
        error.to_string().contains("`inner::Gone` in `a_crate`"),
        "{error}"
    );
}
