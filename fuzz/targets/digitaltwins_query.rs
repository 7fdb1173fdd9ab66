//! Parses text as a Digital Twins query. A printed tree parses to the same tree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_query::digitaltwins::{parse, parse_and_validate};

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&query), "{printed}");
            // The canonical form is no longer than the limit only by chance, so just its rules are compared.
            assert_eq!(
                query.validate().is_ok(),
                parse(&printed).is_ok_and(|again| again.validate().is_ok())
            );
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset()), "{error:?}");
            assert!(error.line() >= 1 && error.column() >= 1);
        }
    }
    if let Err(error) = parse_and_validate(text) {
        assert!(!error.to_string().is_empty());
    }
});
