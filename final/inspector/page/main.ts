import { duration } from '../../format.ts';
import type { InspectorState } from '../state.ts';
import { ConnectionsView } from './connections-view.ts';
import { byId, setText } from './dom.ts';
import { OverviewView } from './overview-view.ts';
import { forgetPaint } from './ribbon-paint.ts';
import { StateStream } from './state-stream.ts';
import { setUpTheme } from './theme.ts';
import { askForToken, currentToken, setUpSignOut } from './token.ts';
import { TopicsView } from './topics-view.ts';
import { TryItView } from './try-it-view.ts';
import { XrayView } from './xray-view.ts';

const pulse = byId('pulse', HTMLElement);
const where = byId('where', HTMLElement);
const pause = byId('pause', HTMLButtonElement);

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
  live: (live) => setPulse(live ? 'live' : 'lost', live ? 'live' : 'no answer; trying again'),
  refused: (status) => {
    setPulse('lost', 'waiting for a token');
    const wrong = status === 403 ? 'This token may not look at the broker.' : 'This token is not known here.';
    return askForToken(currentToken() === '' ? '' : wrong);
  },
});

function show(state: InspectorState): void {
  const [address = ''] = state.addresses;
  const others = state.addresses.length > 1 ? ` and ${state.addresses.length - 1} more` : '';
  setText(where, `${address}${others} · up ${duration(Math.floor(state.uptimeMs / 1000) * 1000)}`);
  overview.update(state);
  topics.update(state);
  connections.update(state);
}

function setPulse(state: string, text: string): void {
  pulse.dataset.state = state;
  setText(byId('pulse-text', HTMLElement), text);
}

pause.addEventListener('click', () => {
  const paused = pause.getAttribute('aria-pressed') !== 'true';
  pause.setAttribute('aria-pressed', String(paused));
  setText(pause, paused ? 'Go on' : 'Pause');
  states.paused = paused;
  if (paused) setPulse('paused', 'paused');
});

setUpTheme(() => {
  forgetPaint();
  overview.restyle();
  topics.redraw();
});
setUpSignOut();
new TryItView();
