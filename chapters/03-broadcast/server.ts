/**
 * Chapter 3, the door to the network: the broadcast server.
 *
 * @packageDocumentation
 */
export { BatchedWriter } from './batched-writer.ts';
export {
  type BroadcastServerOptions,
  startBroadcastServer,
} from './broadcast-server.ts';
export { FrameSocket, type FrameSocketHandlers } from './frame-socket.ts';
export { decodeLagged, encodeLagged, LAGGED_TYPE } from './lagged-frame.ts';
export { RequestSocket, type RequestSocketHandlers } from './request-socket.ts';
export { TurnBudget } from './turn-budget.ts';
