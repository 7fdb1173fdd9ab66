//! Drives the clients by lines of JSON, so that what they send can be recorded and compared with what other clients send.
//!
//! The first argument is the service: `adt`, `iothub`, or `c2d` for messages over AMQP. The program then reads
//! `{"call":"get_device","variant":"plain","args":{"device_id":"d"}}` from stdin and answers with `{"result":…}`,
//! `{"error":…}` or `{"skipped":…}` on stdout, one line each. The environment says what to talk to, see
//! [`Surroundings`]; without it there is nothing to do.
//!
//! Compared with what the services' descriptions ask for, call by call, Digital Twins differs nowhere and IoT Hub in
//! three calls, on purpose:
//!
//! * `create_module_with_sas` with an id that has a `/`: refused before anything is sent, as the service would.
//! * `bulk_create_or_update_devices` with options that do not say `iot_edge`: `iotEdge` is sent as `false`, as it is for
//!   a single device.
//! * `bulk_create_or_update_devices` with no entries: nothing is sent, since there is nothing to do.
//!
//! Two calls are skipped: `upsert_digital_twin` with an ETag to be different from. The service knows `*` only there, and
//! the client has no way to say more.
#![allow(clippy::print_stdout, reason = "its answers go to stdout")]

#[path = "wire_driver/mod.rs"]
mod wire_driver;

use std::io::BufRead;

use serde_json::{Value, json};

use wire_driver::{Answer, DigitalTwins, Failure, IotHub, Surroundings};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let Some(surroundings) = Surroundings::from_variables()? else {
        println!("nothing to do: the WIRE_* variables are not set");
        return Ok(());
    };
    let service = std::env::args().nth(1).unwrap_or_default();
    let service = Service::new(&service, surroundings)?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let call = request["call"].as_str().unwrap_or_default();
        let answer = match service.answer(call, &request["args"]).await {
            Ok(Some(result)) => json!({"result": result}),
            Ok(None) => json!({"skipped": "this client has no such call"}),
            Err(error) => json!({"error": error}),
        };
        println!("{answer}");
    }
    Ok(())
}

/// What is driven.
enum Service {
    DigitalTwins(DigitalTwins),
    IotHub(IotHub),
    /// Each call gets a client of its own: what the peer is told to do when a connection is opened would otherwise be
    /// seen by the first call only.
    Messages(Surroundings),
}

impl Service {
    fn new(name: &str, surroundings: Surroundings) -> Result<Self, Failure> {
        match name {
            "adt" => DigitalTwins::new(&surroundings).map(Self::DigitalTwins),
            "iothub" => IotHub::new(&surroundings).map(Self::IotHub),
            "c2d" => Ok(Self::Messages(surroundings)),
            _ => Err("usage: wire-driver adt|iothub|c2d".into()),
        }
    }

    async fn answer(&self, call: &str, arguments: &Value) -> Answer {
        match self {
            Self::DigitalTwins(twins) => twins.answer(call, arguments).await,
            Self::IotHub(hub) => hub.answer(call, arguments).await,
            Self::Messages(surroundings) => {
                let hub = IotHub::new(surroundings).map_err(|failure| wire_driver::other(&*failure))?;
                let answer = hub.answer(call, arguments).await;
                hub.close().await;
                answer
            }
        }
    }
}
