//! Invalid option values end the program with one clear message and a nonzero exit code.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// Runs a program that must fail to start and returns its standard error.
fn start_error(arguments: &[&str], variables: &[(&str, String)]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iot-emulator"))
        .args(arguments)
        .envs(variables.iter().cloned())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    if !line.is_empty() {
        // The program has started instead. Without a kill it would run forever.
        drop(child.kill());
    }
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(line, "", "{arguments:?} {variables:?} is accepted");
    assert!(matches!(status.code(), Some(1 | 2)), "{arguments:?}: {status}");
    assert!(
        text.starts_with("error: ") && !text.contains("panicked"),
        "{arguments:?}: {text}"
    );
    text
}

#[test]
fn invalid_values_end_with_a_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (none, text, number, list) = (path("none"), path("text"), path("number"), path("list"));
    std::fs::write(&text, "text").unwrap();
    std::fs::write(&number, r#"{"iothub": 1}"#).unwrap();
    std::fs::write(&list, r#"{"devices": [{"id": "a b"}]}"#).unwrap();
    let inside = path("none/file");
    let (wide, latin, cut) = (path("wide"), path("latin"), path("cut"));
    std::fs::write(&wide, b"\xff\xfe{\0}\0").unwrap();
    std::fs::write(&latin, b"{\r\n\"devices\": [\r\n{\"id\": \"\xe9\"}]}").unwrap();
    std::fs::write(&cut, "\u{feff}{\r\n\"devices\": [\r\n").unwrap();
    for (arguments, expected) in [
        (&["--address", "nowhere"][..], "--address"),
        (&["--iothub-port", "70000"], "--iothub-port"),
        (&["--amqp-port", "x"], "--amqp-port"),
        (&["--blob-port", "-1"], "'-1'"),
        (&["--digitaltwins-port", "x"], "--digitaltwins-port"),
        (&["--management-port", "x"], "--management-port"),
        (&["--provisioning-port", "x"], "--provisioning-port"),
        (&["--retry-after", "soon"], "--retry-after"),
        (&["--device-registry-delay", "5"], "--device-registry"),
        (&["--no-iothub", "--id-scope", "x"], "cannot be used with"),
        (&["--tier", "B1"], "one of F1, S1, S2, S3"),
        (&["--no-iothub", "--no-digitaltwins"], "cannot be used with"),
        (
            &["--hub-name", ""],
            "\".azure-devices.net\" is not a valid host name",
        ),
        (&["--hub-name", "a b"], "is not a valid host name"),
        (&["--host-name", "a b"], "\"a b\" is not a valid host name"),
        (&["--policy-key", "iothubowner"], "expected POLICY=BASE64"),
        (
            &["--policy-key", "iothubowner=???"],
            "\"iothubowner\" does not exist, or its key is not base64",
        ),
        (&["--policy-key", "nobody=AAAA"], "\"nobody\""),
        (&["--event-webhook", "hook"], "expected NAME=URL"),
        (&["--event-webhook", "hook=nowhere"], "relative URL"),
        (
            &["--event-webhook", "hook=ftp://localhost/"],
            "scheme http or https",
        ),
        (&["--event-webhook", "=http://localhost/"], "must not be empty"),
        (&["--event-webhook-ca", &none], &none),
        (&["--event-webhook-ca", &text], "no certificate found"),
        (&["--blob-directory", &text], "is not a directory"),
        (&["--query-lag", "-1"], "'-1'"),
        (&["--query-lag", "soon"], "--query-lag"),
        (&["--ca-file", &inside], &inside),
        (&["--data-file", &inside], &inside),
        (&["--data-file", &text], "could not open the data file"),
        (&["--hub", &none], &none),
        (&["--hub", &text], &text),
        (&["--hub", &list], "a b"),
        (&["--hub", &wide], "UTF-16; save it as UTF-8"),
        (&["--hub", &latin], "line 3 is not UTF-8"),
        (&["--hub", &cut], "at line 3 column 0"),
        (&["--models", &none], &none),
        (&["--models", &text], "not valid DTDL"),
        (&["--models", &inside], "could not load the models"),
        (&["--state", &wide], "UTF-16; save it as UTF-8"),
        (&["--state", &cut], "at line 3 column 0"),
        (&["--event-webhook-ca", &wide], "UTF-16; save it as UTF-8"),
        (&["--token-lifetime", "-1"], "'-1'"),
        (&["--token-lifetime", "1h"], "--token-lifetime"),
        (&["--token-lifetime", "0"], "the token lifetime 0 is not valid"),
        (
            &["--token-audience", "https://vault.azure.net"],
            "the audiences are https://iothubs.azure.net, https://azure-devices-provisioning.net",
        ),
        (&["--clock", "soon"], "--clock"),
        (
            &["--clock", "9999-12-31T23:59:59-01:00"],
            "outside the years 0 to 9999",
        ),
        (
            &["--clock", "0000-01-01T00:00:00+01:00"],
            "outside the years 0 to 9999",
        ),
        (&["--state", &none], &none),
        (&["--state", &text], &text),
        (&["--state", &number], "iothub: "),
        (&["--state", &list], "the service \"devices\" is not running"),
        (&["--log", "emulator=loud"], "--log: "),
        (&["--nothing"], "--nothing"),
        (&["argument"], "argument"),
        // These are options of a disabled service.
        (&["--no-iothub", "--tier", "S2"], "cannot be used with"),
        (&["--no-iothub", "--hub", &list], "cannot be used with"),
        (&["--no-iothub", "--models", &list], "cannot be used with"),
        (&["--no-digitaltwins", "--building"], "cannot be used with"),
        (&["--no-digitaltwins", "--query-lag", "1"], "cannot be used with"),
        (
            &["--no-digitaltwins", "--blob-directory", &none],
            "cannot be used with",
        ),
        (
            &["--no-digitaltwins", "--event-webhook-ca", &text],
            "cannot be used with",
        ),
        (
            &["--no-digitaltwins", "--event-webhook", "hook=http://localhost/"],
            "cannot be used with",
        ),
    ] {
        let text = start_error(arguments, &[]);
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    let seven = ["a", "b", "c", "d", "e", "f", "g"].map(|name| format!("--event-webhook={name}=http://h/"));
    let text = start_error(&seven.each_ref().map(String::as_str), &[]);
    assert!(
        text.contains("at most six endpoints") || text.contains("at most 6 endpoints"),
        "{text}"
    );
}

/// A taken port is an error, whether it comes from an option or an environment variable.
#[test]
fn taken_port_is_named_in_the_error() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let port = holder.local_addr().unwrap().port().to_string();
    for (option, variable, service) in [
        ("--iothub-port", "IOT_EMULATOR_IOTHUB_PORT", "iothub"),
        ("--amqp-port", "IOT_EMULATOR_AMQP_PORT", "amqp"),
        ("--blob-port", "IOT_EMULATOR_BLOB_PORT", "blobs"),
        (
            "--digitaltwins-port",
            "IOT_EMULATOR_DIGITALTWINS_PORT",
            "digitaltwins",
        ),
        ("--management-port", "IOT_EMULATOR_MANAGEMENT_PORT", "management"),
    ] {
        let expected = format!("error: could not bind {address} for the {service} endpoint: ");
        let text = start_error(&[option, &port], &[]);
        assert!(text.starts_with(&expected), "{text}");
        let text = start_error(&[], &[(variable, port.clone())]);
        assert!(text.starts_with(&expected), "{text}");
    }
    let text = start_error(&[], &[("IOT_EMULATOR_LOG", "=".to_owned())]);
    assert!(text.contains("--log"), "{text}");
}
