/**
 * Random sequences of commands, on topics with cursors and on a plain model: arrays of all messages that were ever
 * published, and of what each subscriber may still have. Both must tell each subscriber the same.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Start } from '#protocol';
import type { PlainSubscription } from '../../delivery/plain-subscription.ts';
import type { Topic } from '../../topics/topic.ts';
import { NoteBook, subscribe as subscribeAt, type Text, World } from '../support.ts';

const RETENTION = 100;
const DEDUPE = 50;

/** What a subscriber is told: a message's id and text, or a range that it will not get. */
type Told = string;

interface ModelMessage {
  readonly id: number;
  readonly text: string;
  readonly time: number;
}

class ModelReader {
  told: Told[] = [];
  next: number;
  full = false;
  readonly window: number;
  skippedFrom = 0;
  delivered = 0;
  uncommitted: number[] = [];

  constructor(next: number, window: number) {
    this.next = next;
    this.window = window;
  }
}

/** The topic as its documentation describes it, with no thought of cost. */
class ModelTopic {
  readonly messages: ModelMessage[] = [];
  readonly keys = new Map<string, number>();
  readers: ModelReader[] = [];
  retentionMs = 0;
  dedupeMs = 0;
  created = false;
  /** Nothing before this id is there for those who come later. */
  oldest = 1;

  get lastId(): number {
    return this.messages.length;
  }

  publish(texts: readonly Text[], now: number): number {
    let kept = 0;
    for (const each of texts) {
      const [key, text] = typeof each === 'string' ? ['', each] : each;
      if (key !== '' && this.dedupeMs > 0) {
        const time = this.keys.get(key);
        if (time !== undefined && now - time <= this.dedupeMs) continue;
        this.keys.set(key, now);
      }
      this.messages.push({ id: this.lastId + 1, text, time: now });
      kept++;
    }
    return kept;
  }

  /** The first id that is young enough. */
  firstYoung(now: number): number {
    if (this.retentionMs === 0) return 1;
    const young = this.messages.find(({ time }) => now - time < this.retentionMs);
    return Math.max(this.oldest, young?.id ?? this.lastId + 1);
  }

  deliver(now: number): void {
    const first = this.firstYoung(now);
    for (const reader of this.readers) this.deliverTo(reader, first);
  }

  deliverTo(reader: ModelReader, first: number): void {
    if (reader.next < first) {
      reader.skippedFrom ||= reader.next;
      reader.next = first;
    }
    const room = (): boolean => reader.window === 0 || reader.uncommitted.length < reader.window;
    if (reader.full) return;
    if (reader.skippedFrom > 0 && room()) {
      reader.told.push(`skipped ${reader.skippedFrom}-${reader.next - 1}`);
      reader.skippedFrom = 0;
    }
    while (room() && reader.next <= this.lastId) {
      reader.told.push(`${reader.next} ${this.messages[reader.next - 1]?.text}`);
      if (reader.window > 0) reader.uncommitted.push(reader.next);
      reader.delivered = reader.next++;
    }
  }

  lag(reader: ModelReader): number {
    return this.lastId - reader.next + 1 + reader.uncommitted.length;
  }
}

interface Pair {
  readonly real: { subscription: PlainSubscription; book: NoteBook };
  readonly model: ModelReader;
}

class Real {
  readonly world = new World();
  readonly topic: Topic = this.world.topic();
  pairs: Pair[] = [];
}

type Command = fc.Command<ModelTopic, Real>;

/** The messages of all frames, one by one. */
function told(book: NoteBook): Told[] {
  return book.take().flatMap((line) => {
    const [range = '', ...texts] = line.split(' ');
    const from = Number.parseInt(range, 10);
    return range === 'skipped' ? [line] : texts.map((text, i) => `${from + i} ${text}`);
  });
}

function endTick(model: ModelTopic, real: Real): void {
  model.deliver(real.world.now);
  real.world.endTick();
}

/** After each command: everybody has been told the same, and lags as much. */
function compare(model: ModelTopic, real: Real): void {
  assert.is(real.topic.log.lastId, model.lastId);
  for (const pair of real.pairs) {
    assert.equal(told(pair.real.book), pair.model.told.splice(0));
    assert.is(pair.real.subscription.lag, model.lag(pair.model));
  }
}

/** A command that does something, and then ends the tick. */
function command(name: string, run: (model: ModelTopic, real: Real) => void): Command {
  return {
    check: () => true,
    run(model, real) {
      run(model, real);
      endTick(model, real);
      compare(model, real);
    },
    toString: () => name,
  };
}

const create = fc.constantFrom([0, 0], [RETENTION, 0], [0, DEDUPE], [RETENTION, DEDUPE]).map((settings) => {
  const [retentionMs = 0, dedupeMs = 0] = settings;
  return command(`create(${settings})`, (model, { topic }) => {
    const taken = topic.create({ retentionMs, dedupeMs });
    if (model.created) {
      assert.is(taken, retentionMs === model.retentionMs && dedupeMs === model.dedupeMs);
      return;
    }
    assert.is(taken, true);
    Object.assign(model, { created: true, retentionMs, dedupeMs });
    // Only what a subscriber of this moment has not read yet is kept from before.
    model.oldest = Math.min(model.lastId + 1, ...model.readers.map(({ next }) => next));
  });
});

const publish = fc
  .record({
    batches: fc.array(
      fc.array(fc.tuple(fc.constantFrom('', '', 'k', 'l', 'm'), fc.constantFrom(1, 1, 1, 30, 500)), {
        minLength: 1,
        maxLength: 8,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ batches }) =>
    command(`publish(${JSON.stringify(batches)})`, (model, { topic, world }) => {
      for (const batch of batches) {
        const texts = batch.map(([key, size], i): Text => {
          const text = `m${model.lastId}.${i}`.padEnd(size, '.');
          return key === '' ? text : [key, text];
        });
        assert.is(world.publish(topic, ...texts), model.publish(texts, world.now));
      }
    }),
  );

const subscribe = fc
  .record({ start: fc.nat({ max: 2 }), after: fc.nat({ max: 30 }), window: fc.constantFrom(0, 0, 1, 2, 5) })
  .map(({ start, after, window }) =>
    command(`subscribe(${start} ${after} ${window})`, (model, real) => {
      const { topic, world, pairs } = real;
      if (start === Start.AFTER && after > model.lastId) {
        assert.throws(() => topic.place(start, after), /not given out/);
        return;
      }
      const { skippedFrom, nextId } = topic.place(start, after);
      const book = new NoteBook();
      const subscription = subscribeAt(topic, book, { window, nextId, missedFrom: skippedFrom });

      const first = model.retentionMs === 0 ? model.lastId + 1 : model.firstYoung(world.now);
      const next = start === Start.EARLIEST ? first : start === Start.LATEST ? model.lastId + 1 : after + 1;
      const reader = new ModelReader(Math.max(next, first), window);
      if (next < first) reader.skippedFrom = next;
      model.readers.push(reader);
      model.deliverTo(reader, first);
      pairs.push({ real: { subscription, book }, model: reader });
    }),
  );

/** A command on one of the subscribers, if there are any. */
function onPair(name: string, act: (pair: Pair, model: ModelTopic, real: Real, n: number) => void) {
  return fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 100 })).map(([which, n]) =>
    command(`${name}(${which} ${n})`, (model, real) => {
      const pair = real.pairs[which % (real.pairs.length || 1)];
      if (pair !== undefined) act(pair, model, real, n);
    }),
  );
}

const commit = onPair('commit', ({ real, model: reader }, model, { world }, n) => {
  assert.throws(() => real.subscription.commit(model.lastId + 1), /not delivered/);
  // What it was delivered last, or one of the ids before.
  const id = Math.max(0, reader.delivered - (n % 4));
  real.subscription.commit(id);
  reader.uncommitted = reader.uncommitted.filter((each) => each > id);
  model.deliverTo(reader, model.firstYoung(world.now));
});

const unsubscribe = onPair('unsubscribe', (pair, model, real) => {
  pair.real.subscription.leave();
  real.pairs = real.pairs.filter((each) => each !== pair);
  model.readers = model.readers.filter((each) => each !== pair.model);
});

const fill = onPair('fill', ({ real, model }) => {
  real.book.full = model.full = true;
});

const drain = onPair('drain', ({ real, model: reader }, model, { world }) => {
  reader.full = false;
  model.deliverTo(reader, model.firstYoung(world.now));
  real.book.drain();
});

const wait = fc.constantFrom(1, 20, 50, 51, 99, 100, 101, 300).map((milliseconds) =>
  command(`wait(${milliseconds})`, (_, { world }) => {
    world.endTick(milliseconds);
  }),
);

const sweep = fc.constant(
  command('sweep', (_, { topic }) => {
    topic.sweep();
    topic.sweep();
  }),
);

test('topics and the model tell every subscriber the same', () => {
  const commands = fc.commands(
    [
      create,
      publish,
      publish,
      publish,
      subscribe,
      subscribe,
      commit,
      commit,
      unsubscribe,
      fill,
      drain,
      wait,
      sweep,
    ],
    { maxCommands: 60, size: 'max' },
  );
  const runs = Number(process.env.LEVERET_MODEL_RUNS ?? 3_000);
  let ran = 0;
  fc.assert(
    fc.property(commands, (each) => {
      ran++;
      fc.modelRun(() => ({ model: new ModelTopic(), real: new Real() }), each);
    }),
    { numRuns: runs },
  );
  assert.ok(ran >= runs, `${ran} of ${runs} sequences ran`);
});

test.run();
