/**
 * The inspector: health, metrics, and a page that shows a broker alive.
 *
 * @packageDocumentation
 */
export { type Inspector, startInspector } from './inspector.ts';
export { DEFAULT_HTTP_PORT, type InspectorOptions } from './options.ts';
export { buildInspectorPage } from './page-build.ts';
export type {
  ConnectionState,
  HistoryState,
  InspectorState,
  ReaderState,
  SegmentState,
  TopicState,
} from './state.ts';
