//! A listing of the emulator's own error messages. The messages of the services are tested with their rules.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p azure-iot-emulator --test error_texts` rewrites the listing.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the test")]

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use azure_iot_emulator::{Builder, Emulator};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// Returns the messages of an error and its sources, as the program prints them.
fn message(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, ": {cause}").unwrap();
        source = cause.source();
    }
    text
}

/// Adds the errors of emulators that are started with invalid data files.
async fn data_file_errors(listing: &mut String, folder: &Path) {
    let old = folder.join("old");
    std::fs::write(
        &old,
        "{\"format\":1,\"sequence\":0,\"policyKeys\":{},\"services\":{}}",
    )
    .unwrap();
    let journal = |file: &Path| file.with_added_extension("journal");
    let valid = async |name: &str| {
        let file = folder.join(name);
        drop(Emulator::builder().data_file(&file).start().await.unwrap());
        file
    };
    let missing = valid("missing").await;
    let foreign = valid("foreign").await;
    let damaged = valid("damaged").await;
    std::fs::rename(journal(&missing), journal(&foreign)).unwrap();
    std::fs::write(journal(&damaged), "text\n").unwrap();
    for (name, file) in [
        ("data file of an older format", old),
        ("data file without its journal", missing),
        ("data file with another journal", foreign),
        ("data file with a damaged journal", damaged),
    ] {
        let started = Emulator::builder().data_file(&file).start().await;
        let text = message(&started.expect_err(name));
        let text = text.replace(folder.to_str().unwrap(), "<folder>");
        writeln!(listing, "start, {name}\n    {text}").unwrap();
    }
}

async fn start_errors(listing: &mut String, folder: &Path) {
    let file = folder.join("file");
    std::fs::write(&file, "text").unwrap();
    let journal = folder.join("gone");
    std::fs::write(folder.join("gone.journal"), "{\"sequence\":1,\"changes\":{}}\n").unwrap();
    let used = folder.join("used");
    let running = Emulator::builder().data_file(&used).start().await.unwrap();
    let port: u16 = running
        .management_endpoint()
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let url = |text: &str| url::Url::parse(text).unwrap();
    let seven = (0..7).fold(Emulator::builder(), |builder, number| {
        builder.event_webhook(format!("hook-{number}"), url("http://localhost/"))
    });
    let building = json!({"digitaltwins": {"twins": {"x": {"$dtId": "y"}}}});
    let cases: Vec<(&str, Builder)> = vec![
        ("port in use", Emulator::builder().management_port(port)),
        ("data file in use", Emulator::builder().data_file(&used)),
        (
            "data file of another format",
            Emulator::builder().data_file(&file),
        ),
        (
            "journal without data file",
            Emulator::builder().data_file(&journal),
        ),
        ("host name", Emulator::builder().host_name("a b")),
        ("blob directory", Emulator::builder().blob_directory(&file)),
        ("models", Emulator::builder().models(&file)),
        ("policy", Emulator::builder().policy_key("nobody", "AAAA")),
        ("policy key", Emulator::builder().policy_key("service", "?")),
        ("too many webhooks", seven),
        (
            "webhook name",
            Emulator::builder().event_webhook("", url("http://localhost/")),
        ),
        (
            "webhook URL",
            Emulator::builder().event_webhook("hook", url("ftp://localhost/")),
        ),
        (
            "webhook certificates",
            Emulator::builder().event_webhook_certificates("text"),
        ),
        ("state", Emulator::builder().state(json!([]))),
        (
            "state of an unknown service",
            Emulator::builder().state(json!({"x": {}})),
        ),
        ("state of Digital Twins", Emulator::builder().state(building)),
        ("preset", Emulator::builder().preset(json!({"device": []}))),
        (
            "preset device",
            Emulator::builder().preset(json!({"devices": [{"id": "a b"}]})),
        ),
        (
            "preset configuration",
            Emulator::builder().preset(json!({"configurations": [{"id": "A"}]})),
        ),
    ];
    for (name, builder) in cases {
        let error = builder.start().await.expect_err(name);
        // The operating system's message differs between platforms.
        let text = match name {
            "port in use" => error.to_string(),
            _ => message(&error),
        };
        let text = text
            .replace(folder.to_str().unwrap(), "<folder>")
            .replace(&port.to_string(), "<port>");
        writeln!(listing, "start, {name}\n    {text}").unwrap();
    }
}

async fn management_errors(listing: &mut String) {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::new();
    for (method, path, input) in [
        (Method::GET, "/nothing", ""),
        (Method::GET, "/state?service=x", ""),
        (Method::PUT, "/state", "[]"),
        (Method::PUT, "/state", "{\"x\": {}}"),
        (Method::PUT, "/clock", ""),
        (Method::PUT, "/clock", "{\"time\": 1}"),
        (Method::PUT, "/clock", "{\"now\": \"soon\"}"),
        (Method::PUT, "/clock", "{\"now\": \"9999-12-31T23:59:59-01:00\"}"),
        (Method::POST, "/clock/advance", "{\"seconds\": -1}"),
        (Method::POST, "/clock/advance", "{\"seconds\": \"1\"}"),
        (Method::POST, "/tokens", "{\"lifetimeSeconds\": 0}"),
        (Method::POST, "/tokens", "{\"lifetimeSeconds\": \"1h\"}"),
        (
            Method::POST,
            "/tokens",
            "{\"audience\": \"https://vault.azure.net\"}",
        ),
        (
            Method::POST,
            "/faults",
            "{\"action\": {\"type\": \"status\", \"status\": 200}}",
        ),
        (Method::POST, "/faults", "{\"action\": {\"type\": \"pause\"}}"),
        (Method::PUT, "/digitaltwins/queryLag", "{\"seconds\": -1}"),
        (
            Method::PUT,
            "/digitaltwins/webhooks/hook",
            "{\"url\": \"nowhere\"}",
        ),
        (
            Method::PUT,
            "/digitaltwins/webhooks/hook",
            "{\"url\": \"ftp://localhost/\"}",
        ),
        (Method::DELETE, "/digitaltwins/webhooks/hook", ""),
        (Method::PUT, "/iothub/tier", "{\"tier\": \"B1\"}"),
        (Method::PUT, "/iothub/feedback", "{\"intervalSeconds\": -1}"),
        (
            Method::PUT,
            "/iothub/devices/x/connection",
            "{\"connected\": true}",
        ),
        (Method::POST, "/iothub/devices/x/messages/receive", ""),
    ] {
        let request = client.request(
            method.clone(),
            format!("{}{path}", emulator.management_endpoint()),
        );
        let request = request.header("content-type", "application/json");
        let response = request.body(input).send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        let text = body["error"]["message"].as_str().or(body["Message"].as_str());
        let text = text.expect("an error response has a message");
        // Tracking ids are random.
        let text = text.split("\r\n").next().unwrap();
        writeln!(listing, "{method} {path} {input}\n    {status} {text}").unwrap();
    }
}

#[tokio::test]
async fn error_messages_match_the_listing() {
    let folder = tempfile::tempdir().unwrap();
    let mut listing = String::new();
    start_errors(&mut listing, folder.path()).await;
    data_file_errors(&mut listing, folder.path()).await;
    management_errors(&mut listing).await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(&file, &listing).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        listing,
        expected,
        "set UPDATE_ERROR_TEXTS=1 to rewrite {}",
        file.display()
    );
}
