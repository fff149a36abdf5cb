import { color } from './theme.ts';

/** Colours of ribbons, read once for each theme. */
export interface RibbonPaint {
  readonly segment: string;
  readonly segmentEdge: string;
  readonly room: string;
  readonly expired: string;
  readonly track: string;
  readonly cursor: string;
  readonly behind: string;
  readonly ink: string;
  readonly paper: string;
}

let paint: RibbonPaint | undefined;

/** The colours of now. */
export function ribbonPaint(): RibbonPaint {
  paint ??= {
    segment: color('segment'),
    segmentEdge: color('segment-edge'),
    room: color('room'),
    expired: color('expired'),
    track: color('line'),
    cursor: color('cursor'),
    behind: color('behind'),
    ink: color('ink-soft'),
    paper: color('panel'),
  };
  return paint;
}

/** The theme has changed. */
export function forgetPaint(): void {
  paint = undefined;
}
