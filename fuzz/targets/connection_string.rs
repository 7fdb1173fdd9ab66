//! Parses text as a connection string. A secret is in no error and no `Debug` output.

#![no_main]

use azure_service_core::{ConnectionString, Error, SasCredential};
use libfuzzer_sys::fuzz_target;

/// Takes the place of `@@`, so that inputs can put it anywhere.
const SECRET: &str = "Zm9ydHktdHdvIHNlY3JldHM=";

fuzz_target!(|text: &str| {
    let text = text.replace("@@", SECRET);
    let shown = match text.parse::<ConnectionString>() {
        Ok(parsed) => {
            let again = parsed.endpoint();
            assert!(again.starts_with("https://"));
            let names = [parsed.host_name(), parsed.key_name().unwrap_or_default()];
            if names.iter().any(|name| name.contains(SECRET)) {
                return;
            }
            match SasCredential::new(&parsed) {
                Ok(credential) => {
                    let token = credential.token();
                    assert!(token.token.secret().starts_with("SharedAccessSignature "));
                    format!("{parsed:?} {credential:?} {token:?}")
                }
                Err(error) => format!("{parsed:?} {error} {error:?}"),
            }
        }
        Err(error) => format!("{error} {error:?} {:?}", Error::from(error.clone())),
    };
    assert!(!shown.contains(SECRET), "{shown}");
});
