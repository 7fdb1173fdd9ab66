'use strict';
// The client's handling of throttling, errors and broken connections.

const assert = require('node:assert');

const { check, failure, faults, run } = require('../peer');
const { MODELS, client, room } = require('../twins');

const id = async () => (await client.getDigitalTwin('room')).body.$dtId;

check('a twin exists', async () => {
  await client.createModels(MODELS);
  await client.upsertDigitalTwin('room', room());
});

check('throttling with retry-after is retried', async () => {
  const action = { type: 'status', status: 429, retryAfterSeconds: 1 };
  assert.strictEqual(await faults(action, 2, id), 'room');
});

check('throttling without retry-after is an error', async () => {
  const error = await faults({ type: 'status', status: 429 }, 1, () => failure(id));
  assert.strictEqual(error.statusCode, 429);
  assert.match(error.response.bodyAsText, /Maximum request rate limit reached/);
});

check('a broken connection is retried', async () => {
  assert.strictEqual(await faults({ type: 'reset' }, 1, id), 'room');
});

run();
