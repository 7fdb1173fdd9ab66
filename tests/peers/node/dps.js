'use strict';
// Helpers of the scenarios of the provisioning clients.

const assert = require('node:assert');
const crypto = require('node:crypto');

const { ProvisioningServiceClient } = require('azure-iot-provisioning-service');

const { EMULATOR, failure, watched } = require('./peer');

// These clients accept no port, so the emulator listens on the port of the real service.
const CONNECTION_STRING = EMULATOR.provisioning.connectionString;
const HOST_NAME = /HostName=([^;]*)/.exec(CONNECTION_STRING)[1];
const ID_SCOPE = EMULATOR.provisioning.idScope;
// Base64 of 32 bytes.
const KEYS = {
  primaryKey: 'Zmlyc3Qga2V5IG9mIGFuIGVucm9sbG1lbnQgaW4gYSA=',
  secondaryKey: 'c2Vjb25kIGtleSBvZiBhbiBlbnJvbGxtZW50IGluIGE=',
};

const service = () => watched(ProvisioningServiceClient.fromConnectionString(CONNECTION_STRING));

/** The body of a call's response. */
const body = async (promise) => (await promise).responseBody;

/** An attestation with the keys above. */
const symmetricKey = () => ({ type: 'symmetricKey', symmetricKey: { ...KEYS } });

/** Derives the key of a device from the primary key of its group. */
const derived = (registrationId) =>
  crypto
    .createHmac('sha256', Buffer.from(KEYS.primaryKey, 'base64'))
    .update(registrationId)
    .digest('base64');

/** Asserts that a call fails with a status and the service's error code, and returns the error. */
async function refused(call, status, code) {
  const error = await failure(call);
  assert.strictEqual(error.response?.statusCode, status, String(error));
  const details = JSON.parse(error.responseBody);
  assert.strictEqual(details.errorCode, code);
  assert.ok(details.message && details.trackingId && details.timestampUtc, error.responseBody);
  return error;
}

module.exports = { CONNECTION_STRING, HOST_NAME, ID_SCOPE, KEYS, body, derived, refused, service, symmetricKey };
