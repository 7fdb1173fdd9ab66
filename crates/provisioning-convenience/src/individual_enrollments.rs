//! Methods for individual enrollments.

use azure_core::http::{NoFormat, Response};
use azure_service_core::{Precondition, ServiceClient};
use provisioning_protocol::types::{
    BulkEnrollmentMode, BulkEnrollmentOperation, BulkEnrollmentOperationResult,
};

use crate::attestation::Attestation;
use crate::bulk::{BulkMode, BulkOptions, BulkReport};
use crate::enrollment::IndividualEnrollment;
use crate::error::Result;
use crate::ids::check_registration_id;
use crate::query::{QueryOptions, page_size, specification};
use crate::service_client::ProvisioningServiceClient;
use crate::write::{created, if_match};

/// Individual enrollments.
impl ProvisioningServiceClient {
    /// Creates an individual enrollment, and returns it with its keys and ETag.
    ///
    /// The service has no PUT that only creates, so this method runs a bulk operation with one entry, and then reads
    /// the enrollment and its attestation mechanism.
    ///
    /// REST: `POST /enrollments`, `GET /enrollments/{id}`, `POST /enrollments/{id}/attestationmechanism`.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) if the enrollment already exists;
    /// [`is_unknown_outcome`](crate::Error::is_unknown_outcome) if the response to the creation was lost, in which case
    /// the request is not repeated.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{Attestation, IndividualEnrollment, SymmetricKeys};
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), provisioning_convenience::Error> {
    /// let attestation = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    /// let created = dps.create_individual_enrollment(&IndividualEnrollment::new("sensor-7", attestation)).await?;
    /// println!("{:?}", created.attestation);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_individual_enrollment(
        &self,
        enrollment: &IndividualEnrollment,
    ) -> Result<IndividualEnrollment> {
        const METHOD: &str = "create_individual_enrollment";
        let body = BulkEnrollmentOperation {
            enrollments: vec![enrollment.to_body()?],
            mode: BulkEnrollmentMode::Create,
        };
        let id = enrollment.registration_id.as_str();
        let work = async |core: ServiceClient<_>| {
            let client = Self { core };
            let request = client
                .core
                .protocol()
                .individual_enrollment_run_bulk_operation_request(&body);
            created::<BulkEnrollmentOperationResult>(client.core.call(METHOD).send(request).await?)?;
            let mut stored = client.get_individual_enrollment(id).await?.into_model()?;
            let attestation = client.get_individual_enrollment_attestation(id).await?;
            stored.attestation = attestation.into_model()?;
            Ok(stored)
        };
        self.core.composite(METHOD, work).await
    }

    /// Reads an individual enrollment, without its symmetric keys.
    ///
    /// REST: `GET /enrollments/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the enrollment does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let enrollment = dps.get_individual_enrollment("sensor-7").await?.into_model()?;
    /// println!("{:?}", enrollment.settings.provisioning_status);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_individual_enrollment(
        &self,
        registration_id: &str,
    ) -> Result<Response<IndividualEnrollment>> {
        check_registration_id(registration_id)?;
        let request = self
            .core
            .protocol()
            .individual_enrollment_get_request(registration_id);
        Ok(self.core.call("get_individual_enrollment").send(request).await?)
    }

    /// Replaces an individual enrollment.
    ///
    /// Start from the enrollment as it was read, because omitted settings are reset to their defaults. Omitted
    /// symmetric keys are generated anew, and reading an enrollment does not return the keys; so set `attestation` to
    /// the result of [`get_individual_enrollment_attestation`](Self::get_individual_enrollment_attestation), unless the
    /// device is to get new keys.
    ///
    /// REST: `PUT /enrollments/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the enrollment has been changed,
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the enrollment is invalid.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::ProvisioningStatus;
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut enrollment = dps.get_individual_enrollment("sensor-7").await?.into_model()?;
    /// enrollment.attestation = dps.get_individual_enrollment_attestation("sensor-7").await?.into_model()?;
    /// enrollment.settings.provisioning_status = Some(ProvisioningStatus::Disabled);
    /// let precondition = enrollment.precondition()?;
    /// dps.update_individual_enrollment(&enrollment, precondition).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_individual_enrollment(
        &self,
        enrollment: &IndividualEnrollment,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<IndividualEnrollment>> {
        let (id, body) = (enrollment.registration_id.as_str(), &enrollment.to_body()?);
        let if_match = if_match(&precondition.into())?;
        let request = self
            .core
            .protocol()
            .individual_enrollment_create_or_update_request(id, Some(&if_match), body);
        Ok(self
            .core
            .call("update_individual_enrollment")
            .send(request)
            .await?)
    }

    /// Deletes an individual enrollment. The identity of the device in its hub is kept.
    ///
    /// REST: `DELETE /enrollments/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the enrollment has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if the enrollment does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::Precondition;
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), provisioning_convenience::Error> {
    /// dps.delete_individual_enrollment("sensor-7", Precondition::Unconditional).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_individual_enrollment(
        &self,
        registration_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_registration_id(registration_id)?;
        let if_match = if_match(&precondition.into())?;
        let request = self
            .core
            .protocol()
            .individual_enrollment_delete_request(registration_id, Some(&if_match));
        Ok(self
            .core
            .call("delete_individual_enrollment")
            .send(request)
            .await?)
    }

    /// Reads the attestation mechanism of an individual enrollment, with its symmetric keys.
    ///
    /// REST: `POST /enrollments/{id}/attestationmechanism`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the enrollment does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let attestation = dps.get_individual_enrollment_attestation("sensor-7").await?.into_model()?;
    /// let has_keys = attestation.symmetric_key.is_some();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_individual_enrollment_attestation(
        &self,
        registration_id: &str,
    ) -> Result<Response<Attestation>> {
        check_registration_id(registration_id)?;
        let request = self
            .core
            .protocol()
            .individual_enrollment_get_attestation_mechanism_request(registration_id);
        let call = self.core.call("get_individual_enrollment_attestation");
        Ok(call.send(request).await?)
    }

    /// Queries individual enrollments, for example with `SELECT * FROM enrollments`. The service documents no grammar,
    /// so the statement is sent unchanged.
    ///
    /// REST: `POST /enrollments/query`, once per page.
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
    /// let mut enrollments = dps.query_individual_enrollments("SELECT * FROM enrollments", None)?;
    /// while let Some(enrollment) = enrollments.try_next().await? {
    ///     println!("{}", enrollment.registration_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_individual_enrollments(
        &self,
        query: &str,
        options: Option<QueryOptions>,
    ) -> Result<crate::Pager<IndividualEnrollment>> {
        let options = options.unwrap_or_default();
        let (size, body) = (page_size(&options)?, specification(query)?);
        let api = self.core.protocol();
        let first = api.individual_enrollment_query_request(None, size, &body);
        let call = self.core.call("query_individual_enrollments");
        call.list(first, options.continuation_token)
    }

    /// Creates, updates or deletes any number of individual enrollments, up to 10 per request.
    ///
    /// Enrollments are independent: the failure of one does not affect the others. An enrollment that is invalid or
    /// repeats the id of an earlier one fails without being sent. If the service refuses a request as a whole, the
    /// request is split into halves until only single enrollments are refused. If a request fails for any other reason,
    /// such as throttling that outlasts the retries, no further request is sent; see [`BulkReport::stopped_by`]. Call
    /// again with [`BulkReport::into_unfinished`] to resume.
    ///
    /// REST: `POST /enrollments`.
    ///
    /// # Errors
    ///
    /// All failures are in the report.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{Attestation, BulkMode, IndividualEnrollment, SymmetricKeys};
    ///
    /// # async fn run(dps: &provisioning_convenience::ProvisioningServiceClient) {
    /// let enrollment = |number| {
    ///     let attestation = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    ///     IndividualEnrollment::new(format!("sensor-{number}"), attestation)
    /// };
    /// let report = dps.bulk_individual_enrollments(BulkMode::Create, (0..1000).map(enrollment), None).await;
    /// for (enrollment, failure) in report.failed() {
    ///     println!("{}: {failure}", enrollment.registration_id);
    /// }
    /// # }
    /// ```
    pub async fn bulk_individual_enrollments(
        &self,
        mode: BulkMode,
        enrollments: impl IntoIterator<Item = IndividualEnrollment>,
        options: Option<BulkOptions>,
    ) -> BulkReport<IndividualEnrollment> {
        self.run_bulk("bulk_individual_enrollments", mode, enrollments, options)
            .await
    }
}
