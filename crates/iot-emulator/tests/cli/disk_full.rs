//! Writes on a full disk, simulated by a limit on the file size.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::data_file::{Caller, start_with};
use crate::program::{Program, start_by};

/// Starts the program with a limit on the size of files that it writes, in blocks of 512 bytes.
fn start_with_limit(file: &Path, blocks: u32) -> (Program, Caller) {
    let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_iot-emulator")]);
    command.args(["--log", "off", "--data-file", file.to_str().unwrap()]);
    let (program, ready) = start_by(&mut command);
    (program, Caller::of(ready))
}

/// Creates a twin if the id contains `twin`, otherwise a device.
async fn create(caller: &Caller, id: &str) -> u16 {
    let created = if id.contains("twin") {
        let body = json!({"$metadata": {"$model": "dtmi:d:Thing;1"}});
        caller
            .twins(Method::PUT, &format!("/digitaltwins/{id}"), Some(body))
            .await
    } else {
        let body = json!({"deviceId": id, "status": "disabled", "statusReason": "x".repeat(100)});
        caller
            .hub(Method::PUT, &format!("/devices/{id}"), Some(body))
            .await
    };
    created.unwrap().0
}

async fn exists(caller: &Caller, id: &str) -> bool {
    let found = if id.contains("twin") {
        caller
            .twins(Method::GET, &format!("/digitaltwins/{id}"), None)
            .await
    } else {
        caller.hub(Method::GET, &format!("/devices/{id}"), None).await
    };
    let (status, body) = found.unwrap();
    assert!(matches!(status, 200 | 404), "{status} {body}");
    status == 200
}

async fn add_model(caller: &Caller) {
    let model = json!({"@id": "dtmi:d:Thing;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2"});
    let posted = caller.twins(Method::POST, "/models", Some(json!([model]))).await;
    assert_eq!(posted.unwrap().0, 201);
}

/// Creates devices and twins on several connections until a write on each connection has been refused. Returns the
/// acknowledged and the refused ids.
async fn fill(caller: &Caller) -> (Vec<String>, Vec<String>) {
    add_model(caller).await;
    let writers = (0..4).map(|writer| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            let mut refused = Vec::new();
            for number in 0..2000_usize {
                let noun = ["device", "twin"][number % 2];
                let id = format!("{noun}-{writer}-{number}");
                let status = create(&caller, &id).await;
                assert!(matches!(status, 200 | 500), "{status}");
                if status == 200 {
                    acknowledged.push(id);
                } else {
                    refused.push(id);
                }
                if refused.len() == 5 {
                    break;
                }
            }
            (acknowledged, refused)
        })
    });
    let mut all = (Vec::new(), Vec::new());
    for writer in writers.collect::<Vec<_>>() {
        let (acknowledged, refused) = writer.await.unwrap();
        all.0.extend(acknowledged);
        all.1.extend(refused);
    }
    all
}

async fn check(caller: &Caller, acknowledged: &[String], refused: &[String]) {
    for id in acknowledged {
        assert!(exists(caller, id).await, "{id} was acknowledged");
    }
    for id in refused {
        assert!(!exists(caller, id).await, "{id} was refused");
    }
}

#[tokio::test]
async fn refused_write_on_a_full_disk_is_not_visible_and_acknowledged_ones_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let (mut program, caller) = start_with_limit(&file, 128);
    let (acknowledged, refused) = fill(&caller).await;
    assert!(
        acknowledged.len() > 20 && refused.len() >= 20,
        "{acknowledged:?} {refused:?}"
    );
    check(&caller, &acknowledged, &refused).await;
    // Killing the program while the disk is full loses no acknowledged change.
    program.kill();
    let (_program, caller) = start_with(&file, &[]);
    check(&caller, &acknowledged, &refused).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn writes_continue_when_the_disk_has_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let (mut program, caller) = start_with_limit(&file, 128);
    let (mut acknowledged, refused) = fill(&caller).await;
    let lifted = Command::new("prlimit")
        .args(["--fsize=unlimited:unlimited", "--pid", &program.id().to_string()])
        .status();
    assert!(lifted.unwrap().success());
    for id in ["later-device", "later-twin"] {
        assert_eq!(create(&caller, id).await, 200);
        acknowledged.push(id.to_owned());
    }
    check(&caller, &acknowledged, &refused).await;
    program.kill();
    let (_program, caller) = start_with(&file, &[]);
    check(&caller, &acknowledged, &refused).await;
}
