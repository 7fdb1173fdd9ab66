'use strict';
// JobClient: scheduled jobs.

const assert = require('node:assert');

const { CONNECTION_STRING, HOST_NAME, device, hub, refused, registry } = require('../hub');
const { check, credential, run, until, watched } = require('../peer');

const jobs = watched(hub.JobClient.fromConnectionString(CONNECTION_STRING));
const reg = registry();
const ALL = "deviceId IN ['one', 'two']";
const over = (jobId) =>
  until(async () => {
    const { jobStatus } = await jobs.getJob(jobId);
    return ['completed', 'failed', 'cancelled'].includes(jobStatus.status) && jobStatus;
  });

check('two devices exist', async () => {
  for (const deviceId of ['one', 'two']) await reg.create({ deviceId });
});

check('schedule twin update', async () => {
  const { jobStatus } = await jobs.scheduleTwinUpdate(
    'paint',
    ALL,
    { etag: '*', tags: { colour: 'red' } },
    new Date(),
    300,
  );
  assert.deepStrictEqual([jobStatus.jobId, jobStatus.type], ['paint', 'scheduleUpdateTwin']);
  const { status, deviceJobStatistics } = await over('paint');
  assert.deepStrictEqual([status, deviceJobStatistics.succeededCount], ['completed', 2]);
  assert.deepStrictEqual((await reg.getTwin('two')).responseBody.tags, { colour: 'red' });
});

check('schedule twin update without a start time', async () => {
  await jobs.scheduleTwinUpdate('at-once', ALL, { etag: '*', tags: { size: 1 } });
  assert.strictEqual((await over('at-once')).status, 'completed');
});

check('schedule existing job is refused', () =>
  refused(
    () => jobs.scheduleTwinUpdate('paint', ALL, { etag: '*', tags: {} }, new Date(), 300),
    'DeviceAlreadyExistsError',
    409,
    'JobAlreadyExists',
  ),
);

check('schedule device method', async () => {
  await device('one', 'connection', { connected: true });
  await device('one', 'methods/reboot', { type: 'reply', status: 200, payload: 1 });
  const method = { methodName: 'reboot', payload: { a: 1 }, responseTimeoutInSeconds: 10 };
  await jobs.scheduleDeviceMethod('restart', ALL, method, new Date(), 300);
  const { deviceCount, succeededCount, failedCount } = (await over('restart')).deviceJobStatistics;
  // The second device is offline.
  assert.deepStrictEqual([deviceCount, succeededCount, failedCount], [2, 1, 1]);
});

check('get missing job has status unknown', async () => {
  const { jobStatus } = await jobs.getJob('missing');
  assert.deepStrictEqual([jobStatus.type, jobStatus.status], ['unknown', 'unknown']);
});

check('cancel job', async () => {
  const later = new Date(Date.now() + 3600 * 1000);
  await jobs.scheduleTwinUpdate('later', ALL, { etag: '*', tags: { colour: 'blue' } }, later, 300);
  assert.strictEqual((await jobs.cancelJob('later')).jobStatus.status, 'cancelled');
});

check('cancel missing job is refused', () =>
  refused(() => jobs.cancelJob('missing'), 'Error', 404, 'JobNotFound'),
);

check('query jobs page by page', async () => {
  const query = watched(jobs.createQuery('scheduleUpdateTwin', undefined, 2));
  const found = [];
  do {
    const { result } = await query.next(query.continuationToken);
    assert.ok(result.length <= 2, 'the page has more than two jobs');
    found.push(...result);
  } while (query.hasMoreResults);
  assert.deepStrictEqual(found.map(({ jobId }) => jobId).sort(), ['at-once', 'later', 'paint']);
});

check('a token credential is accepted', async () => {
  const withToken = hub.JobClient.fromTokenCredential(HOST_NAME, credential);
  assert.strictEqual((await withToken.getJob('missing')).jobStatus.status, 'unknown');
});

run();
