//! Lists of the relationships of one twin, outgoing and incoming, ten to a page.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::digitaltwins::call::{Call, Page, encode};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::relationships::node;
use crate::digitaltwins::store::graph::Relationship;
use crate::digitaltwins::store::slab::Slot;
use crate::service::ServiceResponse;

/// Not adjustable: these lists take no `max-items-per-page`.
const PAGE: usize = 10;

/// The last relationship of a page: its id and its source, by which both kinds of list are ordered.
type Position = (String, String);

impl Instance {
    /// One page of the outgoing relationships, perhaps only those of one name, and whether more follow.
    fn outgoing(
        &self,
        twin: &str,
        name: Option<&str>,
        after: Option<&Position>,
    ) -> Answer<(Vec<Arc<Relationship>>, bool)> {
        let graph = self.graph.read();
        let (_, node) = node(&graph, twin).ok_or_else(|| errors::twin_not_found(twin))?;
        let start = after.map_or(0, |(id, _)| past(graph.outgoing_position(&node.outgoing, id)));
        Ok(page(node.outgoing.get(start..), |slot| {
            graph
                .relationship(slot)
                .filter(|found| name.is_none_or(|name| *found.name == *name))
        }))
    }

    /// One page of the incoming relationships and whether more follow.
    fn incoming(&self, twin: &str, after: Option<&Position>) -> Answer<(Vec<Arc<Relationship>>, bool)> {
        let graph = self.graph.read();
        let (_, node) = node(&graph, twin).ok_or_else(|| errors::twin_not_found(twin))?;
        let start = after.map_or(0, |(id, source)| {
            past(graph.incoming_position(&node.incoming, id, source))
        });
        Ok(page(node.incoming.get(start..), |slot| graph.relationship(slot)))
    }
}

/// The first place after the one found; a relationship deleted between two pages leaves its neighbours in place.
fn past(position: Result<usize, usize>) -> usize {
    position.map_or_else(|next| next, |at| at + 1)
}

fn page<'a>(
    slots: Option<&[Slot]>,
    get: impl Fn(Slot) -> Option<&'a Arc<Relationship>>,
) -> (Vec<Arc<Relationship>>, bool) {
    let mut rest = slots.unwrap_or_default().iter().filter_map(|slot| get(*slot));
    let items: Vec<_> = rest.by_ref().take(PAGE).map(Arc::clone).collect();
    (items, rest.next().is_some())
}

pub(super) fn list(service: &Instance, call: &Call<'_>, twin: &str) -> Answer<ServiceResponse> {
    service.check_twin_id(twin)?;
    let name = call
        .query_value("relationshipName")
        .filter(|name| !name.is_empty());
    let (items, more) = service.outgoing(twin, name, position(call)?.as_ref())?;
    let next_link = next_link(call, twin, "relationships", name, &items, more);
    let value = items.iter().map(|item| &**item).collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

pub(super) fn list_incoming(service: &Instance, call: &Call<'_>, twin: &str) -> Answer<ServiceResponse> {
    service.check_twin_id(twin)?;
    let (items, more) = service.incoming(twin, position(call)?.as_ref())?;
    let next_link = next_link(call, twin, "incomingrelationships", None, &items, more);
    let value = items
        .iter()
        .map(|relationship| Incoming { relationship, call })
        .collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

/// The entry of an incoming relationship: who points here, and where to read more.
struct Incoming<'a> {
    relationship: &'a Relationship,
    call: &'a Call<'a>,
}

impl Serialize for Incoming<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Relationship {
            id, source_id, name, ..
        } = self.relationship;
        let path = format!("/digitaltwins/{}/relationships/{}", encode(source_id), encode(id));
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("$relationshipId", &**id)?;
        map.serialize_entry("$sourceId", &**source_id)?;
        map.serialize_entry("$relationshipName", &**name)?;
        map.serialize_entry("$relationshipLink", &self.call.link(&path, &[]))?;
        map.end()
    }
}

fn next_link(
    call: &Call<'_>,
    twin: &str,
    list: &str,
    name: Option<&str>,
    items: &[Arc<Relationship>],
    more: bool,
) -> Option<String> {
    let last = items.last().filter(|_| more)?;
    let token = URL_SAFE_NO_PAD.encode(serde_json::json!([&*last.id, &*last.source_id]).to_string());
    let mut query = vec![("continuationToken", token.as_str())];
    query.extend(name.map(|name| ("relationshipName", name)));
    Some(call.link(&format!("/digitaltwins/{}/{list}", encode(twin)), &query))
}

fn position(call: &Call<'_>) -> Answer<Option<Position>> {
    let Some(token) = call.query_value("continuationToken") else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| errors::invalid_list_token())?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|_| errors::invalid_list_token())
}
