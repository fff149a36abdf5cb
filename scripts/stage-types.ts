/** What the chapters give to the runners of stages and examples: types only, so that no chapter needs `scripts/` at run time. */

/** One chapter of the course as a program that runs. */
export interface Stage {
  /** What the stage is, in a few words: `A framed echo server`. */
  readonly title: string;
  /** Starts the server of this stage. */
  serve(options: { host: string; port: number }): Promise<StageServer>;
  /** Plays the narrated scenario against that server, over real sockets. */
  scenario(server: StageServer, narrator: Narrator): Promise<void>;
  /** How a person can talk to the server that stays up: one line each. */
  talk(server: StageServer): readonly string[];
}

/** A server of a stage that is listening. */
export interface StageServer {
  readonly host: string;
  readonly port: number;
  /** Ends the connections and stops listening; resolves when the port is free. */
  close(): Promise<void>;
}

/** Tells the story of a scenario. */
export interface Narrator {
  /** A step of the story. */
  heading(text: string): void;
  /** What one actor did or saw: `alice    sends PUBLISH ...`. */
  line(who: string, text: string): void;
  /** An explanation beside the story. */
  note(text: string): void;
  /** Marks a value that differs from run to run (port, duration, rate); transcripts show `…` in its place. */
  volatile(value: string | number): string;
}

/** A small program beside a chapter's lesson: `npm run example echo` runs `examples/echo.ts`, which exports it as `example`. */
export interface Example {
  /** What it shows, in one line. */
  readonly title: string;
  /** Plays against a broker that is listening; ends when what it shows is shown, and leaves no connection open. */
  run(broker: { readonly host: string; readonly port: number }, narrator: Narrator): Promise<void>;
}

/** A program that a check talks to: all that it knows of it is where it listens. */
export interface CheckedServer {
  readonly host: string;
  readonly port: number;
  /** True: it was started for this check alone. False: choose names (of topics, of clients) that nobody else has. */
  readonly isFresh: boolean;
}

/** One check of a program in any language, over its port: `npm run check 1 -- --port 9000`. */
export interface PortCheck {
  /** What must hold: `a frame without a body comes back`. */
  readonly title: string;
  /** The step of the lesson that explains it: `1.5`. */
  readonly step: string;
  /** Fails with an error that says what was sent, awaited and received. */
  play(server: CheckedServer): Promise<void>;
}

/** The checks of a chapter for any language; its `any-language/checks.ts` exports them as `checks`. */
export interface PortChecks {
  /** True: with `--cmd` each check gets a process of its own. False: one serves all. */
  readonly freshProcesses: boolean;
  readonly checks: readonly PortCheck[];
}
