// What a check finds: where it is, what is wrong, and what to do about it.

export type Problem = {
  /** Path from the repository's root, with forward slashes. */
  readonly file: string
  readonly line: number
  readonly message: string
  /** What to do, as one sentence. */
  readonly fix: string
}

export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}  ${problem.message}\n    fix: ${problem.fix}`
}
