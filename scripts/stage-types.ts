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
