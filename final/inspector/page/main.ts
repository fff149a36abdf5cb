import { duration } from '../../format.ts';
import type { InspectorState } from '../state.ts';
import { ConnectionsView } from './connections-view.ts';
import { byId, setText } from './dom.ts';
import { Freshness } from './freshness.ts';
import { OverviewView } from './overview-view.ts';
import { forgetPaint } from './ribbon-paint.ts';
import { StateStream } from './state-stream.ts';
import { setUpTheme } from './theme.ts';
import { askForToken, currentToken, setUpSignOut } from './token.ts';
import { TopicsView } from './topics-view.ts';
import { TryItView } from './try-it-view.ts';
import { XrayView } from './xray-view.ts';

const where = byId('where', HTMLElement);
const pause = byId('pause', HTMLButtonElement);

const freshness = new Freshness();
const overview = new OverviewView();
const connections = new ConnectionsView();
const topics = new TopicsView((text) => {
  states.search = text;
});
const xray = new XrayView((paused) => {
  states.frames = !paused;
});

const states = new StateStream({
  state: show,
  frames: (frames) => xray.add(frames),
  history: (history) => overview.remember(history),
  refused: async (status) => {
    freshness.rest('waiting for a token');
    const wrong = status === 403 ? 'This token may not look at the broker.' : 'This token is not known here.';
    await askForToken(currentToken() === '' ? '' : wrong);
    freshness.rest(undefined);
  },
});

function show(state: InspectorState): void {
  freshness.heard();
  const [address = ''] = state.addresses;
  const others = state.addresses.length > 1 ? ` and ${state.addresses.length - 1} more` : '';
  setText(where, `${address}${others} · up ${duration(Math.floor(state.uptimeMs / 1000) * 1000)}`);
  overview.update(state);
  topics.update(state);
  connections.update(state);
}

pause.addEventListener('click', () => {
  const paused = pause.getAttribute('aria-pressed') !== 'true';
  pause.setAttribute('aria-pressed', String(paused));
  setText(pause, paused ? 'Go on' : 'Pause');
  states.paused = paused;
  freshness.rest(paused ? 'paused' : undefined);
});

setUpTheme(() => {
  forgetPaint();
  overview.restyle();
  topics.redraw();
});
setUpSignOut();
new TryItView();
