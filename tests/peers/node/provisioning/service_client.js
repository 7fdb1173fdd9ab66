'use strict';
// ProvisioningServiceClient: enrollments, bulk requests, queries.

const assert = require('node:assert');

const { ProvisioningServiceClient } = require('azure-iot-provisioning-service');

const { HOST_NAME, KEYS, body, refused, service, symmetricKey } = require('../dps');
const { check, credential, run } = require('../peer');

const dps = service();
const individual = (registrationId, members) => ({ registrationId, attestation: symmetricKey(), ...members });
const group = (enrollmentGroupId, members) => ({ enrollmentGroupId, attestation: symmetricKey(), ...members });

/** Returns all rows of a query, page by page. */
async function rows(query) {
  const found = [];
  while (query.hasMoreResults) {
    // Without an argument, the promise form of `next` requests the first page again.
    found.push(...(await body(query.next(query.continuationToken))));
  }
  return found;
}

/** Runs a bulk request. The promise form of the client's method never settles. */
const bulk = (operation) =>
  new Promise((resolve, reject) => {
    dps.runBulkEnrollmentOperation(operation, (error, result) => (error ? reject(error) : resolve(result)));
  });

check('individual enrollment is created with its keys', async () => {
  const members = {
    deviceId: 'pump-1',
    initialTwin: { tags: { floor: 1 }, properties: { desired: { interval: 5 } } },
    capabilities: { iotEdge: true },
  };
  const created = await body(dps.createOrUpdateIndividualEnrollment(individual('one', members)));
  assert.deepStrictEqual(created.attestation.symmetricKey, KEYS);
  assert.strictEqual(created.deviceId, 'pump-1');
  assert.strictEqual(created.provisioningStatus, 'enabled');
  assert.deepStrictEqual(created.initialTwin, members.initialTwin);
  assert.ok(created.etag && created.createdDateTimeUtc);
});

check('keys are generated and read only with the attestation mechanism', async () => {
  const attestation = { type: 'symmetricKey' };
  const created = await body(dps.createOrUpdateIndividualEnrollment(individual('two', { attestation })));
  assert.match(created.attestation.symmetricKey.primaryKey, /^[A-Za-z0-9+/]{86}==$/);
  const read = await body(dps.getIndividualEnrollment('two'));
  assert.strictEqual(read.attestation.symmetricKey, undefined);
  const mechanism = await body(dps.getIndividualEnrollmentAttestationMechanism('two'));
  assert.deepStrictEqual(mechanism.symmetricKey, created.attestation.symmetricKey);
});

check('update needs the current etag', async () => {
  const first = await body(dps.getIndividualEnrollment('one'));
  const change = (etag) => individual('one', { etag, provisioningStatus: 'disabled' });
  const second = await body(dps.createOrUpdateIndividualEnrollment(change(first.etag)));
  assert.strictEqual(second.provisioningStatus, 'disabled');
  assert.notStrictEqual(second.etag, first.etag);
  await refused(() => dps.createOrUpdateIndividualEnrollment(change(first.etag)), 412, 412001);
});

check('missing enrollment is refused', async () => {
  await refused(() => dps.getIndividualEnrollment('nobody'), 404, 404201);
  await refused(() => dps.getEnrollmentGroup('nobody'), 404, 404204);
  await refused(() => dps.getDeviceRegistrationState('nobody'), 404, 404202);
  await refused(() => dps.deleteDeviceRegistrationState('nobody'), 404, 404202);
});

check('enrollment group is created, read and its keys are read', async () => {
  const created = await body(dps.createOrUpdateEnrollmentGroup(group('line')));
  assert.strictEqual(created.enrollmentGroupId, 'line');
  const read = await body(dps.getEnrollmentGroup('line'));
  assert.strictEqual(read.etag, created.etag);
  const mechanism = await body(dps.getEnrollmentGroupAttestationMechanism('line'));
  assert.deepStrictEqual(mechanism.symmetricKey, KEYS);
});

check('bulk request creates and deletes', async () => {
  const enrollments = [individual('bulk-1'), individual('bulk-2')];
  const created = await bulk({ mode: 'create', enrollments });
  assert.deepStrictEqual(created, { isSuccessful: true, errors: [] });
  const again = await bulk({ mode: 'create', enrollments });
  assert.strictEqual(again.isSuccessful, false);
  assert.deepStrictEqual(
    again.errors.map((error) => [error.registrationId, error.errorCode]),
    [
      ['bulk-1', 409201],
      ['bulk-2', 409201],
    ],
  );
  const deleted = await bulk({ mode: 'delete', enrollments });
  assert.strictEqual(deleted.isSuccessful, true);
});

check('queries return all pages', async () => {
  for (const number of [1, 2, 3]) await dps.createOrUpdateEnrollmentGroup(group(`page-${number}`));
  const groups = await rows(dps.createEnrollmentGroupQuery({ query: 'SELECT * FROM enrollmentGroups' }, 2));
  assert.deepStrictEqual(
    groups.map((row) => row.enrollmentGroupId),
    ['line', 'page-1', 'page-2', 'page-3'],
  );
  const enrollments = await rows(dps.createIndividualEnrollmentQuery({ query: '*' }, 1));
  assert.deepStrictEqual(
    enrollments.map((row) => row.registrationId),
    ['one', 'two'],
  );
  const states = dps.createEnrollmentGroupDeviceRegistrationStateQuery({ query: '*' }, 'line', 10);
  assert.deepStrictEqual(await rows(states), []);
});

check('token credential has the scope of the service', async () => {
  const client = ProvisioningServiceClient.fromTokenCredential(HOST_NAME, credential);
  assert.strictEqual((await body(client.getEnrollmentGroup('line'))).enrollmentGroupId, 'line');
  assert.deepStrictEqual(credential.scopes, ['https://azure-devices-provisioning.net/.default']);
});

check('enrollments are deleted by id, etag and object', async () => {
  await refused(() => dps.deleteIndividualEnrollment('one', '"stale"'), 412, 412001);
  await dps.deleteIndividualEnrollment('one');
  await dps.deleteIndividualEnrollment(await body(dps.getIndividualEnrollment('two')));
  const { etag } = await body(dps.getEnrollmentGroup('line'));
  await dps.deleteEnrollmentGroup('line', etag);
  await refused(() => dps.deleteEnrollmentGroup('line'), 404, 404204);
});

run();
