//! Property tests of connection strings.

use azure_service_core::ConnectionString;
use proptest::prelude::*;

const KEY: &str = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";

/// Generates connection strings with the parts in any order, names in either case, optional spaces and an optional
/// trailing separator.
fn spelling() -> impl Strategy<Value = String> {
    let parts = Just(vec![
        ("HostName", "hub.example.net:8443"),
        ("SharedAccessKeyName", "service"),
        ("SharedAccessKey", KEY),
    ])
    .prop_shuffle();
    (parts, any::<[bool; 3]>(), any::<bool>(), any::<bool>()).prop_map(|(parts, upper, space, end)| {
        let parts: Vec<_> = parts
            .iter()
            .zip(upper)
            .map(|((name, value), upper)| {
                let name = if upper {
                    name.to_uppercase()
                } else {
                    name.to_lowercase()
                };
                format!("{name}={value}")
            })
            .collect();
        let text = parts.join(if space { "; " } else { ";" });
        if end { text + ";" } else { text }
    })
}

proptest! {
    #[test]
    fn every_spelling_parses_to_the_same_value(text in spelling()) {
        let connection: ConnectionString = text.parse().unwrap();
        prop_assert_eq!(connection.host_name(), "hub.example.net:8443");
        prop_assert_eq!(connection.key_name(), Some("service"));
        prop_assert_eq!(connection.key().map(|key| key.secret()), Some(KEY));
        let shown = format!("{connection:?}");
        prop_assert!(!shown.contains(KEY));
    }

    #[test]
    fn errors_of_damaged_strings_do_not_show_the_key(text in spelling(), from in 0_usize..90, with in "[ -~]{0,3}") {
        let from = from.min(text.len());
        let changed = format!("{}{with}{}", &text[..from], text.get(from + 1..).unwrap_or_default());
        if let Err(error) = changed.parse::<ConnectionString>() {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&KEY[..8]) && !shown.contains(&KEY[12..20]), "{}", shown);
        }
    }

    #[test]
    fn arbitrary_text_does_not_panic(text in any::<String>()) {
        let _ = text.parse::<ConnectionString>();
    }
}
