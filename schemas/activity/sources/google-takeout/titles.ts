/** `Watched X`, `X angesehen`, `Vous avez regardé X`: what was done, and X, in the languages of an account. */
import type { EventType } from '../../event.ts'

const TEMPLATES: [type: EventType, pattern: RegExp][] = [
  ['Search', /^(?:Searched for|Search:|You searched for) (.+)$/],
  ['View', /^(?:Watched|Viewed|Visited|Read|Played|You watched|Opened) (.+)$/],
  ['Install', /^(?:Installed|Downloaded) (.+)$/],
  ['Listen', /^(?:Listened to|Hai ascoltato|Has escuchado|Vous avez écouté|Ouviu) (.+)$/],
  ['Like', /^(?:Liked|Saved|Hai messo Mi piace a|Vous avez aimé|Te gustó|Gostou de) (.+)$/],
  ['Purchase', /^(?:Purchased|Bought|Ordered) (.+)$/],
  ['View', /^Used (.+)$/],
  ['Search', /^(?:Gesucht nach:?|Nach) [„"»]?(.+?)[“"«]?(?: gesucht)?$/],
  ['Search', /^[„"»]?(.+?)[“"«]? gesucht$/],
  ['View', /^(?:Angesehen|Besucht|Aufgerufen|Gelesen): (.+)$/],
  ['View', /^[„"»]?(.+?)[“"«]? (?:angesehen|besucht|aufgerufen|gelesen|verwendet|angeschaut)$/],
  ['Install', /^[„"»]?(.+?)[“"«]? (?:installiert|heruntergeladen)$/],
  ['Search', /^(?:Vous avez recherché|Recherche :?) (.+)$/],
  ['View', /^(?:Vous avez (?:regardé|consulté|visité|vu|lu|utilisé)|Vidéo regardée :) (.+)$/],
  ['Search', /^(?:Has buscado|Buscaste|Búsqueda:) (.+)$/],
  ['View', /^(?:Has (?:visto|visitado|leído|usado)|Viste|Visitaste|Miraste) (.+)$/],
  ['Search', /^(?:Hai cercato|Ricerca:) (.+)$/],
  ['View', /^Hai (?:guardato|visitato|visualizzato|letto|usato) (.+)$/],
  ['Search', /^(?:Você )?(?:[Pp]esquisou|[Pp]rocurou)(?: por)? (.+)$/],
  ['View', /^(?:Você )?(?:[Aa]ssistiu(?: a)?|[Vv]iu|[Vv]isitou|[Vv]isualizou|[Uu]sou) (.+)$/],
  ['Search', /^(?:Je hebt gezocht naar|Gezocht naar) (.+)$/],
  ['View', /^(?:Je hebt gekeken naar|Gekeken naar|Bekeken:) (.+)$/],
  ['View', /^(.+) (?:bekeken|bezocht|gebruikt)$/],
  ['Search', /^(?:Wyszukano:?|Szukano:?|Wyszukiwanie:?) (.+)$/],
  ['View', /^(?:Obejrzano:?|Odwiedzono:?|Wyświetlono:?|Użyto:?) (.+)$/],
  ['Search', /^(?:Du )?(?:[Ss]ökte efter|[Ss]øgte efter|[Ss]økte etter|[Ss]økte på) (.+)$/],
  ['View', /^(?:Du )?(?:[Tt]ittade på|[Ss]åg|[Ss]å|[Ss]å på|[Bb]esökte|[Bb]esøgte) (.+)$/],
  ['Search', /^(?:Вы искали|Выполнен поиск по запросу|Поиск:) [«"]?(.+?)[»"]?$/],
  ['View', /^(?:Вы посмотрели|Просмотрено|Вы посетили|Посещено)(?: видео)?:? [«"]?(.+?)[»"]?$/],
  ['Search', /^(.+?) (?:için arama yapıldı|araması yapıldı|aramasını yaptınız)$/],
  ['View', /^(.+?) (?:izlendi|adlı videoyu izlediniz|ziyaret edildi|görüntülendi|videosu izlendi)$/],
  ['Search', /^「?(.+?)」? ?を検索しました$/],
  ['View', /^「?(.+?)」? ?(?:を視聴しました|にアクセスしました|を閲覧しました)$/],
  ['Search', /^(.+?)(?:을|를)? 검색(?:했습니다|함)$/],
  ['View', /^(.+?)(?:을|를)? (?:시청했습니다|시청함|방문했습니다)$/],
  ['Search', /^(?:搜索过?|搜索了|搜尋了?)[“「:： ]?(.+?)[”」]?$/],
  ['View', /^(?:观看过?|观看了|觀看了?|访问了?)[“「:： ]?(.+?)[”」]?$/],
]

/** Type and object of a title; undefined type where no template fits. */
export function readTitle(title: string): { type: EventType | undefined; name: string } {
  const plain = title.replace(/[\u00a0\u202f]/g, ' ').trim()
  for (const [type, pattern] of TEMPLATES) {
    const name = pattern.exec(plain)?.[1]?.trim()
    if (name !== undefined && name !== '') return { type, name }
  }
  return { type: undefined, name: plain }
}
