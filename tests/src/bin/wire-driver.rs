//! Calls the clients as directed by lines of JSON, so that their requests can be recorded and compared with those of
//! other clients.
//!
//! The first argument is the service: `adt`, `iothub`, or `c2d` for messages over AMQP. The program then reads
//! `{"call":"get_device","variant":"plain","args":{"device_id":"d"}}` from stdin and writes `{"result":…}`,
//! `{"error":…}` or `{"skipped":…}` to stdout, one line each. Environment variables name the endpoints, see
//! [`Endpoints`]; without them the program exits.
//!
//! Compared with the services' API descriptions, call by call, these calls differ on purpose. The client refuses, without
//! sending a request, what the service would refuse:
//!
//! * `create_models` with an empty list, `get_digital_twin` and `get_relationship` with a `/` in the id, and
//!   `create_delete_job` with a timeout of 5 minutes;
//! * `create_module_with_sas`, `get_configuration`, `create_configuration`, `create_scheduled_job` and
//!   `get_scheduled_job` with a `/` or a space in the id.
//!
//! `bulk_create_or_update_devices` sends `iotEdge: false` if the options do not set it, as for a single device, and no
//! request for an empty list.
//!
//! Two calls are skipped: `upsert_digital_twin` with an ETag in `If-None-Match`. The service supports only `*` there, so
//! the client has no parameter for an ETag.
#![allow(clippy::print_stdout, reason = "the responses go to stdout")]

#[path = "wire_driver/mod.rs"]
mod wire_driver;

use std::io::BufRead;

use serde_json::{Value, json};

use wire_driver::{CallResult, DigitalTwins, Endpoints, Failure, IotHub};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let Some(endpoints) = Endpoints::from_variables()? else {
        println!("the WIRE_* variables are not set; see the documentation of this program");
        return Ok(());
    };
    let service = std::env::args().nth(1).unwrap_or_default();
    let service = Service::new(&service, endpoints)?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let call = request["call"].as_str().unwrap_or_default();
        let response = match service.call(call, &request["args"]).await {
            Ok(Some(result)) => json!({"result": result}),
            Ok(None) => json!({"skipped": "this client has no such call"}),
            Err(error) => json!({"error": error}),
        };
        println!("{response}");
    }
    Ok(())
}

/// The clients of the chosen service.
enum Service {
    DigitalTwins(DigitalTwins),
    IotHub(Box<IotHub>),
    /// Every call uses a new client, because each call may configure the peer's behavior on new connections.
    Messages(Endpoints),
}

impl Service {
    fn new(name: &str, endpoints: Endpoints) -> Result<Self, Failure> {
        match name {
            "adt" => DigitalTwins::new(&endpoints).map(Self::DigitalTwins),
            "iothub" => Ok(Self::IotHub(Box::new(IotHub::new(&endpoints)?))),
            "c2d" => Ok(Self::Messages(endpoints)),
            _ => Err("usage: wire-driver adt|iothub|c2d".into()),
        }
    }

    async fn call(&self, call: &str, arguments: &Value) -> CallResult {
        match self {
            Self::DigitalTwins(twins) => twins.call(call, arguments).await,
            Self::IotHub(hub) => hub.call(call, arguments).await,
            Self::Messages(endpoints) => {
                let hub = IotHub::new(endpoints).map_err(|failure| wire_driver::driver_error(&*failure))?;
                let result = hub.call(call, arguments).await;
                hub.close().await;
                result
            }
        }
    }
}
