// EDN text read by the compiler, into the data form: vectors and lists are tuples, names and keywords their text,
// `"text"` is `{ '#str': 'text' }`. Every loop is a tail call over clauses, words or lines, not letters, and a vector that
// holds no other is read in one step, so that a query of some forty clauses stays far below the compiler's bound of a
// thousand steps. What it cannot read (a discarded form, a set, an unbalanced bracket) is `Unreadable`: nothing is known
// of it then, and nothing claimed.

export type Unreadable = { readonly unreadable: true }

/** A map of EDN: keys and values in turn, for a key may be any form. */
export type MapForm<Items extends readonly unknown[] = readonly unknown[]> = { readonly '#map': Items }
export type TextForm<Text extends string = string> = { readonly '#str': Text }
type TagForm = { readonly '#tag': unknown }
type DiscardForm = { readonly '#discard': true }
type NumberForm = { readonly '#number': string }

/** The one form in a text. */
export type ReadEdn<Text extends string> =
  WithoutTexts<Text> extends readonly [infer Code extends string, infer Texts extends readonly string[]]
    ? Build<`${OneLine<Code>} `, Texts> extends readonly [infer Form]
      ? Form
      : Unreadable
    : Unreadable

/** Strings replaced by `"0`, `"1` …, so that nothing in them looks like code, and the strings. */
type WithoutTexts<
  Text extends string,
  Code extends string = '',
  Texts extends readonly string[] = readonly [],
> = Text extends `${infer Before}"${infer Rest}`
  ? IsComment<Before> extends true
    ? Rest extends `${string}\n${infer Next}`
      ? WithoutTexts<Next, `${Code}${Before}\n`, Texts>
      : readonly [`${Code}${Before}`, Texts]
    : TextAt<Rest> extends readonly [infer Inner extends string, infer Next extends string]
      ? WithoutTexts<Next, `${Code}${Before} "${Texts['length']} `, readonly [...Texts, Inner]>
      : Unreadable
  : readonly [`${Code}${Text}`, Texts]

/** The text up to the quote that ends it, and what follows. */
type TextAt<Text extends string, Done extends string = ''> = Text extends `${infer Inner}"${infer Rest}`
  ? Inner extends `${string}\\\\${string}`
    ? Unreadable
    : Inner extends `${infer Escaped}\\`
      ? TextAt<Rest, `${Done}${Escaped}"`>
      : readonly [`${Done}${Inner}`, Rest]
  : Unreadable

/** True where the last line has begun a comment. */
type IsComment<Code extends string> = Code extends `${string};${infer Rest}`
  ? Rest extends `${string}\n${infer Next}`
    ? IsComment<Next>
    : true
  : false

/** Without comments, commas and line ends. */
type OneLine<Code extends string> = WithoutCommas<Lines<Code>>

type WithoutCommas<Code extends string> = Code extends `${infer Before},${infer Rest}`
  ? WithoutCommas<`${Before} ${Rest}`>
  : Code

type Lines<Code extends string, Done extends string = ''> = Code extends `${infer Line}\n${infer Rest}`
  ? Lines<Rest, `${Done} ${Unindented<Uncommented<Line>>}`>
  : `${Done} ${Unindented<Uncommented<Code>>}`

type Uncommented<Line extends string> = Line extends `${infer Code};${string}` ? Code : Line

type Unindented<Line extends string> = Line extends `        ${infer Rest}`
  ? Unindented<Rest>
  : Line extends `  ${infer Rest}`
    ? Unindented<Rest>
    : Line extends `${infer Before}\t${infer Rest}`
      ? Unindented<`${Before} ${Rest}`>
      : Line extends `${infer Before}\r`
        ? Before
        : Line

type Opening = '[' | '(' | '{'
type Bracket = Opening | ']' | ')' | '}'

/** Brackets that are open: the one that closes them, what stood before, and those around. */
type Open = readonly [closing: string, before: readonly unknown[], around: Open | null]

type Build<
  Code extends string,
  Texts extends readonly string[],
  Items extends readonly unknown[] = readonly [],
  Around extends Open | null = null,
> = Code extends ` ${infer Rest}`
  ? Build<Rest, Texts, Items, Around>
  : Code extends `[${infer Rest}`
    ? Rest extends `${infer Inner}]${infer After}`
      ? Inner extends `${string}${Opening | '"'}${string}`
        ? Build<Rest, Texts, readonly [], readonly [']', Items, Around]>
        : Build<After, Texts, readonly [...Items, Words<Inner>], Around>
      : Unreadable
    : Code extends `(${infer Rest}`
      ? Build<Rest, Texts, readonly [], readonly [')', Items, Around]>
      : Code extends `{${infer Rest}`
        ? Build<Rest, Texts, readonly [], readonly ['}', Items, Around]>
        : Around extends readonly [
              infer Closing extends string,
              infer Before extends readonly unknown[],
              infer Outer extends Open | null,
            ]
          ? Code extends `${Closing}${infer Rest}`
            ? Build<Rest, Texts, readonly [...Before, Closing extends '}' ? MapForm<Items> : Items], Outer>
            : BuildWord<Code, Texts, Items, Around>
          : BuildWord<Code, Texts, Items, Around>

/** A word ends at a space, or at the bracket that stands before it. */
type BuildWord<
  Code extends string,
  Texts extends readonly string[],
  Items extends readonly unknown[],
  Around extends Open | null,
> = Code extends `${infer Word} ${infer Rest}`
  ? Word extends `${string}${Bracket}${string}`
    ? CutAtBracket<Word> extends readonly [infer Part extends string, infer Left extends string]
      ? Part extends ''
        ? Unreadable
        : Build<`${Left} ${Rest}`, Texts, Appended<Items, Atom<Part, Texts>>, Around>
      : Unreadable
    : Build<Rest, Texts, Appended<Items, Atom<Word, Texts>>, Around>
  : Around extends null
    ? Items
    : Unreadable

type CutAtBracket<Word extends string, Part extends string = ''> = Word extends `${infer First}${infer Rest}`
  ? First extends Bracket
    ? readonly [Part, Word]
    : CutAtBracket<Rest, `${Part}${First}`>
  : readonly [Part, '']

/** The items of a vector that holds no other; three plain words at once, since most patterns are that. */
type Words<Inner extends string> = Inner extends `${infer E} ${infer A} ${infer V}`
  ? V extends `${string} ${string}`
    ? EachWord<`${Inner} `>
    : readonly [E, A, V] extends readonly [PlainWord, PlainWord, PlainWord]
      ? readonly [E, A, V]
      : EachWord<`${Inner} `>
  : EachWord<`${Inner} `>

type PlainWord = `?${string}` | `:${string}` | '_'

type EachWord<
  Inner extends string,
  Items extends readonly unknown[] = readonly [],
> = Inner extends `${infer Word} ${infer Rest}`
  ? Word extends ''
    ? EachWord<Rest, Items>
    : EachWord<Rest, readonly [...Items, Word extends PlainWord ? Word : Atom<Word, readonly []>]>
  : Items

/** A tag and its text are one form. */
type Appended<Items extends readonly unknown[], Form> = Form extends TextForm
  ? Items extends readonly [...infer Before, TagForm]
    ? readonly [...Before, TagForm]
    : readonly [...Items, Form]
  : readonly [...Items, Form]

type Atom<Word extends string, Texts extends readonly string[]> = Word extends
  | `?${string}`
  | `:${string}`
  | `$${string}`
  ? Word
  : Word extends `"${infer Index extends number}`
    ? TextForm<Texts[Index]>
    : Word extends `${infer Value extends number | bigint | boolean}`
      ? Value
      : Word extends 'nil'
        ? null
        : Word extends `#${infer Tag}`
          ? Tag extends '' | `_${string}`
            ? DiscardForm
            : TagForm
          : Word extends `${Digit}${string}` | `-${Digit}${string}` | `+${Digit}${string}`
            ? NumberForm
            : Word

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
