//! Parses text as a query, condition and target condition of the hub. A printed tree parses to the same tree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_query::iothub::{parse, parse_condition, parse_metric, parse_target_condition};

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&query), "{printed}");
            if let Err(error) = query.validate() {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset()), "{error:?}");
            assert!(error.line() >= 1 && error.column() >= 1);
            assert!(!error.to_string().is_empty());
        }
    }
    if let Ok(condition) = parse_condition(text) {
        let printed = condition.to_string();
        assert_eq!(parse_condition(&printed), Ok(condition), "{printed}");
    }
    if let Ok(target) = parse_target_condition(text) {
        let printed = target.to_string();
        assert_eq!(parse_target_condition(&printed), Ok(target), "{printed}");
    }
    if let Err(error) = parse_metric(text) {
        assert!(!error.to_string().is_empty());
    }
});
