/** The part of a pino logger that the broker uses: an object with the facts, then what happened. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object | string, message?: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** A logger that says nothing: the default of a broker that is used as a library. */
export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
