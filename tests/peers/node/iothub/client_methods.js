'use strict';
// Client: direct methods.

const assert = require('node:assert');

const { CONNECTION_STRING, HOST_NAME, device, hub, refused, registry } = require('../hub');
const { check, credential, failure, run, watched } = require('../peer');

const client = watched(hub.Client.fromConnectionString(CONNECTION_STRING));
const reg = registry();
const call = async (...args) => (await client.invokeDeviceMethod(...args)).result;

check('devices are scripted', async () => {
  for (const deviceId of ['online', 'offline']) await reg.create({ deviceId });
  await reg.addModule({ deviceId: 'online', moduleId: 'part' });
  await device('online', 'connection', { connected: true });
  await device('online', 'methods/reboot', { type: 'reply', status: 202, payload: { in: 5 } });
  await device('online', 'methods/echo', { type: 'echo', status: 200 });
  await device('online', 'modules/part/connection', { connected: true });
  await device('online', 'modules/part/methods/echo', { type: 'echo', status: 418 });
});

check('invoke device method', async () => {
  assert.deepStrictEqual(await call('online', { methodName: 'reboot', payload: { delay: 1 } }), {
    status: 202,
    payload: { in: 5 },
  });
});

check('invoke device method passes any payload', async () => {
  for (const payload of [{ a: [1, null] }, 'text', 1.5, [1, 'x'], null]) {
    assert.deepStrictEqual(await call('online', { methodName: 'echo', payload }), { status: 200, payload });
  }
});

check('invoke device method of a module', async () => {
  const result = await call('online', 'part', { methodName: 'echo', payload: { a: 1 } });
  assert.deepStrictEqual(result, { status: 418, payload: { a: 1 } });
});

check('invoke device method of an offline device is refused', async () => {
  const error = await refused(() => call('offline', { methodName: 'echo' }), 'Error', 404, 'DeviceNotOnline');
  assert.strictEqual(JSON.parse(JSON.parse(error.responseBody).Message).errorCode, 404103);
});

check('invoke device method of a missing device is refused', async () => {
  const error = await failure(() => call('missing', { methodName: 'echo' }));
  assert.strictEqual(error.response.statusCode, 404);
  assert.strictEqual(JSON.parse(JSON.parse(error.responseBody).Message).errorCode, 404001);
});

check('invoke device method with too short a timeout is refused', () =>
  refused(
    () => call('online', { methodName: 'echo', responseTimeoutInSeconds: 1 }),
    'ArgumentError',
    400,
    'ArgumentInvalid',
  ),
);

check('a token credential is accepted', async () => {
  const withToken = hub.Client.fromTokenCredential(HOST_NAME, credential);
  const { result } = await withToken.invokeDeviceMethod('online', { methodName: 'echo', payload: 7 });
  assert.deepStrictEqual(result, { status: 200, payload: 7 });
});

run();
