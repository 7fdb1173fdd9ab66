//! The data file of an emulator in process.
//!
//! No test in this binary starts a process, because a child process would hold the file's lock between fork and exec.

use std::path::{Path, PathBuf};

use azure_iot_emulator::{Emulator, StartError};

use crate::support::{Running, client};

fn journal_of(file: &Path) -> PathBuf {
    file.with_added_extension("journal")
}

async fn start(file: &Path) -> Running {
    let emulator = Emulator::builder().data_file(file).start().await.unwrap();
    let client = client(&emulator).build().unwrap();
    Running { emulator, client }
}

/// Returns the error with which an emulator refuses to start.
async fn refusal(file: &Path) -> String {
    let error = Emulator::builder().data_file(file).start().await.unwrap_err();
    assert!(matches!(error, StartError::DataFile { .. }), "{error:?}");
    error.to_string()
}

/// Creates devices and stops the emulator, so that the journal contains the devices.
async fn create(file: &Path, devices: &[&str]) {
    let running = start(file).await;
    for device in devices {
        running.create(device).await;
    }
}

#[tokio::test]
async fn data_file_is_locked_by_one_emulator_and_must_be_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let running = Emulator::builder().data_file(&file).start().await.unwrap();
    let second = Emulator::builder().data_file(&file).start().await;
    assert!(matches!(second, Err(StartError::DataFile { .. })), "{second:?}");
    drop(running);
    drop(Emulator::builder().data_file(&file).start().await.unwrap());
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let cut = Emulator::builder().data_file(&file).start().await;
    assert!(matches!(cut, Err(StartError::DataFile { .. })), "{cut:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn data_file_is_locked_under_each_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let other = |name: &str| folder.path().join(name);
    create(&file, &["a"]).await;
    std::fs::hard_link(&file, other("before.json")).unwrap();
    let running = start(&file).await;
    std::os::unix::fs::symlink(&file, other("symlink.json")).unwrap();
    std::fs::hard_link(&file, other("after.json")).unwrap();
    std::fs::create_dir(other("folder")).unwrap();
    for name in ["symlink.json", "before.json", "after.json", "folder/../data.json"] {
        let reason = refusal(&other(name)).await;
        assert!(
            reason.contains("another emulator is using it"),
            "{name}: {reason}"
        );
    }
    drop(running);
    // The journal is next to the file, not next to the link.
    let running = start(&other("symlink.json")).await;
    assert!(running.has_device("a"));
    running.create("b").await;
    drop(running);
    assert!(
        std::fs::symlink_metadata(other("symlink.json"))
            .unwrap()
            .is_symlink()
    );
    assert!(!other("symlink.json.journal").exists());
    assert!(start(&file).await.has_device("b"));
}

#[tokio::test]
async fn start_without_the_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    create(&file, &["a"]).await;
    let lines = std::fs::read(journal_of(&file)).unwrap();
    for emptied in [false, true] {
        std::fs::remove_file(journal_of(&file)).unwrap();
        if emptied {
            std::fs::write(journal_of(&file), "").unwrap();
        }
        let reason = refusal(&file).await;
        assert!(reason.contains(journal_of(&file).to_str().unwrap()), "{reason}");
        assert!(reason.contains("restore it"), "{reason}");
        std::fs::write(journal_of(&file), &lines).unwrap();
    }
    assert!(start(&file).await.has_device("a"));
}

/// The error for a missing journal suggests setting `journal` to null in the data file.
#[tokio::test]
async fn data_file_without_a_journal_id_loads_only_its_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    create(&file, &["a"]).await;
    create(&file, &["b"]).await;
    std::fs::remove_file(journal_of(&file)).unwrap();
    let mut saved: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    saved["journal"] = serde_json::Value::Null;
    std::fs::write(&file, saved.to_string()).unwrap();
    let running = start(&file).await;
    assert!(running.has_device("a") && !running.has_device("b"));
}

#[tokio::test]
async fn journal_of_an_older_snapshot_or_another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let other = folder.path().join("other.json");
    create(&file, &["a"]).await;
    create(&other, &["x"]).await;
    let earlier = std::fs::read(journal_of(&file)).unwrap();
    create(&file, &["b"]).await;
    let own = std::fs::read(journal_of(&file)).unwrap();
    for foreign in [earlier, std::fs::read(journal_of(&other)).unwrap()] {
        std::fs::write(journal_of(&file), foreign).unwrap();
        let reason = refusal(&file).await;
        assert!(reason.contains("belongs to another data file"), "{reason}");
    }
    std::fs::write(journal_of(&file), own).unwrap();
    let running = start(&file).await;
    assert!(running.has_device("a") && running.has_device("b"));
}

#[tokio::test]
async fn changed_journal_line_is_refused_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    create(&file, &["first", "second"]).await;
    let lines = std::fs::read_to_string(journal_of(&file)).unwrap();
    let number = 1 + lines.lines().position(|line| line.contains("first")).unwrap();
    // The line remains valid JSON, so only its checksum reveals the change.
    std::fs::write(journal_of(&file), lines.replace("first", "wrong")).unwrap();
    let reason = refusal(&file).await;
    assert!(
        reason.contains(&format!("line {number} of its journal")),
        "{reason}"
    );
    std::fs::write(journal_of(&file), lines).unwrap();
    assert!(start(&file).await.has_device("first"));
}

#[tokio::test]
async fn copy_of_both_files_is_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let copy = folder.path().join("copy.json");
    create(&file, &["a"]).await;
    create(&file, &["b"]).await;
    std::fs::copy(&file, &copy).unwrap();
    std::fs::copy(journal_of(&file), journal_of(&copy)).unwrap();
    create(&file, &["later"]).await;
    let running = start(&copy).await;
    assert!(running.has_device("a") && running.has_device("b") && !running.has_device("later"));
    drop(running);
    // Starting from the copy has not affected the original.
    assert!(start(&file).await.has_device("later"));
}

#[tokio::test]
async fn dumped_state_starts_a_new_data_file() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&folder.path().join("data.json")).await;
    running.create("a").await;
    let state = running.emulator.dump_state();
    drop(running);
    let copy = folder.path().join("copy.json");
    let restored = Emulator::builder().data_file(&copy).state(state).start().await;
    drop(restored.unwrap());
    assert!(start(&copy).await.has_device("a"));
}

#[tokio::test]
async fn journal_line_of_a_blob_has_no_other_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let running = start(&file).await;
    let put = async |name: &str, length: usize| {
        let url = format!("{}/c/{name}", running.emulator.iothub_blob_endpoint());
        let request = running.client.put(url).body("x".repeat(length));
        assert_eq!(request.send().await.unwrap().status(), 201);
        std::fs::metadata(journal_of(&file)).unwrap().len()
    };
    let before = put("large", 100_000).await;
    let after = put("small", 10).await;
    assert!(after - before < 1000, "{before} {after}");
}
