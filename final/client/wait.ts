import { LeveretError } from '#framing';

/** What may end a wait early. */
export interface WaitOptions {
  /** Gives up when it is aborted: the promise rejects with the code `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the promise rejects with the code `TIMEOUT`. */
  readonly timeout?: number;
}

/** @throws LeveretError `ABORTED` when the signal is aborted */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw aborted(signal, what);
}

/** The error of a wait that was aborted. */
export function aborted(signal: AbortSignal, what: string): LeveretError {
  return new LeveretError('ABORTED', `${what} was aborted`, { cause: signal.reason });
}

/**
 * Waits for a promise, but not longer than the options say.
 *
 * @param what - what is waited for, for the messages: "the publish to news"
 * @param giveUp - called when the wait ends early
 * @throws LeveretError `ABORTED` or `TIMEOUT`
 */
export function waitFor<T>(
  promise: Promise<T>,
  options: WaitOptions,
  what: string,
  giveUp: (error: LeveretError) => void = () => {},
): Promise<T> {
  const { signal, timeout } = options;
  if (signal === undefined && timeout === undefined) return promise;
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: LeveretError) => {
      end();
      giveUp(error);
      reject(error);
    };
    const onAbort = () => signal && fail(aborted(signal, what));
    if (timeout !== undefined) {
      timer = setTimeout(() => {
        fail(new LeveretError('TIMEOUT', `${what} took more than ${timeout} ms`));
      }, timeout);
    }
    promise.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
