import { SaxesParser } from 'saxes'
import { ExportError } from '../errors.ts'
import type { ExportFile } from '../source.ts'
import { textOf } from './text.ts'

export interface XmlElement {
  name: string
  attributes: Record<string, string>
}

const MAX_DEPTH = 64

/**
 * Start tags in order. Declared entities are refused, never expanded: no export needs them, and ten lines of them make a gigabyte.
 * Throws ExportError HOSTILE_XML, BAD_XML, TRUNCATED.
 */
export async function* xmlElements(file: ExportFile): AsyncGenerator<XmlElement[]> {
  const parser = new SaxesParser()
  let found: XmlElement[] = []
  let failed: unknown
  let depth = 0
  parser.on('doctype', (doctype) => {
    if (/<!ENTITY/i.test(doctype)) failed ??= new ExportError('HOSTILE_XML', 'an XML file of this export declares entities; no export does')
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (++depth > MAX_DEPTH) failed ??= new ExportError('TOO_DEEP', 'an XML file of this export is nested deeper than any export is')
    found.push({ name, attributes })
  })
  parser.on('closetag', () => {
    depth--
  })
  parser.on('error', (error) => {
    failed ??= /entity/i.test(error.message)
      ? new ExportError('HOSTILE_XML', 'an XML file of this export uses entities that XML does not define; no export does')
      : new ExportError(
          /unclosed|unexpected end/i.test(error.message) ? 'TRUNCATED' : 'BAD_XML',
          'an XML file of this export is broken or ends in the middle; fetch the export again',
        )
  })
  let doctypeUnits = 0
  for await (const text of textOf(file)) {
    // a declaration that never ends would be held in memory whole
    if (found.length === 0 && depth === 0 && (doctypeUnits += text.length) > 4 << 20)
      throw new ExportError('HOSTILE_XML', 'an XML file of this export has no element within four million characters')
    parser.write(text)
    if (failed) throw failed
    if (found.length > 0) {
      yield found
      found = []
    }
  }
  parser.close()
  if (failed) throw failed
  if (found.length > 0) yield found
}
