import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { tellStory, type Step } from '../../appliance/demo/story.js';

test('the rehearsal leads real files through their life in a box of its own process, leaves no title on its disk, and hands one over to the archive in a second box', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'demo-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const told: Step[] = [];
  const steps = await tellStory({ data: path.join(folder, 'unit'), out: path.join(folder, 'out'), crypto: new NodeProvider(), year: 2026, told: (step) => told.push(step) });
  t.deepEqual(told, steps);
  t.deepEqual(steps.filter(({ ok }) => !ok), []);
  t.like(steps.find(({ step }) => step === 'grep')?.facts, { places: 0 });
  // Two boxes on two ports: prepared, sealed, carried, received, answered, closed; a flipped byte and a replay are refused with their cause.
  t.like(steps.find(({ step }) => step === 'receive')?.facts, { items: 1, accessionNo: 'Z109-G000001', originOrg: '昆明市演练局', flipped: 'E_ENVELOPE_CHUNK_TAG' });
  t.like(steps.find(({ step }) => step === 'transfer-close')?.facts, { replayed: 'E_ENVELOPE_REPLAYED' });
  t.like(steps.find(({ step }) => step === 'stop')?.facts, { exit: 0 });
});
