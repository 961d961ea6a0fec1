// Pull patterns are parsed in `plan`, where engines can reach the parser too: a pattern may come as an input.

export { parsePullPattern, parsePullSpot } from '../plan/parse-pull.ts'
