import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Group } from '../../delivery/group.ts';
import type { GroupMember } from '../../delivery/group-member.ts';
import type { BrokerLimits } from '../../limits.ts';
import type { Topic } from '../../topics/topic.ts';
import { NoteBook, World } from '../support.ts';

const LIMIT = 100_000;

/** A member of a group: when it is ended for being slow it leaves. */
class Worker extends NoteBook {
  member: GroupMember | undefined;
  override tooSlow(): void {
    this.slow++;
    this.member?.leave();
  }
}

function begin(
  limits: Partial<BrokerLimits>,
  workers: number,
): { world: World; topic: Topic; group: Group; all: Worker[] } {
  const world = new World({ maxLagBytes: LIMIT, maxRetainedBytes: 2 * LIMIT, ...limits });
  const topic = world.topic();
  const group: Group = new Group(topic, 'g', topic.log.sealedId + 1, () => topic.remove(group));
  topic.add(group);
  const all = Array.from({ length: workers }, () => {
    const worker = new Worker();
    worker.member = group.add(worker, 1);
    worker.member.start();
    return worker;
  });
  return { world, topic, group, all };
}

/** Publish so many bytes, while some of the workers commit all that they get. */
function work(world: World, topic: Topic, diligent: readonly Worker[], bytes: number): string[] {
  const done: string[] = [];
  for (let i = 0; i < bytes / 1_000; i++) {
    world.publish(topic, 'x'.repeat(970));
    world.endTick(1);
    for (let got = true; got; ) {
      got = false;
      for (const worker of diligent) {
        for (const line of worker.take()) {
          const name = line.split(' x', 1)[0] ?? '';
          done.push(name);
          const [id] = name.split('-');
          if (line.startsWith('skipped')) continue;
          got = true;
          worker.member?.commit(Number(id));
        }
      }
    }
  }
  return done;
}

for (const retentionMs of [0, 3_600_000]) {
  const title = retentionMs === 0 ? '' : ', with retention';
  test(`disconnect: a member that never commits is ended, and its message goes to another${title}`, () => {
    const { world, topic, all } = begin({}, 2);
    if (retentionMs > 0) topic.create({ retentionMs, dedupeMs: 0 });
    const [hung, good] = all as [Worker, Worker];
    const done = work(world, topic, [good], 3 * LIMIT);
    assert.is(hung.slow, 1, 'how often it was ended');
    assert.is(good.slow, 0, 'one that commits was ended');
    const ofHung = hung.take()[0]?.split(' ', 1)[0] ?? '';
    assert.ok(done.includes(ofHung), `what it had, ${ofHung}, went to nobody`);
    if (retentionMs === 0) assert.ok(topic.heldBytes < 2.5 * LIMIT, `${topic.heldBytes} bytes are held`);
  });
}

test('what a member that never commits holds is bounded, though nothing is retained', () => {
  for (const slowPolicy of ['disconnect', 'skip'] as const) {
    const { world, topic, all } = begin({ slowPolicy }, 2);
    work(world, topic, all.slice(1), 20 * LIMIT);
    assert.ok(topic.heldBytes < 2.5 * LIMIT, `${slowPolicy}: ${topic.heldBytes} bytes are held`);
    assert.is(topic.heldBytes, world.memory.bytes, 'what is counted');
  }
});

test('skip: what is not committed for too long is given up, and the member is told', () => {
  const { world, topic, all } = begin({ slowPolicy: 'skip' }, 2);
  const [hung, good] = all as [Worker, Worker];
  work(world, topic, [good], 1.5 * LIMIT);
  assert.is(hung.slow, 0, 'it was ended');
  const [got = '', skipped = ''] = hung.take().map((line) => line.split(' x', 1)[0] ?? '');
  assert.is(skipped, `skipped ${got}`, 'what it is told');
  hung.member?.commit(Number(got.split('-', 1)[0]));
});

test('block: publishers wait for it, and go on when it commits', () => {
  const { world, topic, all } = begin({ slowPolicy: 'block' }, 2);
  const [hung, good] = all as [Worker, Worker];
  work(world, topic, [good], 1.2 * LIMIT);
  assert.ok(topic.slow.blocked, 'publishers go on');
  const [blocker] = topic.slow.blockers;
  assert.equal([...(blocker?.waitsFor ?? [])], [hung], 'whom they wait for');
  hung.member?.commit(1);
  assert.not.ok(topic.slow.blocked, 'publishers wait, though it has committed');
});

test('a message that no member ever commits is given up in the end', () => {
  const { world, topic, group, all } = begin({}, 1);
  const [good] = all as [Worker];
  for (let i = 0; i < 20; i++) {
    const hung = new Worker();
    hung.member = group.add(hung, 1);
    hung.member.start();
    work(world, topic, [good], LIMIT / 2);
    // It goes by itself each time, before it is too slow: the next one is handed what it had.
    hung.member.leave();
    const again = new Worker();
    again.member = group.add(again, 1);
    good.full = true;
    again.member.start();
    good.full = false;
    work(world, topic, [good], LIMIT / 2);
    again.member.leave();
    assert.ok(topic.heldBytes < 3.5 * LIMIT, `${topic.heldBytes} bytes are held`);
  }
});

test('what is dropped and nobody has got is told; who has some of it may commit it', () => {
  const { world, topic, all } = begin({}, 1);
  const [worker] = all as [Worker];
  world.publish(topic, 'a', 'b');
  world.endTick();
  topic.purge(2);
  assert.equal(worker.take(), ['1-1 a', 'skipped 2-2'], 'what it is told');
  world.publish(topic, 'c');
  world.endTick();
  worker.member?.commit(1);
  assert.equal(worker.take(), ['3-3 c'], 'where it goes on');
});

test.run();
