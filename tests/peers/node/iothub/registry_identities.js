'use strict';
// Registry: device and module identities, single and in bulk, and statistics.

const assert = require('node:assert');

const { CONNECTION_STRING, HOST_NAME, KEYS, STALE, body, hub, refused, registry } = require('../hub');
const { check, credential, failure, run } = require('../peer');

const reg = registry();
// All punctuation that an identity may contain.
const ODD_ID = "dev:1.2+3%_#*?!(),=@$;'";

check('create keeps the keys', async () => {
  const device = await body(
    reg.create({ deviceId: 'sas', statusReason: 'new', authentication: { symmetricKey: KEYS } }),
  );
  assert.strictEqual(device.deviceId, 'sas');
  assert.strictEqual(device.authentication.type, 'sas');
  assert.deepStrictEqual({ ...device.authentication.symmetricKey }, KEYS);
  assert.deepStrictEqual([device.status, device.statusReason], ['enabled', 'new']);
  assert.ok(device.etag && device.generationId);
});

check('create generates keys if none are given', async () => {
  const device = await body(reg.create({ deviceId: 'generated' }));
  assert.match(device.authentication.symmetricKey.primaryKey, /^[A-Za-z0-9+/]{43}=$/);
});

check('create with thumbprints', async () => {
  const x509Thumbprint = { primaryThumbprint: 'A1'.repeat(20), secondaryThumbprint: 'B2'.repeat(20) };
  const device = await body(reg.create({ deviceId: 'x509', authentication: { x509Thumbprint } }));
  assert.strictEqual(device.authentication.type, 'selfSigned');
  assert.deepStrictEqual({ ...device.authentication.x509Thumbprint }, x509Thumbprint);
});

check('create with punctuation in the id', async () => {
  assert.strictEqual((await body(reg.create({ deviceId: ODD_ID }))).deviceId, ODD_ID);
  assert.strictEqual((await body(reg.get(ODD_ID))).deviceId, ODD_ID);
  await reg.delete(ODD_ID);
});

check('create existing device is refused', () =>
  refused(() => reg.create({ deviceId: 'sas' }), 'DeviceAlreadyExistsError', 409, 'DeviceAlreadyExists'),
);

check('create with short keys is refused', async () => {
  const keys = { primaryKey: 'c2hvcnQ=', secondaryKey: 'c2hvcnQ=' };
  const short = { deviceId: 'short', authentication: { symmetricKey: keys } };
  await refused(() => reg.create(short), 'ArgumentError', 400, 'ArgumentInvalid');
});

check('get of a missing device is refused with its id', async () => {
  const error = await refused(() => reg.get('missing'), 'DeviceNotFoundError', 404, 'DeviceNotFound');
  assert.match(error.message, /missing/);
});

check('get by callback', async () => {
  const device = await new Promise((resolve, reject) =>
    reg.get('sas', (error, found) => (error ? reject(error) : resolve(found))),
  );
  assert.strictEqual(device.deviceId, 'sas');
});

check('list returns every device', async () => {
  const ids = (await body(reg.list())).map((device) => device.deviceId);
  assert.deepStrictEqual(new Set(ids), new Set(['sas', 'generated', 'x509']));
});

check('update replaces whatever the etag', async () => {
  const before = await body(reg.get('sas'));
  // This client always sends `If-Match: "*"`; the ETag in the body is ignored.
  const changed = {
    deviceId: 'sas',
    status: 'disabled',
    etag: STALE,
    authentication: { symmetricKey: KEYS },
  };
  const after = await body(reg.update(changed));
  assert.deepStrictEqual([after.status, after.statusReason], ['disabled', null]);
  assert.notStrictEqual(after.etag, before.etag);
  assert.strictEqual(after.generationId, before.generationId);
});

check('update of a missing device is refused', () =>
  refused(() => reg.update({ deviceId: 'missing' }), 'DeviceNotFoundError', 404, 'DeviceNotFound'),
);

check('delete', async () => {
  await reg.delete('generated');
  await refused(() => reg.get('generated'), 'DeviceNotFoundError', 404, 'DeviceNotFound');
});

check('statistics count devices', async () => {
  const { totalDeviceCount, enabledDeviceCount, disabledDeviceCount } = await body(
    reg.getRegistryStatistics(),
  );
  assert.deepStrictEqual([totalDeviceCount, enabledDeviceCount, disabledDeviceCount], [2, 1, 1]);
});

check('add devices in bulk', async () => {
  const result = await body(
    reg.addDevices([
      { deviceId: 'bulk-1', status: 'enabled', authentication: { symmetricKey: KEYS } },
      { deviceId: 'bulk-2' },
    ]),
  );
  assert.deepStrictEqual([result.isSuccessful, result.errors], [true, []]);
  assert.deepStrictEqual({ ...(await body(reg.get('bulk-1'))).authentication.symmetricKey }, KEYS);
});

check('add devices reports the one that exists', async () => {
  const error = await failure(() => reg.addDevices([{ deviceId: 'bulk-1' }, { deviceId: 'bulk-3' }]));
  assert.deepStrictEqual([error.name, error.response.statusCode], ['ArgumentError', 400]);
  assert.strictEqual(error.response.headers.iothuberrorcode, 'BulkRegistryOperationFailure');
  // The failed entries; the others are created.
  const { isSuccessful, errors } = JSON.parse(error.responseBody);
  assert.strictEqual(isSuccessful, false);
  assert.deepStrictEqual(
    errors.map(({ deviceId, errorCode }) => [deviceId, errorCode]),
    [['bulk-1', 409001]],
  );
  assert.strictEqual((await body(reg.get('bulk-3'))).deviceId, 'bulk-3');
});

check('update devices in bulk', async () => {
  const changed = { deviceId: 'bulk-2', status: 'disabled', authentication: { symmetricKey: KEYS } };
  assert.strictEqual((await body(reg.updateDevices([changed], true))).isSuccessful, true);
  const { etag, status } = await body(reg.get('bulk-2'));
  assert.strictEqual(status, 'disabled');
  assert.strictEqual(
    (await body(reg.updateDevices([{ ...changed, status: 'enabled', etag }], false))).isSuccessful,
    true,
  );
  assert.strictEqual((await body(reg.get('bulk-2'))).status, 'enabled');
});

check('remove devices in bulk', async () => {
  assert.strictEqual((await body(reg.removeDevices([{ deviceId: 'bulk-1' }], true))).isSuccessful, true);
  const { etag } = await body(reg.get('bulk-2'));
  assert.strictEqual(
    (await body(reg.removeDevices([{ deviceId: 'bulk-2', etag }], false))).isSuccessful,
    true,
  );
  await refused(() => reg.get('bulk-2'), 'DeviceNotFoundError', 404, 'DeviceNotFound');
});

check('add module and get it', async () => {
  const added = await body(reg.addModule({ deviceId: 'x509', moduleId: 'part', managedBy: 'someone' }));
  assert.deepStrictEqual(
    [added.moduleId, added.managedBy, added.authentication.type],
    ['part', 'someone', 'sas'],
  );
  assert.strictEqual((await body(reg.getModule('x509', 'part'))).generationId, added.generationId);
});

check('add existing module is refused', () =>
  refused(
    () => reg.addModule({ deviceId: 'x509', moduleId: 'part' }),
    'DeviceAlreadyExistsError',
    409,
    'ModuleAlreadyExistsOnDevice',
  ),
);

check('get modules on device', async () => {
  await reg.create({ deviceId: 'edge', capabilities: { iotEdge: true } });
  const modules = await body(reg.getModulesOnDevice('edge'));
  assert.deepStrictEqual(
    new Set(modules.map((module) => module.moduleId)),
    new Set(['$edgeAgent', '$edgeHub']),
  );
});

check('update module with its etag', async () => {
  const { etag } = await body(reg.getModule('x509', 'part'));
  const changed = {
    deviceId: 'x509',
    moduleId: 'part',
    managedBy: 'other',
    etag,
    authentication: { type: 'sas', symmetricKey: KEYS },
  };
  assert.strictEqual((await body(reg.updateModule({ ...changed }, false))).managedBy, 'other');
  await refused(() => reg.updateModule({ ...changed }, false), 'InvalidEtagError', 412, 'PreconditionFailed');
  assert.strictEqual(
    (await body(reg.updateModule({ ...changed, managedBy: 'third' }, true))).managedBy,
    'third',
  );
});

check('remove module', async () => {
  await reg.removeModule('x509', 'part');
  // This client has no error class for a 404 with another code.
  await refused(() => reg.getModule('x509', 'part'), 'Error', 404, 'ModuleNotFound');
});

check('a token credential is accepted', async () => {
  const withToken = hub.Registry.fromTokenCredential(HOST_NAME, credential);
  assert.strictEqual((await body(withToken.get('sas'))).deviceId, 'sas');
  assert.deepStrictEqual(new Set(credential.scopes), new Set(['https://iothubs.azure.net/.default']));
});

check('a shared access signature is accepted', async () => {
  const { SharedAccessKeyName, SharedAccessKey } = hub.ConnectionString.parse(CONNECTION_STRING);
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const signature = hub.SharedAccessSignature.create(HOST_NAME, SharedAccessKeyName, SharedAccessKey, expiry);
  const signed = hub.Registry.fromSharedAccessSignature(signature.toString());
  assert.strictEqual((await body(signed.get('sas'))).deviceId, 'sas');
});

check('an expired shared access signature is refused', async () => {
  const { SharedAccessKeyName, SharedAccessKey } = hub.ConnectionString.parse(CONNECTION_STRING);
  const signature = hub.SharedAccessSignature.create(
    HOST_NAME,
    SharedAccessKeyName,
    SharedAccessKey,
    1_600_000_000,
  );
  const signed = hub.Registry.fromSharedAccessSignature(signature.toString());
  await refused(() => signed.get('sas'), 'UnauthorizedError', 401, 'IotHubUnauthorizedAccess');
});

check('a wrong key is refused', async () => {
  const wrong = CONNECTION_STRING.replace(/SharedAccessKey=[^;]*/, `SharedAccessKey=${KEYS.primaryKey}`);
  const stranger = hub.Registry.fromConnectionString(wrong);
  await refused(() => stranger.get('sas'), 'UnauthorizedError', 401, 'IotHubUnauthorizedAccess');
});

run();
