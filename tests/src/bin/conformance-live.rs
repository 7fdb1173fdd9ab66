//! Runs every scenario on live services and reports differences from the behavior that the clients and the emulator
//! assume.
//!
//! ```sh
//! cargo run -p integration-tests --bin conformance-live -- --dry-run   # on the embedded emulator
//! export IOTHUB_CONNECTION_STRING='HostName=…;SharedAccessKeyName=iothubowner;SharedAccessKey=…'
//! export DIGITALTWINS_ENDPOINT=https://<instance>.api.<region>.digitaltwins.azure.net
//! cargo run -p integration-tests --bin conformance-live -- --live
//! ```
//!
//! One of the two services is enough; scenarios of the other are skipped. The exit code is 1 if a scenario differs
//! or if none ran.
//!
//! # Roles and resources
//!
//! | Variable | Service | Needed |
//! |---|---|---|
//! | `IOTHUB_CONNECTION_STRING` | hub | a policy with registry read, registry write and service connect; tier S1, because the free tier runs no jobs |
//! | `DIGITALTWINS_ENDPOINT` | Digital Twins | *Azure Digital Twins Data Owner* for the identity of the Azure CLI |
//! | `IOTHUB_ENTRA=1` | hub | *IoT Hub Data Contributor* for that identity |
//! | `IOTHUB_BLOB_CONTAINER` | hub | SAS URL of a container, with read, write and delete |
//! | `DIGITALTWINS_ROUTE_ENDPOINT` | Digital Twins | the name of an endpoint of the instance |
//! | `IMPORT_INPUT_BLOB`, `IMPORT_OUTPUT_BLOB` | Digital Twins | URLs of two blobs that the instance's identity may read and write; the first has the output of `--print-import-file` |
//! | `DIGITALTWINS_ERASE` | Digital Twins | the same text as `DIGITALTWINS_ENDPOINT`: **all models, twins and relationships of the instance are deleted** |
//!
//! Without one of the last five, its scenarios are skipped. Scenarios with a responding device run only on the emulator.
//!
//! # What it creates and deletes
//!
//! The scenarios create devices, configurations, jobs, twins and event routes whose ids begin with `scenario-`, and
//! models below `dtmi:example:scenario:`. Names have a random part per run. These resources are deleted after each
//! scenario, even if it fails; a killed run leaves the resources of one scenario. Jobs stay in the services' lists
//! until the services delete them, and an exported blob stays in the container. Device-to-cloud messages are not sent.
//!
//! # Cost
//!
//! About 500 requests per run: well below the daily quota of one S1 unit, and a few cents of Digital Twins operations
//! and query units. A run takes some minutes, mostly to wait until queries show writes and jobs end.
#![allow(clippy::print_stdout, reason = "a program prints its results")]

use std::process::ExitCode;
use std::time::Instant;

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use integration_tests::Failure;
use integration_tests::environment::{DIGITALTWINS_ENDPOINT, Environment, IOTHUB_CONNECTION_STRING};
use integration_tests::scenarios::{Client, Outcome, SCENARIOS, import_jobs};

const USAGE: &str = "usage: conformance-live --dry-run | --live | --print-import-file
  --dry-run            run on the embedded emulator, ignoring environment variables
  --live               create and delete resources on the services that IOTHUB_CONNECTION_STRING and
                       DIGITALTWINS_ENDPOINT name
  --print-import-file  print the content for IMPORT_INPUT_BLOB";

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--dry-run"] => run(&Environment::emulated().await?, false).await,
        ["--live"] if !is_set(IOTHUB_CONNECTION_STRING) && !is_set(DIGITALTWINS_ENDPOINT) => {
            println!("Neither {IOTHUB_CONNECTION_STRING} nor {DIGITALTWINS_ENDPOINT} is set.\n{USAGE}");
            Ok(ExitCode::FAILURE)
        }
        ["--live"] => run(&Environment::from_variables().await?, true).await,
        ["--print-import-file"] => {
            print!("{}", String::from_utf8(import_jobs::import_file()?)?);
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            println!("{USAGE}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

/// Runs the scenarios and prints a table. With `live`, runs only scenarios that are possible on live services.
async fn run(environment: &Environment, live: bool) -> Result<ExitCode, Failure> {
    println!("IoT Hub        {}", environment.hub_name());
    println!("Digital Twins  {}\n", environment.twins_name());
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["scenario", "result", "ms"]);
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for scenario in SCENARIOS {
        let is_live = match scenario.client {
            Client::Hub => environment.hub_is_live(),
            Client::Twins => environment.twins_are_live(),
            Client::Provisioning | Client::ProvisioningDevice => false,
        };
        let start = Instant::now();
        let result = if live && !is_live {
            skipped += 1;
            "skipped: needs a live service".to_owned()
        } else {
            match scenario.run(environment).await {
                Outcome::Passed => {
                    passed += 1;
                    "ok".to_owned()
                }
                Outcome::Differs(failure) => {
                    failed += 1;
                    format!("differs: {failure}")
                }
                Outcome::Skipped(need) => {
                    skipped += 1;
                    format!("skipped: needs {need}")
                }
            }
        };
        let milliseconds = start.elapsed().as_millis().to_string();
        table.add_row([
            format!("{}::{}", scenario.noun, scenario.name),
            result,
            milliseconds,
        ]);
    }
    println!("{table}\n\n{passed} passed, {failed} failed, {skipped} skipped");
    Ok(if failed > 0 || passed == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
