'use strict';
// The client's handling of throttling, errors and broken connections: it does not retry.

const assert = require('node:assert');

const { body, refused, registry } = require('../hub');
const { check, failure, faults, run } = require('../peer');

const reg = registry();

check('a device exists', () => reg.create({ deviceId: 'device' }));

for (const [status, name, code] of [
  [429, 'ThrottlingError', 'ThrottlingException'],
  [500, 'InternalServerError', 'ServerError'],
  [503, 'ServiceUnavailableError', 'ServiceUnavailable'],
  [504, 'GatewayTimeoutError', 'GatewayTimeout'],
]) {
  check(`status ${status} has an error class of its own`, () =>
    faults({ type: 'status', status }, 1, () => refused(() => reg.get('device'), name, status, code)),
  );
}

check('a broken connection is an error', async () => {
  const error = await faults({ type: 'reset' }, 1, () => failure(() => reg.get('device')));
  assert.strictEqual(error.code, 'ECONNRESET');
  assert.strictEqual((await body(reg.get('device'))).deviceId, 'device');
});

run();
