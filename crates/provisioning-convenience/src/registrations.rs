//! Methods for registrations.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;

use crate::error::Result;
use crate::ids::{check_enrollment_group_id, check_registration_id};
use crate::query::{QueryOptions, page_size};
use crate::registration::Registration;
use crate::service_client::ProvisioningServiceClient;
use crate::write::if_match;

/// Device registrations.
impl ProvisioningServiceClient {
    /// Reads the registration of a device.
    ///
    /// REST: `GET /registrations/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the device has never registered.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let registration = dps.get_registration("sensor-7").await?.into_model()?;
    /// println!("{:?} in {:?}", registration.device_id, registration.assigned_hub);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_registration(&self, registration_id: &str) -> Result<Response<Registration>> {
        check_registration_id(registration_id)?;
        let api = self.core.protocol();
        let request = api.device_registration_state_get_request(registration_id);
        Ok(self.core.call("get_registration").send(request).await?)
    }

    /// Deletes the registration of a device, so that its next registration counts as the first. The identity of the
    /// device in its hub is kept.
    ///
    /// REST: `DELETE /registrations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the registration has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if the registration does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let registration = dps.get_registration("sensor-7").await?.into_model()?;
    /// dps.delete_registration("sensor-7", registration.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_registration(
        &self,
        registration_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_registration_id(registration_id)?;
        let if_match = if_match(&precondition.into())?;
        let api = self.core.protocol();
        let request = api.device_registration_state_delete_request(registration_id, Some(&if_match));
        Ok(self.core.call("delete_registration").send(request).await?)
    }

    /// Lists the registrations of the devices in an enrollment group.
    ///
    /// REST: `POST /registrations/{id}/query`, once per page.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the id or the page size is invalid. The pager yields all
    /// other errors.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), provisioning_convenience::Error> {
    /// let mut registrations = dps.list_registrations("factory-1", None)?;
    /// while let Some(registration) = registrations.try_next().await? {
    ///     println!("{:?} in {:?}", registration.device_id, registration.assigned_hub);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_registrations(
        &self,
        enrollment_group_id: &str,
        options: Option<QueryOptions>,
    ) -> Result<crate::Pager<Registration>> {
        check_enrollment_group_id(enrollment_group_id)?;
        let options = options.unwrap_or_default();
        let size = page_size(&options)?;
        let api = self.core.protocol();
        let first = api.device_registration_state_query_request(enrollment_group_id, None, size);
        let call = self.core.call("list_registrations");
        call.list(first, options.continuation_token)
    }
}
