/** One page through the pinned pipeline: the record and the numbers that everybody else would get, byte for byte. */
import { expect, it } from 'vitest'
import { CURRENT_PIPELINE, rawCid, runPipelineOnHtml } from 'quern/schemas'

const html = `<!doctype html><html lang="en"><head><title>The hand mill</title></head><body><article><h1>The hand mill</h1>
<p>A quern is a hand mill: people bring their own grain, and everyone can see how much each one brought. It was found in almost every house.</p>
<p>The lower stone lies still; the upper one is turned by hand, and the flour falls out at the rim, where a cloth or a basket waits for it.</p>
</article></body></html>`

it('gives a record that is named by its bytes', () => {
  const result = runPipelineOnHtml('https://example.org/mill', html)
  if (!result.ok) throw new Error(result.error.message)
  const { record, language, tokens } = result.measured
  expect(JSON.parse(new TextDecoder().decode(record))).toMatchObject({ title: 'The hand mill', url: 'https://example.org/mill' })
  expect(language).toBe('en')
  expect(tokens).toBeGreaterThan(40)
  // whoever runs this pipeline over this page comes to this CID
  const again = runPipelineOnHtml('https://example.org/mill', html, CURRENT_PIPELINE)
  expect(again.ok && rawCid(again.measured.record).toString()).toBe(rawCid(record).toString())
})
