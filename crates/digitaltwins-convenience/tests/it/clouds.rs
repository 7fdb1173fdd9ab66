//! The scope of token requests in each cloud.

use std::sync::Arc;

use azure_core::cloud::{Audiences, CloudConfiguration, CustomConfiguration};
use azure_core::http::Transport;
use digitaltwins_convenience::{DigitalTwinsAudience, DigitalTwinsClient, DigitalTwinsClientOptions, Error};

use crate::support::{Credential, MockResponse, MockService};

async fn token(cloud: CloudConfiguration, scope: Option<&str>) -> Result<String, Error> {
    let (service, _) = MockService::new(|_| MockResponse::empty(204));
    let mut options = DigitalTwinsClientOptions::default();
    options.client_options.transport = Some(Transport::new(service.clone()));
    options.client_options.cloud = Some(Arc::new(cloud));
    options.scope = scope.map(str::to_owned);
    let client = DigitalTwinsClient::new("twins.example", Arc::new(Credential), Some(options))?;
    client.delete_model("dtmi:a;1").await?;
    let sent = service.sent();
    Ok(sent[0]
        .header("authorization")
        .unwrap()
        .replace("Bearer token-for-", ""))
}

/// ADT-HTTP-15, ADT-HTTP-16.
#[tokio::test]
async fn the_cloud_determines_the_scope() {
    use CloudConfiguration::{AzureChina, AzureGovernment, AzurePublic};
    let public = "https://digitaltwins.azure.net/.default";
    assert_eq!(token(AzurePublic, None).await.unwrap(), public);
    assert_eq!(
        token(AzureGovernment, None).await.unwrap(),
        "https://digitaltwins.azure.us/.default"
    );
    let error = token(AzureChina, None).await.unwrap_err();
    assert_eq!(error.parameter(), Some("cloud"), "{error}");
    assert!(error.to_string().contains("set `scope`"), "{error}");
    let mut custom = CustomConfiguration::default();
    custom.audiences =
        Audiences::new().with::<DigitalTwinsAudience>("https://twins.contoso.example".to_owned());
    assert_eq!(
        token(custom.into(), None).await.unwrap(),
        "https://twins.contoso.example/.default"
    );
}

#[tokio::test]
async fn a_scope_overrides_the_cloud() {
    let scope = "https://other.example/.default";
    for cloud in [CloudConfiguration::AzurePublic, CloudConfiguration::AzureChina] {
        assert_eq!(token(cloud, Some(scope)).await.unwrap(), scope);
    }
}
