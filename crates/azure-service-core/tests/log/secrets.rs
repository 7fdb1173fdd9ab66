//! Keys, signatures and tokens do not appear in logs, errors or `Debug`.

use super::support::*;
use azure_core::http::{ClientOptions, Response, RetryOptions};
use azure_service_core::{ConnectionString, Credential, Error, SasCredential};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn all_formats(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text += &format!(" {source} {source:?}");
        next = source.source();
    }
    let azure = azure_core::Error::from(error.clone());
    text + &format!(" {azure} {azure:?}")
}

#[tokio::test]
async fn logs_errors_and_debug_show_no_secret() {
    let _turn = crate::SUBSCRIBER.lock().await;
    const KEY: &str = "dG9wLXNlY3JldC1rZXk=";
    const DEVICE_KEY: &str = "ZGV2aWNlLWtleQ==";
    const TOKEN: &str = "eyJ0b2tlbiI6MX0.bearer";
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let connection: ConnectionString =
        format!("HostName=service.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}")
            .parse()
            .unwrap();
    let sas = SasCredential::new(&connection).unwrap();
    let signature = sas
        .token()
        .token
        .secret()
        .split("sig=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let credentials = [
        Credential::sas(sas.clone()),
        Credential::entra(Identity::new(Ok(TOKEN)), "scope"),
    ];

    let mut text = format!("{connection:?} {sas:?} {:?}", sas.token());
    for credential in &credentials {
        let replies = [
            respond(200, ROOM),
            respond(
                401,
                r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}"#,
            ),
            respond(200, format!(r#"{{"name":{{"primaryKey":"{DEVICE_KEY}"}}}}"#)),
            respond(200, format!(r#"{{"name":"x","name":"{DEVICE_KEY}"#)),
            respond(200, format!(r#""{DEVICE_KEY}""#)),
            respond(299, format!(r#"{{"name":"{DEVICE_KEY}"}}"#)),
            Reply::Break,
            Reply::Refuse,
        ];
        let transport = MockTransport::new(replies.clone());
        let options = ClientOptions {
            retry: RetryOptions::none(),
            ..transport.options()
        };
        let client = client(ENDPOINT, credential, options);
        text += &format!(" {credential:?} {client:?} {:?}", client.protocol());
        for _ in &replies {
            if let Err(error) = get(&client).await {
                text += &all_formats(&error);
            }
        }
        assert_eq!(transport.count(), replies.len());
        let room = Room {
            name: DEVICE_KEY.into(),
        };
        let request = client.protocol().rooms_update_request(None, &room);
        text += &format!(" {request:?}");
        let update: Result<Response<()>, _> = client.call("update_room").send(request).await;
        text += &all_formats(&update.unwrap_err());
    }
    let log = log.text();
    assert!(
        log.contains("service_call") && log.contains("==> Request"),
        "the log is not empty: {log}"
    );
    for secret in [KEY, DEVICE_KEY, TOKEN, &signature] {
        assert!(!text.contains(secret), "{secret} in {text}");
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
}
