//! Modules in the identity registry.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use iothub_protocol::types;

use crate::client::{IotHubRegistryManager, plain, retype, without_body};
use crate::error::Result;
use crate::identity::{
    Module, Proof, SymmetricKey, X509Thumbprint, check_device_id, check_module_id, check_new_module_id,
    module_body,
};

/// Modules in the identity registry.
impl IotHubRegistryManager {
    /// Creates a module that proves who it is with a symmetric key.
    ///
    /// With [`SymmetricKey::assigned_by_service`] the service generates the keys; they are in the answer.
    /// `managed_by` is `iotEdge` for modules that an edge device runs.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) if the module exists already. If the device does not exist,
    /// [`is_not_found`](crate::Error::is_not_found), or, with a shared access policy,
    /// [`is_unauthorized`](crate::Error::is_unauthorized).
    pub async fn create_module_with_sas(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        keys: SymmetricKey,
    ) -> Result<Response<Module>> {
        self.create_module(device_id, module_id, managed_by, &Proof::Sas(keys))
            .await
    }

    /// Creates a module that proves who it is with a certificate of which the hub knows the thumbprint.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// As [`create_module_with_sas`](Self::create_module_with_sas).
    pub async fn create_module_with_x509(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        thumbprint: X509Thumbprint,
    ) -> Result<Response<Module>> {
        self.create_module(device_id, module_id, managed_by, &Proof::X509(thumbprint))
            .await
    }

    /// Creates a module that proves who it is with a certificate signed by an authority that the hub knows.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// As [`create_module_with_sas`](Self::create_module_with_sas).
    pub async fn create_module_with_certificate_authority(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
    ) -> Result<Response<Module>> {
        self.create_module(device_id, module_id, managed_by, &Proof::CertificateAuthority)
            .await
    }

    /// Replaces a module's identity by one that proves who it is with a symmetric key.
    ///
    /// Without `managed_by` the module is managed by nobody afterwards. With [`SymmetricKey::assigned_by_service`]
    /// the service generates new keys.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the module has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn update_module_with_sas(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        precondition: Precondition,
        keys: SymmetricKey,
    ) -> Result<Response<Module>> {
        self.update_module(device_id, module_id, managed_by, precondition, &Proof::Sas(keys))
            .await
    }

    /// Replaces a module's identity by one that proves who it is with a certificate of which the hub knows the
    /// thumbprint.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_module_with_sas`](Self::update_module_with_sas).
    pub async fn update_module_with_x509(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        precondition: Precondition,
        thumbprint: X509Thumbprint,
    ) -> Result<Response<Module>> {
        self.update_module(
            device_id,
            module_id,
            managed_by,
            precondition,
            &Proof::X509(thumbprint),
        )
        .await
    }

    /// Replaces a module's identity by one that proves who it is with a certificate signed by an authority that the
    /// hub knows.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_module_with_sas`](Self::update_module_with_sas).
    pub async fn update_module_with_certificate_authority(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        precondition: Precondition,
    ) -> Result<Response<Module>> {
        self.update_module(
            device_id,
            module_id,
            managed_by,
            precondition,
            &Proof::CertificateAuthority,
        )
        .await
    }

    async fn create_module(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        proof: &Proof,
    ) -> Result<Response<Module>> {
        check_new_module_id(module_id)?;
        let body = module_body(device_id, module_id, managed_by, proof)?;
        self.put_module(device_id, module_id, None, &body).await
    }

    async fn update_module(
        &self,
        device_id: &str,
        module_id: &str,
        managed_by: Option<&str>,
        precondition: Precondition,
        proof: &Proof,
    ) -> Result<Response<Module>> {
        check_module_id(module_id)?;
        let body = module_body(device_id, module_id, managed_by, proof)?;
        self.put_module(device_id, module_id, Some(&precondition.quoted()?), &body)
            .await
    }

    async fn put_module(
        &self,
        device_id: &str,
        module_id: &str,
        if_match: Option<&str>,
        body: &types::Module,
    ) -> Result<Response<Module>> {
        let request = self
            .api()
            .modules_create_or_update_identity_request(device_id, module_id, if_match, body);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads a module.
    ///
    /// REST: `GET /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such module.
    pub async fn get_module(&self, device_id: &str, module_id: &str) -> Result<Response<Module>> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        let request = self.api().modules_get_identity_request(device_id, module_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads all modules of a device, system modules included.
    ///
    /// REST: `GET /devices/{id}/modules`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    pub async fn get_modules(&self, device_id: &str) -> Result<Response<Vec<Module>>> {
        check_device_id(device_id)?;
        let request = self.api().modules_get_modules_on_device_request(device_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Deletes a module with its twin.
    ///
    /// REST: `DELETE /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the module has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn delete_module(
        &self,
        device_id: &str,
        module_id: &str,
        precondition: Precondition,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        let if_match = &precondition.quoted()?;
        let request = self
            .api()
            .modules_delete_identity_request(device_id, module_id, Some(if_match));
        Ok(without_body(self.core.send(request, plain()).await?))
    }
}
