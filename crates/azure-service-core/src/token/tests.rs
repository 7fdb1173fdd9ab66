//! A model of the token cache, compared with the cache on random interleavings of calls, cancellations, responses and
//! time.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Poll;

use azure_core::credentials::TokenRequestOptions;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;

/// A credential whose token requests the test completes.
#[derive(Debug, Default)]
struct Scripted(Mutex<VecDeque<oneshot::Sender<Option<AccessToken>>>>);

#[async_trait]
impl TokenCredential for Scripted {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap().push_back(sender);
        let token = receiver.await.expect("the test answers");
        token.ok_or_else(|| azure_core::Error::with_message(AzureKind::Credential, "no token"))
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Call,
    CancelOldest,
    Answer { lifetime: i64 },
    Fail,
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Call),
        1 => Just(Step::CancelOldest),
        2 => prop_oneof![Just(5), Just(20), Just(44), Just(240), Just(3600)]
            .prop_map(|lifetime| Step::Answer { lifetime }),
        1 => Just(Step::Fail),
        3 => (1_u64..400).prop_map(Step::Advance),
    ]
}

/// The modeled state. Times are in seconds since the start.
#[derive(Default)]
struct Model {
    now: i64,
    /// The token's number and expiry time.
    token: Option<(u32, i64)>,
    refresh_at: i64,
    /// The start time of the running request.
    running: Option<i64>,
    tokens: u32,
}

impl Model {
    /// Models a call: starts a token request if one is due, and returns the token that the call gets without waiting.
    fn call(&mut self) -> Option<u32> {
        let valid = self.token.filter(|(_, expires_on)| expires_on - self.now > 10);
        if valid.is_none() || self.now >= self.refresh_at {
            self.running.get_or_insert(self.now);
        }
        valid.map(|(number, _)| number)
    }

    fn answer(&mut self, lifetime: i64) -> (u32, i64) {
        self.running = None;
        self.tokens += 1;
        let token = (self.tokens, self.now + lifetime);
        self.refresh_at = (token.1 - 300).max(self.now + (lifetime / 2).min(30));
        self.token = Some(token);
        token
    }

    fn fail(&mut self) {
        self.running = None;
        self.refresh_at = self.now + 30;
    }
}

type RunningCall = Pin<Box<dyn Future<Output = Result<AccessToken>>>>;

/// Polls a call once.
async fn poll(call: &mut RunningCall) -> Option<Result<AccessToken>> {
    std::future::poll_fn(|task| {
        Poll::Ready(match call.as_mut().poll(task) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    })
    .await
}

/// Lets the task of the token request run.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

async fn check(steps: &[Step]) {
    let (credential, begin) = (Arc::new(Scripted::default()), Instant::now());
    let clock = move || OffsetDateTime::UNIX_EPOCH + Duration::seconds(begin.elapsed().as_secs() as i64 + 1);
    let cache = Arc::new(TokenCache::new(credential.clone(), "scope".to_owned(), clock));
    let (mut model, mut waiting) = (
        Model {
            refresh_at: -1,
            ..Model::default()
        },
        VecDeque::<RunningCall>::new(),
    );
    for step in steps {
        let mut ended: Option<Option<u32>> = None;
        match *step {
            Step::Call => {
                let cache = cache.clone();
                let mut call: RunningCall = Box::pin(async move { cache.token().await });
                let result = poll(&mut call).await;
                let number = result.map(|result| result.unwrap().token.secret().to_owned());
                let expected = model.call();
                assert_eq!(
                    number,
                    expected.map(|number| number.to_string()),
                    "a valid token is used at once"
                );
                if expected.is_none() {
                    waiting.push_back(call);
                }
            }
            Step::CancelOldest => drop(waiting.pop_front()),
            Step::Answer { .. } | Step::Fail if model.running.is_none() => {}
            Step::Answer { lifetime } => {
                let (number, expires_on) = model.answer(lifetime);
                let expires_on = OffsetDateTime::UNIX_EPOCH + Duration::seconds(expires_on + 1);
                let sender = credential.0.lock().unwrap().pop_front().unwrap();
                sender
                    .send(Some(AccessToken::new(number.to_string(), expires_on)))
                    .unwrap();
                ended = Some(Some(number));
            }
            Step::Fail => {
                model.fail();
                credential
                    .0
                    .lock()
                    .unwrap()
                    .pop_front()
                    .unwrap()
                    .send(None)
                    .unwrap();
                ended = Some(None);
            }
            Step::Advance(seconds) => {
                tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
                model.now += seconds as i64;
                if model.running.is_some_and(|begin| begin + 120 <= model.now) {
                    model.fail();
                    ended = Some(None);
                }
            }
        }
        settle().await;
        credential
            .0
            .lock()
            .unwrap()
            .retain(|request| !request.is_canceled());
        let running = credential.0.lock().unwrap().len();
        assert_eq!(
            running,
            usize::from(model.running.is_some()),
            "one request runs if one is due"
        );
        // Waiting calls end when the token request ends, and only then.
        for mut call in std::mem::take(&mut waiting) {
            let result = poll(&mut call).await;
            match (result, ended) {
                (None, None) => waiting.push_back(call),
                (Some(result), Some(number)) => {
                    let token = result.ok().map(|token| token.token.secret().to_owned());
                    assert_eq!(token, number.map(|number| number.to_string()));
                }
                (result, ended) => panic!("{result:?} instead of {ended:?}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_token_request_runs_at_a_time_and_survives_cancellation(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(check(&steps));
    }
}
