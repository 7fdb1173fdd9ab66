//! Methods for enrollment groups.

use azure_core::http::{NoFormat, Response};
use azure_service_core::{Precondition, ServiceClient};
use provisioning_protocol::types::{
    BulkEnrollmentGroupOperation, BulkEnrollmentGroupOperationResult, BulkEnrollmentMode,
};

use crate::attestation::Attestation;
use crate::bulk::{BulkMode, BulkOptions, BulkReport};
use crate::enrollment::EnrollmentGroup;
use crate::error::Result;
use crate::ids::check_enrollment_group_id;
use crate::query::{QueryOptions, page_size, specification};
use crate::service_client::ProvisioningServiceClient;
use crate::write::{created, if_match};

/// Enrollment groups.
impl ProvisioningServiceClient {
    /// Creates an enrollment group, and returns it with its keys and ETag.
    ///
    /// The service has no PUT that only creates, so this method runs a bulk operation with one entry, and then reads
    /// the group and its attestation mechanism.
    ///
    /// REST: `POST /enrollmentGroups`, `GET /enrollmentGroups/{id}`,
    /// `POST /enrollmentGroups/{id}/attestationmechanism`.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) if the group already exists;
    /// [`is_unknown_outcome`](crate::Error::is_unknown_outcome) if the response to the creation was lost, in which case
    /// the request is not repeated.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{Attestation, EnrollmentGroup, SymmetricKeys};
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), provisioning_convenience::Error> {
    /// let attestation = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    /// let created = dps.create_enrollment_group(&EnrollmentGroup::new("factory-1", attestation)).await?;
    /// println!("{:?}", created.attestation);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_enrollment_group(&self, group: &EnrollmentGroup) -> Result<EnrollmentGroup> {
        const METHOD: &str = "create_enrollment_group";
        let body = BulkEnrollmentGroupOperation {
            enrollment_groups: vec![group.to_body()?],
            mode: BulkEnrollmentMode::Create,
        };
        let id = group.enrollment_group_id.as_str();
        let work = async |core: ServiceClient<_>| {
            let client = Self { core };
            let request = client
                .core
                .protocol()
                .enrollment_group_run_bulk_operation_request(&body);
            created::<BulkEnrollmentGroupOperationResult>(client.core.call(METHOD).send(request).await?)?;
            let mut stored = client.get_enrollment_group(id).await?.into_model()?;
            let attestation = client.get_enrollment_group_attestation(id).await?;
            stored.attestation = attestation.into_model()?;
            Ok(stored)
        };
        self.core.composite(METHOD, work).await
    }

    /// Reads an enrollment group, without its symmetric keys.
    ///
    /// REST: `GET /enrollmentGroups/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the group does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let group = dps.get_enrollment_group("factory-1").await?.into_model()?;
    /// println!("{:?}", group.settings.provisioning_status);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_enrollment_group(&self, enrollment_group_id: &str) -> Result<Response<EnrollmentGroup>> {
        check_enrollment_group_id(enrollment_group_id)?;
        let request = self
            .core
            .protocol()
            .enrollment_group_get_request(enrollment_group_id);
        Ok(self.core.call("get_enrollment_group").send(request).await?)
    }

    /// Replaces an enrollment group.
    ///
    /// Start from the group as it was read, because omitted settings are reset to their defaults. Omitted symmetric
    /// keys are generated anew, and reading a group does not return the keys; so set `attestation` to the result of
    /// [`get_enrollment_group_attestation`](Self::get_enrollment_group_attestation), unless the devices are to get new
    /// keys.
    ///
    /// REST: `PUT /enrollmentGroups/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the group has been changed,
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the group is invalid.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::ProvisioningStatus;
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut group = dps.get_enrollment_group("factory-1").await?.into_model()?;
    /// group.attestation = dps.get_enrollment_group_attestation("factory-1").await?.into_model()?;
    /// group.settings.provisioning_status = Some(ProvisioningStatus::Disabled);
    /// let precondition = group.precondition()?;
    /// dps.update_enrollment_group(&group, precondition).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_enrollment_group(
        &self,
        group: &EnrollmentGroup,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<EnrollmentGroup>> {
        let (id, body) = (group.enrollment_group_id.as_str(), &group.to_body()?);
        let if_match = if_match(&precondition.into())?;
        let request =
            self.core
                .protocol()
                .enrollment_group_create_or_update_request(id, Some(&if_match), body);
        Ok(self.core.call("update_enrollment_group").send(request).await?)
    }

    /// Deletes an enrollment group. The device identities in the hubs are kept.
    ///
    /// REST: `DELETE /enrollmentGroups/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the group has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if the group does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::Precondition;
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), provisioning_convenience::Error> {
    /// dps.delete_enrollment_group("factory-1", Precondition::Unconditional).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_enrollment_group(
        &self,
        enrollment_group_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_enrollment_group_id(enrollment_group_id)?;
        let if_match = if_match(&precondition.into())?;
        let request = self
            .core
            .protocol()
            .enrollment_group_delete_request(enrollment_group_id, Some(&if_match));
        Ok(self.core.call("delete_enrollment_group").send(request).await?)
    }

    /// Reads the attestation mechanism of an enrollment group, with its symmetric keys.
    ///
    /// REST: `POST /enrollmentGroups/{id}/attestationmechanism`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the group does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let attestation = dps.get_enrollment_group_attestation("factory-1").await?.into_model()?;
    /// let has_keys = attestation.symmetric_key.is_some();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_enrollment_group_attestation(
        &self,
        enrollment_group_id: &str,
    ) -> Result<Response<Attestation>> {
        check_enrollment_group_id(enrollment_group_id)?;
        let request = self
            .core
            .protocol()
            .enrollment_group_get_attestation_mechanism_request(enrollment_group_id);
        let call = self.core.call("get_enrollment_group_attestation");
        Ok(call.send(request).await?)
    }

    /// Queries enrollment groups, for example with `SELECT * FROM enrollmentGroups`. The service documents no grammar,
    /// so the statement is sent unchanged.
    ///
    /// REST: `POST /enrollmentGroups/query`, once per page.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the statement is empty or the page size is invalid. The
    /// pager yields all other errors.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), provisioning_convenience::Error> {
    /// let mut groups = dps.query_enrollment_groups("SELECT * FROM enrollmentGroups", None)?;
    /// while let Some(group) = groups.try_next().await? {
    ///     println!("{}", group.enrollment_group_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_enrollment_groups(
        &self,
        query: &str,
        options: Option<QueryOptions>,
    ) -> Result<crate::Pager<EnrollmentGroup>> {
        let options = options.unwrap_or_default();
        let (size, body) = (page_size(&options)?, specification(query)?);
        let api = self.core.protocol();
        let first = api.enrollment_group_query_request(None, size, &body);
        let call = self.core.call("query_enrollment_groups");
        call.list(first, options.continuation_token)
    }

    /// Creates, updates or deletes any number of enrollment groups, up to 10 per request.
    ///
    /// Groups are independent: the failure of one does not affect the others. A group that is invalid or repeats the id
    /// of an earlier one fails without being sent. If the service refuses a request as a whole, the request is split
    /// into halves until only single groups are refused. If a request fails for any other reason, such as throttling
    /// that outlasts the retries, no further request is sent; see [`BulkReport::stopped_by`]. Call again with
    /// [`BulkReport::into_unfinished`] to resume.
    ///
    /// REST: `POST /enrollmentGroups`.
    ///
    /// # Errors
    ///
    /// All failures are in the report.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{Attestation, BulkMode, EnrollmentGroup, SymmetricKeys};
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) {
    /// let group = |number| {
    ///     let attestation = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    ///     EnrollmentGroup::new(format!("factory-{number}"), attestation)
    /// };
    /// let report = dps.bulk_enrollment_groups(BulkMode::Create, (0..20).map(group), None).await;
    /// for (group, failure) in report.failed() {
    ///     println!("{}: {failure}", group.enrollment_group_id);
    /// }
    /// # }
    /// ```
    pub async fn bulk_enrollment_groups(
        &self,
        mode: BulkMode,
        groups: impl IntoIterator<Item = EnrollmentGroup>,
        options: Option<BulkOptions>,
    ) -> BulkReport<EnrollmentGroup> {
        self.run_bulk("bulk_enrollment_groups", mode, groups, options)
            .await
    }
}
