/** Addresses whose path says where somebody is, or lets whoever has it in. */

/** Whole hosts, and hosts of which a folder is a map. */
const MAPS: [host: RegExp, folder: RegExp | undefined][] = [
  [/^(?:[\w-]+\.)*google\.[a-z]{2,3}(?:\.[a-z]{2})?$|^goo\.gl$|^(?:[\w-]+\.)*bing\.com$/, /^\/maps(?=\/|$)/i],
  [/^(?:[\w-]+\.)*(?:yandex\.[a-z.]{2,6}|mapquest\.com|qwant\.com)$/, /^\/(?:maps|directions)(?=\/|$)/i],
  [/^maps?\.|^maps\.app\.goo\.gl$|^(?:wego|share)\.here\.com$|^(?:[\w-]+\.)?(?:openstreetmap\.org|osm\.org|waze\.com)$/, undefined],
  [
    /^(?:[\w-]+\.)?(?:what3words\.com|w3w\.co|plus\.codes|mapy\.(?:cz|com)|2gis\.\w+|amap\.com|g\.page|geohack\.toolforge\.org)$/,
    undefined,
  ],
]

const DOORS: [host: RegExp, path: RegExp][] = [
  [/^chat\.whatsapp\.com$|^meet\.google\.com$|^discord\.gg$|^wa\.me$|^signal\.(?:group|me)$|^meet\.jit\.si$|^meet\.goto\.com$/, /^\/./],
  [/^(?:[\w-]+\.)?(?:whereby\.com|gotomeet\.me|webex\.com)$/, /^\/./],
  [/^(?:[\w-]+\.)*zoom(?:gov)?\.(?:us|com)$/, /^\/(?:j|w|s|my|wc|rec|launch|meeting|join|webinar)\//i],
  [/^teams\.(?:microsoft|live)\.com$/, /^\/(?:l|meet)\//i],
  [/^(?:[\w-]+\.)?(?:discord|discordapp)\.com$/, /^\/invite\//i],
  [/^(?:t|telegram)\.me$/, /^\/(?:\+|joinchat\/)/i],
  [/^(?:www\.|m\.)?facebook\.com$/, /^\/groups\/join\//i],
]

/** `/maps`, or nothing where the whole host is a map; undefined where the address is of no map. Path as `URL.pathname` has it. */
export function mapOf(host: string, path: string): string | undefined {
  for (const [hosts, folder] of MAPS) {
    if (!hosts.test(host)) continue
    if (folder === undefined) return /^\/maps(?=\/|$)/i.test(path) ? '/maps' : '/'
    const found = folder.exec(path)
    if (found !== null) return found[0].toLowerCase()
  }
  return undefined
}

/** Invitations, meetings, telephone numbers to write to. */
export const isDoor = (host: string, path: string): boolean => DOORS.some(([hosts, paths]) => hosts.test(host) && paths.test(path))

/** Whether an address says where somebody is: what its page is called says it as well. */
export function isMap(raw: string | undefined): boolean {
  const parsed = raw === undefined ? null : URL.parse(raw)
  return parsed !== null && mapOf(parsed.hostname.toLowerCase(), parsed.pathname) !== undefined
}

/** Three decimals are a hundred metres. */
const PAIR = /(?<![\d.])-?\d{1,3}\.\d{3,}°?\s?[NS]?(?:[\s,;:_+|x~@/-]{1,3})-?\d{1,3}\.\d{3,}/i
const DEGREES = /\d{1,3}\s?°\s?\d/
const ALONE = /^[@a-z=]{0,10}-?\d{1,3}\.\d{4,}$/i

/** A path segment, decoded, that is a point on the earth or half of one. */
export const isPoint = (segment: string): boolean => PAIR.test(segment) || DEGREES.test(segment) || ALONE.test(segment)
