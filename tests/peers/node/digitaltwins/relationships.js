'use strict';
// Digital Twins: relationships.

const assert = require('node:assert');

const { check, run } = require('../peer');
const { MODELS, STALE, client, items, pages, refused, room } = require('../twins');

const leadsTo = (target, properties = {}) => ({
  $relationshipName: 'leadsTo',
  $targetId: target,
  ...properties,
});
const paths = Array.from({ length: 24 }, (_, at) => `path-${String(at).padStart(2, '0')}`);

check('models and twins exist', async () => {
  await client.createModels(MODELS);
  for (const name of ['a', 'b', 'c']) await client.upsertDigitalTwin(name, room({ name }));
});

check('upsert relationship', async () => {
  const { body, etag } = await client.upsertRelationship('a', 'door', leadsTo('b', { width: 90 }));
  assert.deepStrictEqual(
    [body.$relationshipId, body.$sourceId, body.$targetId, body.width],
    ['door', 'a', 'b', 90],
  );
  assert.strictEqual(etag, body.$etag);
  const exists = () => client.upsertRelationship('a', 'door', leadsTo('c'), { ifNoneMatch: '*' });
  await refused(exists, 412, 'PreconditionFailed');
});

check('upsert invalid relationship is refused', async () => {
  await refused(() => client.upsertRelationship('missing', 'x', leadsTo('b')), 404, 'DigitalTwinNotFound');
  await refused(
    () => client.upsertRelationship('a', 'x', leadsTo('missing')),
    404,
    'TargetDigitalTwinNotFound',
  );
  const unknown = { $relationshipName: 'hates', $targetId: 'b' };
  await refused(() => client.upsertRelationship('a', 'x', unknown), 400, 'InvalidRelationship');
});

check('get relationship', async () => {
  assert.strictEqual((await client.getRelationship('a', 'door')).body.$targetId, 'b');
  await refused(() => client.getRelationship('a', 'missing'), 404, 'RelationshipNotFound');
});

check('update relationship', async () => {
  const patch = [{ op: 'replace', path: '/width', value: 80 }];
  assert.ok((await client.updateRelationship('a', 'door', patch)).etag);
  assert.strictEqual((await client.getRelationship('a', 'door')).body.width, 80);
  await refused(() => client.updateRelationship('a', 'door', patch, STALE), 412, 'PreconditionFailed');
});

check('list relationships page by page', async () => {
  for (const path of paths) await client.upsertRelationship('b', path, leadsTo('c'));
  const found = await pages(client.listRelationships('b'));
  assert.ok(found.length >= 3 && found.every((page) => page.length <= 10), 'expected pages of ten');
  assert.deepStrictEqual(
    found.flat().map(({ $relationshipId }) => $relationshipId),
    paths,
  );
});

check('list relationships by name', async () => {
  assert.strictEqual(
    (await items(client.listRelationships('b', { relationshipName: 'leadsTo' }))).length,
    24,
  );
  assert.deepStrictEqual(await items(client.listRelationships('b', { relationshipName: 'other' })), []);
});

check('list incoming relationships page by page', async () => {
  const found = await items(client.listIncomingRelationships('c'));
  assert.deepStrictEqual(found.map(({ relationshipId }) => relationshipId).sort(), paths);
  assert.deepStrictEqual([found[0].sourceId, found[0].relationshipName], ['b', 'leadsTo']);
  assert.ok((await pages(client.listIncomingRelationships('c'))).length >= 3);
});

check('delete relationship', async () => {
  await refused(() => client.deleteDigitalTwin('a'), 400, 'RelationshipsNotDeleted');
  await refused(() => client.deleteRelationship('a', 'door', STALE), 412, 'PreconditionFailed');
  await client.deleteRelationship('a', 'door');
  await refused(() => client.deleteRelationship('a', 'door'), 404, 'RelationshipNotFound');
});

run();
