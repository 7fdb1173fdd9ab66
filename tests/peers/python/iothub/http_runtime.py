"""IoTHubHttpRuntimeManager: feedback over REST, and purging of a device's queue."""

import certifi

from peer import CA_FILE

# The AMQP library trusts only the authorities in the file of certifi.
certifi.where = lambda: CA_FILE

from azure.iot.hub import IoTHubHttpRuntimeManager, IoTHubRegistryManager  # noqa: E402

from hub import HOST_NAME, KEY_1, KEY_2, Credential, refused, watched  # noqa: E402
from peer import EMULATOR, check, equal, holds, manage, run  # noqa: E402

runtime = watched(IoTHubHttpRuntimeManager)
registry = watched(IoTHubRegistryManager)
registry.create_device_with_sas("device", KEY_1, KEY_2, "enabled")


def _purge():
    # Only the package's generated layer supports this operation.
    messages = registry.protocol.cloud_to_device_messages
    return messages.purge_cloud_to_device_message_queue("device")


def _receive():
    """Calls the operation in the generated layer, because the public method does not return the lock token."""
    return runtime.protocol.cloud_to_device_messages.receive_feedback_notification(raw=True).response


def _cause_feedback(message_id):
    registry.send_c2d_message("device", "hello", {"messageId": message_id, "iothub-ack": "full"})
    _purge()
    # Feedback is batched for at most 15 seconds.
    manage("POST", "/clock/advance", {"seconds": 16})


@check
def default_ports_are_left_out_of_the_ready_line():
    hub = EMULATOR["iothub"]
    equal((hub["endpoint"], hub["amqpEndpoint"]), ("https://localhost", "amqps://localhost"))
    equal(HOST_NAME, "localhost")


@check
def receive_feedback_notification_from_an_empty_queue():
    equal(runtime.receive_feedback_notification(), None)
    equal(_receive().status_code, 204)


@check
def purge_returns_the_number_of_messages():
    for text in ("one", "two", "three"):
        registry.send_c2d_message("device", text)
    result = _purge()
    equal((result.device_id, result.module_id, result.total_messages_purged), ("device", None, 3))
    equal(_purge().total_messages_purged, 0)


@check
def receive_and_complete_feedback_notification():
    _cause_feedback("first")
    response = _receive()
    equal(response.status_code, 200)
    [record] = response.json()
    equal(
        (record["originalMessageId"], record["deviceId"], record["statusCode"]), ("first", "device", "Purged")
    )
    equal(record["deviceGenerationId"], registry.get_device("device").generation_id)
    token = response.headers["ETag"].strip('"')
    runtime.complete_feedback_notification(token)
    equal(_receive().status_code, 204)
    with refused(412, "DeviceMessageLockLost"):
        runtime.complete_feedback_notification(token)


@check
def abandoned_feedback_notification_is_received_again():
    _cause_feedback("second")
    first = _receive()
    equal(_receive().status_code, 204)
    runtime.abandon_feedback_notification(first.headers["ETag"].strip('"'))
    again = _receive()
    equal(again.json(), first.json())
    holds(again.headers["ETag"] != first.headers["ETag"], "the lock token is the same")
    runtime.complete_feedback_notification(again.headers["ETag"].strip('"'))


@check
def receive_feedback_notification_locks_it():
    _cause_feedback("third")
    # The client drops the records and the lock token.
    equal(runtime.receive_feedback_notification(), None)
    equal(_receive().status_code, 204)


@check
def settling_an_unknown_token_is_refused():
    with refused(412, "DeviceMessageLockLost"):
        runtime.abandon_feedback_notification("00000000-0000-0000-0000-000000000000")


@check
def a_token_credential_is_accepted():
    with_token = IoTHubHttpRuntimeManager.from_token_credential(HOST_NAME, Credential())
    equal(with_token.receive_feedback_notification(), None)


run()
