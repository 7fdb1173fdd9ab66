//! Cloud-to-device messages over HTTP.

use iothub_convenience::ErrorCode;

use crate::hub;

#[tokio::test]
async fn empty_queue_can_be_purged() {
    let (_emulator, hub) = hub(&["d"]).await;
    let purged = hub.purge_command_queue("d").await.unwrap().into_model().unwrap();
    assert_eq!(
        (purged.device_id.as_deref(), purged.total_messages_purged),
        (Some("d"), Some(0))
    );
    let error = hub.purge_command_queue("missing").await.unwrap_err();
    assert_eq!(error.error_code(), Some(ErrorCode::DEVICE_NOT_FOUND));
}

#[tokio::test]
async fn receive_returns_none_without_feedback() {
    let (_emulator, hub) = hub(&["d"]).await;
    assert_eq!(hub.receive_feedback_notification().await.unwrap(), None);
    let error = hub
        .complete_feedback_notification("no such lock")
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed(), "{error:?}");
}
