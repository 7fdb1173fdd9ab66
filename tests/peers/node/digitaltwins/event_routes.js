'use strict';
// Digital Twins: event routes.

const assert = require('node:assert');

const { check, run } = require('../peer');
const { client, items, pages, refused } = require('../twins');

const TELEMETRY = "type = 'microsoft.iot.telemetry'";

check('list event routes of none', async () => {
  assert.deepStrictEqual(await items(client.listEventRoutes()), []);
});

check('upsert event route', async () => {
  await client.upsertEventRoute('first', 'endpoint', TELEMETRY);
  const { id, endpointName, filter } = await client.getEventRoute('first');
  assert.deepStrictEqual([id, endpointName, filter], ['first', 'endpoint', TELEMETRY]);
});

check('upsert event route that can not be is refused', async () => {
  await refused(() => client.upsertEventRoute('bad', 'unknown', TELEMETRY), 400, 'EventRouteEndpointInvalid');
  await refused(() => client.upsertEventRoute('bad', 'endpoint', 'type ='), 400, 'EventRouteFilterInvalid');
});

check('get event route that is missing is refused', () =>
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

check('delete event route', async () => {
  for (const name of ['first', 'second', 'third']) await client.deleteEventRoute(name);
  await refused(() => client.deleteEventRoute('first'), 404, 'EventRouteNotFound');
});

run();
