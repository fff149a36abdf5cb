/** The part of a pino logger that the broker uses: an object with the facts, then what happened. */
export interface Logger {
  /** For whoever looks for a fault. */
  debug(facts: object, message: string): void;
  /** What happens in the ordinary course of things. */
  info(facts: object | string, message?: string): void;
  /** What should not happen, and does no harm yet. */
  warn(facts: object, message: string): void;
  /** What went wrong. */
  error(facts: object, message: string): void;
}

/** A logger that says nothing: the default of a broker that is used as a library. */
export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
