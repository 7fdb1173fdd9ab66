//! Load on Digital Twins: twins, components, relationships, queries, models, telemetry and event routes. The requests
//! themselves are in [`iteration`](crate::iteration).

use std::sync::Mutex;
use std::time::Instant;

use azure_iot_emulator::{Emulator, EventSubscription};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Caller, Outcome, expect};
use crate::iteration::OwnTwins;
use crate::{Size, Subject};

/// Number of connections that create an event route and an endpoint; an instance allows six endpoints.
const ROUTES: u64 = 5;

pub(crate) struct Load {
    caller: Caller,
    size: Size,
    /// One subscription per connection; `None` after the connection has taken it.
    events: Mutex<Vec<Option<EventSubscription>>>,
}

pub(crate) async fn start(size: Size) -> Outcome<(Emulator, Load)> {
    let emulator = Emulator::builder().without_iothub().start().await?;
    let caller = Caller::new(&emulator, emulator.digitaltwins_endpoint(), "2023-10-31");
    let connection = caller.connect()?;
    connection.call(Method::POST, "/models", Some(models())).await?;
    let service = emulator.digitaltwins().expect("Digital Twins is enabled");
    let events = (0..ROUTES)
        .map(|connection| service.subscribe(&format!("events-{connection}")).map(Some))
        .collect::<Result<_, _>>()?;
    let events = Mutex::new(events);
    Ok((emulator, Load { caller, size, events }))
}

fn models() -> Value {
    let interface = |id: &str, contents: Value| json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": contents});
    let property = |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    let next = json!({
        "@type": "Relationship", "name": "next", "target": "dtmi:load:Space;1",
        "properties": [property("weight", "integer")],
    });
    let space = interface(
        "dtmi:load:Space;1",
        json!([
            property("owner", "integer"),
            property("mark", "string"),
            property("round", "integer"),
            next
        ]),
    );
    let thermostat = interface("dtmi:load:Thermostat;1", json!([property("target", "integer")]));
    let component = json!({"@type": "Component", "name": "thermostat", "schema": "dtmi:load:Thermostat;1"});
    let mut room = interface(
        "dtmi:load:Room;1",
        json!([property("temperature", "double"), component]),
    );
    room["extends"] = "dtmi:load:Space;1".into();
    json!([space, thermostat, room])
}

impl Subject for Load {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn send_mixed_requests(&self, owner: u64, until: Instant) -> Outcome<()> {
        let count = (owner..self.size.items).step_by(usize::try_from(self.size.connections)?);
        let mut own = OwnTwins::new(self.caller.connect()?, owner, count.count());
        if let Ok(at) = usize::try_from(owner) {
            let mut waiting = self.events.lock().expect("no holder of this lock panics");
            own.events = waiting.get_mut(at).and_then(Option::take);
        }
        let mut round = 0_u64;
        while own.count() > 0 && Instant::now() < until {
            round += 1;
            for twin in 0..own.count() {
                if Instant::now() >= until {
                    break;
                }
                own.iterate(twin, round).await?;
            }
        }
        own.fill().await
    }

    async fn read(&self, first: u64, until: Instant) -> Outcome<u64> {
        let connection = self.caller.connect()?;
        let mut count = 0;
        while Instant::now() < until {
            let number = (first + count * 7919) % self.size.items;
            let (owner, twin) = (number % self.size.connections, number / self.size.connections);
            let id = format!("twin-{owner}-{twin}");
            let path = format!("/digitaltwins/{id}");
            let read = connection.get(&path).await?;
            expect(&read.body["$dtId"], &json!(id), &path)?;
            expect(&read.body["$etag"], &json!(read.etag), &path)?;
            count += 1;
        }
        Ok(count)
    }

    async fn end(&self) -> Outcome<()> {
        let connection = self.caller.connect()?;
        let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS"});
        let response = connection.call(Method::POST, "/query", Some(query)).await?.body;
        let expected = json!([{"COUNT": self.size.items}]);
        expect(&response["value"], &expected, "twins at the end")
    }
}
