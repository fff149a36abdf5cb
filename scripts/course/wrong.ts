/** A wrong solution: the reference with one thing broken that must hold. The checks have to refuse it. */
export interface WrongSolution {
  /** The step whose check refuses it: `2.3`. */
  readonly step: string;
  /** What must hold, and does not here. */
  readonly breaks: string;
  /** File within the chapter. */
  readonly file: string;
  /** What stands in the reference, there once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}
