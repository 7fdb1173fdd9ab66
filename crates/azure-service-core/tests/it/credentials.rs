//! How requests are authorised, and what happens if they cannot be.

use super::support::*;
use azure_core::error::ErrorKind as AzureKind;
use azure_service_core::{ConnectionString, Credential, ErrorKind, SasCredential};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[tokio::test(start_paused = true)]
async fn a_failing_credential_sends_nothing() {
    for kind in [
        AzureKind::Credential,
        AzureKind::Io,
        AzureKind::Connection,
        AzureKind::Other,
    ] {
        let script = Script::new([answer(200, THING)]);
        let identity = Credential::entra(Identity::new(Err(kind.clone())), "scope");
        let client = client(ENDPOINT, &identity, script.options());
        for error in [
            get(&client).await.unwrap_err(),
            invoke(&client).await.unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Credential, 0),
                "{kind}: {error:?}"
            );
            let text = report(&error);
            assert_eq!(text.matches("the identity has no token").count(), 1, "{text}");
        }
        assert_eq!(script.count(), 0);
    }
}

#[tokio::test]
async fn a_token_is_asked_for_with_the_scope_and_kept() {
    let script = Script::new([answer(200, THING)]);
    let identity = Identity::new(Ok("t0ken"));
    let credential = Credential::entra(identity.clone(), "https://digitaltwins.azure.net/.default");
    let client = client(ENDPOINT, &credential, script.options());
    get(&client).await.unwrap();
    get(&client.clone()).await.unwrap();
    assert_eq!(
        *identity.scopes.lock().unwrap(),
        ["https://digitaltwins.azure.net/.default"]
    );
    assert!(
        script
            .seen()
            .iter()
            .all(|seen| seen.header("authorization") == Some("Bearer t0ken"))
    );
}

#[tokio::test]
async fn a_signature_is_renewed_ahead_of_its_end() {
    let connection: ConnectionString =
        "HostName=service.example;SharedAccessKeyName=owner;SharedAccessKey=c2VjcmV0"
            .parse()
            .unwrap();
    let now = Arc::new(AtomicI64::new(1_700_000_000));
    let clock = now.clone();
    let sas = SasCredential::new(&connection)
        .unwrap()
        .with_clock(move || time::OffsetDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).unwrap());
    let script = Script::new([answer(200, THING)]);
    let client = client(
        &connection.endpoint(),
        &Credential::sas(sas.clone()),
        script.options(),
    );
    for seconds in [0, 3000, 1, 0] {
        now.fetch_add(seconds, Ordering::SeqCst);
        get(&client).await.unwrap();
    }
    let seen = script.seen();
    let header = |index: usize| seen[index].header("authorization").unwrap();
    assert!(header(0).contains("&se=1700003600&skn=owner"), "{}", header(0));
    assert_eq!(header(1), header(0));
    assert!(header(2).contains("&se=1700006601&"), "{}", header(2));
    assert_eq!(header(3), sas.token().token.secret());
}
