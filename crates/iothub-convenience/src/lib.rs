//! A client for the Azure IoT Hub service API.
