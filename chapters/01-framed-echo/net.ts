/**
 * Chapter 1, the door to the network: frames on sockets, a server that sends them back, and a client.
 *
 * @packageDocumentation
 */
export { type EchoServerOptions, startEchoServer } from './echo-server.ts';
export { FrameClient, type FrameClientOptions, openSocket } from './frame-client.ts';
export { boundPort, checkPort, DEFAULT_HOST, type ListenOptions, listen } from './listen.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
export { closeSoon, FrameWriter, readFrames } from './socket-halves.ts';
