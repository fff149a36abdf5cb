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

interface Property {
  readonly name: string;
  readonly value?: RemoteValue;
}

interface Properties {
  readonly result: readonly Property[];
  readonly privateProperties?: readonly Property[];
}

/** A private field: its name, with the `#`, and its value. */
export type PrivateField = [name: string, value: unknown];

const HAND_OVER = '__leveretPrivateFields';

/** A debugger's view of this process. Close it when done. */
export class PrivateFields {
  readonly #session = new Session();
  readonly #handed: { given: readonly object[]; taken: unknown[] } = { given: [], taken: [] };
  // Classes that have none: most objects need no question.
  readonly #without = new Set<unknown>();

  constructor() {
    this.#session.connect();
    Object.defineProperty(globalThis, HAND_OVER, { value: this.#handed, configurable: true });
  }

  /** The private fields of each of the objects that has some. Asked for many at once, as each question to the debugger is slow. */
  of(objects: readonly object[]): Map<object, PrivateField[]> {
    const asked = objects.filter((object) => !this.#without.has(object.constructor));
    const found = new Map<object, readonly Property[]>();
    for (const [i, objectId] of this.#give(asked).entries()) {
      const object = asked[i] as object;
      const { privateProperties = [] } = this.#properties(objectId);
      const fields = privateProperties.filter(({ value }) => value !== undefined);
      if (fields.length > 0) found.set(object, fields);
      else this.#without.add(object.constructor);
    }
    const values = this.#take([...found.values()].flat().map(({ value }) => value as RemoteValue));
    const result = new Map<object, PrivateField[]>();
    for (const [object, fields] of found) {
      result.set(
        object,
        fields.map(({ name }) => [name, values.next().value]),
      );
    }
    this.#post('Runtime.releaseObjectGroup', { objectGroup: HAND_OVER });
    return result;
  }

  /** Lets go of the debugger. */
  close(): void {
    this.#session.disconnect();
    Reflect.deleteProperty(globalThis, HAND_OVER);
  }

  /** The debugger's handles for these objects. */
  #give(objects: readonly object[]): string[] {
    if (objects.length === 0) return [];
    this.#handed.given = objects;
    const { result } = this.#post<{ result: RemoteValue }>('Runtime.evaluate', {
      expression: `${HAND_OVER}.given`,
      objectGroup: HAND_OVER,
    });
    return this.#properties(result.objectId)
      .result.filter(({ name }) => /^\d+$/.test(name))
      .map(({ value }) => value?.objectId ?? '');
  }

  /** The values themselves, where the debugger has only handles. */
  #take(remote: readonly RemoteValue[]): Iterator<unknown> {
    const handles = remote.filter(({ objectId }) => objectId !== undefined);
    this.#handed.taken = [];
    if (handles.length > 0) {
      this.#post('Runtime.callFunctionOn', {
        functionDeclaration: `function (...values) { ${HAND_OVER}.taken = values; }`,
        objectId: handles[0]?.objectId,
        arguments: handles.map(({ objectId }) => ({ objectId })),
      });
    }
    const taken = this.#handed.taken.values();
    return remote.map((each) => (each.objectId === undefined ? plain(each) : taken.next().value)).values();
  }

  #properties(objectId: string | undefined): Properties {
    return this.#post('Runtime.getProperties', { objectId, ownProperties: true });
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
