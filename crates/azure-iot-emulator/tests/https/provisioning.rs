//! The provisioning service over HTTPS: credentials, client certificates, durability and faults.

use std::time::Duration;

use azure_iot_emulator::Emulator;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use reqwest::{Client, Identity, Method, Response};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{ConnectionString, client};

const VERSION: &str = "api-version=2026-11-01";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// An emulator with its service-side credentials.
struct Provisioning {
    emulator: Emulator,
    client: Client,
}

impl Provisioning {
    async fn start() -> Self {
        let emulator = Emulator::builder().without_digitaltwins().start().await.unwrap();
        Self::of(emulator)
    }

    fn of(emulator: Emulator) -> Self {
        let client = client(&emulator).build().unwrap();
        Self { emulator, client }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}?{VERSION}", self.emulator.provisioning_endpoint())
    }

    fn credentials(&self, policy: &str) -> ConnectionString {
        let text = self.emulator.provisioning_connection_string_for(policy);
        ConnectionString::of(&text.unwrap())
    }

    fn now(&self) -> i64 {
        self.emulator.clock().now().unix_timestamp()
    }

    fn owner(&self) -> String {
        let credentials = self.credentials("provisioningserviceowner");
        credentials.token(&credentials.host.replace(':', "%3A"), self.now() + 600)
    }

    /// Sends a request as a service.
    async fn send(&self, method: Method, path: &str, authorization: &str, body: Option<&Value>) -> Response {
        let request = self.client.request(method, self.url(path));
        let request = request.header("authorization", authorization);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.unwrap()
    }

    async fn enroll(&self, id: &str, attestation: Value) {
        let body = json!({ "registrationId": id, "attestation": attestation });
        let path = format!("/enrollments/{id}");
        let response = self.send(Method::PUT, &path, &self.owner(), Some(&body)).await;
        assert_eq!(response.status(), 200);
    }

    /// Sends a request as a device, which authenticates with `key` or with the certificate of `client`.
    async fn device(&self, client: &Client, method: Method, path: &str, key: Option<&str>) -> (u16, Value) {
        let scope = self.emulator.provisioning_id_scope();
        let mut request = client.request(method.clone(), self.url(&format!("/{scope}{path}")));
        if method == Method::PUT {
            request = request.json(&json!({}));
        }
        if let Some(key) = key {
            let id = path.split('/').nth(2).unwrap();
            let resource = format!("{scope}%2Fregistrations%2F{id}");
            let credentials = ConnectionString {
                host: String::new(),
                policy: "registration".to_owned(),
                key: key.to_owned(),
            };
            request = request.header("authorization", credentials.token(&resource, self.now() + 600));
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Registers a device, and returns the result of the operation.
    async fn register(&self, client: &Client, id: &str, key: Option<&str>) -> Value {
        let path = format!("/registrations/{id}/register");
        let (status, started) = self.device(client, Method::PUT, &path, key).await;
        assert_eq!(status, 202, "{started}");
        let operation = started["operationId"].as_str().unwrap();
        let path = format!("/registrations/{id}/operations/{operation}");
        let (status, end) = self.device(client, Method::GET, &path, key).await;
        assert_eq!(status, 200, "{end}");
        end
    }
}

fn symmetric() -> Value {
    json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY}})
}

/// DPS-AUTH-1, DPS-AUTH-3, DPS-AUTH-5, DPS-ERROR-6.
#[tokio::test]
async fn credentials_of_services_are_checked() {
    let running = Provisioning::start().await;
    running.enroll("a", symmetric()).await;
    let get = async |authorization: String| {
        let response = running
            .send(Method::GET, "/enrollments/a", &authorization, None)
            .await;
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        (status, body["errorCode"].clone())
    };
    let unauthorized = (401, json!(401_002));
    let owner = running.credentials("provisioningserviceowner");
    let expiry = running.now() + 60;
    for resource in [
        &owner.host,
        "localhost",
        "emulator.azure-devices-provisioning.net",
    ] {
        assert_eq!(get(owner.token(resource, expiry)).await.0, 200, "{resource}");
    }
    let reader = running.credentials("enrollmentRead");
    assert_eq!(get(reader.token("localhost", expiry)).await.0, 200);
    let bearer = |audience: &str| {
        let token = running
            .emulator
            .bearer_token_for(Some(audience), Duration::from_secs(60))
            .unwrap();
        format!("Bearer {token}")
    };
    assert_eq!(get(bearer("https://azure-devices-provisioning.net")).await.0, 200);
    assert_eq!(
        get(format!("Bearer {}", running.emulator.bearer_token())).await.0,
        200
    );
    let hub = ConnectionString::of(&running.emulator.iothub_connection_string());
    let registrations = running.credentials("registrationRead");
    for refused in [
        owner.token("localhost", running.now() - 301),
        owner.token("other.azure-devices-provisioning.net", expiry),
        registrations.token("localhost", expiry),
        hub.token("localhost", expiry),
        bearer("https://iothubs.azure.net"),
        "Basic dXNlcjpwYXNz".to_owned(),
    ] {
        assert_eq!(get(refused.clone()).await, unauthorized, "{refused}");
    }
    // The hub does not accept the policies of the provisioning service.
    let url = format!("{}/devices?{VERSION}", running.emulator.iothub_endpoint());
    let token = owner.token("localhost", expiry);
    let response = running
        .client
        .get(url)
        .header("authorization", token)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
}

/// DPS-HTTP-1, DPS-REG-8, DPS-REG-9.
#[tokio::test]
async fn device_registers_at_the_global_host_with_a_derived_key() {
    let running = Provisioning::start().await;
    let body = json!({ "enrollmentGroupId": "g", "attestation": symmetric() });
    let path = "/enrollmentGroups/g";
    let response = running
        .send(Method::PUT, path, &running.owner(), Some(&body))
        .await;
    assert_eq!(response.status(), 200);
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(b"pump-7");
    let key = STANDARD.encode(mac.finalize().into_bytes());
    let end = running.register(&running.client, "pump-7", Some(&key)).await;
    assert_eq!(
        end["registrationState"]["assignedHub"],
        "emulator.azure-devices.net"
    );

    // The host name that all provisioning services share.
    let global = "global.azure-devices-provisioning.net";
    let port: u16 = running
        .emulator
        .provisioning_endpoint()
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let named = client(&running.emulator)
        .resolve(global, ([127, 0, 0, 1], port).into())
        .build()
        .unwrap();
    let scope = running.emulator.provisioning_id_scope();
    let url = format!("https://{global}:{port}/{scope}/registrations/pump-7/register?{VERSION}");
    let response = named.put(url).json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), 401, "a device without credentials");
    // The hub has the device, with this key.
    let url = format!("{}/devices/pump-7?{VERSION}", running.emulator.iothub_endpoint());
    let device: Value = running
        .client
        .get(url)
        .bearer_auth(running.emulator.bearer_token())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(device["authentication"]["symmetricKey"]["primaryKey"], key);
}

/// Returns a device certificate, signed by `issuer`, and its private key, both as PEM.
fn certificate(name: &str, issuer: &CertifiedIssuer<'static, KeyPair>) -> (String, String) {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, issuer).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, "factory");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// DPS-REG-14.
#[tokio::test]
async fn client_certificate_attests_a_device() {
    let running = Provisioning::start().await;
    let authority = authority();
    let signer = json!({"signingCertificates": {"primary": {"certificate": authority.pem()}}});
    let body = json!({ "enrollmentGroupId": "g", "attestation": {"type": "x509", "x509": signer} });
    let response = running
        .send(Method::PUT, "/enrollmentGroups/g", &running.owner(), Some(&body))
        .await;
    assert_eq!(response.status(), 200);
    let with = |(certificate, key): (String, String)| {
        let identity = Identity::from_pem(format!("{certificate}{key}").as_bytes()).unwrap();
        client(&running.emulator).identity(identity).build().unwrap()
    };
    let device = with(certificate("press-1", &authority));
    let end = running.register(&device, "press-1", None).await;
    assert_eq!(end["registrationState"]["x509"]["enrollmentGroupId"], "g");
    let stranger = with(certificate("press-2", &self::authority()));
    let (status, body) = running
        .device(&stranger, Method::PUT, "/registrations/press-2/register", None)
        .await;
    assert_eq!((status, &body["errorCode"]), (401, &json!(401_002)));
    let (status, _) = running
        .device(
            &running.client,
            Method::PUT,
            "/registrations/press-1/register",
            None,
        )
        .await;
    assert_eq!(status, 401, "a device without a certificate");
    // A client certificate has no effect on a request with a service's credentials.
    let request = device.get(running.url("/registrations/press-1"));
    let response = request
        .header("authorization", running.owner())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}

/// The data file has enrollments, registrations, their devices in the hub, and the keys of the policies.
#[tokio::test]
async fn state_and_policy_keys_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    let start = async || {
        let builder = Emulator::builder().without_digitaltwins().data_file(&file);
        Provisioning::of(builder.start().await.unwrap())
    };
    let first = start().await;
    first.enroll("a", symmetric()).await;
    first.register(&first.client, "a", Some(KEY)).await;
    let key = first.credentials("provisioningserviceowner").key;
    let state = first.emulator.dump_state();
    first.emulator.shut_down().await;

    let second = start().await;
    assert_eq!(second.credentials("provisioningserviceowner").key, key);
    assert_eq!(second.emulator.dump_state(), state);
    assert!(state["iothub"]["devices"]["a"].is_object());
    let response = second
        .send(Method::GET, "/registrations/a", &second.owner(), None)
        .await;
    let registration: Value = response.json().await.unwrap();
    assert_eq!(registration["status"], "assigned");
    let path = "/enrollments/a";
    let deleted = second.send(Method::DELETE, path, &second.owner(), None).await;
    assert_eq!(deleted.status(), 204);
    second.emulator.shut_down().await;

    let third = start().await;
    let response = third.send(Method::GET, path, &third.owner(), None).await;
    assert_eq!(response.status(), 404);
    // A loaded state survives a restart, too.
    third.emulator.load_state(&state).unwrap();
    third.emulator.shut_down().await;
    assert_eq!(start().await.emulator.dump_state(), state);
}

/// The 429 is injected by a fault rule.
#[tokio::test]
async fn faults_and_settings_apply_to_the_service() {
    let running = Provisioning::start().await;
    running.enroll("a", symmetric()).await;
    let manage = async |method: Method, path: &str, body: &Value| {
        let url = format!("{}{path}", running.emulator.management_endpoint());
        running
            .client
            .request(method, url)
            .json(body)
            .send()
            .await
            .unwrap()
    };
    let fault = json!({
        "service": "provisioning", "count": 1,
        "action": {"type": "status", "status": 429, "retryAfterSeconds": 7},
    });
    assert_eq!(manage(Method::POST, "/faults", &fault).await.status(), 204);
    let throttled = running
        .send(Method::GET, "/enrollments/a", &running.owner(), None)
        .await;
    assert_eq!(throttled.status(), 429);
    assert_eq!(throttled.headers()["retry-after"], "7");
    let body: Value = throttled.json().await.unwrap();
    assert_eq!(body["errorCode"], 429_001);
    let again = running
        .send(Method::GET, "/enrollments/a", &running.owner(), None)
        .await;
    assert_eq!(again.status(), 200);

    let changed = manage(Method::PUT, "/provisioning/retryAfter", &json!({"seconds": 1})).await;
    assert_eq!(changed.json::<Value>().await.unwrap(), json!({"seconds": 1}));
    let changed = manage(Method::PUT, "/provisioning/throttling", &json!({"enabled": true})).await;
    assert_eq!(changed.json::<Value>().await.unwrap(), json!({"enabled": true}));
    let scope = running.emulator.provisioning_id_scope();
    assert_eq!(scope, "0ne00000001");
    let bad = manage(Method::PUT, "/provisioning/retryAfter", &json!({"seconds": -1})).await;
    assert_eq!(bad.status(), 400);
    let endpoints: Value = manage(Method::GET, "/", &json!({})).await.json().await.unwrap();
    assert_eq!(
        endpoints["provisioning"],
        json!({"endpoint": running.emulator.provisioning_endpoint(), "idScope": scope})
    );
}

#[tokio::test]
async fn disabled_service_has_no_endpoint() {
    for builder in [
        Emulator::builder().without_provisioning(),
        Emulator::builder().without_iothub(),
    ] {
        let emulator = builder.start().await.unwrap();
        assert_eq!(emulator.provisioning_endpoint(), "");
        assert_eq!(emulator.provisioning_connection_string(), "");
        assert_eq!(emulator.provisioning_id_scope(), "");
        assert!(emulator.provisioning().is_none());
        assert_eq!(emulator.dump_state().get("provisioning"), None);
    }
}
