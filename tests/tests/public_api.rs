//! The public API of each crate matches its committed listing.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use integration_tests::public_api::{difference, list};

/// The crates with a committed listing, in `public-api/<crate>.txt`.
const CRATES: &[&str] = &[
    "azure-iot-emulator",
    "azure-service-core",
    "digitaltwins-convenience",
    "iothub-convenience",
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
fn a_re_export_without_a_definition_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("lib.rs");
    fs::write(&root, "mod inner { } pub use inner::Gone;").expect("a file");
    let error = list("a-crate", &root).expect_err("not there");
    assert!(
        error.to_string().contains("`inner::Gone` in `a_crate`"),
        "{error}"
    );
}
