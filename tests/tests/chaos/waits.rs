//! `Retry-After` with values that no service sends.

use azure_service_core::ErrorKind;

use crate::clients::{ATTEMPTS, CALL_TIMEOUT, Clients};
use crate::evil_server::{Answer, EvilServer};

/// However long the server asks to wait, a call ends at its timeout, and reports throttling.
#[tokio::test]
async fn odd_retry_after_extends_no_call_beyond_its_timeout() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    for value in [
        "",
        "-1",
        "0",
        "0.5",
        "1e9",
        "soon",
        "18446744073709551615",
        "99999999999999999999999999",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 21 Oct 2099 07:28:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Wed, 32 Foo 2099 07:28:00 GMT",
    ] {
        for name in ["retry-after", "retry-after-ms", "x-ms-retry-after-ms"] {
            server.answer(Answer::response(429, &[&format!("{name}: {value}")], "{}"));
            let begin = std::time::Instant::now();
            for result in clients.read().await {
                let error = result.expect_err("throttled");
                let expected = (ErrorKind::Service, Some(429));
                assert_eq!((error.kind, error.status), expected, "{name}: {value}: {error:?}");
                assert!(error.attempts <= ATTEMPTS, "{name}: {value}: {error:?}");
            }
            assert!(begin.elapsed() < 4 * CALL_TIMEOUT, "{name}: {value}");
        }
    }
}
