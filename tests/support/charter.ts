import { type Charter, charter, type CharterInput } from '../../schemas/wire/index.ts'

/** The default rules of a DAO with some fields changed, for tests. */
export function testCharter(over: Partial<CharterInput>): Charter {
  return charter.parse({
    v: 1,
    name: 'test',
    operator: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    contact: 'mailto:crawler@example.org',
    purposes: ['tests'],
    ...over,
  })
}
