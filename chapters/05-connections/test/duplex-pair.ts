import { Duplex } from 'node:stream';

/** Two streams in memory: what is written to one is read from the other. */
export function duplexPair(): [Duplex, Duplex] {
  const one: Duplex = half(() => other);
  const other: Duplex = half(() => one);
  return [one, other];
}

function half(across: () => Duplex): Duplex {
  return new Duplex({
    allowHalfOpen: true,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      across().push(chunk);
      done();
    },
    final(done) {
      across().push(null);
      done();
    },
  });
}
