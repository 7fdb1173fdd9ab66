//! Import and export jobs.

use azure_core::http::poller::PollerOptions;
use azure_core::http::{NoFormat, Poller, Response};
use azure_service_core::Job;

use super::import_export::{ImportExportJob, ImportExportJobRequest};
use crate::client::{IotHubRegistryManager, plain, retype, without_body};
use crate::error::Result;

/// Import and export of identities by way of blobs.
impl IotHubRegistryManager {
    /// Starts an import or export job. A hub runs one at a time.
    ///
    /// REST: `POST /jobs/create`.
    ///
    /// # Errors
    ///
    /// [`is_forbidden`](crate::Error::is_forbidden) if another one runs. Not repeated once it may have reached the
    /// service.
    pub async fn create_import_export_job(
        &self,
        job: &ImportExportJobRequest,
    ) -> Result<Response<ImportExportJob>> {
        let body = &job.to_body();
        let request = self.api().jobs_create_import_export_job_request(body);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Starts an import or export job, to be watched to its end by awaiting the poller.
    ///
    /// An import comes to its end even if it refused identities: see the blob `importErrors.log`.
    ///
    /// REST: `POST /jobs/create`, then `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// As [`create_import_export_job`](Self::create_import_export_job). The poller ends with an error of kind
    /// [`JobFailed`](crate::ErrorKind::JobFailed) if the job failed or was cancelled.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::ImportExportJobRequest;
    ///
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager, container: String) -> Result<(), iothub_convenience::Error> {
    /// let request = ImportExportJobRequest::export(container, true);
    /// let job = hub.begin_import_export_job(&request, None).await?.await?.into_model()?;
    /// println!("{} has ended", job.job_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin_import_export_job(
        &self,
        job: &ImportExportJobRequest,
        options: Option<PollerOptions<'static>>,
    ) -> Result<Poller<Job<ImportExportJob>>> {
        let job = self.create_import_export_job(job).await?.into_model()?;
        Ok(self.watch_import_export_job(&job.job_id, options))
    }

    /// Watches an import or export job that has been started, by awaiting the poller.
    ///
    /// REST: `GET /jobs/{id}`.
    pub fn watch_import_export_job(
        &self,
        job_id: &str,
        options: Option<PollerOptions<'static>>,
    ) -> Poller<Job<ImportExportJob>> {
        let request = self.api().jobs_get_import_export_job_request(job_id);
        self.core.watch_job(request, options)
    }

    /// Reads an import or export job.
    ///
    /// REST: `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn get_import_export_job(&self, job_id: &str) -> Result<Response<ImportExportJob>> {
        let request = self.api().jobs_get_import_export_job_request(job_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads all import and export jobs that the service remembers.
    ///
    /// REST: `GET /jobs`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_import_export_jobs(&self) -> Result<Response<Vec<ImportExportJob>>> {
        let request = self.api().jobs_get_import_export_jobs_request();
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Cancels an import or export job.
    ///
    /// REST: `DELETE /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error). For jobs that do not exist or ended long ago the service answers 500.
    pub async fn cancel_import_export_job(&self, job_id: &str) -> Result<Response<(), NoFormat>> {
        let request = self.api().jobs_cancel_import_export_job_request(job_id);
        Ok(without_body(self.core.send(request, plain()).await?))
    }
}
