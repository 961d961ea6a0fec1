// What can be wrong with values and their notations.

import { type Place, VarveError, type Warning } from '../base/errors.ts'

/** What a literal can fail to be: what is wrong, and what to write instead. */
export class Complaint {
  readonly message: string
  readonly fix: string
  constructor(message: string, fix: string) {
    this.message = message
    this.fix = fix
  }
}

/** A number of more digits than whoever reads it allows. */
export class TooManyDigits extends Complaint {
  readonly max: number
  constructor(max: number) {
    super(`The number has more than ${max} digits`, 'Keep such data as a string or as bytes')
    this.max = max
  }
}

export type Opened = { readonly bracket: string; readonly place: Place }

export function ednSyntax(message: string, fix: string, place: Place, text: string): VarveError {
  return new VarveError({
    code: 'varve.error/edn-syntax',
    kind: 'incorrect',
    message: `${message}${at(place)}`,
    fix,
    data: { place, text },
  })
}

/** A bracket that is missing, does not match, or is one too many; `opened` is where its like was opened. */
export function ednBracket(
  message: string,
  fix: string,
  place: Place,
  text: string,
  opened: Opened | undefined,
): VarveError {
  return new VarveError({
    code: 'varve.error/edn-bracket',
    kind: 'incorrect',
    message,
    fix,
    data: { place, text, ...(opened && { opened }) },
  })
}

export function bracketRecovered(bracket: string, place: Place): Warning {
  return {
    code: 'varve.warning/bracket-recovered',
    message: `The bracket ${bracket}${at(place)} is one too many; the text was read without it`,
    fix: `Delete that ${bracket}`,
    place,
  }
}

export function jsonSyntax(
  message: string,
  fix: string,
  place: Place,
  text: string,
  opened?: Opened,
): VarveError {
  return new VarveError({
    code: 'varve.error/json-syntax',
    kind: 'incorrect',
    message: `${message}${at(place)}`,
    fix,
    data: { place, text, ...(opened && { opened }) },
  })
}

export function duplicateKey(key: string, isSet: boolean, place: Place): VarveError {
  return new VarveError({
    code: 'varve.error/duplicate-key',
    kind: 'incorrect',
    message: isSet
      ? `The set holds ${key} twice${at(place)}`
      : `The map has the key ${key} twice${at(place)}`,
    fix: isSet ? 'Write each member once' : 'Write each key once',
    data: { place, text: key },
  })
}

export function numberUnreadable(complaint: Complaint, place: Place, text: string): VarveError {
  if (complaint instanceof TooManyDigits) return limitExceeded('The number', 'digits', complaint.max, place)
  return new VarveError({
    code: 'varve.error/number-unreadable',
    kind: 'incorrect',
    message: `${complaint.message}${at(place)}`,
    fix: complaint.fix,
    data: { place, text },
  })
}

/** Text that should be an instant, a uuid, a uri, bytes, a keyword … and is not. */
export function literalInvalid(complaint: Complaint, place: Place, text: string): VarveError {
  if (complaint instanceof TooManyDigits) return limitExceeded('The number', 'digits', complaint.max, place)
  return new VarveError({
    code: 'varve.error/literal-invalid',
    kind: 'incorrect',
    message: `${complaint.message}${at(place)}`,
    fix: complaint.fix,
    data: { place, text },
  })
}

export function limitExceeded(what: string, unit: string, max: number, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/notation-limit',
    kind: 'incorrect',
    message: `${what} has more than ${max} ${unit}${place === undefined ? '' : at(place)}`,
    fix: 'Send it in smaller parts, or raise the limit where you read it yourself',
    data: { ...(place && { place }), unit, max },
  })
}

export function stringIllFormed(place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/string-ill-formed',
    kind: 'incorrect',
    message: `The text holds half of a surrogate pair, which no encoding can keep${place ? at(place) : ''}`,
    fix: 'Send whole characters; for arbitrary bytes use the type bytes',
    data: { ...(place && { place }) },
  })
}

export function dataUnconvertible(message: string, fix: string, place: Place): VarveError {
  return new VarveError({
    code: 'varve.error/data-unconvertible',
    kind: 'incorrect',
    message: `${message}${at(place)}`,
    fix,
    data: { place },
  })
}

export function valueUnwritable(message: string, fix: string): VarveError {
  return new VarveError({ code: 'varve.error/value-unwritable', kind: 'incorrect', message, fix })
}

export function nilValue(attribute: string): VarveError {
  return new VarveError({
    code: 'db.error/nil-value',
    kind: 'incorrect',
    message: `The value for ${attribute} is nil`,
    fix: `Leave ${attribute} out, or retract what it holds`,
    data: { attribute },
  })
}

export function wrongType(attribute: string, valueType: string, value: string, fix?: string): VarveError {
  return new VarveError({
    code: 'db.error/wrong-type-for-attribute',
    kind: 'incorrect',
    message: `${value} is no value of type ${valueType}, which ${attribute} takes`,
    fix: fix ?? `Give ${attribute} a ${valueType}`,
    data: { attribute, valueType, value },
  })
}

export function invalidTuple(attribute: string, message: string, fix: string, value: string): VarveError {
  return new VarveError({
    code: 'db.error/invalid-tuple-value',
    kind: 'incorrect',
    message: `${message} (${attribute})`,
    fix,
    data: { attribute, value },
  })
}

export function nanRefused(attribute: string): VarveError {
  return new VarveError({
    code: 'varve.error/nan-refused',
    kind: 'incorrect',
    message: `The value for ${attribute} is not a number (NaN), which equals nothing and could never be found`,
    fix: `Leave ${attribute} out where there is no number`,
    data: { attribute },
  })
}

export function numberOutOfRange(attribute: string, valueType: string, value: string): VarveError {
  return new VarveError({
    code: 'varve.error/number-out-of-range',
    kind: 'incorrect',
    message: `${value} is beyond what type ${valueType} of ${attribute} can hold`,
    fix: 'Use a type of wider range: double, bigint or bigdec',
    data: { attribute, valueType, value },
  })
}

function at({ source, line, column, path }: Place): string {
  const parts: string[] = []
  if (line !== undefined) parts.push(`at line ${line}, column ${column}`)
  else if (path !== undefined && path.length > 0) parts.push(`at ${JSON.stringify(path)}`)
  if (source !== undefined) parts.push(`of ${source}`)
  return parts.length === 0 ? '' : ` (${parts.join(' ')})`
}
