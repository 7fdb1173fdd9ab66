//! Methods for devices in the identity registry.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::{
    Authentication, CreateOrUpdateDeviceOptions, Device, DeviceStatus, SymmetricKey, X509Thumbprint,
    check_device_id, device_body,
};

/// The maximum number of devices that the service returns.
const MAX_DEVICES: u32 = 1000;

/// Options of [`IotHubRegistryManager::get_devices`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetDevicesOptions {
    /// The maximum number of devices: 1 to 1000. Default: 1000.
    pub max_count: Option<u32>,
}

/// Devices in the identity registry.
impl IotHubRegistryManager {
    /// Creates a device.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_already_exists`](crate::Error::is_already_exists) if the device exists. Id, keys, thumbprints and the
    /// length of the status reason are validated before a request is sent.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Authentication, CreateOrUpdateDeviceOptions, DeviceStatus, SymmetricKey};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// let authentication = Authentication::sas(SymmetricKey::generate()?);
    /// let options = CreateOrUpdateDeviceOptions { iot_edge: true, ..Default::default() };
    /// let device = hub
    ///     .create_device("gateway-1", authentication, DeviceStatus::Enabled, Some(options))
    ///     .await?
    ///     .into_model()?;
    /// println!("{} has scope {:?}", device.device_id, device.device_scope);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_device(
        &self,
        device_id: &str,
        authentication: Authentication,
        status: DeviceStatus,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let identity = (authentication, status, options);
        self.put_device("create_device", device_id, None, identity).await
    }

    /// Replaces the identity of a device.
    ///
    /// Fields that are not set in `options` are cleared; see [`CreateOrUpdateDeviceOptions`].
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the device has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{CreateOrUpdateDeviceOptions, DeviceStatus};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// // Disables a device and keeps all other fields.
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let options = Some(CreateOrUpdateDeviceOptions::from(&device));
    /// let authentication = device.authentication.clone().unwrap_or_default();
    /// let precondition = device.precondition()?;
    /// hub.update_device("thermostat-7", authentication, DeviceStatus::Disabled, precondition, options)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_device(
        &self,
        device_id: &str,
        authentication: Authentication,
        status: DeviceStatus,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let identity = (authentication, status, options);
        self.put_device("update_device", device_id, Some(precondition.into()), identity)
            .await
    }

    /// Creates a device that authenticates with symmetric keys.
    ///
    /// With [`SymmetricKey::assigned_by_service`] the service generates the keys; they are in the response.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// Same as [`create_device`](Self::create_device).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{DeviceStatus, SymmetricKey};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// let keys = SymmetricKey::generate()?;
    /// hub.create_device_with_sas("thermostat-8", keys, DeviceStatus::Enabled, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_device_with_sas(
        &self,
        device_id: &str,
        keys: SymmetricKey,
        status: DeviceStatus,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let identity = (Authentication::sas(keys), status, options);
        self.put_device("create_device_with_sas", device_id, None, identity)
            .await
    }

    /// Creates a device that authenticates with certificates that have these thumbprints.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// Same as [`create_device`](Self::create_device).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{DeviceStatus, X509Thumbprint};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// let thumbprint = X509Thumbprint::new("0123456789ABCDEF0123456789ABCDEF01234567", None)?;
    /// hub.create_device_with_x509("thermostat-8", thumbprint, DeviceStatus::Enabled, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_device_with_x509(
        &self,
        device_id: &str,
        thumbprint: X509Thumbprint,
        status: DeviceStatus,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let identity = (Authentication::x509(thumbprint), status, options);
        self.put_device("create_device_with_x509", device_id, None, identity)
            .await
    }

    /// Creates a device that authenticates with certificates signed by a certificate authority that is registered
    /// with the hub.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// Same as [`create_device`](Self::create_device).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::DeviceStatus;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// hub.create_device_with_certificate_authority("thermostat-8", DeviceStatus::Enabled, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_device_with_certificate_authority(
        &self,
        device_id: &str,
        status: DeviceStatus,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let identity = (Authentication::certificate_authority(), status, options);
        let method = "create_device_with_certificate_authority";
        self.put_device(method, device_id, None, identity).await
    }

    /// Replaces the identity of a device with one that authenticates with symmetric keys.
    ///
    /// With [`SymmetricKey::assigned_by_service`] the service generates new keys.
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_device`](Self::update_device).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{CreateOrUpdateDeviceOptions, DeviceStatus, SymmetricKey};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let options = Some(CreateOrUpdateDeviceOptions::from(&device));
    /// let keys = SymmetricKey::generate()?;
    /// hub.update_device_with_sas("thermostat-7", keys, DeviceStatus::Enabled, device.precondition()?, options)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_device_with_sas(
        &self,
        device_id: &str,
        keys: SymmetricKey,
        status: DeviceStatus,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let (precondition, identity) = (precondition.into(), (Authentication::sas(keys), status, options));
        self.put_device("update_device_with_sas", device_id, Some(precondition), identity)
            .await
    }

    /// Replaces the identity of a device with one that authenticates with certificates that have these thumbprints.
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_device`](Self::update_device).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{DeviceStatus, X509Thumbprint};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let thumbprint = X509Thumbprint::new("0123456789ABCDEF0123456789ABCDEF01234567", None)?;
    /// hub.update_device_with_x509("thermostat-7", thumbprint, DeviceStatus::Enabled, device.precondition()?, None)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_device_with_x509(
        &self,
        device_id: &str,
        thumbprint: X509Thumbprint,
        status: DeviceStatus,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let (precondition, identity) = (
            precondition.into(),
            (Authentication::x509(thumbprint), status, options),
        );
        self.put_device("update_device_with_x509", device_id, Some(precondition), identity)
            .await
    }

    /// Replaces the identity of a device with one that authenticates with certificates signed by a certificate
    /// authority that is registered with the hub.
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_device`](Self::update_device).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::DeviceStatus;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let precondition = hub.get_device("thermostat-7").await?.into_model()?.precondition()?;
    /// hub.update_device_with_certificate_authority("thermostat-7", DeviceStatus::Enabled, precondition, None)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_device_with_certificate_authority(
        &self,
        device_id: &str,
        status: DeviceStatus,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateDeviceOptions>,
    ) -> Result<Response<Device>> {
        let identity = (Authentication::certificate_authority(), status, options);
        let method = "update_device_with_certificate_authority";
        self.put_device(method, device_id, Some(precondition.into()), identity)
            .await
    }

    async fn put_device(
        &self,
        method: &'static str,
        device_id: &str,
        precondition: Option<Precondition>,
        (authentication, status, options): (
            Authentication,
            DeviceStatus,
            Option<CreateOrUpdateDeviceOptions>,
        ),
    ) -> Result<Response<Device>> {
        let body = &device_body(device_id, &authentication, &status, options)?;
        let if_match = precondition
            .map(|precondition| precondition.quoted())
            .transpose()?;
        let api = self.core.protocol();
        let request = api.devices_create_or_update_identity_request(device_id, if_match.as_deref(), body);
        Ok(self.core.call(method).send(request).await?)
    }

    /// Reads a device.
    ///
    /// REST: `GET /devices/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// println!("{:?}, {:?}", device.status, device.connection_state);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_device(&self, device_id: &str) -> Result<Response<Device>> {
        check_device_id(device_id)?;
        let request = self.core.protocol().devices_get_identity_request(device_id);
        Ok(self.core.call("get_device").send(request).await?)
    }

    /// Reads up to 1000 devices in no particular order.
    ///
    /// The list has no further pages. To read more devices, [query](Self::query_iot_hub) the hub page by page.
    ///
    /// REST: `GET /devices`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `max_count` is 0 or more than 1000.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// for device in hub.get_devices(None).await?.into_model()? {
    ///     println!("{}", device.device_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_devices(&self, options: Option<GetDevicesOptions>) -> Result<Response<Vec<Device>>> {
        let max_count = options.unwrap_or_default().max_count;
        if let Some(count) = max_count.filter(|count| *count > MAX_DEVICES) {
            let reason = format!(
                "is {count}, but the service returns at most {MAX_DEVICES} devices; use query_iot_hub, whose pager \
                 returns all"
            );
            return Err(Error::invalid_input("max_count", reason));
        }
        let top = count_parameter("max_count", max_count)?;
        let request = self.core.protocol().devices_get_devices_request(top);
        Ok(self.core.call("get_devices").send(request).await?)
    }

    /// Deletes a device with its twin, its modules and its queued messages.
    ///
    /// REST: `DELETE /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the device has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// hub.delete_device("thermostat-7", device.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_device(
        &self,
        device_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        let if_match = &precondition.into().quoted()?;
        let api = self.core.protocol();
        let request = api.devices_delete_identity_request(device_id, Some(if_match));
        Ok(self.core.call("delete_device").send(request).await?)
    }
}

/// Checks a count parameter, which must be positive.
pub(crate) fn count_parameter(name: &str, count: Option<u32>) -> Result<Option<i32>> {
    let Some(count) = count else { return Ok(None) };
    let count = i32::try_from(count).ok().filter(|count| *count > 0);
    let reason = "must be at least 1 and at most 2147483647";
    count.map(Some).ok_or_else(|| Error::invalid_input(name, reason))
}
