//! The data file of an emulator in process.
//!
//! No test of this binary starts a process: a child holds the lock of the file between fork and exec.

use azure_iot_emulator::{Emulator, StartError};

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
