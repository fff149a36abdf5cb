/** The version of the protocol that this course speaks; HELLO and WELCOME carry it. */
export const PROTOCOL_VERSION = 1;

/**
 * Frame types that a client may send. A client's types are below 0x80 and a broker's above, so that a frame
 * that went the wrong way is refused by its first byte.
 */
export const ClientType = {
  HELLO: 0x01,
  CREATE: 0x02,
  PUBLISH: 0x03,
  SUBSCRIBE: 0x04,
  UNSUBSCRIBE: 0x05,
  COMMIT: 0x06,
  PING: 0x07,
  LAG: 0x08,
  CLOSE: 0x09,
  PONG: 0x0a,
} as const;
/** One of the types in the table {@link ClientType}. */
export type ClientType = (typeof ClientType)[keyof typeof ClientType];

/** Frame types that a broker may send. */
export const BrokerType = {
  WELCOME: 0x81,
  OK: 0x82,
  PUBLISHED: 0x83,
  MESSAGES: 0x84,
  ERROR: 0x85,
  PONG: 0x86,
  SKIPPED: 0x87,
  LAG: 0x88,
  CLOSING: 0x89,
  PING: 0x8a,
} as const;
/** One of the types in the table {@link BrokerType}. */
export type BrokerType = (typeof BrokerType)[keyof typeof BrokerType];

/**
 * Numbers of the errors on the wire. Below 16 the connection is of no use any more: the broker sends the ERROR
 * and closes (only DENIED may also be answered after HELLO, and then the connection stays). From 16 on the
 * stream is in order: the request is answered with the ERROR and the connection stays.
 */
export const ErrorCode = {
  BAD_FRAME: 1,
  TOO_LARGE: 2,
  UNKNOWN_TYPE: 3,
  BAD_STATE: 4,
  BAD_VERSION: 5,
  TIMEOUT: 6,
  BAD_TEXT: 7,
  DENIED: 8,
  SLOW: 9,
  FULL: 10,
  SHUTDOWN: 11,
  BAD_TOPIC: 16,
  BAD_REQUEST: 17,
  BAD_KEY: 18,
  TOPIC_EXISTS: 19,
  NOT_SUBSCRIBED: 20,
  BAD_COMMIT: 21,
  OUT_OF_RANGE: 22,
  LIMIT: 23,
  UNSUPPORTED: 24,
} as const;
/** One of the numbers in the table {@link ErrorCode}. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
/** Name of an error, as `error.code` carries it: `'BAD_FRAME'`, `'LIMIT'`, and so on. */
export type ErrorName = keyof typeof ErrorCode;

/** Where a subscription begins: the field `start` of SUBSCRIBE. */
export const Start = {
  /** All that the topic retains, then what comes. */
  EARLIEST: 0,
  /** Only what comes next. */
  LATEST: 1,
  /** What comes after the id in the field `after`. */
  AFTER: 2,
} as const;
/** One of the values in the table {@link Start}. */
export type Start = (typeof Start)[keyof typeof Start];

/** Bytes that a PING, and so a PONG, may carry. */
export const MAX_PING_BYTES = 64;
/** Bytes that the key of a record may have, though its length field could say more. */
export const MAX_KEY_BYTES = 128;
/** Bytes that a topic's name may have: the length field is one byte. */
export const MAX_TOPIC_BYTES = 255;
/** Largest frame, counted as its size field counts, that a broker takes before HELLO. */
export const HELLO_FRAME_LIMIT = 4096;
/** Records that one PUBLISH or MESSAGES may carry: the count field is two bytes. */
export const MAX_RECORDS = 0xffff;
/** Largest id on the wire: the largest whole number that a JavaScript number holds exactly. */
export const MAX_ID = Number.MAX_SAFE_INTEGER;
