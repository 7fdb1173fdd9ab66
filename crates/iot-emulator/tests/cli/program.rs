use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::{Certificate, Client};
use serde_json::Value;

/// A running program. Dropping it kills the program, so that a failing test leaves no process behind.
pub(crate) struct Program(Child);

impl Program {
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Kills the program, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("the program is running");
        self.0.wait().expect("a killed program ends");
    }

    /// Sends SIGTERM and returns whether the program ended with exit code 0. The timeout keeps a failing test from
    /// hanging.
    #[cfg(unix)]
    pub(crate) fn end_by_signal(&mut self) -> bool {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(asked.expect("`kill` runs").success());
        let started = std::time::Instant::now();
        while started.elapsed().as_secs() < 60 {
            if let Some(status) = self.0.try_wait().expect("the program is a child of this process") {
                return status.success();
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program may already have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn start(arguments: &[&str]) -> (Program, Value) {
    start_with_variables(arguments, &[])
}

pub(crate) fn start_with_variables(arguments: &[&str], variables: &[(&str, &str)]) -> (Program, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iot-emulator"));
    start_by(command.args(arguments).envs(variables.iter().copied()))
}

/// Starts the program with a command that either is the program or replaces itself with it (`exec`).
pub(crate) fn start_by(command: &mut Command) -> (Program, Value) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("standard output is piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    (
        Program(child),
        serde_json::from_str(&line).expect("the ready line is JSON"),
    )
}

#[tokio::test]
#[cfg(unix)]
async fn ready_line_has_endpoints_and_sigterm_ends_the_program() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let (program, ready) = start(&[
        "--hub-name",
        "factory",
        "--policy-key",
        &format!("iothubowner={key}"),
        "--log",
        "info",
    ]);
    assert_eq!(ready["status"], "ready");
    let connection_string = ready["iothub"]["connectionString"].as_str().unwrap();
    assert!(connection_string.ends_with(&format!("SharedAccessKeyName=iothubowner;SharedAccessKey={key}")));
    let ca_file = Path::new(ready["caFile"].as_str().unwrap()).to_owned();
    let certificate = Certificate::from_pem(&std::fs::read(&ca_file).unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([certificate]).build().unwrap();
    let token = ready["bearerToken"].as_str().unwrap();
    let url = format!(
        "{}/devices?api-version=2021-04-12",
        ready["iothub"]["endpoint"].as_str().unwrap()
    );
    let response = client.get(url).bearer_auth(token).send().await.unwrap();
    let request_id = response.headers()["x-ms-request-id"].to_str().unwrap().to_owned();
    assert_eq!(
        (
            response.status().as_u16(),
            response.text().await.unwrap().as_str()
        ),
        (200, "[]")
    );
    let management = ready["management"]["endpoint"].as_str().unwrap();
    assert_eq!(
        client
            .get(format!("{management}/clock"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    drop(client);

    assert!(
        Command::new("kill")
            .arg(program.0.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    // The wait must not block this thread, because this thread has to close the connections.
    let mut program = tokio::task::spawn_blocking(move || {
        let mut program = program;
        assert!(program.0.wait().unwrap().success());
        program
    })
    .await
    .unwrap();
    let mut log = String::new();
    program.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains(&request_id), "{log}");
    assert!(!log.contains(token) && !log.contains(key), "{log}");
    assert!(!ca_file.exists(), "the temporary file is removed");
}

/// A WebSocket that is refused is a request like any other.
#[tokio::test]
#[cfg(unix)]
async fn refused_and_accepted_web_sockets_are_logged_with_their_request_ids() {
    let (mut program, ready) = start(&["--log", "info"]);
    let certificate = std::fs::read(ready["caFile"].as_str().unwrap()).unwrap();
    let certificate = Certificate::from_pem(&certificate).unwrap();
    let client = Client::builder().tls_certs_only([certificate]).http1_only();
    let client = client.build().unwrap();
    let url = format!(
        "{}/$iothub/websocket",
        ready["iothub"]["endpoint"].as_str().unwrap()
    );
    let mut ids = Vec::new();
    for (protocol, status) in [("mqtt", 501), ("soap", 400), ("AMQPWSB10", 101)] {
        let request = client
            .get(&url)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", protocol);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{protocol}");
        let id = response.headers()["x-ms-request-id"].to_str().unwrap();
        ids.push((id.to_owned(), format!("status={status}")));
    }
    drop(client);
    let mut program = tokio::task::spawn_blocking(move || {
        assert!(program.end_by_signal());
        program
    })
    .await
    .unwrap();
    let mut log = String::new();
    program.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    for (id, status) in ids {
        let logged = |line: &str| line.contains(&id) && line.contains(&status);
        assert!(log.lines().any(logged), "{id} {status}: {log}");
    }
}

/// Clients may run in a different directory from the emulator.
#[test]
fn path_of_the_certificate_is_absolute() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_iot-emulator"))
        .args(["--no-iothub", "--ca-file", "ca.pem", "--log", "off"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let _program = Program(child);
    let ready: Value = serde_json::from_str(&line).unwrap();
    let path = Path::new(ready["caFile"].as_str().unwrap());
    assert!(path.is_absolute(), "{path:?}");
    assert_eq!(
        path.canonicalize().unwrap(),
        folder.path().canonicalize().unwrap().join("ca.pem")
    );
}

#[test]
fn services_ca_file_and_policy_keys_can_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let (_program, ready) = start(&["--no-digitaltwins", "--ca-file", ca_file.to_str().unwrap()]);
    assert!(ready.get("digitaltwins").is_none() && ready.get("iothub").is_some());
    assert_eq!(ready["caFile"], ca_file.to_str().unwrap());
    assert!(
        std::fs::read_to_string(&ca_file)
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );

    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_iot-emulator"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--policy-key"));
    assert!(!run(&["--no-iothub", "--no-digitaltwins"]).status.success());
    assert!(!run(&["--policy-key", "iothubowner=???"]).status.success());
}
