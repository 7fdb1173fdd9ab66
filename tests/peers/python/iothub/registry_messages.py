"""IoTHubRegistryManager: cloud-to-device messages, over AMQP and AMQP over WebSocket."""

import certifi

from peer import CA_FILE

# The AMQP library trusts only the authorities in the file of certifi.
certifi.where = lambda: CA_FILE

from azure.iot.hub import IoTHubRegistryManager  # noqa: E402
from uamqp import TransportType  # noqa: E402
from uamqp.errors import TokenAuthFailure  # noqa: E402

from hub import CONNECTION_STRING, HOST_NAME, KEY_1, KEY_2, Credential, watched  # noqa: E402
from peer import check, equal, holds, raises, run  # noqa: E402

registry = watched(IoTHubRegistryManager)
ODD_ID = "dev:1.2+3%_#*?!(),=@$;'"
for name in ("plain", "full", "other", ODD_ID):
    registry.create_device_with_sas(name, KEY_1, KEY_2, "enabled")


def _waiting(device_id):
    return registry.get_device(device_id).cloud_to_device_message_count


@check
def send_c2d_message_is_queued_for_the_device():
    registry.send_c2d_message("plain", "hello")
    registry.send_c2d_message("plain", b"\x00\x01\xff", {})
    registry.send_c2d_message("plain", "")
    equal(_waiting("plain"), 3)
    equal(registry.get_twin("plain").cloud_to_device_message_count, 3)


@check
def send_c2d_message_with_all_properties():
    properties = {
        "contentType": "application/json",
        "contentEncoding": "utf-8",
        "correlationId": "correlation-1",
        "messageId": "message-1",
        "expiryTimeUtc": 1_999_999_999_000,
        "iothub-ack": "full",
        "text": "Grüße ☃",
        "number": 5,
        "fraction": 1.5,
        "flag": True,
    }
    registry.send_c2d_message("other", '{"a": 1}', properties)
    equal(_waiting("other"), 1)


@check
def send_c2d_message_to_a_device_with_punctuation_in_its_id():
    # This client does not percent-encode the id in the address.
    registry.send_c2d_message(ODD_ID, "hello")
    equal(_waiting(ODD_ID), 1)


@check
def send_c2d_message_to_a_missing_device_is_refused():
    # The client reports no details.
    with raises(Exception) as caught:
        registry.send_c2d_message("missing", "hello")
    equal(str(caught.error), "C2D message send failure")


@check
def send_c2d_message_to_a_full_queue_is_refused():
    for at in range(50):
        registry.send_c2d_message("full", f"message {at}")
    with raises(Exception) as caught:
        registry.send_c2d_message("full", "one too many")
    equal(str(caught.error), "C2D message send failure")
    equal(_waiting("full"), 50)


@check
def send_c2d_message_of_more_than_64_kilobytes_is_refused():
    with raises(Exception):
        registry.send_c2d_message("plain", "x" * 70_000)
    equal(_waiting("plain"), 3)


@check
def the_connection_works_after_refusals():
    registry.send_c2d_message("plain", "once more")
    equal(_waiting("plain"), 4)


@check
def send_c2d_message_over_a_websocket():
    # A new client, because a client connects on its first send.
    over_websocket = IoTHubRegistryManager.from_connection_string(
        CONNECTION_STRING, transport_type=TransportType.AmqpOverWebsocket
    )
    over_websocket.send_c2d_message("plain", "through a socket")
    equal(_waiting("plain"), 5)


@check
def send_c2d_message_with_a_token_credential():
    credential = Credential()
    IoTHubRegistryManager.from_token_credential(HOST_NAME, credential).send_c2d_message("plain", "by token")
    equal(_waiting("plain"), 6)
    holds(credential.scopes, "the client has requested no token")


@check
def send_c2d_message_with_a_wrong_key_is_refused():
    parts = [part for part in CONNECTION_STRING.split(";") if not part.startswith("SharedAccessKey=")]
    stranger = IoTHubRegistryManager.from_connection_string(";".join([*parts, f"SharedAccessKey={KEY_1}"]))
    with raises(TokenAuthFailure) as caught:
        stranger.send_c2d_message("plain", "hello")
    equal(caught.error.status_code, 401)


run()
