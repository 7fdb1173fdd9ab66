'use strict';
// Registry: configurations.

const assert = require('node:assert');

const { STALE, body, refused, registry } = require('../hub');
const { check, run, until } = require('../peer');

const reg = registry();
const deviceContent = { 'properties.desired.settings': { interval: 5 } };
const configuration = (id, more = {}) => ({
  id,
  schemaVersion: '1.0',
  content: { deviceContent },
  targetCondition: 'tags.floor = 1',
  priority: 10,
  ...more,
});
const modulesContent = {
  $edgeAgent: {
    'properties.desired': {
      schemaVersion: '1.1',
      runtime: { type: 'docker', settings: {} },
      systemModules: {},
      modules: {},
    },
  },
};

check('add configuration', async () => {
  const made = await body(reg.addConfiguration(configuration('first', { labels: { team: 'a' } })));
  assert.deepStrictEqual([made.id, made.priority, made.etag], ['first', 10, 'MQ==']);
  assert.deepStrictEqual(made.content.deviceContent, deviceContent);
});

check('add existing configuration is refused', () =>
  refused(
    () => reg.addConfiguration(configuration('first')),
    'DeviceAlreadyExistsError',
    409,
    'ConfigurationAlreadyExists',
  ),
);

check('add configuration with capitals in its id is refused', () =>
  refused(() => reg.addConfiguration(configuration('Capital')), 'ArgumentError', 400, 'ArgumentInvalid'),
);

check('get configuration', async () => {
  const found = await body(reg.getConfiguration('first'));
  assert.deepStrictEqual([found.targetCondition, found.labels], ['tags.floor = 1', { team: 'a' }]);
  await refused(() => reg.getConfiguration('missing'), 'Error', 404, 'ConfigurationNotFound');
});

check('get configurations', async () => {
  const all = await body(reg.getConfigurations());
  assert.deepStrictEqual(
    all.map(({ id }) => id),
    ['first'],
  );
});

check('a configuration is applied to matching devices', async () => {
  await body(reg.getConfiguration('first'));
  await reg.create({ deviceId: 'machine' });
  await reg.updateTwin('machine', { tags: { floor: 1 } }, '*');
  const settings = async () => (await body(reg.getTwin('machine'))).properties.desired.settings;
  await until(async () => (await settings())?.interval === 5);
});

check('update configuration with its etag', async () => {
  const { etag } = await body(reg.getConfiguration('first'));
  const changed = configuration('first', { priority: 20, etag });
  assert.strictEqual((await body(reg.updateConfiguration(changed))).priority, 20);
  await refused(() => reg.updateConfiguration(changed), 'InvalidEtagError', 412, 'PreconditionFailed');
});

check('update configuration by force', async () => {
  const changed = configuration('first', { priority: 30, etag: STALE });
  assert.strictEqual((await body(reg.updateConfiguration(changed, true))).priority, 30);
});

check('apply configuration content on device', async () => {
  await reg.create({ deviceId: 'edge', capabilities: { iotEdge: true } });
  await reg.applyConfigurationContentOnDevice('edge', { modulesContent });
  const { desired } = (await body(reg.getModuleTwin('edge', '$edgeAgent'))).properties;
  assert.strictEqual(desired.schemaVersion, '1.1');
});

check('remove configuration', async () => {
  await reg.removeConfiguration('first');
  await refused(() => reg.removeConfiguration('first'), 'Error', 404, 'ConfigurationNotFound');
});

run();
