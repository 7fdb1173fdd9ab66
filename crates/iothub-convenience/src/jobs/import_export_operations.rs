//! Import and export jobs.

use azure_core::http::{NoFormat, Response};
use azure_service_core::PollOptions;

use crate::Poller;
use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::jobs::import_export::{ImportExportJob, ImportExportJobRequest};

/// Import and export of identities by way of blobs.
impl IotHubRegistryManager {
    /// Starts an import or export job. A hub runs one at a time.
    ///
    /// REST: `POST /jobs/create`.
    ///
    /// # Errors
    ///
    /// [`is_forbidden`](crate::Error::is_forbidden) if another job is running. Not repeated once it may have reached the
    /// service.
    pub async fn create_import_export_job(
        &self,
        job: &ImportExportJobRequest,
    ) -> Result<Response<ImportExportJob>> {
        self.start_import_export_job("create_import_export_job", job)
            .await
    }

    async fn start_import_export_job(
        &self,
        method: &'static str,
        job: &ImportExportJobRequest,
    ) -> Result<Response<ImportExportJob>> {
        let body = &job.to_body();
        let request = self.core.protocol().jobs_create_import_export_job_request(body);
        Ok(self.core.call(method).send(request).await?)
    }

    /// Starts an import or export job; await the poller to wait for its end.
    ///
    /// The job is started before this returns, unlike with the other `begin_…` methods, because the service chooses the id
    /// under which the poller reads it.
    ///
    /// An import completes even if it refused identities: see the blob `importErrors.log`.
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
        options: Option<PollOptions>,
    ) -> Result<Poller<ImportExportJob>> {
        let method = "begin_import_export_job";
        let job = self.start_import_export_job(method, job).await?.into_model()?;
        self.poll_import_export_job(method, &job.job_id, options)
    }

    /// Watches an import or export job that has been started; await the poller to wait for its end.
    ///
    /// REST: `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// At once if `job_id` is not valid. The poller yields all others, as that of
    /// [`begin_import_export_job`](Self::begin_import_export_job).
    pub fn watch_import_export_job(
        &self,
        job_id: &str,
        options: Option<PollOptions>,
    ) -> Result<Poller<ImportExportJob>> {
        self.poll_import_export_job("watch_import_export_job", job_id, options)
    }

    fn poll_import_export_job(
        &self,
        method: &'static str,
        job_id: &str,
        options: Option<PollOptions>,
    ) -> Result<Poller<ImportExportJob>> {
        let request = self.core.protocol().jobs_get_import_export_job_request(job_id);
        let interval = options.unwrap_or_default().interval;
        self.core.call(method).watch_job(request, interval)
    }

    /// Reads an import or export job.
    ///
    /// REST: `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    pub async fn get_import_export_job(&self, job_id: &str) -> Result<Response<ImportExportJob>> {
        let request = self.core.protocol().jobs_get_import_export_job_request(job_id);
        Ok(self.core.call("get_import_export_job").send(request).await?)
    }

    /// Reads all import and export jobs that the service remembers.
    ///
    /// REST: `GET /jobs`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// for job in hub.get_import_export_jobs().await?.into_model()? {
    ///     println!("{}: {:?}", job.job_id, job.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_import_export_jobs(&self) -> Result<Response<Vec<ImportExportJob>>> {
        let request = self.core.protocol().jobs_get_import_export_jobs_request();
        Ok(self.core.call("get_import_export_jobs").send(request).await?)
    }

    /// Cancels an import or export job.
    ///
    /// REST: `DELETE /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error). For jobs that do not exist or ended long ago the service returns 500.
    pub async fn cancel_import_export_job(&self, job_id: &str) -> Result<Response<(), NoFormat>> {
        let request = self.core.protocol().jobs_cancel_import_export_job_request(job_id);
        Ok(self.core.call("cancel_import_export_job").send(request).await?)
    }
}
