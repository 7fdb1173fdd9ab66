//! `Send` and `Sync` of public types.

use digitaltwins_convenience::*;

#[test]
fn public_types_are_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<DigitalTwinsClient>();
    is_send_and_sync::<DigitalTwinsClientOptions>();
    is_send_and_sync::<CallOptions>();
    is_send_and_sync::<QueryTwinsOptions>();
    is_send_and_sync::<BulkUpsertOptions>();
    is_send_and_sync::<UploadModelsOptions>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<BasicDigitalTwin>();
    is_send_and_sync::<DigitalTwinPatch>();
    is_send_and_sync::<ImportJob>();
    is_send::<Pager<EventRoute>>();
    is_send::<QueryPager<BasicDigitalTwin>>();
    is_send::<Poller<DeleteJob>>();
    assert!(size_of::<Error>() <= 4 * size_of::<usize>());
}
