// Clients for the examples: for a real instance, or for an emulator in this process. (Not a `//!` comment, because
// documentation examples include this file.)

/// Returns a client for the instance that `DIGITALTWINS_ENDPOINT` names, with the developer's identity. Without the
/// variable, the client is for an emulator, which runs until the first returned value is dropped.
#[allow(dead_code, reason = "each example uses what it needs")]
pub(crate) async fn connect() -> Result<
    (
        Option<azure_iot_emulator::Emulator>,
        digitaltwins_convenience::DigitalTwinsClient,
    ),
    Box<dyn std::error::Error + Send + Sync>,
> {
    match std::env::var("DIGITALTWINS_ENDPOINT") {
        Ok(endpoint) => {
            let credential = azure_identity::DeveloperToolsCredential::new(None)?;
            Ok((
                None,
                digitaltwins_convenience::DigitalTwinsClient::new(&endpoint, credential, None)?,
            ))
        }
        Err(_) => emulated()
            .await
            .map(|(emulator, client)| (Some(emulator), client)),
    }
}

/// Returns a client for a new emulator, which runs until the first returned value is dropped.
#[allow(dead_code, reason = "each example uses what it needs")]
pub(crate) async fn emulated() -> Result<
    (
        azure_iot_emulator::Emulator,
        digitaltwins_convenience::DigitalTwinsClient,
    ),
    Box<dyn std::error::Error + Send + Sync>,
> {
    let emulator = azure_iot_emulator::Emulator::start().await?;
    // Only the emulator needs this, because its certificate is self-signed and its tokens do not come from Microsoft
    // Entra ID.
    let options =
        digitaltwins_convenience::DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem())?;
    let token = emulator.bearer_token();
    let credential = digitaltwins_convenience::DelegatedTokenCredential::new(move || token.clone());
    let client = digitaltwins_convenience::DigitalTwinsClient::new(
        emulator.digitaltwins_endpoint(),
        credential,
        Some(options),
    )?;
    Ok((emulator, client))
}

/// Returns a client for a new emulator with a small building: `floor-1` contains `room-1` and `room-2`, each with a
/// thermostat. The emulator also has a `Lamp` model without twins.
#[allow(dead_code, reason = "each example uses what it needs")]
pub(crate) async fn building() -> Result<
    (
        azure_iot_emulator::Emulator,
        digitaltwins_convenience::DigitalTwinsClient,
    ),
    Box<dyn std::error::Error + Send + Sync>,
> {
    use digitaltwins_convenience::Upsert::CreateOnly;
    use serde_json::json;
    let (emulator, client) = emulated().await?;
    let property = |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    let interface = |name: &str, contents: serde_json::Value| {
        json!({"@context": "dtmi:dtdl:context;3", "@id": format!("dtmi:example:{name};1"), "@type": "Interface",
               "contents": contents})
    };
    client
        .create_models(&[
            interface("Thermostat", json!([property("target", "double")])),
            interface(
                "Room",
                json!([
                    property("temperature", "double"),
                    property("comment", "string"),
                    property("openings", "long"),
                    {"@type": "Component", "name": "thermostat", "schema": "dtmi:example:Thermostat;1"}
                ]),
            ),
            interface("Floor", json!([{"@type": "Relationship", "name": "contains"}])),
            interface("Lamp", json!([property("brightness", "integer")])),
        ])
        .await?;
    let floor = json!({"$metadata": {"$model": "dtmi:example:Floor;1"}});
    client.upsert_digital_twin("floor-1", &floor, CreateOnly).await?;
    for room in ["room-1", "room-2"] {
        let twin = json!({"temperature": 20.5, "comment": "draughty", "openings": 0,
            "thermostat": {"target": 21, "$metadata": {}}, "$metadata": {"$model": "dtmi:example:Room;1"}});
        client.upsert_digital_twin(room, &twin, CreateOnly).await?;
        let id = format!("floor-1-{room}");
        let contains = digitaltwins_convenience::Relationship::new(&id, "floor-1", "contains", room, ());
        client
            .upsert_relationship("floor-1", &id, &contains, CreateOnly)
            .await?;
    }
    Ok((emulator, client))
}
