//! The Azure IoT Hub service API, operation by operation, generated from its API description.
