'use strict';
// Registry: import and export jobs.

const assert = require('node:assert');

const { KEYS, body, refused, registry } = require('../hub');
const { EMULATOR, check, failure, run, until } = require('../peer');

const reg = registry();
/** Returns the URI of a container that the emulator serves. */
const container = (name) =>
  `${(EMULATOR.iothub.blobEndpoint ?? 'https://localhost').replace(/\/$/, '')}/${name}`;
const over = ({ jobId }) =>
  until(async () => {
    const job = await reg.getJob(jobId);
    return ['completed', 'failed', 'cancelled'].includes(job.status) && job;
  });

check('export devices to blob', async () => {
  await reg.create({ deviceId: 'one', authentication: { symmetricKey: KEYS } });
  const job = await reg.exportDevicesToBlob(container('exported'), false);
  assert.deepStrictEqual([job.type, job.status], ['export', 'enqueued']);
  const { status, progress } = await over(job);
  assert.deepStrictEqual([status, progress], ['completed', 100]);
});

check('import devices from blob', async () => {
  await reg.delete('one');
  const job = await reg.importDevicesFromBlob(container('exported'), container('log'));
  assert.deepStrictEqual([job.type, (await over(job)).status], ['import', 'completed']);
  assert.deepStrictEqual({ ...(await body(reg.get('one'))).authentication.symmetricKey }, KEYS);
});

check('export devices to blob by identity', async () => {
  const job = await reg.exportDevicesToBlobByIdentity(container('exported-again'), true);
  assert.strictEqual((await over(job)).status, 'completed');
});

check('import devices from blob by identity', async () => {
  const job = await reg.importDevicesFromBlobByIdentity(container('exported'), container('log'));
  assert.strictEqual((await over(job)).status, 'completed');
});

check('list jobs', async () => {
  const jobs = await body(reg.listJobs());
  assert.deepStrictEqual(jobs.map(({ type }) => type).sort(), ['export', 'export', 'import', 'import']);
});

check('get missing job is refused', () =>
  refused(() => reg.getJob('missing'), 'Error', 404, 'JobNotFound'),
);

check('cancel missing job is refused', async () => {
  // The service returns 500, too.
  const error = await failure(() => reg.cancelJob('missing'));
  assert.strictEqual(error.response.statusCode, 500);
});

check('cancel job', async () => {
  const job = await reg.exportDevicesToBlob(container('exported'), false);
  await reg.cancelJob(job.jobId);
  assert.match((await over(job)).status, /^(cancelled|completed)$/);
});

run();
