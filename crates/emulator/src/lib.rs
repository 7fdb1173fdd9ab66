//! An emulator of Azure IoT Hub and Azure Digital Twins, in process or as a program.
