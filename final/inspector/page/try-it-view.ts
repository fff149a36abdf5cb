import { type Client, connect, type Message, type Subscription } from '../../client/browser.ts';
import { clockTime, count, plural } from '../../format.ts';
import { previewOf } from '../explain/preview.ts';
import { visible } from '../explain/visible-text.ts';
import { byId, element, setText } from './dom.ts';
import { currentToken } from './token.ts';

/** Messages that are listed. */
const LISTED = 100;

interface Received {
  readonly topic: string;
  readonly id: number;
  readonly key: string;
  readonly text: string;
  readonly at: number;
}

interface Entry {
  readonly subscription: Subscription;
  readonly root: HTMLElement;
  readonly count: HTMLElement;
  /** The newest message of each topic that waits for a commit. */
  readonly uncommitted: Map<string, Message>;
  received: number;
}

/** Publishes and subscribes as any client would, over a WebSocket: opened when it is first needed. */
export class TryItView {
  readonly #messages = byId('messages', HTMLElement);
  readonly #subscriptions = new Map<string, Entry>();
  #client: Promise<Client> | undefined;
  #waiting: Received[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    onSubmit('publish', (form) => this.#publish(form));
    onSubmit('subscribe', (form) => this.#subscribe(form));
  }

  async #publish(form: FormData): Promise<string> {
    const topic = String(form.get('topic'));
    const key = String(form.get('key') ?? '');
    const client = await this.#connected();
    const began = performance.now();
    const { id } = await client.publish(topic, String(form.get('payload') ?? ''), {
      confirm: true,
      timeout: 10_000,
      ...(key === '' ? {} : { key }),
    });
    const took = `${Math.max(0.1, performance.now() - began).toFixed(1)} ms`;
    return id === undefined ? `a duplicate: dropped (${took})` : `published as id ${count(id)} in ${took}`;
  }

  async #subscribe(form: FormData): Promise<string> {
    const topic = String(form.get('topic'));
    const window = Number(form.get('window') ?? 0);
    const from = form.get('from') === 'earliest' ? 'earliest' : 'latest';
    const client = await this.#connected();
    // A subscription that is there already begins anew.
    await this.#drop(topic);
    const uncommitted = new Map<string, Message>();
    let entry: Entry | undefined;
    let early = 0;
    const subscription = await client.subscribe(topic, {
      from,
      window,
      timeout: 10_000,
      onMessage: (message) => {
        if (window > 0) uncommitted.set(message.topic, message);
        if (entry === undefined) early++;
        else entry.received++;
        this.#receive(message);
      },
      onSkipped: ({ topic: name, fromId, toId }) => {
        const text =
          fromId === 0 ? 'messages were missed' : `ids ${count(fromId)} – ${count(toId)} are no longer kept`;
        this.#enqueue({ topic: name, id: 0, key: '', text, at: Date.now() });
      },
    });
    entry = this.#list(topic, subscription, window, uncommitted);
    entry.received += early;
    this.#count(entry);
    return `subscribed to ${visible(topic, 40)}`;
  }

  async #drop(topic: string): Promise<void> {
    const entry = this.#subscriptions.get(topic);
    if (entry === undefined) return;
    this.#subscriptions.delete(topic);
    entry.root.remove();
    await entry.subscription.unsubscribe();
  }

  #list(topic: string, subscription: Subscription, window: number, uncommitted: Map<string, Message>): Entry {
    const label = visible(topic, 60);
    const number = element('span', { class: 'aside' });
    const stop = element('button', {
      class: 'quiet small',
      text: 'Stop',
      attributes: { type: 'button', 'aria-label': `Stop the subscription to ${label}` },
    });
    const root = element('li', {}, [element('b', { class: 'mono', text: label }), number]);
    const entry: Entry = { subscription, root, count: number, uncommitted, received: 0 };
    if (window > 0) {
      const commit = element('button', {
        class: 'quiet small',
        text: 'Commit',
        attributes: { type: 'button', 'aria-label': `Commit what came from ${label}` },
      });
      commit.addEventListener('click', () => {
        for (const message of uncommitted.values()) subscription.commit(message);
        uncommitted.clear();
        this.#count(entry);
      });
      root.append(commit);
    }
    root.append(stop);
    stop.addEventListener('click', () => {
      this.#drop(topic).catch((error: unknown) => console.warn(error));
    });
    this.#subscriptions.set(topic, entry);
    byId('subscriptions', HTMLElement).append(root);
    return entry;
  }

  #receive({ topic, id, key, payload }: Message): void {
    this.#enqueue({
      topic,
      id,
      key: key ?? '',
      text: previewOf(payload.subarray(0, 2048), payload.length > 2048),
      at: Date.now(),
    });
  }

  /** Shows messages a few times a second, however fast they come. */
  #enqueue(received: Received): void {
    this.#waiting.push(received);
    if (this.#waiting.length > LISTED) this.#waiting.shift();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#messages.prepend(...waiting.reverse().map(messageItem));
      while (this.#messages.children.length > LISTED) this.#messages.lastElementChild?.remove();
      for (const entry of this.#subscriptions.values()) this.#count(entry);
    }, 100);
  }

  #count(entry: Entry): void {
    const open = entry.uncommitted.size > 0 ? ', to be committed' : '';
    setText(entry.count, `${plural(entry.received, 'message')}${open}`);
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { protocol, host } = location;
    const url = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/leveret`;
    const state = byId('link-state', HTMLElement);
    setText(state, 'connecting');
    try {
      const client = await connect(url, { name: 'inspector page', token: currentToken() });
      client.on('status', ({ status }) => {
        setText(state, `${status} over WebSocket`);
        if (status === 'closed') this.#client = undefined;
      });
      client.on('error', (error) => setText(state, error.message));
      setText(state, 'connected over WebSocket');
      return client;
    } catch (error) {
      setText(state, 'not connected');
      throw error;
    }
  }
}

function onSubmit(id: 'publish' | 'subscribe', act: (form: FormData) => Promise<string>): void {
  const form = byId(id, HTMLFormElement);
  const result = byId(`${id}-result`, HTMLElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    act(new FormData(form)).then(
      (text) => {
        result.className = '';
        setText(result, text);
      },
      (error: unknown) => {
        result.className = 'problem';
        setText(result, visible(error instanceof Error ? error.message : String(error), 200));
      },
    );
  });
}

function messageItem({ topic, id, key, text, at }: Received): HTMLElement {
  return element('li', { class: id === 0 ? 'gap' : '' }, [
    element('span', { class: 'message-id', text: id === 0 ? 'skipped' : count(id) }),
    element('span', { class: 'message-topic', text: visible(topic, 60) }),
    element('span', { class: 'message-time', text: clockTime(at) }),
    element('span', { class: 'message-text', text: key === '' ? text : `${visible(key, 60)} = ${text}` }),
  ]);
}
