//! The ready line, from which scripts read the endpoints and credentials of the started program.

use std::io::{self, Write};
use std::path::Path;

use azure_iot_emulator::Emulator;
use serde_json::{Value, json};

/// Prints the ready line to standard output.
pub(crate) fn announce(emulator: &Emulator, ca_file: &Path, token: &str) -> io::Result<()> {
    let mut line = ready_line(emulator, ca_file, token).to_string();
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

fn ready_line(emulator: &Emulator, ca_file: &Path, token: &str) -> Value {
    let mut line = json!({ "status": "ready" });
    if emulator.iothub().is_some() {
        line["iothub"] = json!({
            "endpoint": emulator.iothub_endpoint(),
            "amqpEndpoint": emulator.iothub_amqp_endpoint(),
            "blobEndpoint": emulator.iothub_blob_endpoint(),
            "connectionString": emulator.iothub_connection_string(),
        });
    }
    if emulator.provisioning().is_some() {
        line["provisioning"] = json!({
            "endpoint": emulator.provisioning_endpoint(),
            "idScope": emulator.provisioning_id_scope(),
            "connectionString": emulator.provisioning_connection_string(),
        });
    }
    if emulator.digitaltwins().is_some() {
        line["digitaltwins"] = json!({ "endpoint": emulator.digitaltwins_endpoint() });
    }
    line["management"] = json!({ "endpoint": emulator.management_endpoint() });
    line["caFile"] = json!(ca_file);
    line["bearerToken"] = json!(token);
    line
}
