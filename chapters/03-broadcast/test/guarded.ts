/** How long one in-memory test may take, in milliseconds. None needs more than a few. */
const DEADLINE_MS = 5_000;

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
  return () =>
    new Promise((resolve, reject) => {
      const uncaught = onUncaught ?? ((error: unknown) => settle(() => reject(error)));
      const late = () => settle(() => reject(new Error(`not done within ${DEADLINE_MS} ms`)));
      const timer = setTimeout(late, DEADLINE_MS);
      process.on('uncaughtException', uncaught);
      process.on('unhandledRejection', uncaught);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        process.off('uncaughtException', uncaught);
        process.off('unhandledRejection', uncaught);
        how();
      };
      // As a promise, so that a test that throws at once is caught too.
      Promise.resolve()
        .then(test)
        .then(
          () => settle(resolve),
          (error: unknown) => settle(() => reject(error)),
        );
    });
}
