//! Import of devices and modules. Lines are applied one by one; errors are written to a blob and do not fail the job.

use serde_json::Value;

use crate::iothub::codes::Code;
use crate::iothub::configurations::scope::Scope;
use crate::iothub::errors::HubError;
use crate::iothub::hub::IotHub;
use crate::iothub::registry::bulk_item;
use crate::iothub::registry::bulk_item::{BulkItem, BulkItemError};
use crate::iothub::rules::body;
use crate::iothub::store::Store;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::blob::Blob;
use crate::iothub::store::transfer::{BlobPath, Transfer};
use crate::iothub::tier::Tier;
use crate::text::without_byte_order_mark;
use crate::timestamp::Timestamp;

/// Number of lines imported in one critical section.
const LINE_BATCH: usize = 100;
/// Maximum length of a line, in bytes. A longer line is reported as an error.
const MAX_LINE_LENGTH: usize = 1024 * 1024;
/// Maximum length of the error log, in bytes, the same as for an uploaded blob. The log for short invalid lines is
/// much longer than the lines.
const MAX_LOG_LENGTH: usize = 16 * 1024 * 1024;

impl IotHub {
    pub(super) async fn import(&self, transfer: &Transfer) -> Result<(), String> {
        let Some(input) = &transfer.input else {
            return Err("The job has no input container.".to_owned());
        };
        let now = self.now();
        let mut log = ErrorLog::default();
        let may_continue = self
            .import_lines(&transfer.id, input, &mut log, |store, line| {
                import_line(store, line, now)
            })
            .await?;
        if !may_continue {
            return Ok(());
        }
        if let Some(name) = &transfer.configurations {
            let tier = self.tier();
            let path = BlobPath {
                container: input.container.clone(),
                blob: name.clone(),
            };
            let may_continue = self
                .import_lines(&transfer.id, &path, &mut log, |store, line| {
                    import_configuration(store, line, tier, now)
                })
                .await?;
            self.write(|store| store.reconcile(Scope::All, now));
            if !may_continue {
                return Ok(());
            }
        }
        if !log.lines.is_empty() {
            let BlobPath { container, blob } = &transfer.output;
            self.write(|store| store.put_blob(container, blob, Blob::text(log.lines)));
        }
        Ok(())
    }

    /// Imports the lines of a blob. Returns `false` if the job was canceled.
    async fn import_lines(
        &self,
        id: &str,
        path: &BlobPath,
        log: &mut ErrorLog,
        import: impl Fn(&mut Store, &[u8]) -> Result<(), BulkItemError>,
    ) -> Result<bool, String> {
        let file = self.read(|store| read(store, path))?;
        let lines: Vec<&[u8]> = lines(&file).collect();
        let mut done = 0;
        for batch in lines.chunks(LINE_BATCH) {
            self.write(|store| {
                batch.iter().try_for_each(|line| {
                    let imported = check_length(line).and_then(|()| import(store, line));
                    imported.or_else(|error| log.push(&error))
                })
            })?;
            done += batch.len();
            if !self.record_progress(id, done, lines.len()) {
                return Ok(false);
            }
            tokio::task::yield_now().await;
        }
        Ok(true)
    }
}

/// The errors of an import, one JSON object per line.
#[derive(Default)]
struct ErrorLog {
    lines: String,
}

impl ErrorLog {
    #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
    fn push(&mut self, error: &BulkItemError) -> Result<(), String> {
        let line = serde_json::to_string(error).expect("the error consists of strings and numbers");
        if self.lines.len() + line.len() >= MAX_LOG_LENGTH {
            return Err(format!(
                "The error log would be longer than {MAX_LOG_LENGTH} bytes."
            ));
        }
        self.lines.push_str(&line);
        self.lines.push('\n');
        Ok(())
    }
}

fn check_length(line: &[u8]) -> Result<(), BulkItemError> {
    if line.len() <= MAX_LINE_LENGTH {
        return Ok(());
    }
    let text = format!(
        "The line has {} bytes; a line has at most {MAX_LINE_LENGTH}.",
        line.len()
    );
    let error = HubError::new(Code::IOT_HUB_FORMAT_ERROR, text);
    Err(BulkItemError::new(String::new(), None, error))
}

fn import_line(store: &mut Store, line: &[u8], now: Timestamp) -> Result<(), BulkItemError> {
    let item: BulkItem = body::parse(line).map_err(|error| BulkItemError::new(String::new(), None, error))?;
    let (device_id, module_id) = item.ids();
    bulk_item::apply(store, item.for_import(), ApiVersion::NEWEST, now)
        .map_err(|error| BulkItemError::new(device_id.clone(), module_id, error))?;
    if !store.configurations.is_empty() {
        store.reconcile(Scope::Device(&device_id), now);
    }
    Ok(())
}

fn import_configuration(
    store: &mut Store,
    line: &[u8],
    tier: Tier,
    now: Timestamp,
) -> Result<(), BulkItemError> {
    body::parse_any::<Value>(line)
        .and_then(|body| store.import_configuration(body, tier, now))
        .map_err(|error| BulkItemError::new(String::new(), None, error))
}

/// Returns the lines that are not blank, without a byte order mark before the first one.
fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    without_byte_order_mark(file)
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

fn read(store: &Store, path: &BlobPath) -> Result<Vec<u8>, String> {
    let BlobPath { container, blob } = path;
    let found = store.blob(container, blob);
    let found = found.ok_or_else(|| format!("There is no blob {blob} in the container {container}."))?;
    Ok(found.bytes.clone())
}
