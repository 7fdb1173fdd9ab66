'use strict';
// Digital Twins: models.

const assert = require('node:assert');

const { check, run } = require('../peer');
const { BASE, MODELS, ROOM, SENSOR, client, items, pages, refused } = require('../twins');

const ids = (models) => models.map(({ id }) => id);

check('create models', async () => {
  const made = await client.createModels(MODELS);
  assert.deepStrictEqual(ids([...made]), [ROOM, BASE, SENSOR]);
  assert.deepStrictEqual(made[0].displayName, { en: 'Room' });
  assert.ok(made[0].uploadTime instanceof Date && made[0].uploadTime.getFullYear() >= 2024);
});

check('create existing models is refused', () =>
  refused(() => client.createModels(MODELS), 409, 'ModelIdAlreadyExists'),
);

check('create invalid models is refused', () => {
  const broken = {
    ...MODELS[2],
    '@id': 'dtmi:peers:Broken;1',
    contents: [{ '@type': 'Property', name: 'x' }],
  };
  return refused(() => client.createModels([broken]), 400, 'DTDLParserError');
});

check('get model', async () => {
  assert.strictEqual((await client.getModel(ROOM)).model, undefined);
  const { id, model, decommissioned } = await client.getModel(ROOM, true);
  assert.deepStrictEqual([id, decommissioned, model], [ROOM, false, MODELS[0]]);
  await refused(() => client.getModel('dtmi:peers:Missing;1'), 404, 'ModelNotFound');
});

check('list models', async () => {
  assert.deepStrictEqual(ids(await items(client.listModels())).sort(), [ROOM, SENSOR, BASE].sort());
  const [model] = (await items(client.listModels(undefined, true))).filter(({ id }) => id === BASE);
  assert.deepStrictEqual(model.model, MODELS[1]);
});

check('list models with the dependencies of one', async () => {
  assert.strictEqual((await items(client.listModels([ROOM]))).length, 3);
  assert.deepStrictEqual(ids(await items(client.listModels([SENSOR]))), [SENSOR]);
});

check('list models with the dependencies of two', async () => {
  // This client joins the ids with a comma instead of repeating the parameter.
  assert.deepStrictEqual(ids(await items(client.listModels([SENSOR, BASE]))).sort(), [SENSOR, BASE].sort());
});

check('list models page by page', async () => {
  const found = await pages(client.listModels(), { maxPageSize: 2 });
  assert.ok(found.length >= 2 && found.every((page) => page.length <= 2), JSON.stringify(found));
  assert.strictEqual(found.flat().length, 3);
});

check('decommission model', async () => {
  await client.decomissionModel(ROOM);
  assert.strictEqual((await client.getModel(ROOM)).decommissioned, true);
});

check('delete model', async () => {
  await refused(() => client.deleteModel(BASE), 409, 'ModelReferencesNotDeleted');
  for (const id of [ROOM, BASE, SENSOR]) await client.deleteModel(id);
  assert.deepStrictEqual(await items(client.listModels()), []);
  await refused(() => client.deleteModel(ROOM), 404, 'ModelNotFound');
});

run();
