/** How long one in-memory test may take, in milliseconds. None needs more than a few. */
const DEADLINE_MS = 4_000;

/** The check of a step tells of the first failure only: what comes behind it may hang on the same mistake. */
const STOPS_AT_FAILURE = process.env.LEVERET_DEADLINE_S !== undefined;
let hasFailed = false;

/** Takes what is thrown where nobody catches, while a test runs. */
let current: ((error: unknown) => void) | undefined;

function uncaught(error: unknown): void {
  if (current !== undefined) {
    current(error);
    return;
  }
  // Left over from a test that has failed already. It is not lost, and does not hide the tests to come.
  console.error('after the end of a test:', error);
  process.exitCode = 1;
}

process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);

/**
 * A test for uvu that cannot hang and cannot bring its file down: it fails at a deadline, and when something
 * that it started throws where nobody catches (in a timer, in a callback at the end of the turn).
 *
 * @param onUncaught - Takes such an error instead, where a test expects one.
 */
export function guarded(
  test: () => void | Promise<void>,
  onUncaught?: (error: unknown) => void,
): () => Promise<void> {
  return async () => {
    if (hasFailed && STOPS_AT_FAILURE) throw new Error('not tried: a test before it has failed');
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`not done within ${DEADLINE_MS} ms: something is awaited that never comes`)),
        DEADLINE_MS,
      );
      current = onUncaught ?? reject;
    });
    try {
      await Promise.race([failed, Promise.resolve().then(test)]);
      // What the test has booked for the end of this turn is still part of it.
      await Promise.race([failed, new Promise((resolve) => setImmediate(resolve))]);
    } catch (error) {
      hasFailed = true;
      throw error;
    } finally {
      clearTimeout(timer);
      current = undefined;
    }
  };
}
