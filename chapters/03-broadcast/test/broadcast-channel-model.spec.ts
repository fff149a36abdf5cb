import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastChannel, Lagged, type Receiver } from '#broadcast';
import { guarded } from './guarded.ts';

/**
 * The model: every receiver has a plain list of all it has not read, and a ring is only a rule about how long
 * that list may be. It copies everything everywhere, so it is easy to believe and far too slow to use.
 */
interface ModelReceiver {
  unread: number[];
  missed: number;
  subscribed: boolean;
}

interface Model {
  readonly capacity: number;
  readonly receivers: ModelReceiver[];
  /** Numbers given out; values that nobody could receive get none. */
  published: number;
}

interface Real {
  readonly channel: BroadcastChannel<number>;
  readonly receivers: Array<Receiver<number>>;
}

/** More than any of the histories below has values: behind them a receiver goes round and round. */
const MOST_READS = 10_000;

function expectedRead(receiver: ModelReceiver): number | Lagged | undefined {
  if (receiver.missed === 0) return receiver.unread.shift();
  const { missed } = receiver;
  receiver.missed = 0;
  return new Lagged(missed);
}

type Command = fc.Command<Model, Real>;

class Publish implements Command {
  check = () => true;
  run(model: Model, real: Real): void {
    const subscribed = model.receivers.filter((receiver) => receiver.subscribed);
    const value = model.published;
    assert.is(real.channel.publish(value), subscribed.length, `the receivers of ${value}`);
    if (subscribed.length === 0) return;
    model.published += 1;
    for (const receiver of subscribed) receiver.unread.push(value);
    // Overwritten for everybody, also for those that take nothing newer.
    for (const receiver of model.receivers) {
      while (receiver.unread.length > 0 && (receiver.unread[0] ?? 0) < model.published - model.capacity) {
        receiver.unread.shift();
        receiver.missed += 1;
      }
    }
  }
  toString = () => 'publish';
}

class Subscribe implements Command {
  check = (model: Readonly<Model>) => model.receivers.length < 6;
  run(model: Model, real: Real): void {
    model.receivers.push({ unread: [], missed: 0, subscribed: true });
    real.receivers.push(real.channel.subscribe());
  }
  toString = () => 'subscribe';
}

/** A command on one of the receivers there are. */
abstract class OnReceiver implements Command {
  readonly pick: number;
  constructor(pick: number) {
    this.pick = pick;
  }
  check = (model: Readonly<Model>) => model.receivers.length > 0;
  run(model: Model, real: Real): void {
    const index = this.pick % model.receivers.length;
    this.act(model.receivers[index]!, real.receivers[index]!, model, real);
  }
  abstract act(model: ModelReceiver, receiver: Receiver<number>, all: Model, real: Real): void;
  toString = () => `${this.constructor.name.toLowerCase()} ${this.pick}`;
}

class Read extends OnReceiver {
  override act(model: ModelReceiver, receiver: Receiver<number>): void {
    assert.is(receiver.lag, model.unread.length + model.missed, 'the lag before a read');
    assert.equal(receiver.tryReceive(), expectedRead(model), 'what is read');
    assert.is(receiver.lag, model.unread.length, 'the lag after a read');
    assert.is(receiver.ended, model.unread.length === 0 && !model.subscribed, 'whether it has ended');
  }
}

class Leave extends OnReceiver {
  override act(model: ModelReceiver, receiver: Receiver<number>, all: Model, real: Real): void {
    receiver.close();
    Object.assign(model, { unread: [], missed: 0, subscribed: false });
    assert.is(real.channel.receivers, all.receivers.filter((r) => r.subscribed).length, 'receivers left');
  }
}

class Finish extends OnReceiver {
  override act(model: ModelReceiver, receiver: Receiver<number>): void {
    receiver.finish();
    model.subscribed = false;
  }
}

const pick = fc.nat({ max: 5 });
const commands = fc.commands(
  [
    ...Array.from({ length: 4 }, () => fc.constant(new Publish())),
    ...Array.from({ length: 3 }, () => pick.map((index) => new Read(index))),
    fc.constant(new Subscribe()),
    pick.map((index) => new Leave(index)),
    pick.map((index) => new Finish(index)),
  ],
  { maxCommands: 120, size: 'max' },
);

const modelSuite = suite('broadcast channel, model');

modelSuite(
  '2,000 random histories agree with plain lists',
  guarded(() => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), commands, (capacity, sequence) => {
        fc.modelRun(
          () => ({
            model: { capacity, receivers: [], published: 0 } as Model,
            real: { channel: new BroadcastChannel<number>(capacity), receivers: [] } as Real,
          }),
          sequence,
        );
      }),
      { numRuns: 2000 },
    );
  }),
);

modelSuite(
  'every value is read once or told as missed, however reads and writes interleave',
  guarded(async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 20 }),
        fc.scheduler(),
        async (capacity, bursts, scheduler) => {
          const channel = new BroadcastChannel<number>(capacity);
          const total = bursts.reduce((sum, burst) => sum + burst, 0);
          const receivers = [0, 1, 2].map(() => channel.subscribe());
          const readers = receivers.map(async (receiver) => {
            let next = 0;
            let reads = 0;
            for await (const received of receiver) {
              reads += 1;
              if (reads > MOST_READS)
                throw new Error(`a receiver gives more than ${MOST_READS} values and losses`);
              if (received instanceof Lagged) next += received.missed;
              else assert.is(received, next++, 'the next value');
              await scheduler.schedule(Promise.resolve());
            }
            return next;
          });
          const counted = Promise.all(readers);
          counted.catch(() => {}); // a reader may fail long before it is looked at below
          let value = 0;
          for (const burst of bursts) {
            for (let i = 0; i < burst; i += 1) channel.publish(value++);
            await new Promise((resolve) => setImmediate(resolve));
            if (scheduler.count() > 0 && burst % 2 === 0) await scheduler.waitOne();
          }
          for (const receiver of receivers) receiver.finish();
          const counts = await scheduler.waitFor(counted);
          assert.equal(counts, [total, total, total], 'read or told as missed');
        },
      ),
      { numRuns: 200 },
    );
  }),
);

modelSuite.run();
