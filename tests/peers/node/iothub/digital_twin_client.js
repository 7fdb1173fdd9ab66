'use strict';
// DigitalTwinClient: plug-and-play twins and commands.

const assert = require('node:assert');

const { CONNECTION_STRING, body, device, hub, registry } = require('../hub');
const { check, failure, run, watched } = require('../peer');

const twins = watched(new hub.DigitalTwinClient(new hub.IoTHubTokenCredentials(CONNECTION_STRING)));
const reg = registry();
const desired = async () => (await body(reg.getTwin('thing'))).properties.desired;

check('a device is scripted', async () => {
  await reg.create({ deviceId: 'thing' });
  await device('thing', 'connection', { connected: true });
  await device('thing', 'methods/reboot', { type: 'reply', status: 203, payload: { in: 5 } });
  // A component command arrives as a direct method of this name.
  await device('thing', 'methods/heater*echo', { type: 'echo', status: 200 });
});

check('get digital twin of a device without model', async () => {
  const twin = await twins.getDigitalTwin('thing');
  assert.deepStrictEqual([twin.$dtId, twin.$metadata.$model], ['thing', '']);
});

check('get missing digital twin is refused', async () => {
  const error = await failure(() => twins.getDigitalTwin('missing'));
  assert.strictEqual(error.statusCode, 404);
});

/** Calls with a callback, because the promise does not give the response headers. */
const headers = (call) =>
  new Promise((resolve, reject) =>
    call((error, _result, response) => (error ? reject(error) : resolve(response.headers))),
  );

check('update digital twin', async () => {
  const patch = [{ op: 'add', path: '/speed', value: 7 }];
  assert.strictEqual(await twins.updateDigitalTwin('thing', patch), undefined);
  assert.strictEqual((await desired()).speed, 7);
});

check('update digital twin with its etag and with a stale one', async () => {
  const etag = (await headers((done) => twins.getDigitalTwin('thing', done))).get('etag');
  const patch = [{ op: 'replace', path: '/speed', value: 8 }];
  const response = await headers((done) => twins.updateDigitalTwin('thing', patch, etag, done));
  assert.notStrictEqual(response.get('etag'), etag);
  assert.match(response.get('etag'), /^"[A-Za-z0-9+/=]+"$/);
  assert.match(response.get('location'), /\/digitaltwins\/thing/);
  const error = await failure(() => twins.updateDigitalTwin('thing', patch, etag));
  assert.strictEqual(error.statusCode, 412);
});

check('get digital twin of a device with a model', async () => {
  const modelId = 'dtmi:peers:Thing;1';
  await device('thing', 'connection', { connected: true, modelId });
  await device('thing', 'reported', { level: 3, heater: { __t: 'c', warm: true } }, 'PATCH');
  const twin = await twins.getDigitalTwin('thing');
  assert.deepStrictEqual([twin.$metadata.$model, twin.level, twin.heater.warm], [modelId, 3, true]);
  assert.ok(twin.$metadata.level.lastUpdateTime);
  assert.strictEqual((await body(reg.getTwin('thing'))).modelId, modelId);
});

check('invoke command', async () => {
  const response = await twins.invokeCommand('thing', 'reboot', { delay: 1 });
  assert.deepStrictEqual(response.body, { in: 5 });
  assert.strictEqual(response.xMsCommandStatuscode, 203);
  assert.ok(response.xMsRequestId);
});

check('invoke component command', async () => {
  const options = { connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 10 };
  const response = await twins.invokeComponentCommand('thing', 'heater', 'echo', { level: 3 }, options);
  assert.deepStrictEqual(response.body, { level: 3 });
});

check('invoke command of a missing device is refused', async () => {
  const error = await failure(() => twins.invokeCommand('missing', 'reboot', {}));
  assert.strictEqual(error.statusCode, 404);
});

run();
