//! Devices in the identity registry.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use iothub_protocol::types;

use crate::client::{IotHubRegistryManager, plain, retype, without_body};
use crate::error::Result;
use crate::identity::{
    Device, DeviceOptions, DeviceStatus, Proof, SymmetricKey, X509Thumbprint, check_device_id, device_body,
};

/// Devices in the identity registry.
impl IotHubRegistryManager {
    /// Creates a device that proves who it is with a symmetric key.
    ///
    /// With [`SymmetricKey::assigned_by_service`] the service generates the keys; they are in the answer.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) if the device exists already; everything that is checked before
    /// sending: id, keys, length of the reason.
    pub async fn create_device_with_sas(
        &self,
        device_id: &str,
        keys: SymmetricKey,
        status: DeviceStatus,
        options: Option<DeviceOptions>,
    ) -> Result<Response<Device>> {
        let body = device_body(device_id, &Proof::Sas(keys), &status, options)?;
        self.put_device(device_id, None, body).await
    }

    /// Creates a device that proves who it is with a certificate of which the hub knows the thumbprint.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// As [`create_device_with_sas`](Self::create_device_with_sas).
    pub async fn create_device_with_x509(
        &self,
        device_id: &str,
        thumbprint: X509Thumbprint,
        status: DeviceStatus,
        options: Option<DeviceOptions>,
    ) -> Result<Response<Device>> {
        let body = device_body(device_id, &Proof::X509(thumbprint), &status, options)?;
        self.put_device(device_id, None, body).await
    }

    /// Creates a device that proves who it is with a certificate signed by an authority that the hub knows.
    ///
    /// REST: `PUT /devices/{id}`.
    ///
    /// # Errors
    ///
    /// As [`create_device_with_sas`](Self::create_device_with_sas).
    pub async fn create_device_with_certificate_authority(
        &self,
        device_id: &str,
        status: DeviceStatus,
        options: Option<DeviceOptions>,
    ) -> Result<Response<Device>> {
        let body = device_body(device_id, &Proof::CertificateAuthority, &status, options)?;
        self.put_device(device_id, None, body).await
    }

    /// Replaces a device's identity by one that proves who it is with a symmetric key.
    ///
    /// What `options` do not say is cleared: see [`DeviceOptions`]. With [`SymmetricKey::assigned_by_service`] the
    /// service generates new keys.
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the device has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn update_device_with_sas(
        &self,
        device_id: &str,
        precondition: Precondition,
        keys: SymmetricKey,
        status: DeviceStatus,
        options: Option<DeviceOptions>,
    ) -> Result<Response<Device>> {
        let body = device_body(device_id, &Proof::Sas(keys), &status, options)?;
        self.put_device(device_id, Some(precondition), body).await
    }

    /// Replaces a device's identity by one that proves who it is with a certificate of which the hub knows the
    /// thumbprint.
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_device_with_sas`](Self::update_device_with_sas).
    pub async fn update_device_with_x509(
        &self,
        device_id: &str,
        precondition: Precondition,
        thumbprint: X509Thumbprint,
        status: DeviceStatus,
        options: Option<DeviceOptions>,
    ) -> Result<Response<Device>> {
        let body = device_body(device_id, &Proof::X509(thumbprint), &status, options)?;
        self.put_device(device_id, Some(precondition), body).await
    }

    /// Replaces a device's identity by one that proves who it is with a certificate signed by an authority that the
    /// hub knows.
    ///
    /// REST: `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_device_with_sas`](Self::update_device_with_sas).
    pub async fn update_device_with_certificate_authority(
        &self,
        device_id: &str,
        precondition: Precondition,
        status: DeviceStatus,
        options: Option<DeviceOptions>,
    ) -> Result<Response<Device>> {
        let body = device_body(device_id, &Proof::CertificateAuthority, &status, options)?;
        self.put_device(device_id, Some(precondition), body).await
    }

    async fn put_device(
        &self,
        device_id: &str,
        precondition: Option<Precondition>,
        body: types::Device,
    ) -> Result<Response<Device>> {
        let if_match = precondition
            .map(|precondition| precondition.quoted())
            .transpose()?;
        let (if_match, body) = (if_match.as_deref(), &body);
        let request = self
            .api()
            .devices_create_or_update_identity_request(device_id, if_match, body);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads a device.
    ///
    /// REST: `GET /devices/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    pub async fn get_device(&self, device_id: &str) -> Result<Response<Device>> {
        check_device_id(device_id)?;
        let request = self.api().devices_get_identity_request(device_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads up to 1000 devices in no particular order.
    ///
    /// There is no way to get at the others: to go through all devices,
    /// [query](Self::query_iot_hub) the hub. `max_number_of_devices` outside of 1 to 1000 means 1000, as does `None`.
    ///
    /// REST: `GET /devices`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_devices(&self, max_number_of_devices: Option<i32>) -> Result<Response<Vec<Device>>> {
        let request = self.api().devices_get_devices_request(max_number_of_devices);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Deletes a device with its twin, its modules and the messages that wait for it.
    ///
    /// REST: `DELETE /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the device has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn delete_device(
        &self,
        device_id: &str,
        precondition: Precondition,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        let if_match = &precondition.quoted()?;
        let request = self
            .api()
            .devices_delete_identity_request(device_id, Some(if_match));
        Ok(without_body(self.core.send(request, plain()).await?))
    }
}
