//! Authorization of requests.

use super::support::*;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind as AzureKind;
use azure_service_core::{ConnectionString, Credential, ErrorKind, SasCredential, ServiceClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn no_request_is_sent_without_a_token() {
    for kind in [
        AzureKind::Credential,
        AzureKind::Io,
        AzureKind::Connection,
        AzureKind::Other,
    ] {
        let transport = MockTransport::new([respond(200, ROOM)]);
        let identity = Credential::entra(Identity::new(Err(kind.clone())), "scope");
        let client = client(ENDPOINT, &identity, transport.options());
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
        assert_eq!(transport.count(), 0);
    }
}

#[tokio::test]
async fn token_is_requested_for_the_scope_and_cached() {
    let transport = MockTransport::new([respond(200, ROOM)]);
    let identity = Identity::new(Ok("t0ken"));
    let credential = Credential::entra(identity.clone(), "https://digitaltwins.azure.net/.default");
    let client = client(ENDPOINT, &credential, transport.options());
    get(&client).await.unwrap();
    get(&client.clone()).await.unwrap();
    assert_eq!(
        *identity.scopes.lock().unwrap(),
        ["https://digitaltwins.azure.net/.default"]
    );
    assert!(
        transport
            .requests()
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer t0ken"))
    );
}

#[tokio::test]
async fn signature_is_renewed_before_it_expires() {
    let connection: ConnectionString =
        "HostName=service.example;SharedAccessKeyName=owner;SharedAccessKey=c2VjcmV0"
            .parse()
            .unwrap();
    let now = Arc::new(AtomicI64::new(1_700_000_000));
    let clock = now.clone();
    let sas = SasCredential::new(&connection)
        .unwrap()
        .with_clock(move || time::OffsetDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).unwrap());
    let transport = MockTransport::new([respond(200, ROOM)]);
    let client = client(
        &connection.endpoint(),
        &Credential::sas(sas.clone()),
        transport.options(),
    );
    for seconds in [0, 3000, 1, 0] {
        now.fetch_add(seconds, Ordering::SeqCst);
        get(&client).await.unwrap();
    }
    let requests = transport.requests();
    let header = |index: usize| requests[index].header("authorization").unwrap();
    assert!(header(0).contains("&se=1700003600&skn=owner"), "{}", header(0));
    assert_eq!(header(1), header(0));
    assert!(header(2).contains("&se=1700006601&"), "{}", header(2));
    assert_eq!(header(3), sas.token().token.secret());
}

/// A credential that takes one second to return a token. Tokens are numbered and valid for `lifetime`.
#[derive(Debug)]
struct Slow {
    lifetime: Duration,
    count: AtomicI64,
}

impl Slow {
    fn new(lifetime: Duration) -> Arc<Self> {
        let count = AtomicI64::new(0);
        Arc::new(Self { lifetime, count })
    }

    fn count(&self) -> i64 {
        self.count.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl TokenCredential for Slow {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let expires_on = time::OffsetDateTime::now_utc() + self.lifetime;
        Ok(AccessToken::new(format!("token{number}"), expires_on))
    }
}

const FOUR_MINUTES: Duration = Duration::from_secs(240);

fn client_with(identity: &Arc<Slow>) -> (MockTransport, ServiceClient<Client>) {
    let transport = MockTransport::new([respond(200, ROOM)]);
    let credential = Credential::entra(identity.clone(), "scope");
    let client = client(ENDPOINT, &credential, transport.options());
    (transport, client)
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_share_one_token_request_even_for_tokens_below_five_minutes() {
    let identity = Slow::new(FOUR_MINUTES);
    let (transport, client) = client_with(&identity);
    for _ in 0..2 {
        let calls = (0..64).map(|_| get(&client));
        futures::future::try_join_all(calls).await.unwrap();
    }
    assert_eq!((identity.count(), transport.count()), (1, 128));
}

#[tokio::test(start_paused = true)]
async fn token_request_survives_the_cancellation_of_the_call_that_began_it() {
    let identity = Slow::new(FOUR_MINUTES);
    let (transport, client) = client_with(&identity);
    let canceled = tokio::time::timeout(Duration::from_millis(500), get(&client)).await;
    assert!(canceled.is_err());
    get(&client).await.unwrap();
    assert_eq!((identity.count(), transport.count()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn token_that_was_refused_is_not_used_again() {
    let identity = Slow::new(FOUR_MINUTES);
    let transport = MockTransport::new([respond(401, ""), respond(200, ROOM)]);
    let credential = Credential::entra(identity.clone(), "scope");
    let client = client(ENDPOINT, &credential, transport.options());
    assert!(get(&client).await.unwrap_err().is_unauthorized());
    get(&client).await.unwrap();
    let tokens: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(
        tokens,
        [Some("Bearer token1".to_owned()), Some("Bearer token2".to_owned())]
    );
}

/// A token request ends without a result when its runtime ends; the next call starts another request.
#[test]
fn token_request_of_a_runtime_that_has_ended_is_replaced() {
    let identity = Slow::new(FOUR_MINUTES);
    let (_, client) = client_with(&identity);
    let run = |limit| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async { tokio::time::timeout(limit, get(&client)).await })
    };
    assert!(run(Duration::from_millis(500)).is_err());
    assert!(run(Duration::from_secs(9)).unwrap().is_ok());
    assert_eq!(identity.count(), 2);
}

#[test]
fn concurrent_calls_share_one_signature() {
    let connection: ConnectionString =
        "HostName=service.example;SharedAccessKeyName=owner;SharedAccessKey=c2VjcmV0"
            .parse()
            .unwrap();
    // Each clock reading is one second later than the previous one, so signing again would yield a different token.
    let now = AtomicI64::new(1_700_000_000);
    let sas = SasCredential::new(&connection).unwrap().with_clock(move || {
        time::OffsetDateTime::from_unix_timestamp(now.fetch_add(1, Ordering::SeqCst)).unwrap()
    });
    let tokens: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(|| sas.token())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}
