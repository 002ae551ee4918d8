/** Runs of digits with separators between them: what cards, telephone numbers and identifiers are written as. */

export interface Group {
  digits: string
  start: number
  end: number
}

const RUN =
  /(?<![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_])\d+(?:(?: {1,2}| ?[.\-/] ?|_)\d+)*(?![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_])/gu

/** The groups of each maximal run: `4111 1111 1111 1111` is one run of four. */
export function* digitRuns(text: string): Generator<Group[]> {
  for (const match of text.matchAll(RUN)) {
    const groups: Group[] = []
    for (const part of match[0].matchAll(/\d+/g)) {
      const start = match.index + part.index
      groups.push({ digits: part[0], start, end: start + part[0].length })
    }
    yield groups
  }
}
