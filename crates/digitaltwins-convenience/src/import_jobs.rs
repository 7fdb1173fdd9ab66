//! Import jobs.

use azure_core::http::pager::PagerOptions;
use azure_core::http::poller::PollerOptions;
use azure_core::http::{Pager, Poller, Response};
use azure_service_core::{ItemPage, Job};
use digitaltwins_protocol::types;

use crate::client::{check_id, page_size, retype};
use crate::error::Result;
use crate::{DigitalTwinsClient, ImportJob};

/// Options of [`DigitalTwinsClient::list_import_jobs`].
#[derive(Debug, Clone, Default)]
pub struct ListImportJobsOptions {
    /// How many jobs a page has at most.
    pub max_items_per_page: Option<u32>,
    /// Where to go on, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

impl DigitalTwinsClient {
    /// Creates an import job, which starts when the service gets to it. (`PUT /jobs/imports/{id}`)
    ///
    /// `input_blob_uri` is the address of a file as [`ImportFileWriter`](crate::ImportFileWriter) writes it, and the log
    /// goes to `output_blob_uri`. The identity of the instance must have access to both. To wait for the job, see
    /// [`begin_import_job`](Self::begin_import_job).
    ///
    /// # Errors
    ///
    /// [`is_already_exists`](crate::Error::is_already_exists) if there is a job with this id,
    /// [`is_limit_reached`](crate::Error::is_limit_reached) if another one is running.
    pub async fn create_import_job(
        &self,
        id: &str,
        input_blob_uri: &str,
        output_blob_uri: &str,
    ) -> Result<Response<ImportJob>> {
        let body = new_job(input_blob_uri, output_blob_uri);
        let request = self.api().import_jobs_add_request(id, None, None, &body);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Creates an import job and watches it to its end.
    ///
    /// Awaiting the poller gives the finished job, and as a stream it yields the job each time it looks. A job that
    /// failed or was cancelled is an error of kind [`JobFailed`](crate::ErrorKind::JobFailed). To do both, stop reading the
    /// stream at the job whose status [is final](crate::ImportJobStatus::is_final): azure_core's poller must not be awaited
    /// after its stream has ended.
    ///
    /// # Errors
    ///
    /// If the id cannot be part of an address. The poller yields what goes wrong later, beginning with what
    /// [`create_import_job`](Self::create_import_job) lists.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let storage = "https://example.blob.core.windows.net/imports";
    /// let (input, log) = (format!("{storage}/building.ndjson"), format!("{storage}/building.log"));
    /// let job = client.begin_import_job("building-1", &input, &log, None)?.await?.into_model()?;
    /// println!("finished at {:?}", job.finished_date_time);
    /// # Ok(()) }
    /// ```
    pub fn begin_import_job(
        &self,
        id: &str,
        input_blob_uri: &str,
        output_blob_uri: &str,
        options: Option<PollerOptions<'static>>,
    ) -> Result<Poller<Job<ImportJob>>> {
        check_id("id", id)?;
        let body = new_job(input_blob_uri, output_blob_uri);
        let api = self.api();
        let start = api.import_jobs_add_request(id, None, None, &body);
        let get = api.import_jobs_get_by_id_request(id, None, None);
        Ok(self.core.job(start, get, options))
    }

    /// Watches an import job that exists to its end. See [`begin_import_job`](Self::begin_import_job).
    ///
    /// # Errors
    ///
    /// If the id cannot be part of an address. The poller yields what goes wrong later.
    pub fn watch_import_job(
        &self,
        id: &str,
        options: Option<PollerOptions<'static>>,
    ) -> Result<Poller<Job<ImportJob>>> {
        check_id("id", id)?;
        let request = self.api().import_jobs_get_by_id_request(id, None, None);
        Ok(self.core.watch_job(request, options))
    }

    /// Reads an import job. (`GET /jobs/imports/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such job.
    pub async fn get_import_job(&self, id: &str) -> Result<Response<ImportJob>> {
        let request = self.api().import_jobs_get_by_id_request(id, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Lists the import jobs, the oldest first. (`GET /jobs/imports`)
    ///
    /// # Errors
    ///
    /// If the page size is 0. The pager yields what goes wrong later.
    pub fn list_import_jobs(
        &self,
        options: Option<ListImportJobsOptions>,
    ) -> Result<Pager<ItemPage<ImportJob>>> {
        let ListImportJobsOptions {
            max_items_per_page,
            method_options,
        } = options.unwrap_or_default();
        let size = page_size(max_items_per_page)?;
        let request = self.api().import_jobs_list_request(size, None, None);
        Ok(self.core.list(request, Some(method_options)))
    }

    /// Tells an import job to stop. What it has stored until then stays. (`POST /jobs/imports/{id}/cancel`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such job.
    pub async fn cancel_import_job(&self, id: &str) -> Result<Response<ImportJob>> {
        let request = self.api().import_jobs_cancel_request(id, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Deletes the record of an import job, so that its id can be used again. (`DELETE /jobs/imports/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such job.
    pub async fn delete_import_job(&self, id: &str) -> Result<()> {
        let request = self.api().import_jobs_delete_request(id, None, None);
        self.core.send(request, self.context()).await?;
        Ok(())
    }
}

fn new_job(input_blob_uri: &str, output_blob_uri: &str) -> types::ImportJob {
    types::ImportJob {
        input_blob_uri: input_blob_uri.to_owned(),
        output_blob_uri: output_blob_uri.to_owned(),
        id: None,
        status: None,
        created_date_time: None,
        last_action_date_time: None,
        finished_date_time: None,
        purge_date_time: None,
        error: None,
    }
}
