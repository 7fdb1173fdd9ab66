//! Parses bytes as a DTDL document: the result is a model or diagnostics, and the JSON of an accepted model is accepted
//! again.

#![no_main]

use dtdl::{Parser, UnknownExtensions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for choice in [
        UnknownExtensions::ByVersion,
        UnknownExtensions::Allow,
        UnknownExtensions::Refuse,
    ] {
        let parser = Parser::new()
            .unknown_extensions(choice)
            .limits(["dtmi:dtdl:limits:onvif", "dtmi:dtdl:limits:aio"]);
        match parser.parse([bytes]) {
            Ok(model) => {
                for element in model.elements() {
                    let _ = (
                        element.json(),
                        element.to_value(),
                        element.display_name().get("en"),
                    );
                }
                assert_eq!(model.in_dependency_order().len(), model.len());
                let again: Vec<_> = model
                    .interfaces()
                    .filter(|interface| interface.element().parent().is_none())
                    .filter_map(|interface| interface.element().json().map(str::to_owned))
                    .collect();
                let again = parser.parse(again);
                assert!(again.is_ok(), "{again:?}");
            }
            Err(error) => {
                assert!(!error.diagnostics.is_empty() || !error.unresolved.is_empty());
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
