//! Import and export jobs over HTTP, with the containers that the emulator serves.

use std::time::Duration;

use azure_iot_emulator::Emulator;
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

struct Running {
    emulator: Emulator,
    client: Client,
}

impl Running {
    async fn new() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let certificate = Certificate::from_pem(emulator.ca_certificate_pem().as_bytes()).unwrap();
        let client = Client::builder().tls_certs_only([certificate]).build().unwrap();
        Self { emulator, client }
    }

    async fn hub(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}?api-version=2021-04-12", self.emulator.iothub_endpoint());
        let request = self.client.request(method, url).json(body);
        let response = request
            .bearer_auth(self.emulator.bearer_token())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    async fn blob(&self, method: Method, path: &str, body: &str) -> (u16, String) {
        let url = format!("{}/{path}", self.emulator.iothub_blob_endpoint());
        let request = self
            .client
            .request(method, url)
            .header("x-ms-blob-type", "BlockBlob");
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Runs a job and waits until it has ended.
    async fn job(&self, body: &Value) -> Value {
        let (status, job) = self.hub(Method::POST, "/jobs/create", body).await;
        assert_eq!(status, 200, "{job}");
        let path = format!("/jobs/{}", job["jobId"].as_str().unwrap());
        for tries in 0.. {
            assert!(tries < 200, "the job has not ended");
            let job = self.hub(Method::GET, &path, &json!(null)).await.1;
            if !matches!(job["status"].as_str(), Some("enqueued" | "running")) {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Value::Null
    }
}

/// HUB-TRANSFER-1, HUB-TRANSFER-5, HUB-TRANSFER-8.
#[tokio::test]
async fn export_can_be_imported_through_a_container() {
    let running = Running::new().await;
    running
        .hub(Method::PUT, "/devices/a", &json!({"deviceId": "a"}))
        .await;
    let container = format!("{}/box", running.emulator.iothub_blob_endpoint());
    let export = json!({"type": "export", "outputBlobContainerUri": container});
    assert_eq!(running.job(&export).await["status"], "completed");
    let (status, text) = running.blob(Method::GET, "box/devices.txt", "").await;
    assert_eq!(status, 200);
    assert!(text.starts_with("{\"id\":\"a\""), "{text}");
    let text = text.replace("\"a\"", "\"b\"");
    assert_eq!(running.blob(Method::PUT, "box/devices.txt", &text).await.0, 201);
    let import = json!({
        "type": "import", "inputBlobContainerUri": container, "outputBlobContainerUri": container,
    });
    assert_eq!(running.job(&import).await["status"], "completed");
    assert_eq!(running.hub(Method::GET, "/devices/b", &json!(null)).await.0, 200);
    // Storage accounts other than the emulator's cannot be reached.
    let elsewhere =
        json!({"type": "export", "outputBlobContainerUri": "https://account.blob.core.windows.net/box"});
    let (status, error) = running.hub(Method::POST, "/jobs/create", &elsewhere).await;
    assert_eq!(status, 400, "{error}");
}

#[tokio::test]
async fn containers_store_list_and_delete_blobs() {
    let running = Running::new().await;
    assert_eq!(
        running.blob(Method::PUT, "box?restype=container", "").await.0,
        201
    );
    assert_eq!(
        running.blob(Method::PUT, "box?restype=container", "").await.0,
        409
    );
    assert_eq!(running.blob(Method::PUT, "box/a%26b/c.txt", "hello").await.0, 201);
    let (status, list) = running
        .blob(Method::GET, "box?restype=container&comp=list", "")
        .await;
    assert_eq!(status, 200);
    assert!(list.contains("<Name>a&amp;b/c.txt</Name>"), "{list}");
    assert_eq!(
        running.blob(Method::GET, "box/a%26b/c.txt", "").await,
        (200, "hello".to_owned())
    );
    assert_eq!(running.blob(Method::DELETE, "box/a%26b/c.txt", "").await.0, 202);
    assert_eq!(running.blob(Method::GET, "box/a%26b/c.txt", "").await.0, 404);
    assert_eq!(
        running.blob(Method::DELETE, "box?restype=container", "").await.0,
        202
    );
    assert_eq!(
        running
            .blob(Method::GET, "box?restype=container&comp=list", "")
            .await
            .0,
        404
    );
    // Unsupported operations fail with 501.
    let (status, error) = running.blob(Method::PUT, "box/a?comp=block", "").await;
    assert_eq!(status, 501);
    assert!(error.contains("<Code>NotImplemented</Code>"), "{error}");
}

/// HUB-JOB-5, HUB-JOB-10.
#[tokio::test]
async fn scheduled_job_runs_when_the_clock_reaches_its_start() {
    let running = Running::new().await;
    running
        .hub(Method::PUT, "/devices/a", &json!({"deviceId": "a"}))
        .await;
    let start = running.emulator.clock().now() + Duration::from_secs(3600);
    let start = start
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    let body = json!({
        "type": "scheduleUpdateTwin", "queryCondition": "*", "startTime": start,
        "updateTwin": {"etag": "*", "tags": {"done": true}},
    });
    let (status, _) = running.hub(Method::PUT, "/jobs/v2/j", &body).await;
    assert_eq!(status, 200);
    let wait = async |wanted: &str| {
        for tries in 0.. {
            assert!(tries < 200, "the job has not become {wanted}");
            let job = running.hub(Method::GET, "/jobs/v2/j", &json!(null)).await.1;
            if job["status"] == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    wait("scheduled").await;
    running.emulator.clock().advance(Duration::from_secs(3601));
    wait("completed").await;
    let twin = running.hub(Method::GET, "/twins/a", &json!(null)).await.1;
    assert_eq!(twin["tags"], json!({"done": true}));
}
