//! The query languages of Azure Digital Twins and Azure IoT Hub: syntax tree, parser, printer and a safe builder.
