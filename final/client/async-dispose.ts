/**
 * `Symbol.asyncDispose`, also where there is none yet: compilers that translate `await using` for older browsers look for this
 * one then. Without it their programs would end with "Object not disposable".
 */
export const ASYNC_DISPOSE: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');
