#!/usr/bin/env node
/**
 * What version 1 of the selectors gives for the example charters and their pages, as digests in schemas/selectors/fixtures/golden.json.
 * A digest that is listed there never changes again: this only adds those of new pages.
 *   node tools/golden-selectors.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pipelineIdOf, pipelineOptions, recordsOf, runPipelineOnHtml } from '../schemas/pipeline/index.ts'
import { encode, sha256, toHex } from '../schemas/wire/index.ts'
import { parseCharterYaml } from '../dao/charter/index.ts'

const examples = new URL('../docs/examples/selectors/', import.meta.url)
const goldenFile = new URL('../schemas/selectors/fixtures/golden.json', import.meta.url)
const OPERATOR = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

/** One digest for each schema and page, over all that the pipeline gives. */
export function selectorDigests(): Record<string, string> {
  const digests: Record<string, string> = {}
  for (const name of ['shop', 'forum', 'events']) {
    const parsed = parseCharterYaml(
      readFileSync(new URL(`${name}.yaml`, examples), 'utf8').replace('operator: self', `operator: ${OPERATOR}`),
    )
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    for (const schema of parsed.charter.selectors)
      for (const page of ['oak-table', 'lamp', 'thread', 'calendar']) {
        const html = readFileSync(new URL(`pages/${page}.html`, examples), 'utf8')
        const url = schema.examples[0]?.url ?? ''
        const result = runPipelineOnHtml(url, html, pipelineIdOf(schema), pipelineOptions(parsed.charter))
        digests[`${pipelineIdOf(schema)} ${page}`] = result.ok
          ? toHex(
              sha256(
                encode(
                  recordsOf(result).map((one) => [
                    one.record,
                    one.host,
                    one.language,
                    one.tokens,
                    one.quality,
                    one.contentDigest,
                    one.sketch,
                  ]),
                ),
              ),
            )
          : result.error.code
      }
  }
  return digests
}

export const readSelectorGolden = (): Record<string, string> => JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<string, string>

if (import.meta.main) writeFileSync(goldenFile, `${JSON.stringify({ ...selectorDigests(), ...readSelectorGolden() }, null, 2)}\n`)
