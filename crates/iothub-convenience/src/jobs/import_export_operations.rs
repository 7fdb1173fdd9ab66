//! Methods for import and export jobs.

use azure_core::http::{NoFormat, Response};
use azure_service_core::{PollOptions, rename_parameters};
use serde::Deserialize;
use serde_json::Value;

use crate::Poller;
use crate::client::IotHubRegistryManager;
use crate::error::{ErrorKind, Result};
use crate::jobs::import_export::{ImportExportJob, ImportExportJobRequest};

/// The generated client's parameter name and the name in the public methods, for error messages.
const NAMES: &[(&str, &str)] = &[("id", "job_id")];

/// Import and export of identities.
impl IotHubRegistryManager {
    /// Starts an import or export job. A hub runs one such job at a time.
    ///
    /// REST: `POST /jobs/create`.
    ///
    /// # Errors
    ///
    /// [`is_forbidden`](crate::Error::is_forbidden) if another job is running. The request is not retried once the
    /// service may have processed it.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::ImportExportJobRequest;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let container = format!("{}/backup", emulator.iothub_blob_endpoint());
    /// let request = ImportExportJobRequest::export(container, true);
    /// let job = hub.create_import_export_job(&request).await?.into_model()?;
    /// println!("{} is {:?}", job.job_id, job.status);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_import_export_job(
        &self,
        job: &ImportExportJobRequest,
    ) -> Result<Response<ImportExportJob>> {
        let body = &job.to_body();
        let request = self.core.protocol().jobs_create_import_export_job_request(body);
        Ok(self.core.call("create_import_export_job").send(request).await?)
    }

    /// Starts an import or export job. Await the poller to wait until the job has ended.
    ///
    /// The poller sends the first request when it is first polled. An import completes even if the hub refused some
    /// identities; they are listed in the blob `importErrors.log`.
    ///
    /// REST: `POST /jobs/create`, then `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// The poller yields the errors of [`create_import_export_job`](Self::create_import_export_job); it ends with an error of
    /// kind [`JobFailed`](crate::ErrorKind::JobFailed) if the job failed or was canceled.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::ImportExportJobRequest;
    ///
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager, container: String) -> Result<(), iothub_convenience::Error> {
    /// let request = ImportExportJobRequest::export(container, true);
    /// let job = hub.begin_import_export_job(&request, None)?.await?.into_model()?;
    /// println!("{} has ended", job.job_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn begin_import_export_job(
        &self,
        job: &ImportExportJobRequest,
        options: Option<PollOptions>,
    ) -> Result<Poller<ImportExportJob>> {
        let api = self.core.protocol().clone();
        let start = api.jobs_create_import_export_job_request(&job.to_body());
        let get = move |document: &Value| {
            use azure_service_core::Error;
            let job =
                ImportExportJob::deserialize(document).map_err(|error| Error::invalid_response(&error))?;
            if job.job_id.is_empty() {
                return Err(Error::with_message(
                    ErrorKind::InvalidResponse,
                    "the new job has no id",
                ));
            }
            Ok(api.jobs_get_import_export_job_request(&job.job_id)?)
        };
        let interval = options.unwrap_or_default().interval;
        self.core
            .call("begin_import_export_job")
            .job_by_response(start, get, interval)
    }

    /// Polls an import or export job that has been started. Await the poller to wait until the job has ended.
    ///
    /// REST: `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// Fails at once if `job_id` is invalid. The poller yields all other errors, like the poller of
    /// [`begin_import_export_job`](Self::begin_import_export_job).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let container = format!("{}/backup", emulator.iothub_blob_endpoint());
    /// # let request = iothub_convenience::ImportExportJobRequest::export(container, true);
    /// # let job_id = hub.create_import_export_job(&request).await?.into_model()?.job_id;
    /// let job = hub.watch_import_export_job(&job_id, None)?.await?.into_model()?;
    /// println!("{} ended with the status {:?}", job.job_id, job.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_import_export_job(
        &self,
        job_id: &str,
        options: Option<PollOptions>,
    ) -> Result<Poller<ImportExportJob>> {
        let request = self.core.protocol().jobs_get_import_export_job_request(job_id);
        let request = rename_parameters(request, NAMES);
        let interval = options.unwrap_or_default().interval;
        let call = self.core.call("watch_import_export_job");
        call.watch_job(request, interval)
    }

    /// Reads an import or export job.
    ///
    /// REST: `GET /jobs/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the job does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let container = format!("{}/backup", emulator.iothub_blob_endpoint());
    /// # let request = iothub_convenience::ImportExportJobRequest::export(container, true);
    /// # let job_id = hub.create_import_export_job(&request).await?.into_model()?.job_id;
    /// let job = hub.get_import_export_job(&job_id).await?.into_model()?;
    /// println!("{:?}", job.progress);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_import_export_job(&self, job_id: &str) -> Result<Response<ImportExportJob>> {
        let request = self.core.protocol().jobs_get_import_export_job_request(job_id);
        let request = rename_parameters(request, NAMES);
        Ok(self.core.call("get_import_export_job").send(request).await?)
    }

    /// Reads the import and export jobs that the service retains.
    ///
    /// REST: `GET /jobs`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error).
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
    /// See [`Error`](crate::Error). For jobs that do not exist or ended long ago the service returns 500.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let container = format!("{}/backup", emulator.iothub_blob_endpoint());
    /// # let request = iothub_convenience::ImportExportJobRequest::export(container, true);
    /// # let job_id = hub.create_import_export_job(&request).await?.into_model()?.job_id;
    /// hub.cancel_import_export_job(&job_id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel_import_export_job(&self, job_id: &str) -> Result<Response<(), NoFormat>> {
        let request = self.core.protocol().jobs_cancel_import_export_job_request(job_id);
        let request = rename_parameters(request, NAMES);
        Ok(self.core.call("cancel_import_export_job").send(request).await?)
    }
}
