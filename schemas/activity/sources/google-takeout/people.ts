import { fieldsOf, linesOf, listOf, stringOf, wholeJson } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'

/** `Profile/Profile.json`: the owner. */
export const profile: FileKind = {
  name: 'profile',
  path: /\.json$/,
  head: /^\s*\{[\s\S]*?"(?:formattedName|displayName)"\s*:/,
  weight: 1,
  async survey(file, { people }) {
    const row = fieldsOf(await wholeJson(file))
    const name = fieldsOf(row['name'])
    const emails = listOf(row['emails']).map((one) => stringOf(fieldsOf(one)['value']))
    people.owner('google', emails[0])
    people.addSelf({
      names: [stringOf(name['formattedName']), stringOf(row['displayName']), stringOf(name['givenName']), stringOf(name['familyName'])],
      handles: emails,
    })
  },
}

/** vCards of the address book. */
export const contacts: FileKind = {
  name: 'contacts',
  path: /\.vcf$/,
  head: /^\ufeff?BEGIN:VCARD/im,
  weight: 1,
  async survey(file, { people }) {
    let card: { names: string[]; handles: string[] } = { names: [], handles: [] }
    for await (const line of linesOf(file)) {
      const match = /^(?:item\d+\.)?(FN|N|NICKNAME|EMAIL)(?:;[^:]*)?:(.*)$/i.exec(line)
      if (/^BEGIN:VCARD/i.test(line)) card = { names: [], handles: [] }
      else if (/^END:VCARD/i.test(line)) people.add(card)
      else if (match) {
        const value = (match[2] ?? '').replace(/\\([,;\\n])/g, '$1').trim()
        if (/^EMAIL$/i.test(match[1] ?? '')) card.handles.push(value)
        else if (/^N$/i.test(match[1] ?? '')) {
          const [family = '', given = ''] = value.split(';')
          if (family !== '' && given !== '') card.names.push(`${given} ${family}`)
        } else card.names.push(value)
      }
    }
  },
}
