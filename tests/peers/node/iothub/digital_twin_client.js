'use strict';
// DigitalTwinClient: plug-and-play twins and commands.

const assert = require('node:assert');

const { CONNECTION_STRING, body, device, hub, registry } = require('../hub');
const { check, failure, run, watched } = require('../peer');

const twins = watched(new hub.DigitalTwinClient(new hub.IoTHubTokenCredentials(CONNECTION_STRING)));
const reg = registry();
const desired = async () => (await body(reg.getTwin('thing'))).properties.desired;

check('a device is played', async () => {
  await reg.create({ deviceId: 'thing' });
  await device('thing', 'connection', { connected: true });
  await device('thing', 'methods/reboot', { type: 'reply', status: 203, payload: { in: 5 } });
  // A command of a component arrives as a method of this name.
  await device('thing', 'methods/heater*echo', { type: 'echo', status: 200 });
});

check('get digital twin of a device without model', async () => {
  const twin = await twins.getDigitalTwin('thing');
  assert.deepStrictEqual([twin.$dtId, twin.$metadata.$model], ['thing', '']);
  assert.match(twin.eTag, /^"[A-Za-z0-9+/=]+"$/);
});

check('get digital twin that is missing is refused', async () => {
  const error = await failure(() => twins.getDigitalTwin('missing'));
  assert.strictEqual(error.statusCode, 404);
});

check('update digital twin', async () => {
  const answer = await twins.updateDigitalTwin('thing', [{ op: 'add', path: '/speed', value: 7 }]);
  assert.strictEqual((await desired()).speed, 7);
  assert.ok(answer.eTag && answer.location, JSON.stringify(answer));
});

check('update digital twin with its etag, and with a stale one', async () => {
  const { eTag } = await twins.getDigitalTwin('thing');
  const patch = [{ op: 'replace', path: '/speed', value: 8 }];
  await twins.updateDigitalTwin('thing', patch, eTag);
  const error = await failure(() => twins.updateDigitalTwin('thing', patch, eTag));
  assert.strictEqual(error.statusCode, 412);
});

check('invoke command', async () => {
  const answer = await twins.invokeCommand('thing', 'reboot', { delay: 1 });
  assert.deepStrictEqual(answer.body, { in: 5 });
  assert.strictEqual(answer.xMsCommandStatuscode, 203);
  assert.ok(answer.xMsRequestId);
});

check('invoke component command', async () => {
  const options = { connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 10 };
  const answer = await twins.invokeComponentCommand('thing', 'heater', 'echo', { level: 3 }, options);
  assert.deepStrictEqual(answer.body, { level: 3 });
});

check('invoke command of a missing device is refused', async () => {
  const error = await failure(() => twins.invokeCommand('missing', 'reboot', {}));
  assert.strictEqual(error.statusCode, 404);
});

run();
