//! The effect of each option.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

use crate::data_file::Caller;
use crate::program::{Program, start};
use crate::receiver::{event, receiver};

pub(crate) fn started(arguments: &[&str]) -> (Program, Caller) {
    let (program, ready) = start(&[&["--log", "warn"], arguments].concat());
    (program, Caller::of(ready))
}

pub(crate) async fn manage(caller: &Caller, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let endpoint = caller.ready["management"]["endpoint"].as_str().unwrap();
    let response = caller.send(method, format!("{endpoint}{path}"), body).await;
    response.expect("the program is running")
}

async fn setting(caller: &Caller, path: &str) -> Value {
    let (status, response) = manage(caller, Method::GET, path, None).await;
    assert_eq!(status, 200, "{path}");
    response
}

#[test]
fn every_option_is_tested() {
    let help = Command::new(env!("CARGO_BIN_EXE_iot-emulator"))
        .arg("--help")
        .output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let options: BTreeSet<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().split_once("--"))
        .filter(|(before, _)| before.is_empty() || before.ends_with(", "))
        .filter_map(|(_, rest)| rest.split([' ', ',']).next())
        .collect();
    assert!(options.len() > 20, "{options:?}");
    let tests = [
        include_str!("options.rs"),
        include_str!("bad_options.rs"),
        include_str!("program.rs"),
        include_str!("data_file.rs"),
        include_str!("models.rs"),
    ];
    for option in options {
        let argument = format!("\"--{option}\"");
        assert!(
            tests.iter().any(|test| test.contains(&argument)),
            "no test has {argument}"
        );
    }
}

#[test]
fn version_is_that_of_the_package() {
    let version = Command::new(env!("CARGO_BIN_EXE_iot-emulator"))
        .arg("--version")
        .output();
    assert_eq!(
        String::from_utf8(version.unwrap().stdout).unwrap().trim(),
        concat!("iot-emulator ", env!("CARGO_PKG_VERSION"))
    );
}

#[tokio::test]
async fn hub_options_take_effect() {
    let (_program, caller) = started(&[
        "--no-digitaltwins",
        "--tier",
        "S2",
        "--throttle",
        "--clock",
        "2040-02-03T04:05:06+01:00",
        "--hub-name",
        "factory",
        "--host-name",
        "twin.test",
    ]);
    assert_eq!(setting(&caller, "/iothub/tier").await, json!({"tier": "S2"}));
    assert_eq!(
        setting(&caller, "/iothub/throttling").await,
        json!({"enabled": true})
    );
    let now = setting(&caller, "/clock").await["now"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(now.starts_with("2040-02-03T03:05:"), "{now}");
    assert_eq!(
        setting(&caller, "/provisioning/throttling").await,
        json!({"enabled": true})
    );
    // The certificate contains the hub's host names, and the hub accepts tokens for them.
    let pem = std::fs::read(caller.ready["caFile"].as_str().unwrap()).unwrap();
    let endpoint = caller.ready["iothub"]["endpoint"].as_str().unwrap();
    let port: u16 = endpoint.rsplit_once(':').unwrap().1.parse().unwrap();
    let token = caller.ready["bearerToken"].as_str().unwrap();
    for (name, served) in [
        ("twin.test", true),
        ("factory.azure-devices.net", true),
        ("factory.service.azure-devices.net", true),
        // This name is in the certificate, but only for devices.
        ("factory.device.azure-devices.net", false),
        ("emulator.azure-devices.net", false),
    ] {
        let certificate = Certificate::from_pem(&pem).unwrap();
        let client = Client::builder().tls_certs_only([certificate]);
        let client = client.resolve(name, ([127, 0, 0, 1], port).into());
        let url = format!("https://{name}:{port}/devices?api-version=2021-04-12");
        let response = client.build().unwrap().get(url).bearer_auth(token).send().await;
        assert_eq!(
            response.is_ok_and(|response| response.status() == 200),
            served,
            "{name}"
        );
    }
}

#[tokio::test]
async fn registry_and_authentication_options_take_effect() {
    let (_program, caller) = started(&[
        "--no-digitaltwins",
        "--no-local-auth",
        "--device-registry",
        "plant",
        "--device-registry-delay",
        "60",
    ]);
    let endpoint = caller.ready["iothub"]["endpoint"].as_str().unwrap();
    let device = format!("{endpoint}/devices/d?api-version=2026-11-01");
    let created = caller
        .send(Method::PUT, device.clone(), Some(json!({"deviceId": "d"})))
        .await
        .unwrap();
    assert_eq!(created.0, 200);
    assert_eq!(created.1.get("adrDeviceProperties"), None);
    for (seconds, appeared) in [(50, false), (10, true)] {
        let body = Some(json!({ "seconds": seconds }));
        assert_eq!(manage(&caller, Method::POST, "/clock/advance", body).await.0, 200);
        let (_, found) = caller.send(Method::GET, device.clone(), None).await.unwrap();
        let resource_id = found["deviceResourceId"].as_str().unwrap_or_default();
        assert_eq!(
            resource_id.ends_with("/namespaces/plant/devices/d"),
            appeared,
            "{found}"
        );
    }
    // With `--no-local-auth`, a shared access signature is refused without checking it.
    let pem = std::fs::read(caller.ready["caFile"].as_str().unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([Certificate::from_pem(&pem).unwrap()]);
    let signature = "SharedAccessSignature sr=localhost&sig=AAAA&se=4102444800&skn=iothubowner";
    let request = client
        .build()
        .unwrap()
        .get(&device)
        .header("authorization", signature);
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn provisioning_options_take_effect() {
    let port = free_port().to_string();
    let (_program, caller) = started(&[
        "--no-digitaltwins",
        "--provisioning-port",
        &port,
        "--provisioning-name",
        "plant",
        "--id-scope",
        "0neAB12CD34",
        "--retry-after",
        "0",
        "--policy-key",
        "provisioningserviceowner=MDEyMzQ1Njc4OWFiY2RlZg==",
    ]);
    let ready = &caller.ready["provisioning"];
    assert_eq!(ready["endpoint"], format!("https://localhost:{port}"));
    assert_eq!(ready["idScope"], "0neAB12CD34");
    assert_eq!(
        ready["connectionString"],
        format!(
            "HostName=localhost:{port};SharedAccessKeyName=provisioningserviceowner;\
             SharedAccessKey=MDEyMzQ1Njc4OWFiY2RlZg=="
        )
    );
    assert_eq!(
        setting(&caller, "/provisioning/retryAfter").await,
        json!({"seconds": 0})
    );
    let pem = std::fs::read(caller.ready["caFile"].as_str().unwrap()).unwrap();
    let token = caller.ready["bearerToken"].as_str().unwrap();
    for (name, served) in [
        ("plant.azure-devices-provisioning.net", true),
        ("global.azure-devices-provisioning.net", true),
        ("emulator.azure-devices-provisioning.net", false),
    ] {
        let client = Client::builder().tls_certs_only([Certificate::from_pem(&pem).unwrap()]);
        let client = client.resolve(name, ([127, 0, 0, 1], port.parse().unwrap()).into());
        let url = format!("https://{name}:{port}/enrollments/a?api-version=2021-10-01");
        let response = client.build().unwrap().get(url).bearer_auth(token).send().await;
        let is_served = response.is_ok_and(|response| response.status() == 404);
        assert_eq!(is_served, served, "{name}");
    }
    for disabled in ["--no-provisioning", "--no-iothub"] {
        let (_program, caller) = started(&[disabled]);
        assert!(caller.ready.get("provisioning").is_none(), "{disabled}");
    }
}

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The options apply to the token in the ready line.
#[tokio::test]
async fn token_options_set_the_lifetime_and_the_audience() {
    let twins = "https://digitaltwins.azure.net";
    let (_program, caller) = started(&["--token-lifetime", "86400", "--token-audience", twins]);
    let read = async || {
        let hub = caller.hub(Method::GET, "/devices", None).await.unwrap().0;
        (hub, caller.twins(Method::GET, "/models", None).await.unwrap().0)
    };
    assert_eq!(read().await, (401, 200));
    let advance = |hours: u32| {
        manage(
            &caller,
            Method::POST,
            "/clock/advance",
            Some(json!({"seconds": hours * 3600})),
        )
    };
    advance(23).await;
    assert_eq!(read().await, (401, 200));
    advance(2).await;
    assert_eq!(read().await, (401, 401));
}

/// Editors on Windows save files with a byte order mark and CRLF.
#[tokio::test]
async fn files_may_have_a_byte_order_mark_and_crlf() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let object = write("hub.json", "{\n\"devices\": [\n{\"id\": \"a\"}\n]}\n");
    let list = write("devices.json", "[\n{\"id\": \"a\"}\n]\n");
    let state = write("state.json", "{\n}\n");
    let data = write(
        "data.json",
        "{\"format\": 2, \"journal\": null, \"policyKeys\": {},\n\"services\": {}}\n",
    );
    let certificate = rcgen::generate_simple_self_signed(vec!["h".to_owned()]).unwrap();
    let certificate = write("ca.pem", &certificate.cert.pem());
    for (option, file, devices) in [
        ("--hub", &object, 1),
        ("--hub", &list, 1),
        ("--state", &state, 0),
        ("--data-file", &data, 0),
        ("--event-webhook-ca", &certificate, 0),
    ] {
        let (_program, caller) = started(&[option, file]);
        let (status, list) = caller.hub(Method::GET, "/devices", None).await.unwrap();
        assert_eq!(
            (status, list.as_array().unwrap().len()),
            (200, devices),
            "{option} {file}"
        );
    }
}

/// On Linux, all of 127.0.0.0/8 is the loopback interface.
#[test]
#[cfg(target_os = "linux")]
fn services_listen_on_address_and_management_on_loopback() {
    let (_program, caller) = started(&["--address", "127.0.0.2"]);
    let connects = |host: &str, service: &str, endpoint: &str| {
        let port = caller.ready[service][endpoint].as_str().unwrap();
        let port = port.rsplit_once(':').unwrap().1;
        std::net::TcpStream::connect(format!("{host}:{port}")).is_ok()
    };
    for (service, endpoint, elsewhere) in [
        ("iothub", "endpoint", true),
        ("iothub", "amqpEndpoint", true),
        ("digitaltwins", "endpoint", true),
        ("iothub", "blobEndpoint", false),
        ("management", "endpoint", false),
    ] {
        let found = (
            connects("127.0.0.2", service, endpoint),
            connects("127.0.0.1", service, endpoint),
        );
        assert_eq!(found, (elsewhere, !elsewhere), "{service} {endpoint}");
    }
}

#[tokio::test]
async fn digital_twins_options_take_effect() {
    let (_program, caller) = started(&["--no-iothub", "--building", "--query-lag", "7", "--throttle"]);
    assert!(caller.ready.get("iothub").is_none());
    assert_eq!(
        setting(&caller, "/digitaltwins/queryLag").await,
        json!({"seconds": 7.0})
    );
    assert_eq!(
        setting(&caller, "/digitaltwins/rates").await,
        json!({"enabled": true})
    );
    let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS"});
    let count = async || {
        let rows = caller.twins(Method::POST, "/query", Some(query.clone())).await;
        rows.unwrap().1["value"][0]["COUNT"].clone()
    };
    // The initial state is visible immediately, despite the lag.
    assert_eq!(count().await, 28);
    let twin = "/digitaltwins/attic";
    let body = json!({"$metadata": {"$model": "dtmi:example:building:Floor;1"}});
    let (status, _) = caller.twins(Method::PUT, twin, Some(body)).await.unwrap();
    assert_eq!(status, 200);
    manage(
        &caller,
        Method::POST,
        "/clock/advance",
        Some(json!({"seconds": 8})),
    )
    .await;
    assert_eq!(count().await, 29);
}

/// An import job sends events to a webhook; program options alone configure both.
#[tokio::test]
async fn imports_read_the_blob_directory_and_routes_post_to_webhooks() {
    let (url, mut events) = receiver(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("c")).unwrap();
    let lines = [
        json!({"Section": "Header"}),
        json!({"fileVersion": "1.0.0", "author": "a", "organization": "o"}),
        json!({"Section": "Models"}),
        json!({"@id": "dtmi:a:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2"}),
        json!({"Section": "Twins"}),
        json!({"$dtId": "room", "$metadata": {"$model": "dtmi:a:Room;1"}}),
    ];
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("c/in.ndjson"), input).unwrap();
    for option in ["--blob-directory", "--digitaltwins-blobs"] {
        let (_program, caller) = started(&[
            "--no-iothub",
            option,
            folder.path().to_str().unwrap(),
            "--event-webhook",
            &format!("hook={url}"),
        ]);
        assert_eq!(
            setting(&caller, "/digitaltwins/webhooks").await,
            json!([{"name": "hook", "url": url.as_str()}])
        );
        let route = json!({"endpointName": "hook", "filter": "true"});
        let (status, _) = caller
            .twins(Method::PUT, "/eventroutes/r", Some(route))
            .await
            .unwrap();
        assert_eq!(status, 204);
        let job = json!({
            "inputBlobUri": "https://a.blob.core.windows.net/c/in.ndjson",
            "outputBlobUri": "https://a.blob.core.windows.net/c/out.ndjson",
        });
        let (status, mut job) = caller
            .twins(Method::PUT, "/jobs/imports/j", Some(job))
            .await
            .unwrap();
        assert_eq!(status, 201, "{job}");
        while job["status"] == "notstarted" || job["status"] == "running" {
            job = caller
                .twins(Method::GET, "/jobs/imports/j", None)
                .await
                .unwrap()
                .1;
        }
        assert_eq!(job["status"], "succeeded", "{job}");
        assert!(folder.path().join("c/out.ndjson").is_file());
        let telemetry = "/digitaltwins/room/telemetry";
        let url = caller.url("digitaltwins", telemetry, "2023-10-31");
        let request = caller
            .client
            .post(url)
            .header("message-id", "m")
            .json(&json!({"motion": true}));
        let token = caller.ready["bearerToken"].as_str().unwrap();
        let response = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 204);
        loop {
            let (_, event) = event(&mut events).await;
            if event["type"] == "microsoft.iot.telemetry" {
                assert_eq!(event["data"], json!({"motion": true}));
                break;
            }
        }
    }
}

/// The data file keeps the state of a disabled service unchanged.
#[tokio::test]
async fn disabled_service_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let file = file.to_str().unwrap();
    let device = async |caller: &Caller, id: &str| {
        let body = json!({ "deviceId": id });
        let made = caller
            .hub(Method::PUT, &format!("/devices/{id}"), Some(body))
            .await;
        assert_eq!(made.unwrap().0, 200);
    };
    let floor = async |caller: &Caller, id: &str| {
        let body = json!({"$metadata": {"$model": "dtmi:example:building:Floor;1"}});
        let path = format!("/digitaltwins/{id}");
        assert_eq!(caller.twins(Method::PUT, &path, Some(body)).await.unwrap().0, 200);
    };
    let (mut program, caller) = started(&["--data-file", file, "--building"]);
    device(&caller, "first").await;
    floor(&caller, "attic").await;
    let before = setting(&caller, "/state").await;
    program.kill();

    let (mut program, caller) = started(&["--data-file", file, "--no-iothub"]);
    assert!(caller.ready.get("iothub").is_none());
    floor(&caller, "cellar").await;
    let state = setting(&caller, "/state").await;
    assert!(state.get("iothub").is_none());
    let twins = state["digitaltwins"].clone();
    program.kill();

    let (mut program, caller) = started(&["--data-file", file, "--no-digitaltwins"]);
    assert!(caller.ready.get("digitaltwins").is_none());
    assert_eq!(setting(&caller, "/state").await["iothub"], before["iothub"]);
    device(&caller, "second").await;
    let hub = setting(&caller, "/state").await["iothub"].clone();
    program.kill();

    let (_program, caller) = started(&["--data-file", file]);
    let after = setting(&caller, "/state").await;
    let provisioning = &before["provisioning"];
    assert_eq!(
        after,
        json!({"iothub": hub, "provisioning": provisioning, "digitaltwins": twins})
    );
    let twin = caller.twins(Method::GET, "/digitaltwins/cellar", None).await;
    assert_eq!(twin.unwrap().0, 200);
}

/// The initial state is written to the data file before the ready line is printed, so killing the program afterwards loses nothing.
#[tokio::test]
async fn building_and_loaded_state_are_kept_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (first, second, state) = (path("first.json"), path("second.json"), path("state.json"));
    let (mut program, caller) = started(&["--data-file", &first, "--building"]);
    let whole = setting(&caller, "/state").await;
    program.kill();
    // The instance is not empty, so `--building` adds nothing.
    let (mut program, caller) = started(&["--data-file", &first, "--building"]);
    assert_eq!(setting(&caller, "/state").await, whole);
    program.kill();

    std::fs::write(&state, whole.to_string()).unwrap();
    let (mut program, _) = started(&["--data-file", &second, "--state", &state]);
    program.kill();
    assert!(Path::new(&second).is_file());
    let (_program, caller) = started(&["--data-file", &second]);
    assert_eq!(setting(&caller, "/state").await, whole);
}

/// The program works and shuts down if its clock is at either end of the range.
#[tokio::test]
#[cfg(unix)]
async fn clock_may_start_at_either_end_of_its_range() {
    for (time, now) in [
        ("0000-01-01T00:00:00Z", "0000-01-01T00:"),
        ("9999-12-31T23:59:59.5Z", "9999-12-31T23:59:59"),
    ] {
        let (mut program, caller) = started(&["--building", "--query-lag", "7", "--clock", time]);
        let clock = setting(&caller, "/clock").await["now"].to_string();
        assert!(clock.contains(now), "{clock}");
        let body = json!({"deviceId": "a"});
        let made = caller.hub(Method::PUT, "/devices/a", Some(body)).await;
        assert_eq!(made.unwrap().0, 200, "{time}");
        let call = json!({"methodName": "m", "responseTimeoutInSeconds": 5, "connectTimeoutInSeconds": 5});
        let called = caller.hub(Method::POST, "/twins/a/methods", Some(call)).await;
        assert_eq!(called.unwrap().0, 404, "{time}: the device is not connected");
        let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS"});
        let (status, rows) = caller.twins(Method::POST, "/query", Some(query)).await.unwrap();
        assert_eq!((status, &rows["value"][0]["COUNT"]), (200, &json!(28)), "{time}");
        drop(caller);
        // The wait must not block this thread, because this thread has to close the connections.
        let ended = tokio::task::spawn_blocking(move || program.end_by_signal());
        assert!(ended.await.unwrap(), "{time}");
    }
}

#[test]
#[cfg(unix)]
fn log_can_be_turned_off() {
    for (arguments, variables, quiet) in [
        (&["--log", "off"][..], None, true),
        (&[], Some("off"), true),
        (&["--log", "info"], Some("off"), false),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iot-emulator"));
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(level) = variables {
            command.env("IOT_EMULATOR_LOG", level);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ended = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(ended.success());
        let mut log = String::new();
        child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(log.is_empty(), quiet, "{arguments:?} {variables:?}: {log}");
    }
}
