//! One iteration on one twin: the requests and the checks of their responses.

use azure_iot_emulator::EventSubscription;
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Connection, Outcome, Reply, expect};

/// Iterations between requests that involve several twins or are expensive.
const EXPENSIVE_INTERVAL: u64 = 8;
/// Iterations between deletions of a twin; the next iteration creates it again.
const DELETE_INTERVAL: u64 = 5;

/// The twins of one connection and their expected state.
pub(crate) struct OwnTwins<'a> {
    connection: Connection<'a>,
    owner: u64,
    twins: Vec<TwinState>,
    pub(crate) events: Option<EventSubscription>,
    iterations: u64,
}

#[derive(Debug, Clone, Default)]
struct TwinState {
    /// The current ETag; `None` while the twin does not exist.
    etag: Option<String>,
    /// The weight of the relationship to the next twin; `None` if there is no relationship.
    weight: Option<u64>,
}

impl<'a> OwnTwins<'a> {
    pub(crate) fn new(connection: Connection<'a>, owner: u64, count: usize) -> Self {
        OwnTwins {
            connection,
            owner,
            twins: vec![TwinState::default(); count],
            events: None,
            iterations: 0,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.twins.len()
    }

    /// Creates the twins that do not exist.
    pub(crate) async fn fill(&mut self) -> Outcome<()> {
        for twin in 0..self.count() {
            if self.twins[twin].etag.is_none() {
                self.create(twin, 0).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn iterate(&mut self, twin: usize, round: u64) -> Outcome<()> {
        self.iterations += 1;
        if self.twins[twin].etag.is_none() {
            self.create(twin, round).await?;
        }
        self.change(twin, round).await?;
        self.component(twin, round).await?;
        if self.twins[self.next(twin)].etag.is_some() && self.next(twin) != twin {
            self.relate(twin, round).await?;
        }
        self.find(twin, round).await?;
        self.walk(twin).await?;
        self.telemetry(twin).await?;
        if self.iterations.is_multiple_of(EXPENSIVE_INTERVAL) {
            self.count_and_page().await?;
            self.model().await?;
            self.route(twin, round).await?;
        }
        if self.iterations.is_multiple_of(DELETE_INTERVAL) {
            self.delete(twin).await?;
        }
        Ok(())
    }

    fn next(&self, twin: usize) -> usize {
        (twin + 1) % self.count()
    }

    fn previous(&self, twin: usize) -> usize {
        (twin + self.count() - 1) % self.count()
    }

    fn id(&self, twin: usize) -> String {
        format!("twin-{}-{twin}", self.owner)
    }

    fn path(&self, twin: usize) -> String {
        format!("/digitaltwins/{}", self.id(twin))
    }

    fn etag(&self, twin: usize) -> &str {
        self.twins[twin].etag.as_deref().unwrap_or("*")
    }

    fn existing(&self) -> Vec<String> {
        let existing = (0..self.count()).filter(|twin| self.twins[*twin].etag.is_some());
        let mut ids: Vec<_> = existing.map(|twin| self.id(twin)).collect();
        ids.sort();
        ids
    }

    async fn query(&self, text: &str) -> Outcome<Value> {
        let query = Some(json!({ "query": text }));
        let response = self.connection.call(Method::POST, "/query", query).await?;
        expect(&response.body["continuationToken"], &Value::Null, text)?;
        Ok(response.body["value"].clone())
    }

    async fn patch(&self, path: &str, etag: &str, patch: Value) -> Outcome<Reply> {
        let headers = [
            ("if-match", etag),
            ("content-type", "application/json-patch+json"),
        ];
        self.connection
            .send(Method::PATCH, path, &headers, Some(&patch))
            .await
    }

    async fn create(&mut self, twin: usize, round: u64) -> Outcome<()> {
        let path = self.path(twin);
        let body = json!({
            "$metadata": {"$model": "dtmi:load:Room;1"},
            "owner": self.owner, "mark": "new", "round": round, "temperature": 20.5,
            "thermostat": {"$metadata": {}},
        });
        let new = [("if-none-match", "*")];
        let made = self
            .connection
            .send(Method::PUT, &path, &new, Some(&body))
            .await?
            .with_status(200, &path)?;
        expect(&made.body["$dtId"], &json!(self.id(twin)), &path)?;
        expect(&made.body["$etag"], &json!(made.etag), &path)?;
        self.twins[twin] = TwinState {
            etag: Some(made.etag),
            weight: None,
        };
        let again = self
            .connection
            .send(Method::PUT, &path, &new, Some(&body))
            .await?;
        again.expect_error(412, "PreconditionFailed", &path)
    }

    /// Patches with the current ETag, then expects 412 for the previous one.
    async fn change(&mut self, twin: usize, round: u64) -> Outcome<()> {
        let (path, id) = (self.path(twin), self.id(twin));
        let patch = json!([
            {"op": "replace", "path": "/mark", "value": format!("{id}/{round}")},
            {"op": "replace", "path": "/round", "value": round},
        ]);
        let before = self.etag(twin).to_owned();
        let patched = self
            .patch(&path, &before, patch.clone())
            .await?
            .with_status(204, &path)?;
        let stale = self.patch(&path, &before, patch).await?;
        stale.expect_error(412, "PreconditionFailed", &path)?;
        let read = self.connection.get(&path).await?;
        expect(&read.etag, &patched.etag, &path)?;
        expect(&read.body["round"], &json!(round), &path)?;
        expect(&read.body["owner"], &json!(self.owner), &path)?;
        self.twins[twin].etag = Some(patched.etag);
        Ok(())
    }

    async fn component(&mut self, twin: usize, round: u64) -> Outcome<()> {
        let path = format!("{}/components/thermostat", self.path(twin));
        let patch = json!([{"op": "add", "path": "/target", "value": round}]);
        let patched = self
            .patch(&path, self.etag(twin), patch)
            .await?
            .with_status(204, &path)?;
        let read = self.connection.get(&path).await?;
        expect(&read.body["target"], &json!(round), &path)?;
        expect(&read.etag, &patched.etag, &path)?;
        self.twins[twin].etag = Some(patched.etag);
        Ok(())
    }

    async fn relate(&mut self, twin: usize, round: u64) -> Outcome<()> {
        let (id, target) = (self.id(twin), self.id(self.next(twin)));
        let path = format!("/digitaltwins/{id}/relationships");
        let body = json!({"$relationshipName": "next", "$targetId": target, "weight": round});
        let one = format!("{path}/to");
        let put = self.connection.call(Method::PUT, &one, Some(body)).await?.body;
        expect(&put["weight"], &json!(round), &path)?;
        self.twins[twin].weight = Some(round);
        let outgoing = self.connection.get(&path).await?.body;
        expect(&outgoing, &json!({"nextLink": null, "value": [put]}), &path)?;
        let incoming = format!("/digitaltwins/{target}/incomingrelationships");
        let found = self.connection.get(&incoming).await?.body;
        expect(&found["value"].as_array().map(Vec::len), &Some(1), &incoming)?;
        expect(&found["value"][0]["$sourceId"], &json!(id), &incoming)
    }

    /// Finds the twin by its id and by a property that is unique to it.
    async fn find(&self, twin: usize, round: u64) -> Outcome<()> {
        let id = self.id(twin);
        let read = self.connection.get(&self.path(twin)).await?.body;
        let conditions = [format!("T.$dtId = '{id}'"), format!("T.mark = '{id}/{round}'")];
        for condition in conditions {
            let text = format!("SELECT * FROM DIGITALTWINS T WHERE {condition}");
            expect(&self.query(&text).await?, &json!([read]), &text)?;
        }
        Ok(())
    }

    /// Follows one hop, then two.
    async fn walk(&self, twin: usize) -> Outcome<()> {
        let (id, next) = (self.id(twin), self.next(twin));
        let one = format!(
            "SELECT T.$dtId AS t, R.weight AS w FROM DIGITALTWINS MATCH (S)-[R:next]->(T) WHERE S.$dtId = '{id}'"
        );
        let expected = match self.twins[twin].weight {
            Some(weight) => json!([{"t": self.id(next), "w": weight}]),
            None => json!([]),
        };
        expect(&self.query(&one).await?, &expected, &one)?;
        let two = format!(
            "SELECT E.$dtId AS e FROM DIGITALTWINS MATCH (S)-[]->(M)-[:next]->(E) WHERE S.$dtId = '{id}'"
        );
        let last = self.next(next);
        let arrives = self.twins[twin].weight.is_some() && self.twins[next].weight.is_some() && last != twin;
        let expected = match arrives {
            true => json!([{"e": self.id(last)}]),
            false => json!([]),
        };
        expect(&self.query(&two).await?, &expected, &two)
    }

    async fn telemetry(&self, twin: usize) -> Outcome<()> {
        let path = self.path(twin);
        let body = json!({"motion": true});
        let headers = [("message-id", "m-1")];
        for path in [
            format!("{path}/telemetry"),
            format!("{path}/components/thermostat/telemetry"),
        ] {
            let sent = self
                .connection
                .send(Method::POST, &path, &headers, Some(&body))
                .await?;
            sent.with_status(204, &path)?;
        }
        Ok(())
    }

    /// Counts and pages through all twins of this connection while other connections change theirs.
    async fn count_and_page(&self) -> Outcome<()> {
        let (owner, existing) = (self.owner, self.existing());
        for condition in ["", " AND IS_OF_MODEL('dtmi:load:Space;1')"] {
            let text = format!("SELECT COUNT() FROM DIGITALTWINS T WHERE owner = {owner}{condition}");
            let counted = self.query(&text).await?;
            expect(&counted, &json!([{"COUNT": existing.len()}]), &text)?;
        }
        let text = format!("SELECT T.$dtId AS id FROM DIGITALTWINS T WHERE T.owner = {owner}");
        let (mut body, mut found) = (json!({ "query": text }), Vec::new());
        loop {
            let size = [("max-items-per-page", "3")];
            let page = self
                .connection
                .send(Method::POST, "/query", &size, Some(&body))
                .await?
                .with_status(200, &text)?;
            let rows = page.body["value"].as_array().cloned().unwrap_or_default();
            found.extend(
                rows.iter()
                    .filter_map(|row| row["id"].as_str())
                    .map(str::to_owned),
            );
            match &page.body["continuationToken"] {
                Value::Null => break,
                token => body = json!({ "continuationToken": token }),
            }
        }
        found.sort();
        expect(&found, &existing, &text)
    }

    /// Uploads, reads and deletes a model of this connection.
    async fn model(&self) -> Outcome<()> {
        let id = format!("dtmi:load:Own{};1", self.owner);
        let model = json!({
            "@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "extends": "dtmi:load:Space;1",
        });
        let uploaded = self
            .connection
            .call(Method::POST, "/models", Some(json!([model])))
            .await?;
        expect(&uploaded.body[0]["id"], &json!(id), &id)?;
        let path = format!("/models/{id}");
        let read = self
            .connection
            .get(&format!("{path}?includeModelDefinition=true"))
            .await?
            .body;
        expect(&read["model"], &model, &path)?;
        let needed = self
            .connection
            .get(&format!("/models?dependenciesFor={id}"))
            .await?
            .body;
        let ids: Vec<_> = needed["value"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|model| &model["id"])
            .collect();
        expect(&ids, &vec![&json!("dtmi:load:Space;1"), &json!(id)], &path)?;
        self.connection.call(Method::DELETE, &path, None).await?;
        let gone = self.connection.send(Method::GET, &path, &[], None).await?;
        gone.expect_error(404, "ModelNotFound", &path)
    }

    /// Creates an event route, expects the event of one change, and deletes the route.
    async fn route(&mut self, twin: usize, round: u64) -> Outcome<()> {
        let Some(mut events) = self.events.take() else {
            return Ok(());
        };
        let id = format!("route-{}", self.owner);
        let path = format!("/eventroutes/{id}");
        let filter = format!(
            "type = 'Microsoft.DigitalTwins.Twin.Update' AND STARTS_WITH(subject, 'twin-{}-')",
            self.owner
        );
        let route = json!({"endpointName": format!("events-{}", self.owner), "filter": filter});
        self.connection
            .call(Method::PUT, &path, Some(route.clone()))
            .await?;
        let read = self.connection.get(&path).await?.body;
        expect(&read["filter"], &route["filter"], &path)?;
        self.change(twin, round).await?;
        let event = events.try_next().ok_or("no event")?;
        expect(&event.subject, &self.id(twin), &path)?;
        expect(&event.data["patch"][1]["value"], &json!(round), &path)?;
        expect(&events.try_next(), &None, &path)?;
        self.connection.call(Method::DELETE, &path, None).await?;
        self.events = Some(events);
        Ok(())
    }

    /// Expects a refusal while the twin has relationships, then deletes them and the twin.
    async fn delete(&mut self, twin: usize) -> Outcome<()> {
        let (path, before) = (self.path(twin), self.previous(twin));
        let related: Vec<_> = [twin, before]
            .into_iter()
            .filter(|twin| self.twins[*twin].weight.is_some())
            .collect();
        if !related.is_empty() {
            let response = self.connection.send(Method::DELETE, &path, &[], None).await?;
            response.expect_error(400, "RelationshipsNotDeleted", &path)?;
        }
        for source in related {
            let relationship = format!("{}/relationships/to", self.path(source));
            self.connection.call(Method::DELETE, &relationship, None).await?;
            self.twins[source].weight = None;
        }
        let stale = [("if-match", "W/\"00000000-0000-0000-0000-000000000000\"")];
        let response = self.connection.send(Method::DELETE, &path, &stale, None).await?;
        response.expect_error(412, "PreconditionFailed", &path)?;
        let current = [("if-match", self.etag(twin))];
        let deleted = self
            .connection
            .send(Method::DELETE, &path, &current, None)
            .await?;
        deleted.with_status(204, &path)?;
        self.twins[twin].etag = None;
        let gone = self.connection.send(Method::GET, &path, &[], None).await?;
        gone.expect_error(404, "DigitalTwinNotFound", &path)
    }
}
