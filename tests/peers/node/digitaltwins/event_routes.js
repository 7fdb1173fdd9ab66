'use strict';
// Digital Twins: event routes and their events.

const assert = require('node:assert');
const http = require('node:http');

const { check, run, until } = require('../peer');
const { MODELS, client, items, pages, refused, room } = require('../twins');

const received = [];
http
  .createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      received.push(JSON.parse(text));
      response.end();
    });
  })
  .listen(Number(process.env.PEERS_WEBHOOK_PORT), '127.0.0.1');

const TELEMETRY = "type = 'microsoft.iot.telemetry'";

check('list event routes of a new instance is empty', async () => {
  assert.deepStrictEqual(await items(client.listEventRoutes()), []);
});

check('upsert event route', async () => {
  await client.upsertEventRoute('first', 'endpoint', TELEMETRY);
  const { id, endpointName, filter } = await client.getEventRoute('first');
  assert.deepStrictEqual([id, endpointName, filter], ['first', 'endpoint', TELEMETRY]);
});

check('upsert event route with unknown endpoint or invalid filter is refused', async () => {
  await refused(() => client.upsertEventRoute('bad', 'unknown', TELEMETRY), 400, 'EventRouteEndpointInvalid');
  await refused(() => client.upsertEventRoute('bad', 'endpoint', 'type ='), 400, 'EventRouteFilterInvalid');
});

check('get missing event route is refused', () =>
  refused(() => client.getEventRoute('missing'), 404, 'EventRouteNotFound'),
);

check('list event routes page by page', async () => {
  for (const name of ['second', 'third']) await client.upsertEventRoute(name, 'endpoint', 'true');
  const found = await pages(client.listEventRoutes(), { maxPageSize: 2 });
  assert.ok(found.length >= 2 && found.every((page) => page.length <= 2), JSON.stringify(found));
  assert.deepStrictEqual(
    found
      .flat()
      .map(({ id }) => id)
      .sort(),
    ['first', 'second', 'third'],
  );
});

check('relationship events are posted to the webhook', async () => {
  const filter =
    "type = 'Microsoft.DigitalTwins.Relationship.Create' OR type = 'Microsoft.DigitalTwins.Relationship.Delete'";
  for (const name of ['second', 'third']) await client.upsertEventRoute(name, 'endpoint', 'false');
  await client.upsertEventRoute('first', 'endpoint', filter);
  await client.createModels(MODELS);
  for (const id of ['a', 'b']) await client.upsertDigitalTwin(id, room());
  await client.upsertRelationship('a', 'door', { $relationshipName: 'leadsTo', $targetId: 'b', width: 90 });
  await client.deleteRelationship('a', 'door');
  await until(() => received.length >= 2);
  assert.deepStrictEqual(
    received.map(({ type }) => type.split('.').pop()),
    ['Create', 'Delete'],
  );
  const [{ subject, data }] = received;
  assert.strictEqual(subject, 'a/relationships/door');
  assert.deepStrictEqual([data.$sourceId, data.$targetId, data.width], ['a', 'b', 90]);
});

check('delete event route', async () => {
  for (const name of ['first', 'second', 'third']) await client.deleteEventRoute(name);
  await refused(() => client.deleteEventRoute('first'), 404, 'EventRouteNotFound');
});

run();
