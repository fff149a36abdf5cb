/** The part of a pino logger that the broker uses: an object with the facts, then what happened. */
export interface Logger {
  /** For whoever looks for a fault. */
  debug(facts: object, message: string): void;
  /** What happens in the ordinary course of things. */
  info(facts: object | string, message?: string): void;
  /** What should not happen, and does no harm yet. */
  warn(facts: object, message: string): void;
  /** What went wrong. An error among the facts is called `err`, and is to be shown with its stack and its cause. */
  error(facts: object, message: string): void;
}

/**
 * The logger of a broker that is used as a library and was given none: it says nothing, but for errors, which are faults of
 * the broker and must not vanish. They go to stderr.
 */
export const ERRORS_ONLY: Logger = {
  debug() {},
  info() {},
  warn() {},
  error(facts, message) {
    console.error(`leveret: ${message}`, facts);
  },
};
