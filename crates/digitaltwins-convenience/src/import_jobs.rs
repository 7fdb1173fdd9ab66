//! Import jobs.

use azure_core::credentials::Secret;
use azure_core::http::{NoFormat, Response};
use azure_service_core::PollOptions;
use digitaltwins_protocol::types;

use crate::client::first_page;
use crate::error::Result;
use crate::{DigitalTwinsClient, ImportJob, Pager, Poller};

/// Options of [`DigitalTwinsClient::list_import_jobs`].
#[derive(Debug, Clone, Default)]
pub struct ListImportJobsOptions {
    /// The maximum number of jobs per page.
    pub page_size: Option<u32>,
    /// Resumes the list of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
}

/// Import jobs.
impl DigitalTwinsClient {
    /// Creates an import job, which runs in the background. (`PUT /jobs/imports/{id}`)
    ///
    /// `input_blob_uri` is the URL of a file in the format of [`ImportFileWriter`](crate::ImportFileWriter); the log
    /// is written to `output_blob_uri`. The identity of the instance must have access to both. A SAS in the URLs is
    /// not logged. To wait for the job, see [`begin_import_job`](Self::begin_import_job).
    ///
    /// # Errors
    ///
    /// [`is_already_exists`](crate::Error::is_already_exists) if a job with this id exists, or
    /// [`is_limit_reached`](crate::Error::is_limit_reached) if another job is running.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let storage = "https://example.blob.core.windows.net/imports";
    /// let (input, log) = (format!("{storage}/building.ndjson"), format!("{storage}/building.log"));
    /// let job = client.create_import_job("building-1", input, log).await?.into_model()?;
    /// println!("{:?}", job.status);
    /// # Ok(()) }
    /// ```
    pub async fn create_import_job(
        &self,
        id: &str,
        input_blob_uri: impl Into<Secret>,
        output_blob_uri: impl Into<Secret>,
    ) -> Result<Response<ImportJob>> {
        let body = new_job(&input_blob_uri.into(), &output_blob_uri.into());
        let request = self.api().import_jobs_add_request(id, None, None, &body);
        Ok(self.core.call("create_import_job").send(request).await?)
    }

    /// Creates an import job and polls it until it ends.
    ///
    /// Awaiting the poller returns the finished job; as a stream it yields the job after each poll. A failed or
    /// canceled job is an error of kind [`JobFailed`](crate::ErrorKind::JobFailed).
    ///
    /// # Errors
    ///
    /// Fails at once if an argument is invalid. The poller yields all other errors, including those of
    /// [`create_import_job`](Self::create_import_job).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let storage = "https://example.blob.core.windows.net/imports";
    /// let (input, log) = (format!("{storage}/building.ndjson"), format!("{storage}/building.log"));
    /// let job = client.begin_import_job("building-1", input, log, None)?.await?.into_model()?;
    /// println!("finished at {:?}", job.finished_date_time);
    /// # Ok(()) }
    /// ```
    pub fn begin_import_job(
        &self,
        id: &str,
        input_blob_uri: impl Into<Secret>,
        output_blob_uri: impl Into<Secret>,
        options: Option<PollOptions>,
    ) -> Result<Poller<ImportJob>> {
        let body = new_job(&input_blob_uri.into(), &output_blob_uri.into());
        let start = self.api().import_jobs_add_request(id, None, None, &body);
        let get = self.api().import_jobs_get_by_id_request(id, None, None);
        let interval = options.unwrap_or_default().interval;
        self.core.call("begin_import_job").job(start, get, interval)
    }

    /// Polls an existing import job until it ends. See [`begin_import_job`](Self::begin_import_job).
    ///
    /// # Errors
    ///
    /// Fails at once if `id` is invalid. The poller yields all other errors.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let job = client.watch_import_job("building-1", None)?.await?.into_model()?;
    /// # Ok(()) }
    /// ```
    pub fn watch_import_job(&self, id: &str, options: Option<PollOptions>) -> Result<Poller<ImportJob>> {
        let request = self.api().import_jobs_get_by_id_request(id, None, None);
        let interval = options.unwrap_or_default().interval;
        self.core.call("watch_import_job").watch_job(request, interval)
    }

    /// Reads an import job. (`GET /jobs/imports/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the job does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let job = client.get_import_job("building-1").await?.into_model()?;
    /// println!("{:?}", job.status);
    /// # Ok(()) }
    /// ```
    pub async fn get_import_job(&self, id: &str) -> Result<Response<ImportJob>> {
        let request = self.api().import_jobs_get_by_id_request(id, None, None);
        Ok(self.core.call("get_import_job").send(request).await?)
    }

    /// Lists the import jobs, oldest first. (`GET /jobs/imports`)
    ///
    /// # Errors
    ///
    /// Fails at once if the page size is 0 or the continuation token is from another list. The pager yields all other
    /// errors.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use futures::TryStreamExt;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let jobs: Vec<_> = client.list_import_jobs(None)?.try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn list_import_jobs(&self, options: Option<ListImportJobsOptions>) -> Result<Pager<ImportJob>> {
        let ListImportJobsOptions {
            page_size,
            continuation_token,
        } = options.unwrap_or_default();
        let request = first_page(page_size, |size| {
            Ok(self.api().import_jobs_list_request(size, None, None)?)
        });
        self.core
            .call("list_import_jobs")
            .list(request, continuation_token)
    }

    /// Cancels an import job. Resources that it has already stored remain. (`POST /jobs/imports/{id}/cancel`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the job does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// client.cancel_import_job("building-1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn cancel_import_job(&self, id: &str) -> Result<Response<ImportJob>> {
        let request = self.api().import_jobs_cancel_request(id, None, None);
        Ok(self.core.call("cancel_import_job").send(request).await?)
    }

    /// Deletes the record of an import job, so that its id can be used again. (`DELETE /jobs/imports/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the job does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// client.delete_import_job("building-1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete_import_job(&self, id: &str) -> Result<Response<(), NoFormat>> {
        let request = self.api().import_jobs_delete_request(id, None, None);
        Ok(self.core.call("delete_import_job").send(request).await?)
    }
}

fn new_job(input_blob_uri: &Secret, output_blob_uri: &Secret) -> types::ImportJob {
    types::ImportJob {
        input_blob_uri: input_blob_uri.secret().to_owned(),
        output_blob_uri: output_blob_uri.secret().to_owned(),
        id: None,
        status: None,
        created_date_time: None,
        last_action_date_time: None,
        finished_date_time: None,
        purge_date_time: None,
        error: None,
    }
}
