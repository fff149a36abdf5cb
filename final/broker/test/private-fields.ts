/**
 * Reads private fields (`#name`) of objects, as a debugger does: tests that compare a broker's whole state need them,
 * and no class should show more of itself than its users need.
 */
import { Session } from 'node:inspector';

interface RemoteValue {
  readonly type: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
  readonly objectId?: string;
}

interface Properties {
  readonly result: readonly { readonly name: string }[];
  readonly privateProperties?: readonly {
    readonly name: string;
    readonly value?: RemoteValue;
  }[];
}

const HAND_OVER = '__leveretPrivateFields';

/** A debugger's view of this process. Close it when done. */
export class PrivateFields {
  readonly #session = new Session();
  readonly #handed: { give: unknown; taken: unknown[] } = { give: undefined, taken: [] };
  // Classes that have none: most objects need no question.
  readonly #without = new Set<unknown>();

  constructor() {
    this.#session.connect();
    Object.defineProperty(globalThis, HAND_OVER, { value: this.#handed, configurable: true });
  }

  /** The private fields of an object: name (with its `#`) and value. */
  of(object: object): [name: string, value: unknown][] {
    const kind: unknown = object.constructor;
    if (this.#without.has(kind)) return [];
    this.#handed.give = object;
    const { result } = this.#post<{ result: RemoteValue }>('Runtime.evaluate', {
      expression: `${HAND_OVER}.give`,
      objectGroup: HAND_OVER,
    });
    const { privateProperties = [] } = this.#post<Properties>('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    });
    const fields = privateProperties.filter((each) => each.value !== undefined);
    if (fields.length === 0) this.#without.add(kind);
    const values = this.#take(fields.map(({ value }) => value as RemoteValue));
    this.#post('Runtime.releaseObjectGroup', { objectGroup: HAND_OVER });
    return fields.map(({ name }, i) => [name, values[i]]);
  }

  /** Lets go of the debugger. */
  close(): void {
    this.#session.disconnect();
    Reflect.deleteProperty(globalThis, HAND_OVER);
  }

  /** The values themselves, where the debugger has only handles. */
  #take(remote: readonly RemoteValue[]): unknown[] {
    if (remote.every(({ objectId }) => objectId === undefined)) return remote.map(plain);
    const handles = remote.filter(({ objectId }) => objectId !== undefined);
    this.#post('Runtime.callFunctionOn', {
      functionDeclaration: `function (...values) { ${HAND_OVER}.taken = values; }`,
      objectId: handles[0]?.objectId,
      arguments: handles.map(({ objectId }) => ({ objectId })),
    });
    const taken = this.#handed.taken[Symbol.iterator]();
    return remote.map((each) => (each.objectId === undefined ? plain(each) : taken.next().value));
  }

  #post<T>(method: string, parameters: object): T {
    let answer: unknown;
    let failure: Error | null = null;
    // In the same thread the answer is there when the call returns.
    this.#session.post(method, parameters, (error, result) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw new Error(`the debugger refuses ${method}`, { cause: failure });
    return answer as T;
  }
}

function plain({ type, value, unserializableValue }: RemoteValue): unknown {
  if (type === 'undefined') return undefined;
  return unserializableValue ?? value;
}
