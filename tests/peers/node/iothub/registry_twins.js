'use strict';
// Registry, Twin and Query: twins and queries.

const assert = require('node:assert');

const { STALE, body, refused, registry } = require('../hub');
const { check, run, watched } = require('../peer');

const reg = registry();
const desired = (twin) =>
  Object.fromEntries(Object.entries(twin.properties.desired).filter(([name]) => name[0] !== '$'));
const query = (text, size) => watched(reg.createQuery(text, size));

check('five devices exist', async () => {
  for (let at = 0; at < 5; at += 1) await reg.create({ deviceId: `device-${at}` });
  await reg.addModule({ deviceId: 'device-0', moduleId: 'part' });
});

check('get twin of a new device', async () => {
  const twin = await body(reg.getTwin('device-0'));
  assert.deepStrictEqual([twin.deviceId, twin.etag, twin.version], ['device-0', 'AAAAAAAAAAE=', 2]);
  assert.deepStrictEqual([twin.properties.desired.$version, twin.properties.reported.$version], [1, 1]);
});

check('get missing twin is refused', () =>
  refused(() => reg.getTwin('missing'), 'DeviceNotFoundError', 404, 'DeviceNotFound'),
);

check('update twin merges', async () => {
  await reg.updateTwin(
    'device-0',
    { tags: { floor: 1, room: 'A' }, properties: { desired: { a: { b: 1, c: 2 } } } },
    '*',
  );
  const patch = { tags: { room: null }, properties: { desired: { a: { c: null } } } };
  const twin = await body(reg.updateTwin('device-0', patch, '*'));
  assert.deepStrictEqual(twin.tags, { floor: 1 });
  assert.deepStrictEqual(desired(twin), { a: { b: 1 } });
});

check('update twin with its etag and with a stale one', async () => {
  const { etag } = await body(reg.getTwin('device-0'));
  await reg.updateTwin('device-0', { tags: { floor: 2 } }, etag);
  const again = () => reg.updateTwin('device-0', { tags: { floor: 3 } }, `"${STALE}"`);
  await refused(again, 'InvalidEtagError', 412, 'PreconditionFailed');
});

check('update twin beyond a limit is refused', () =>
  refused(
    () => reg.updateTwin('device-0', { tags: { long: 'x'.repeat(5000) } }, '*'),
    'ArgumentError',
    400,
    'ArgumentInvalid',
  ),
);

check('a twin gets and updates itself', async () => {
  const twin = watched(await body(reg.getTwin('device-1')), 'Twin', new Set(['toJSON']));
  const updated = (await twin.update({ properties: { desired: { speed: 1.5 } } })).result;
  assert.deepStrictEqual(desired(updated), { speed: 1.5 });
  await reg.updateTwin('device-1', { properties: { desired: { speed: 2.5 } } }, '*');
  assert.deepStrictEqual(desired((await twin.get()).result), { speed: 2.5 });
});

check('module twin', async () => {
  assert.strictEqual((await body(reg.getModuleTwin('device-0', 'part'))).moduleId, 'part');
  const twin = await body(
    reg.updateModuleTwin('device-0', 'part', { properties: { desired: { on: true } } }, '*'),
  );
  assert.deepStrictEqual(desired(twin), { on: true });
  await refused(() => reg.getModuleTwin('device-0', 'missing'), 'DeviceNotFoundError', 404, 'DeviceNotFound');
});

check('next as twin, page by page', async () => {
  const pages = [];
  const all = query('SELECT * FROM devices', 2);
  while (all.hasMoreResults) {
    pages.push((await all.nextAsTwin()).result);
    assert.ok(pages.length <= 5, 'the last page must have no continuation token');
  }
  assert.ok(pages.every((page) => page.length <= 2));
  const ids = pages.flat().map((twin) => twin.deviceId);
  assert.deepStrictEqual(
    ids.sort(),
    [0, 1, 2, 3, 4].map((at) => `device-${at}`),
  );
});

check('next by callback, page by page', async () => {
  const all = query('SELECT deviceId FROM devices', 3);
  const rows = [];
  while (all.hasMoreResults) {
    const next = (done) => all.next((error, page, response) => done(error, { page, response }));
    const { page, response } = await new Promise((resolve, reject) =>
      next((error, got) => (error ? reject(error) : resolve(got))),
    );
    assert.strictEqual(response.headers['x-ms-item-type'], 'Raw');
    rows.push(...page);
  }
  assert.deepStrictEqual(
    rows.map((row) => Object.keys(row)),
    Array(5).fill(['deviceId']),
  );
});

check('next with a token', async () => {
  const all = query('SELECT * FROM devices', 4);
  assert.strictEqual((await all.next()).result.length, 4);
  // Without a token, this client's promise form starts again at the first page.
  assert.strictEqual((await all.next(all.continuationToken)).result.length, 1);
  assert.strictEqual(all.hasMoreResults, false);
});

check('an invalid query is refused', () =>
  refused(() => query('SELEC * FROM devices').next(), 'ArgumentError', 400, 'ArgumentInvalid'),
);

run();
