//! Methods for modules in the identity registry.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;

use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::identity::{
    Authentication, CreateOrUpdateModuleOptions, Module, SymmetricKey, X509Thumbprint, check_device_id,
    check_module_id, check_new_module_id, module_body,
};

/// Modules in the identity registry.
impl IotHubRegistryManager {
    /// Creates a module.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// [`is_already_exists`](crate::Error::is_already_exists) if the module exists. If the device does not exist, the
    /// error is [`is_not_found`](crate::Error::is_not_found), or [`is_unauthorized`](crate::Error::is_unauthorized)
    /// with a shared access policy.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Authentication, CreateOrUpdateModuleOptions, SymmetricKey};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// let authentication = Authentication::sas(SymmetricKey::generate()?);
    /// let options = CreateOrUpdateModuleOptions { managed_by: Some("iotEdge".to_owned()), ..Default::default() };
    /// hub.create_module("gateway-1", "filter", authentication, Some(options)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_module(
        &self,
        device_id: &str,
        module_id: &str,
        authentication: Authentication,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        self.new_module("create_module", device_id, module_id, authentication, options)
            .await
    }

    /// Replaces the identity of a module.
    ///
    /// Fields that are not set in `options` are cleared; see [`CreateOrUpdateModuleOptions`].
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the module has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Authentication, CreateOrUpdateModuleOptions, SymmetricKey};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// let options = Some(CreateOrUpdateModuleOptions::from(&module));
    /// let authentication = Authentication::sas(SymmetricKey::generate()?);
    /// hub.update_module("gateway-1", "filter", authentication, module.precondition()?, options).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_module(
        &self,
        device_id: &str,
        module_id: &str,
        authentication: Authentication,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (precondition, identity) = (precondition.into(), (authentication, options));
        self.replace_module("update_module", device_id, module_id, &precondition, identity)
            .await
    }

    /// Creates a module that authenticates with symmetric keys.
    ///
    /// With [`SymmetricKey::assigned_by_service`] the service generates the keys; they are in the response.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// Same as [`create_module`](Self::create_module).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::SymmetricKey;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// hub.create_module_with_sas("gateway-1", "filter", SymmetricKey::generate()?, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_module_with_sas(
        &self,
        device_id: &str,
        module_id: &str,
        keys: SymmetricKey,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (method, authentication) = ("create_module_with_sas", Authentication::sas(keys));
        self.new_module(method, device_id, module_id, authentication, options)
            .await
    }

    /// Creates a module that authenticates with certificates that have these thumbprints.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// Same as [`create_module`](Self::create_module).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::X509Thumbprint;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// let thumbprint = X509Thumbprint::new("0123456789ABCDEF0123456789ABCDEF01234567", None)?;
    /// hub.create_module_with_x509("gateway-1", "filter", thumbprint, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_module_with_x509(
        &self,
        device_id: &str,
        module_id: &str,
        thumbprint: X509Thumbprint,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (method, authentication) = ("create_module_with_x509", Authentication::x509(thumbprint));
        self.new_module(method, device_id, module_id, authentication, options)
            .await
    }

    /// Creates a module that authenticates with certificates signed by a certificate authority that is registered
    /// with the hub.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// Same as [`create_module`](Self::create_module).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// hub.create_module_with_certificate_authority("gateway-1", "filter", None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_module_with_certificate_authority(
        &self,
        device_id: &str,
        module_id: &str,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (method, authentication) = (
            "create_module_with_certificate_authority",
            Authentication::certificate_authority(),
        );
        self.new_module(method, device_id, module_id, authentication, options)
            .await
    }

    /// Replaces the identity of a module with one that authenticates with symmetric keys.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_module`](Self::update_module).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::SymmetricKey;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// hub.update_module_with_sas("gateway-1", "filter", SymmetricKey::generate()?, module.precondition()?, None)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_module_with_sas(
        &self,
        device_id: &str,
        module_id: &str,
        keys: SymmetricKey,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (precondition, identity) = (precondition.into(), (Authentication::sas(keys), options));
        let method = "update_module_with_sas";
        self.replace_module(method, device_id, module_id, &precondition, identity)
            .await
    }

    /// Replaces the identity of a module with one that authenticates with certificates that have these thumbprints.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_module`](Self::update_module).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::X509Thumbprint;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// let thumbprint = X509Thumbprint::new("0123456789ABCDEF0123456789ABCDEF01234567", None)?;
    /// hub.update_module_with_x509("gateway-1", "filter", thumbprint, module.precondition()?, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_module_with_x509(
        &self,
        device_id: &str,
        module_id: &str,
        thumbprint: X509Thumbprint,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (precondition, identity) = (precondition.into(), (Authentication::x509(thumbprint), options));
        let method = "update_module_with_x509";
        self.replace_module(method, device_id, module_id, &precondition, identity)
            .await
    }

    /// Replaces the identity of a module with one that authenticates with certificates signed by a certificate
    /// authority that is registered with the hub.
    ///
    /// REST: `PUT /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_module`](Self::update_module).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// hub.update_module_with_certificate_authority("gateway-1", "filter", module.precondition()?, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_module_with_certificate_authority(
        &self,
        device_id: &str,
        module_id: &str,
        precondition: impl Into<Precondition>,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        let (precondition, identity) = (
            precondition.into(),
            (Authentication::certificate_authority(), options),
        );
        let method = "update_module_with_certificate_authority";
        self.replace_module(method, device_id, module_id, &precondition, identity)
            .await
    }

    async fn new_module(
        &self,
        method: &'static str,
        device_id: &str,
        module_id: &str,
        authentication: Authentication,
        options: Option<CreateOrUpdateModuleOptions>,
    ) -> Result<Response<Module>> {
        check_new_module_id(module_id)?;
        let body = &module_body(device_id, module_id, &authentication, options)?;
        let api = self.core.protocol();
        let request = api.modules_create_or_update_identity_request(device_id, module_id, None, body);
        Ok(self.core.call(method).send(request).await?)
    }

    async fn replace_module(
        &self,
        method: &'static str,
        device_id: &str,
        module_id: &str,
        precondition: &Precondition,
        (authentication, options): (Authentication, Option<CreateOrUpdateModuleOptions>),
    ) -> Result<Response<Module>> {
        check_module_id(module_id)?;
        let body = &module_body(device_id, module_id, &authentication, options)?;
        let if_match = &precondition.quoted()?;
        let api = self.core.protocol();
        let request =
            api.modules_create_or_update_identity_request(device_id, module_id, Some(if_match), body);
        Ok(self.core.call(method).send(request).await?)
    }

    /// Reads a module.
    ///
    /// REST: `GET /devices/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the module does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::SymmetricKey;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// hub.create_module_with_sas("gateway-1", "filter", SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// println!("{:?}", module.connection_state);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_module(&self, device_id: &str, module_id: &str) -> Result<Response<Module>> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        let api = self.core.protocol();
        let request = api.modules_get_identity_request(device_id, module_id);
        Ok(self.core.call("get_module").send(request).await?)
    }

    /// Reads all modules of a device, including system modules.
    ///
    /// REST: `GET /devices/{id}/modules`.
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
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// for module in hub.get_modules("gateway-1").await?.into_model()? {
    ///     println!("{}", module.module_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_modules(&self, device_id: &str) -> Result<Response<Vec<Module>>> {
        check_device_id(device_id)?;
        let api = self.core.protocol();
        let request = api.modules_get_modules_on_device_request(device_id);
        Ok(self.core.call("get_modules").send(request).await?)
    }

    /// Deletes a module and its twin.
    ///
    /// REST: `DELETE /devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the module has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// hub.delete_module("gateway-1", "filter", module.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_module(
        &self,
        device_id: &str,
        module_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        let if_match = &precondition.into().quoted()?;
        let api = self.core.protocol();
        let request = api.modules_delete_identity_request(device_id, module_id, Some(if_match));
        Ok(self.core.call("delete_module").send(request).await?)
    }
}
