//! Cloud-to-device messages over HTTP.

use iothub_convenience::ErrorCode;

use crate::hub;

#[tokio::test]
async fn an_empty_queue_is_purged() {
    let (_emulator, hub) = hub(&["d"]).await;
    let purged = hub.purge_command_queue("d").await.unwrap().into_model().unwrap();
    assert_eq!(
        (purged.device_id.as_deref(), purged.total_messages_purged),
        (Some("d"), Some(0))
    );
    let error = hub.purge_command_queue("nobody").await.unwrap_err();
    assert_eq!(error.error_code(), Some(ErrorCode::DEVICE_NOT_FOUND));
}

#[tokio::test]
async fn there_is_no_feedback_without_messages() {
    let (_emulator, hub) = hub(&["d"]).await;
    assert_eq!(hub.receive_feedback_notification().await.unwrap(), None);
    let error = hub
        .complete_feedback_notification("no such lock")
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed(), "{error:?}");
}
