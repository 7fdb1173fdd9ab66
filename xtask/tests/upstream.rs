//! Compares our descriptions with the published ones: same facts, same generated code.
//!
//! Needs the published files, in the folder that `UPSTREAM_SPECS` names; ignored without them (see `build.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use quote::ToTokens;
use syn::visit_mut::VisitMut;
use xtask::generate::{Unsupported, stages};
use xtask::import::{self, Existing};
use xtask::workspace::Workspace;

#[test]
#[cfg_attr(
    not(upstream_specs),
    ignore = "UPSTREAM_SPECS names no folder with the published descriptions"
)]
fn importing_the_published_files_changes_nothing() {
    let upstream = support::upstream();
    let ours = Workspace::here();
    for service in ours.services().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let copy = Workspace::at(folder.path());
        std::fs::create_dir_all(copy.spec(&service.name)).unwrap();
        let facts = import::facts_file(service.description.as_ref());
        for file in [
            "services.toml".as_ref(),
            service.description.as_ref(),
            facts.as_path(),
        ] {
            std::fs::copy(ours.spec(file), copy.spec(file)).unwrap();
        }
        let published = upstream.join(format!("{}-{}.json", service.name, service.version));
        let done = import::import(&copy, &service.name, &published, Existing::Keep).unwrap();
        assert!(
            done.report.changes.is_empty(),
            "{}: {}",
            service.name,
            done.report
        );
        // With our descriptions kept, the file is identical.
        assert_eq!(done.foreign_texts, []);
        assert!(!done.changed, "{}", service.name);
        assert_eq!(done.description, copy.spec(&service.description));
    }
}

#[test]
#[cfg_attr(
    not(upstream_specs),
    ignore = "UPSTREAM_SPECS names no folder with the published descriptions"
)]
fn the_published_files_generate_the_same_code_except_comments() {
    let upstream = support::upstream();
    let ours = Workspace::here();
    for service in ours.services().unwrap() {
        let overlay = service.overlay.as_ref().map(|o| ours.spec(o));
        let published = upstream.join(format!("{}-{}.json", service.name, service.version));
        let theirs = stages(&published, overlay.as_deref(), "x", Unsupported::Refuse).unwrap();
        let own = stages(
            &ours.spec(&service.description),
            overlay.as_deref(),
            "x",
            Unsupported::Refuse,
        )
        .unwrap();
        assert_eq!(own.files.len(), 4);
        for (theirs, own) in theirs.files.iter().zip(&own.files) {
            let (theirs, text) = (without_comments(&theirs.text), without_comments(&own.text));
            assert_eq!(theirs, text, "{} {}", service.name, own.name);
        }
    }
}

fn without_comments(source: &str) -> String {
    struct Strip;
    impl VisitMut for Strip {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
            attributes.retain(|a| !a.path().is_ident("doc"));
        }
    }
    let mut file = syn::parse_file(source).unwrap();
    Strip.visit_file_mut(&mut file);
    file.to_token_stream().to_string()
}
