//! Lists of the outgoing and incoming relationships of one twin, ten per page.

use std::sync::Arc;

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::digitaltwins::call::{Call, encode};
use crate::digitaltwins::errors::ServiceResult;
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::paging::{self, Page};
use crate::digitaltwins::rules::lookup::{self, check_twin_id};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::relationship::Relationship;
use crate::service::ServiceResponse;

/// Page size. These lists ignore `max-items-per-page`.
const PAGE: usize = 10;

/// Id and source of the last relationship on a page. Both lists are ordered by id, then source.
type Position = (String, String);

/// Returns one page of the outgoing relationships, optionally with one name only, and whether more follow.
fn outgoing(
    graph: &Graph,
    twin: &str,
    name: Option<&str>,
    after: Option<&Position>,
) -> ServiceResult<(Vec<Arc<Relationship>>, bool)> {
    let (_, node) = lookup::node(graph, twin)?;
    let start = after.map_or(0, |(id, _)| past(graph.outgoing_position(&node.outgoing, id)));
    let listed = node.outgoing.iter().skip(start);
    let listed = listed.map(|slot| graph.listed_relationship(*slot));
    Ok(page(
        listed.filter(|found| name.is_none_or(|name| *found.name == *name)),
    ))
}

/// Returns one page of the incoming relationships, and whether more follow.
fn incoming(
    graph: &Graph,
    twin: &str,
    after: Option<&Position>,
) -> ServiceResult<(Vec<Arc<Relationship>>, bool)> {
    let (_, node) = lookup::node(graph, twin)?;
    let start = after.map_or(0, |(id, source)| {
        past(graph.incoming_position(&node.incoming, id, source))
    });
    let listed = node.incoming.iter().skip(start);
    Ok(page(listed.map(|slot| graph.listed_relationship(*slot))))
}

/// Returns the index after the result of a binary search. If the relationship was deleted since the last page, that is
/// the index of its successor.
fn past(position: Result<usize, usize>) -> usize {
    position.map_or_else(|next| next, |at| at + 1)
}

fn page<'g>(mut rest: impl Iterator<Item = &'g Arc<Relationship>>) -> (Vec<Arc<Relationship>>, bool) {
    let items: Vec<_> = rest.by_ref().take(PAGE).map(Arc::clone).collect();
    (items, rest.next().is_some())
}

pub(super) fn list(session: &mut Session<'_>, call: &Call<'_>, twin: &str) -> ServiceResult<ServiceResponse> {
    check_twin_id(twin)?;
    let name = call
        .query_value("relationshipName")
        .filter(|name| !name.is_empty());
    let after = position(call)?;
    let (items, more) = outgoing(&session.graph.read(), twin, name, after.as_ref())?;
    let next_link = next_link(call, twin, "relationships", name, &items, more);
    let value = items.iter().map(|item| &**item).collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

pub(super) fn list_incoming(
    session: &mut Session<'_>,
    call: &Call<'_>,
    twin: &str,
) -> ServiceResult<ServiceResponse> {
    check_twin_id(twin)?;
    let after = position(call)?;
    let (items, more) = incoming(&session.graph.read(), twin, after.as_ref())?;
    let next_link = next_link(call, twin, "incomingrelationships", None, &items, more);
    let value = items
        .iter()
        .map(|relationship| Incoming { relationship, call })
        .collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

/// The list entry of an incoming relationship.
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
    let token = paging::write_token(vec![&*last.id, &*last.source_id]);
    let mut query = vec![("continuationToken", token.as_str())];
    query.extend(name.map(|name| ("relationshipName", name)));
    Some(call.link(&format!("/digitaltwins/{}/{list}", encode(twin)), &query))
}

fn position(call: &Call<'_>) -> ServiceResult<Option<Position>> {
    call.query_value("continuationToken")
        .map(paging::read_token)
        .transpose()
}
