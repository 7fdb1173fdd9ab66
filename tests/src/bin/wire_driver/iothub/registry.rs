//! Calls on device and module identities, single and in bulk.

use iothub_convenience::{
    CreateOrUpdateModuleOptions, Error, GetDevicesOptions, IotHubRegistryManager, Precondition,
    RegistryEntry, TwinPatch,
};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::body;

pub(crate) async fn run(
    hub: &IotHubRegistryManager,
    call: &str,
    arguments: &Arguments<'_>,
) -> Result<Option<Value>, Error> {
    let (id, module_id) = (arguments.string("device_id"), arguments.string("module_id"));
    let module = || {
        Some(CreateOrUpdateModuleOptions {
            managed_by: arguments.optional("managed_by").map(str::to_owned),
            ..Default::default()
        })
    };
    let etag = || arguments.precondition("etag");
    let (status, options) = (arguments.status(), arguments.device_options());
    let keys = || arguments.keys("primary_key", "secondary_key");
    let thumbprint = || arguments.thumbprint("primary_thumbprint", "secondary_thumbprint");
    Ok(Some(match call {
        "create_device_with_sas" => body(hub.create_device_with_sas(id, keys()?, status, options).await?),
        "create_device_with_x509" => body(
            hub.create_device_with_x509(id, thumbprint()?, status, options)
                .await?,
        ),
        "create_device_with_certificate_authority" => body(
            hub.create_device_with_certificate_authority(id, status, options)
                .await?,
        ),
        "update_device_with_sas" => body(
            hub.update_device_with_sas(id, keys()?, status, etag(), options)
                .await?,
        ),
        "update_device_with_x509" => body(
            hub.update_device_with_x509(id, thumbprint()?, status, etag(), options)
                .await?,
        ),
        "update_device_with_certificate_authority" => body(
            hub.update_device_with_certificate_authority(id, status, etag(), options)
                .await?,
        ),
        "get_device" => body(hub.get_device(id).await?),
        "get_devices" => {
            let options = GetDevicesOptions {
                max_count: arguments.number("max_number_of_devices"),
            };
            body(hub.get_devices(Some(options)).await?)
        }
        "delete_device" => body(hub.delete_device(id, etag()).await?),
        "create_module_with_sas" => body(
            hub.create_module_with_sas(id, module_id, keys()?, module())
                .await?,
        ),
        "create_module_with_x509" => body(
            hub.create_module_with_x509(id, module_id, thumbprint()?, module())
                .await?,
        ),
        "create_module_with_certificate_authority" => body(
            hub.create_module_with_certificate_authority(id, module_id, module())
                .await?,
        ),
        "update_module_with_sas" => body(
            hub.update_module_with_sas(id, module_id, keys()?, etag(), module())
                .await?,
        ),
        "update_module_with_x509" => body(
            hub.update_module_with_x509(id, module_id, thumbprint()?, etag(), module())
                .await?,
        ),
        "update_module_with_certificate_authority" => {
            let updated = hub.update_module_with_certificate_authority(id, module_id, etag(), module());
            body(updated.await?)
        }
        "get_module" => body(hub.get_module(id, module_id).await?),
        "get_modules" => body(hub.get_modules(id).await?),
        "delete_module" => body(hub.delete_module(id, module_id, etag()).await?),
        "get_service_statistics" => body(hub.get_service_statistics().await?),
        "get_device_registry_statistics" => body(hub.get_device_registry_statistics().await?),
        "bulk_create_or_update_devices" => bulk(hub, arguments.list("devices")).await?,
        _ => return Ok(None),
    }))
}

async fn bulk(hub: &IotHubRegistryManager, devices: &[Value]) -> Result<Value, Error> {
    let entries = devices
        .iter()
        .map(|device| entry(&Arguments(device)))
        .collect::<Result<Vec<_>, _>>()?;
    let report = hub.bulk_create_or_update_devices(entries, None).await?;
    let errors: Vec<_> = report
        .failed()
        .map(|(entry, failure)| {
            json!({"deviceId": entry.device_id(), "errorCode": failure.code.map(|code| code.number())})
        })
        .collect();
    match report.stopped_by {
        Some(error) => Err(error),
        None => Ok(json!({"isSuccessful": errors.is_empty(), "errors": errors})),
    }
}

/// Returns a bulk entry from its JSON in the service's format.
fn entry(device: &Arguments<'_>) -> Result<RegistryEntry, Error> {
    let id = device.string("id");
    let etag = device.precondition("eTag");
    let mut entry = match device.string("importMode") {
        "create" => RegistryEntry::create(id),
        "update" | "updateIfMatchETag" => RegistryEntry::update(id, etag),
        "delete" | "deleteIfMatchETag" => RegistryEntry::delete(id, etag),
        "updateTwin" | "updateTwinIfMatchETag" => {
            RegistryEntry::update_twin(id, twin(device)?, device.precondition("twinETag"))
        }
        _ => RegistryEntry::create_or_update(id, Precondition::Unconditional),
    };
    if let Some(module_id) = device.optional("moduleId") {
        entry = entry.with_module(module_id);
    }
    if let Some(status) = device.optional("status") {
        entry = entry.with_status(status.into());
    }
    if let Some(options) = device.wire_options() {
        entry = entry.with_options(options);
    }
    let authentication = device.at("authentication");
    Ok(match authentication.string("type") {
        "sas" => entry.with_sas(
            authentication
                .at("symmetricKey")
                .keys("primaryKey", "secondaryKey")?,
        ),
        "selfSigned" => {
            let thumbprint = authentication
                .at("x509Thumbprint")
                .thumbprint("primaryThumbprint", "secondaryThumbprint")?;
            entry.with_x509(thumbprint)
        }
        "certificateAuthority" => entry.with_certificate_authority(),
        _ => entry,
    })
}

fn twin(device: &Arguments<'_>) -> Result<TwinPatch, Error> {
    let members = ["tags", "properties"].into_iter();
    let given = members.filter_map(|name| Some((name.to_owned(), device.0.get(name)?.clone())));
    Ok(TwinPatch::from_json(Value::Object(given.collect::<Map<_, _>>()))?)
}
