import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PageStore, type ServedFiles } from '../page-files.ts';

test('a failure is not kept: after a pause the next who asks causes another try', async () => {
  let now = 0;
  let tries = 0;
  let works = false;
  const files: ServedFiles = new Map();
  const store = new PageStore(
    async () => {
      tries++;
      if (!works) throw new Error('EMFILE');
      return files;
    },
    () => now,
  );
  const outcome = (): Promise<unknown> => store.get().catch((error: Error) => error.message);
  assert.is(await outcome(), 'EMFILE');
  for (let i = 0; i < 100; i++) assert.is(await outcome(), 'EMFILE');
  assert.is(tries, 1, 'within the pause it was tried again');
  works = true;
  now += 1000;
  assert.is(await outcome(), files, 'the failure was kept');
  now += 10_000;
  assert.is(await outcome(), files);
  assert.is(tries, 2, 'what was loaded was loaded again');
});

test.run();
