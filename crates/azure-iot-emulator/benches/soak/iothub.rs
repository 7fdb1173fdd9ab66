//! Load on IoT Hub: devices, twins, modules, direct methods and queries.

use std::time::Instant;

use azure_iot_emulator::{Emulator, MethodScript};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Caller, Connection, Outcome, expect};
use crate::{Size, Subject};

pub(crate) struct Load {
    caller: Caller,
    size: Size,
}

pub(crate) async fn start(size: Size) -> Outcome<(Emulator, Load)> {
    let emulator = Emulator::builder().without_digitaltwins().start().await?;
    let caller = Caller::new(&emulator, emulator.iothub_endpoint(), "2021-04-12");
    let connection = caller.connect()?;
    let ids: Vec<_> = (0..size.items).map(|id| format!("device-{id}")).collect();
    for part in ids.chunks(100) {
        let items: Value = part.iter().map(|id| json!({ "id": id })).collect();
        connection.call(Method::POST, "/devices", Some(items)).await?;
    }
    let hub = emulator.iothub().expect("IoT Hub is enabled");
    for id in &ids {
        hub.set_connected(id, None, true)?;
        hub.on_method(id, None, "echo", MethodScript::Echo { status: 200 })?;
    }
    Ok((emulator, Load { caller, size }))
}

impl Subject for Load {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn send_mixed_requests(&self, first: u64, until: Instant) -> Outcome<()> {
        let connection = self.caller.connect()?;
        let step = usize::try_from(self.size.connections)?;
        let own: Vec<u64> = (first..self.size.items).step_by(step).collect();
        let mut round = 0_u64;
        while !own.is_empty() && Instant::now() < until {
            round += 1;
            for device in &own {
                if Instant::now() >= until {
                    break;
                }
                iterate(&connection, *device, round).await?;
            }
        }
        Ok(())
    }

    async fn read(&self, first: u64, until: Instant) -> Outcome<u64> {
        let connection = self.caller.connect()?;
        let mut count = 0;
        while Instant::now() < until {
            let device = (first + count * 7919) % self.size.items;
            let path = format!("/twins/device-{device}");
            let twin = connection.get(&path).await?.body;
            expect(&twin["deviceId"], &json!(format!("device-{device}")), &path)?;
            count += 1;
        }
        Ok(count)
    }

    async fn end(&self) -> Outcome<()> {
        let connection = self.caller.connect()?;
        let found = connection.get("/statistics/devices").await?.body;
        expect(
            &found["totalDeviceCount"],
            &json!(self.size.items),
            "devices at the end",
        )
    }
}

async fn iterate(connection: &Connection<'_>, device: u64, round: u64) -> Outcome<()> {
    let id = format!("device-{device}");
    let twin = format!("/twins/{id}");
    let patch = json!({"tags": {"round": round}, "properties": {"desired": {"n": round}}});
    let patched = connection.call(Method::PATCH, &twin, Some(patch)).await?.body;
    expect(&patched["tags"]["round"], &json!(round), &id)?;
    let version = &patched["properties"]["desired"]["$version"];
    expect(version, &json!(round + 1), &id)?;
    let read = connection.get(&twin).await?.body;
    expect(&read["properties"]["desired"]["n"], &json!(round), &id)?;
    expect(&read["etag"], &patched["etag"], &id)?;
    let identity = connection.get(&format!("/devices/{id}")).await?.body;
    expect(&identity["deviceId"], &json!(id), &id)?;
    let call = json!({"methodName": "echo", "payload": {"round": round}});
    let methods = format!("{twin}/methods");
    let response = connection.call(Method::POST, &methods, Some(call)).await?.body;
    expect(
        &response,
        &json!({"status": 200, "payload": {"round": round}}),
        &id,
    )?;
    if device.is_multiple_of(16) {
        let text = format!("SELECT tags.round AS r FROM devices WHERE deviceId = '{id}'");
        let query = Some(json!({ "query": text }));
        let rows = connection.call(Method::POST, "/devices/query", query).await?.body;
        expect(&rows, &json!([{ "r": round }]), &id)?;
        let module = format!("/devices/{id}/modules/m");
        let body = json!({"deviceId": id, "moduleId": "m"});
        connection.call(Method::PUT, &module, Some(body)).await?;
        let any = [("if-match", "*")];
        let deleted = connection.send(Method::DELETE, &module, &any, None).await?;
        deleted.with_status(204, &module)?;
    }
    Ok(())
}
