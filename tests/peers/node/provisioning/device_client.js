'use strict';
// ProvisioningDeviceClient over HTTPS with symmetric keys.

const assert = require('node:assert');

const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
const { Http } = require('azure-iot-provisioning-device-http');
const { SymmetricKeySecurityClient } = require('azure-iot-security-symmetric-key');

const { HOST_NAME, ID_SCOPE, KEYS, body, derived, service, symmetricKey } = require('../dps');
const { check, failure, run } = require('../peer');

const dps = service();

/** Registers a device and returns the result, or fails. */
function register(registrationId, key, payload) {
  const security = new SymmetricKeySecurityClient(registrationId, key);
  const client = ProvisioningDeviceClient.create(HOST_NAME, ID_SCOPE, new Http(), security);
  if (payload) client.setProvisioningPayload(payload);
  return client.register();
}

check('device with a key is assigned', async () => {
  await dps.createOrUpdateIndividualEnrollment({
    registrationId: 'one',
    deviceId: 'pump-1',
    attestation: symmetricKey(),
  });
  const result = await register('one', KEYS.primaryKey);
  assert.strictEqual(result.status, 'assigned');
  assert.strictEqual(result.deviceId, 'pump-1');
  assert.strictEqual(result.assignedHub, 'emulator.azure-devices.net');
  assert.strictEqual((await register('one', KEYS.secondaryKey)).deviceId, 'pump-1');
});

check('service sees and deletes the registration', async () => {
  const state = await body(dps.getDeviceRegistrationState('one'));
  assert.strictEqual(state.status, 'assigned');
  assert.strictEqual(state.substatus, 'reprovisionedToInitialAssignment');
  await dps.deleteDeviceRegistrationState(state);
  assert.strictEqual((await register('one', KEYS.primaryKey)).substatus, 'initialAssignment');
});

check('device with a derived key is assigned', async () => {
  await dps.createOrUpdateEnrollmentGroup({ enrollmentGroupId: 'line', attestation: symmetricKey() });
  const result = await register('sn-007', derived('sn-007'), { model: 7 });
  assert.strictEqual(result.deviceId, 'sn-007');
  const query = dps.createEnrollmentGroupDeviceRegistrationStateQuery({ query: '*' }, 'line', 10);
  assert.deepStrictEqual(
    (await body(query.next())).map((row) => row.registrationId),
    ['sn-007'],
  );
});

check('wrong key is unauthorized', async () => {
  for (const [id, key] of [
    ['one', derived('one')],
    ['sn-008', derived('sn-007')],
  ]) {
    const error = await failure(() => register(id, key));
    assert.strictEqual(error.name, 'UnauthorizedError');
  }
});

check('disabled enrollment assigns nothing', async () => {
  await dps.createOrUpdateIndividualEnrollment({
    registrationId: 'off',
    attestation: symmetricKey(),
    provisioningStatus: 'disabled',
  });
  const error = await failure(() => register('off', KEYS.primaryKey));
  assert.strictEqual(error.result.status, 'disabled');
});

run();
