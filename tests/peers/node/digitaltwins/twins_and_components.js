'use strict';
// Digital Twins: twins, their components, telemetry.

const assert = require('node:assert');

const { check, credential, failure, run } = require('../peer');
const { IS_FIRST_VERSION, MODELS, ROOM, STALE, client, refused, room } = require('../twins');

// All punctuation that an id may contain.
const ODD_ID = "dtmi:odd:id;1+3%_#*?!(),=@$'";
const MISSING = [404, 'DigitalTwinNotFound'];

check('models exist', async () => {
  assert.strictEqual((await client.createModels(MODELS)).length, 3);
});

check('upsert digital twin creates', async () => {
  const twin = await client.upsertDigitalTwin('room', room({ temperature: 20.5, name: 'Hall' }));
  assert.deepStrictEqual([twin.body.$dtId, twin.body.temperature, twin.body.name], ['room', 20.5, 'Hall']);
  assert.strictEqual(twin.body.$metadata.$model, ROOM);
  assert.strictEqual(twin.etag, twin.body.$etag);
});

check('upsert digital twin replaces', async () => {
  const { body } = await client.upsertDigitalTwin('room', room({ temperature: 21 }));
  assert.deepStrictEqual([body.temperature, body.name], [21, undefined]);
});

check('upsert digital twin with if-none-match refuses to overwrite', () =>
  refused(() => client.upsertDigitalTwin('room', room(), { ifNoneMatch: '*' }), 412, 'PreconditionFailed'),
);

check('upsert digital twin with punctuation in its id', async () => {
  assert.strictEqual((await client.upsertDigitalTwin(ODD_ID, room())).body.$dtId, ODD_ID);
  assert.strictEqual((await client.getDigitalTwin(ODD_ID)).body.$dtId, ODD_ID);
  await client.deleteDigitalTwin(ODD_ID);
});

check('upsert digital twin that does not match its model is refused', async () => {
  for (const properties of [{ temperature: 'warm' }, { unknown: 1 }, { sensor: undefined }]) {
    await refused(() => client.upsertDigitalTwin('bad', room(properties)), 400, 'ValidationFailed');
  }
});

check('get digital twin', async () => {
  assert.strictEqual((await client.getDigitalTwin('room')).body.temperature, 21);
  await refused(() => client.getDigitalTwin('missing'), ...MISSING);
});

check('update digital twin', async () => {
  const { etag } = await client.getDigitalTwin('room');
  const patch = [
    { op: 'add', path: '/name', value: 'Foyer' },
    { op: 'replace', path: '/temperature', value: 19.25 },
  ];
  const updated = await client.updateDigitalTwin('room', patch, { ifMatch: etag });
  assert.ok(updated.etag && updated.etag !== etag);
  const { body } = await client.getDigitalTwin('room');
  assert.deepStrictEqual([body.name, body.temperature, body.$etag], ['Foyer', 19.25, updated.etag]);
  await refused(() => client.updateDigitalTwin('room', patch, { ifMatch: etag }), 412, 'PreconditionFailed');
  await refused(
    () => client.updateDigitalTwin('room', [{ op: 'remove', path: '/x' }]),
    400,
    'JsonPatchInvalid',
  );
});

check('get component', async () => {
  assert.ok((await client.getComponent('room', 'sensor')).body.$metadata);
  await refused(() => client.getComponent('room', 'missing'), 404, 'ComponentNotFound');
});

check('update component', async () => {
  const patch = [{ op: 'add', path: '/unit', value: 'C' }];
  assert.ok((await client.updateComponent('room', 'sensor', patch)).etag);
  assert.strictEqual((await client.getComponent('room', 'sensor')).body.unit, 'C');
  await refused(() => client.updateComponent('room', 'sensor', patch, STALE), 412, 'PreconditionFailed');
});

check('publish telemetry', async () => {
  // Release 1.0 swaps the payload and the message id here, too.
  const publish = (id, payload, messageId) =>
    IS_FIRST_VERSION
      ? client.publishTelemetry(id, messageId || 'message-0', payload)
      : client.publishTelemetry(id, payload, messageId);
  await publish('room', { noise: 3 }, 'message-1');
  await publish('room', { noise: 3 }, '');
  await refused(() => publish('missing', { noise: 3 }, ''), ...MISSING);
});

check('publish component telemetry', async () => {
  // This client swaps the payload and the message id: the string is sent as the id, and the id as the payload.
  const publish = (component) =>
    client.publishComponentTelemetry('room', component, 'message-2', { value: 1.5 });
  await publish('sensor');
  await refused(() => publish('missing'), 404, 'ComponentNotFound');
});

check('delete digital twin', async () => {
  await refused(() => client.deleteDigitalTwin('room', STALE), 412, 'PreconditionFailed');
  const { etag } = await client.getDigitalTwin('room');
  await client.deleteDigitalTwin('room', { ifMatch: etag });
  await refused(() => client.deleteDigitalTwin('room'), ...MISSING);
});

check('the client requests a token for the service', () => {
  assert.deepStrictEqual(new Set(credential.scopes), new Set(['https://digitaltwins.azure.net/.default']));
});

check('a token for another audience is refused', async () => {
  const { DigitalTwinsClient } = require('@azure/digital-twins-core');
  const { EMULATOR } = require('../peer');
  const claims = { aud: 'https://iothubs.azure.net', exp: Math.floor(Date.now() / 1000) + 3600 };
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => JSON.stringify(part));
  const token = [...parts, 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const stranger = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600 * 1000 }) };
  const error = await failure(() =>
    new DigitalTwinsClient(EMULATOR.digitaltwins.endpoint, stranger).getDigitalTwin('room'),
  );
  assert.strictEqual(error.statusCode, 401);
});

run();
