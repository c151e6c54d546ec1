import test from 'ava';
import type { ExecutionContext } from 'ava';
import { background } from '../../appliance/rounds/background.js';
import { storedRound } from '../../appliance/rounds/stored-round.js';
import type { RoundState } from '../../appliance/rounds/stored-round.js';
import { openConnection } from '../../appliance/store/database.js';
import { migrate } from '../../appliance/store/migrations/index.js';
import { sqlOn } from '../../appliance/store/sql.js';

const START = '2026-11-23T00:00:00.000Z';

/** A walk over the numbers to ten, two a step, over a database of its own. */
async function numbers(t: ExecutionContext, held: { gate?: Promise<void>; day?: number } = {}) {
  const connection = openConnection(':memory:');
  t.teardown(async () => connection.close());
  await migrate(connection);
  const sql = sqlOn(connection);
  const clock = { now: () => new Date(Date.parse(START) + (held.day ?? 0) * 86_400_000).toISOString(), today: () => START.slice(0, 10) };
  const looked: string[] = [];
  const ended: RoundState[] = [];
  const round = storedRound({ reader: sql, clock, housekeep: async (work) => work(sql) }, {
    name: 'numbers', front: '0',
    async next(cursor) {
      const from = Number(cursor);
      return Promise.resolve(from >= 10 ? null : { ids: [String(from + 1), String(from + 2)], cursor: String(from + 2) });
    },
    async settle(ids) {
      await held.gate;
      looked.push(...ids);
      return ids.includes('7') ? 1 : 0;
    },
    total: async () => Promise.resolve(10),
    async finished(state) { ended.push(state); return Promise.resolve(); },
  });
  return { clock, round, looked, ended };
}

test('a round goes through everything once, pauses, goes on where it stopped, and says what it found', async (t) => {
  const { round, looked, ended } = await numbers(t);
  t.false(await round.step(), 'nothing was begun');
  await round.start();
  t.true(await round.step());
  await round.pause(true);
  t.false(await round.step());
  await round.pause(false);
  while (await round.step());
  t.deepEqual(looked, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  t.like(await round.state(), { state: 'done', checked: 10, total: 10, faults: 1 });
  t.is(ended.length, 1);
});

test('a round begun anew while a step is under way begins at the front', async (t) => {
  let open = (): void => undefined;
  const held: { gate?: Promise<void> } = {};
  const { round, looked } = await numbers(t, held);
  await round.start();
  for (let at = 0; at < 3; at += 1) await round.step();
  held.gate = new Promise((resolve) => { open = resolve; });
  const under = round.step();
  await round.start();
  open();
  await under;
  t.like(await round.state(), { state: 'running', checked: 0 });
  looked.length = 0;
  while (await round.step());
  t.deepEqual(looked, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
});

test('the timer waits for the box to be unlocked, and begins anew once a day, not only after a start', async (t) => {
  const held = { day: 0 };
  const { clock, round, ended } = await numbers(t, held);
  let unlocked = false;
  const work = background(round, clock, () => unlocked, { settleMs: 1, restMs: 1, lookMs: 5, everyMs: 86_400_000 });
  t.teardown(async () => work.stop());
  const reached = async (count: number): Promise<void> => {
    for (let waits = 0; waits < 200 && ended.length < count; waits += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
    await new Promise((resolve) => { setTimeout(resolve, 60); });
    t.is(ended.length, count);
  };
  work.start();
  await reached(0);
  unlocked = true;
  await reached(1);
  held.day = 2;
  await reached(2);
});
