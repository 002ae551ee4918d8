/** Each source on a small export of its own, with the traps that real ones hold. Everybody in them is invented. */
import { describe, expect, it } from 'vitest'
import { findSpans } from '../redact/index.ts'
import { type ActivityEvent, activityEvent, type Answers, ExportError, poolRules, prepare, ruleFault, type Tally } from './index.ts'

const KEY = new Uint8Array(32).fill(7)
const NOW = Date.UTC(2026, 0, 1)
type Files = Record<string, string | Uint8Array>

async function read(files: Files, answers: Answers = {}, rules = {}): Promise<{ events: ActivityEvent[]; tally: Tally; all: string }> {
  const asked = poolRules.parse(rules)
  const { tally, run } = await prepare(
    Object.entries(files).map(([path, data]) => {
      const bytes = Buffer.from(data)
      return {
        path,
        bytes: bytes.length,
        // in small pieces, so that every boundary is crossed
        async *open() {
          for (let at = 0; at < bytes.length; at += 97) yield bytes.subarray(at, at + 97)
        },
      }
    }),
    { rules: asked, key: KEY, nowMs: NOW, answers },
  )
  const found: ActivityEvent[] = []
  await run(({ event }) => void found.push(activityEvent.parse(event)))
  // whoever tests a chunk runs the rules again: what they left must stay left
  const left = found.flatMap(({ object, context }) => [object.name, object.text, context].flatMap((text) => findSpans(text ?? '')))
  expect(left).toEqual([])
  expect(found.flatMap((event) => ruleFault(event, asked) ?? [])).toEqual([])
  return { events: found, tally, all: JSON.stringify(found) }
}

const codeOf = async (files: Files, answers: Answers = {}): Promise<string> => {
  try {
    await read(files, answers)
    return 'none'
  } catch (error) {
    if (!(error instanceof ExportError)) throw error
    return error.code
  }
}
const by = (events: ActivityEvent[], type: string): ActivityEvent['object'][] =>
  events.filter((event) => event.type === type).map((event) => event.object)

const watched = (title: string, id: string, more: object = {}): object => ({
  header: 'YouTube',
  title,
  titleUrl: `https://www.youtube.com/watch?v=${id}`,
  time: '2024-03-09T14:25:36.123Z',
  products: ['YouTube'],
  subtitles: [{ name: 'Mill Channel', url: 'https://www.youtube.com/channel/UCx' }],
  ...more,
})

describe('google takeout', () => {
  it('reads a German account by what is in its files, drops ads, and cuts time and address', async () => {
    const { events, tally, all } = await read({
      'Takeout/YouTube und YouTube Music/Verlauf/Wiedergabeverlauf.json': JSON.stringify([
        watched('Wie eine Mühle mahlt angesehen', 'abcdefghijk'),
        watched('Kauf das angesehen', 'adadadadada', { details: [{ name: 'Von Google Anzeigen' }] }),
        { header: 'YouTube', title: 'Ein entferntes Video angesehen', time: '2024-03-09T15:00:00Z', products: ['YouTube'] },
        {
          header: 'YouTube',
          title: 'Nach "mehl" gesucht',
          titleUrl: 'https://www.youtube.com/results?search_query=mehl+mahlen',
          time: '2024-03-10T01:00:00Z',
          products: ['YouTube'],
        },
      ]),
      'Takeout/Profil/Profil.json': JSON.stringify({
        name: { givenName: 'Ada', formattedName: 'Ada Beispiel' },
        displayName: 'Ada Beispiel',
        emails: [{ value: 'ada@example.org' }],
      }),
    })
    expect(tally.parser).toBe('google-takeout@2')
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({
      type: 'View',
      time: '2024-03-09T14:00:00Z',
      object: { kind: 'video', name: 'Wie eine Mühle mahlt', url: 'https://youtu.be/abcdefghijk' },
      context: 'Mill Channel',
      source: 'google-takeout',
    })
    expect(by(events, 'Search')).toEqual([{ kind: 'query', text: 'mehl mahlen' }])
    expect(Object.fromEntries(tally.dropped)).toEqual({ ad: 1, empty: 1 })
    expect(all).not.toMatch(/Ada|25:36|\?/)
  })

  it('reads the same as pages, in several languages', async () => {
    const cell = (body: string, caption = ''): string =>
      `<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid"><div class="header-cell mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">YouTube<br></p></div><div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1">${body}</div><div class="content-cell mdl-cell mdl-cell--12-col mdl-typography--caption">${caption}</div></div></div>`
    const link = (id: string, text: string): string =>
      `<a href="https://www.youtube.com/watch?v=${id}">${text}</a><br><a href="https://www.youtube.com/channel/UC1">Mill &amp; Co</a><br>`
    const { events, tally } = await read({
      'Takeout/YouTube/history/watch-history.html': `<html><body><div class="mdl-grid">${[
        cell(`Watched\u00a0${link('aaaaaaaaaaa', 'Grain &amp; stone')}Aug 1, 2021, 1:02:03\u202fPM UTC<br>`),
        cell(`${link('bbbbbbbbbbb', 'Der Stein').replace('</a><br>', '</a>\u00a0angesehen<br>')}01.08.2021, 10:02:03 MESZ<br>`),
        cell(`Vous avez regardé\u00a0${link('ccccccccccc', 'La meule')}1 août 2021, 10:02:03 CEST<br>`),
        cell(`Watched\u00a0${link('ddddddddddd', 'Buy')}Aug 1, 2021, 1:02:03 AM UTC<br>`, '<b>Details:</b><br>From Google Ads'),
      ].join('')}</div></body></html>`,
    })
    expect(events.map(({ time, object: { name, url } }) => [time, name, url])).toEqual([
      ['2021-08-01T13:00:00Z', 'Grain & stone', 'https://youtu.be/aaaaaaaaaaa'],
      ['2021-08-01T08:00:00Z', 'Der Stein', 'https://youtu.be/bbbbbbbbbbb'],
      ['2021-08-01T08:00:00Z', 'La meule', 'https://youtu.be/ccccccccccc'],
    ])
    expect(events[0]?.context).toBe('Mill & Co')
    expect(tally.dropped.get('ad')).toBe(1)
  })

  it.each([
    ['Android', 'Timeline.json', '52.5163212°, 13.3777034°', (segments: object[]) => ({ semanticSegments: segments })],
    ['an iPhone', 'location-history.json', 'geo:52.516321,13.377703', (segments: object[]) => segments],
  ])('keeps of the timeline of %s visits and trips to two decimals, and neither home nor work', async (_, name, point, around) => {
    const segment = (hour: number, more: object): object => ({
      startTime: `2024-03-09T0${hour}:10:00.000+01:00`,
      endTime: `2024-03-09T0${hour}:40:00.000+01:00`,
      ...more,
    })
    const at = name === 'Timeline.json' ? { latLng: point } : point
    const visit = (semanticType: string): object => ({ visit: { topCandidate: { semanticType, placeId: 'PLACEID', placeLocation: at } } })
    const { events, tally, all } = await read({
      [`Takeout/Zeitachse/${name}`]: JSON.stringify(
        around([
          segment(1, visit('INFERRED_HOME')),
          segment(2, visit('Work')),
          segment(3, visit('UNKNOWN')),
          segment(4, { activity: { start: at, end: at, topCandidate: { type: 'IN_PASSENGER_VEHICLE' } } }),
          segment(5, { timelinePath: [{ point, time: '2024-03-09T05:11:00.000+01:00' }] }),
        ]),
      ),
    })
    const place = { latE7: 525_200_000, lonE7: 133_800_000 }
    expect(by(events, 'Move')).toEqual([
      { kind: 'visit', place, durationS: 1800 },
      { kind: 'in-passenger-vehicle', place, durationS: 1800 },
    ])
    expect(events.map(({ time }) => time)).toEqual(['2024-03-09T02:00:00Z', '2024-03-09T03:00:00Z'])
    expect(Object.fromEntries(tally.dropped)).toEqual({ 'private-place': 2, system: 1 })
    expect(all).not.toMatch(/PLACEID|5163|3777/)
  })

  it('keeps of browsing the public page, of places two decimals, of notes what is not shared', async () => {
    const { events, tally, all } = await read({
      'Takeout/Chrome/Verlauf.json': JSON.stringify({
        'Browser History': [
          {
            page_transition: 'LINK',
            title: 'Mills',
            url: 'https://user:pw@example.com:8443/mills?session=SECRET#x',
            client_id: 'CLIENTID',
            time_usec: 1_710_000_000_000_000,
          },
          { title: 'router', url: 'http://192.168.1.1/admin', time_usec: 1_710_000_000_000_000 },
          { title: 'Reset', url: 'https://example.com/reset/eyJhbGciOiJIUzI1NiJ9abc123XYZ', time_usec: 1_710_000_100_000_000 },
          { title: 'settings', url: 'chrome://settings', time_usec: 1_710_000_000_000_000 },
        ],
      }),
      'Takeout/Standortverlauf/Records.json': JSON.stringify({
        locations: [
          { latitudeE7: 525_163_212, longitudeE7: 133_777_034, timestamp: '2024-03-09T14:25:36Z' },
          { latitudeE7: 525_163_299, longitudeE7: 133_777_055, timestampMs: '1709994400000' },
        ],
      }),
      'Takeout/Standortverlauf/Semantic/2024_MARCH.json': JSON.stringify({
        timelineObjects: [
          {
            placeVisit: {
              location: { latitudeE7: 485_000_000, longitudeE7: 23_000_000, name: 'Home', semanticType: 'TYPE_HOME' },
              duration: { startTimestamp: '2024-03-09T01:00:00Z' },
            },
          },
          {
            placeVisit: {
              location: { latitudeE7: 485_000_000, longitudeE7: 23_000_000, name: 'Café Secret', address: '1 rue X' },
              duration: { startTimestamp: '2024-03-09T01:00:00Z', endTimestamp: '2024-03-09T02:00:00Z' },
            },
          },
        ],
      }),
      'Takeout/Notizen/a.json': JSON.stringify({
        title: 'Flour',
        textContent: 'buy from ida.k@example.net',
        userEditedTimestampUsec: 1_710_000_000_000_000,
        isTrashed: false,
      }),
      'Takeout/Notizen/b.json': JSON.stringify({
        title: 'Shared',
        textContent: 'theirs',
        userEditedTimestampUsec: 1_710_000_000_000_000,
        sharees: [{ email: 'other@example.net', isOwner: false }],
      }),
    })
    expect(by(events, 'View')).toEqual([
      { kind: 'page', name: 'Mills', url: 'https://example.com/mills' },
      { kind: 'page', name: 'router' },
      { kind: 'page', name: 'Reset', url: 'https://example.com/reset/-' },
    ])
    // twice in one hour at one place is once
    expect(by(events, 'Move')).toEqual([
      { kind: 'position', place: { latE7: 525_200_000, lonE7: 133_800_000 } },
      { kind: 'visit', place: { latE7: 485_000_000, lonE7: 23_000_000 }, durationS: 3600 },
    ])
    expect(by(events, 'Post')).toEqual([{ kind: 'note', name: 'Flour', text: 'buy from [email]' }])
    expect(tally.dropped.get('private-place')).toBe(1)
    expect(tally.dropped.get('other-person')).toBe(1)
    expect(all).not.toMatch(/SECRET|CLIENTID|Café|rue|192\.168|pw|eyJ/)
  })

  it('drops what was done on maps, and of browsing on them all but the host', async () => {
    const maps = (more: object): object => ({ header: 'Maps', products: ['Maps'], time: '2024-03-09T14:25:36Z', ...more })
    const { events, tally, all } = await read({
      'Takeout/Meine Aktivitäten/Maps/MeineAktivitäten.json': JSON.stringify([
        maps({
          title: 'Directions to Hauptstrasse 12, 80331 Muenchen',
          titleUrl: 'https://www.google.com/maps/dir/48.1371079,11.5753822/x',
        }),
        maps({ title: 'Searched for Hauptstrasse 12', titleUrl: 'https://www.google.com/maps/search/Hauptstrasse+12' }),
        maps({ title: 'Viewed area around Hauptstrasse' }),
        maps({ header: 'Google Карты', title: 'Hauptstrasse 12' }),
        maps({ header: 'Assistant', title: 'Navigate to Hauptstrasse 12', titleUrl: 'https://maps.google.com/?q=Hauptstrasse+12' }),
      ]),
      'Takeout/Chrome/Verlauf.json': JSON.stringify({
        'Browser History': [
          {
            title: 'Hauptstrasse 12, 80331 Muenchen - Google Maps',
            url: 'https://www.google.de/maps/place/Hauptstrasse+12/@48.1371079,11.5753822,15z',
            time_usec: 1_710_000_000_000_000,
          },
        ],
      }),
    })
    expect(events.map(({ object }) => object)).toEqual([{ kind: 'page', url: 'https://www.google.de/maps' }])
    expect(tally.dropped.get('private-place')).toBe(5)
    expect(all).not.toMatch(/Hauptstr|48\.13|11\.57/)
  })

  it('drops what was done on maps from pages too', async () => {
    const cell = (header: string, body: string): string =>
      `<div class="outer-cell mdl-cell"><div class="mdl-grid"><div class="header-cell"><p class="mdl-typography--title">${header}<br></p></div><div class="content-cell mdl-cell mdl-typography--body-1">${body}<br>Aug 1, 2021, 1:02:03 PM UTC<br></div></div></div>`
    const { events, tally } = await read({
      'Takeout/My Activity/Maps/MyActivity.html': `<html><body><div class="mdl-grid">${[
        cell('Maps', 'Directions to <a href="https://www.google.com/maps/dir//x">Hauptstrasse 12</a>'),
        cell('Search', 'Hauptstrasse 12<br><a href="https://www.google.com/maps/place/x">View on map</a>'),
      ].join('')}</div></body></html>`,
    })
    expect([events, tally.dropped.get('private-place')]).toEqual([[], 2])
  })

  it('reads channels and comments whose columns are named in another language', async () => {
    const { events, all } = await read({
      'Takeout/YouTube und YouTube Music/Abos/Abos.csv':
        'Kanal-ID,Kanal-URL,Kanaltitel\nUCX6OQ3DkcsbYNE6H8uQQuVA,http://www.youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA,Mühlen TV\n',
      'Takeout/YouTube und YouTube Music/Kommentare/Kommentare.csv':
        'Kommentar-ID,Kanal-ID,Zeitstempel,Preis,Video-ID,Kommentartext\nUgxAbc,UCowner,2024-01-02T03:04:05+00:00,0,abcdefghijk,"{""text"":""nice mill, ""},{""text"":""mail a@b.example""}"\n',
    })
    expect(by(events, 'Follow')).toEqual([
      { kind: 'channel', name: 'Mühlen TV', url: 'https://www.youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA' },
    ])
    expect(by(events, 'Comment')).toEqual([{ kind: 'comment', text: 'nice mill, mail [email]', url: 'https://youtu.be/abcdefghijk' }])
    expect(all).not.toContain('UCowner')
  })

  it('refuses two accounts in one folder', async () => {
    const profile = (email: string): string => JSON.stringify({ displayName: email, emails: [{ value: email }] })
    expect(
      await codeOf({
        'a/Takeout/x.json': JSON.stringify([watched('Watched A', 'aaaaaaaaaaa')]),
        'a/Takeout/Profile/Profile.json': profile('a@example.org'),
        'b/Takeout/Profile/Profile.json': profile('b@example.org'),
      }),
    ).toBe('SEVERAL_PEOPLE')
  })
})

describe('reddit', () => {
  it('keeps own words and the public address of what was voted for, never an address of the network', async () => {
    const { events, all } = await read({
      'posts.csv':
        'id,permalink,date,ip,subreddit,gildings,title,url,body\na,https://www.reddit.com/r/mills/comments/a/t/,2024-01-02 03:04:05 UTC,203.0.113.9,mills,0,"On, stones",https://www.reddit.com/r/mills/comments/a/t/,"Two\nlines by u/miller_jo"\n',
      'comments.csv':
        'id,permalink,date,ip,subreddit,gildings,link,parent,body,media\nb,https://www.reddit.com/x,2024-01-02 03:04:05 UTC,203.0.113.9,mills,0,l,p,"thanks grain_gal42, write to me@example.org",\n',
      'post_votes.csv':
        'id,permalink,direction\nc,https://www.reddit.com/r/bread/comments/c/loaf/,up\nd,https://www.reddit.com/r/bread/comments/d/no/,none\n',
      'comment_votes.csv': 'id,permalink,direction\ne,https://www.reddit.com/r/u_rye_lover/comments/e/loaf/,up\n',
      'statistics.csv': 'statistic,value\naccount name,miller_jo\n',
      'friends.csv': 'username,note\ngrain_gal42,\n',
      'messages.csv':
        'id,permalink,thread_id,date,ip,from,to,subject,body\n1,p,t,2024-01-02 03:04:05 UTC,203.0.113.9,grain_gal42,miller_jo,hi,THEIR WORDS\n2,p,t,2024-01-02 03:05:05 UTC,203.0.113.9,miller_jo,grain_gal42,re,my answer\n',
    })
    expect(by(events, 'Post')).toEqual([{ kind: 'post', name: 'On, stones', text: 'Two\nlines by P0' }])
    expect(by(events, 'Comment')).toEqual([{ kind: 'comment', text: 'thanks P1, write to [email]' }])
    expect(events.filter(({ type }) => type === 'Like').map(({ object, context }) => [object.url, context])).toEqual([
      // a profile is somebody's account
      ['https://www.reddit.com/r/-/comments/e/loaf/', '[handle]'],
      ['https://www.reddit.com/r/bread/comments/c/loaf/', 'r/bread'],
    ])
    expect(by(events, 'Message')).toEqual([{ kind: 'message', text: 'my answer' }])
    expect(all).not.toMatch(/203\.0|THEIR|miller_jo|grain_gal|rye_lover/)
  })
})

it('sees that a table was cut', async () => {
  const table =
    'id,permalink,date,ip,subreddit,gildings,link,parent,body,media\nb,https://www.reddit.com/x,2024-01-02 03:04:05 UTC,,mills,0,l,p,thanks,\n'
  expect(await codeOf({ 'comments.csv': table })).toBe('none')
  expect(await codeOf({ 'comments.csv': table.slice(0, -1) })).toBe('none')
  expect(await codeOf({ 'comments.csv': table.slice(0, -20) })).toBe('TRUNCATED')
  expect(await codeOf({ 'comments.csv': table.replace('thanks', '"thanks') })).toBe('TRUNCATED')
})

describe('x', () => {
  it('opens the scripts, unescapes, drops retweets and others’ messages, and names nobody', async () => {
    const part = (name: string, rows: object[]): string => `window.YTD.${name}.part0 = ${JSON.stringify(rows, null, 1)}`
    const { events, tally, all } = await read({
      'data/account.js': part('account', [
        { account: { accountId: '42', username: 'own_mill', email: 'own@example.org', accountDisplayName: 'Own Mill' } },
      ]),
      'data/tweets.js': part('tweets', [
        {
          tweet: {
            full_text: 'Bread &amp; stones, @baker_bo &lt;3 https://t.co/abc?x=1',
            created_at: 'Wed Oct 10 20:19:24 +0000 2018',
            entities: { user_mentions: [{ screen_name: 'baker_bo', name: 'Bo Baker-Lindqvist' }] },
          },
        },
        { tweet: { full_text: 'RT @other: their words', created_at: 'Wed Oct 10 20:19:24 +0000 2018' } },
        {
          tweet: {
            full_text: 'Lindqvist said so',
            in_reply_to_status_id: '9',
            in_reply_to_screen_name: 'baker_bo',
            created_at: 'Wed Oct 10 21:19:24 +0000 2018',
          },
        },
      ]),
      'data/like.js': part('like', [{ like: { tweetId: '1050118621198921728', fullText: 'SOMEBODY ELSE' } }]),
      'data/direct-messages.js': part('direct_messages', [
        {
          dmConversation: {
            messages: [
              { messageCreate: { senderId: '42', text: 'mine', createdAt: '2020-01-01T10:20:30.000Z' } },
              { messageCreate: { senderId: '7', text: 'HERS', createdAt: '2020-01-01T10:20:31.000Z' } },
            ],
          },
        },
      ]),
    })
    expect(by(events, 'Post')).toEqual([{ kind: 'post', text: 'Bread & stones, P1 <3 https://t.co/abc' }])
    expect(by(events, 'Comment')).toEqual([{ kind: 'reply', text: 'P1 said so' }])
    expect(by(events, 'Message')).toEqual([{ kind: 'message', text: 'mine' }])
    expect(by(events, 'Like')).toEqual([{ kind: 'post', url: 'https://x.com/i/status/1050118621198921728' }])
    expect(events.find(({ type }) => type === 'Post')?.time).toBe('2018-10-10T20:00:00Z')
    expect(tally.dropped.get('other-person')).toBe(2)
    expect(all).not.toMatch(/HERS|SOMEBODY|baker|Lindqvist/i)
  })
})

/** As Meta writes it: each byte of UTF-8 as a character. */
const mojibake = (value: unknown): string =>
  // oxlint-disable-next-line no-control-regex
  JSON.stringify(value).replace(/[^\u0000-\u007f]+/g, (text) => [...Buffer.from(text)].map((byte) => `\\u00${byte.toString(16)}`).join(''))

describe('instagram and facebook', () => {
  it('repairs text, reads three shapes and labels of another language', async () => {
    const { events, tally, all } = await read({
      'personal_information/personal_information.json': mojibake({
        profile_user: [
          { string_map_data: { Email: { value: 'me@example.org' }, Benutzername: { value: 'müller_ida' }, Name: { value: 'Ida Müller' } } },
        ],
      }),
      'connections/followers_and_following/following.json': mojibake({
        relationships_following: [
          {
            title: '',
            string_list_data: [{ href: 'https://www.instagram.com/stein.mahler', value: 'stein.mahler', timestamp: 1_700_000_000 }],
          },
        ],
      }),
      'connections/followers_and_following/followers_1.json': mojibake([
        { title: '', string_list_data: [{ href: 'https://www.instagram.com/fan_01', value: 'fan_01', timestamp: 1_700_000_000 }] },
      ]),
      'your_instagram_activity/comments/post_comments_1.json': mojibake([
        {
          string_map_data: {
            Kommentar: { value: 'schön, Stein.Mahler und @fan_01 – tschüß!' },
            Medieninhaber: { value: 'stein.mahler' },
            Uhrzeit: { timestamp: 1_700_000_100 },
          },
        },
        {
          label_values: [
            { label: 'Comment', value: 'neu' },
            { label: 'Media Owner', value: 'stein.mahler' },
            { label: 'Time', timestamp_value: 1_700_000_200 },
          ],
        },
      ]),
      'your_instagram_activity/likes/liked_posts.json': mojibake({
        likes_media_likes: [
          {
            title: 'stein.mahler',
            string_list_data: [{ href: 'https://www.instagram.com/p/Cxyz/', value: '\u{1f44d}', timestamp: 1_700_000_300 }],
          },
        ],
      }),
      'messages/inbox/x_1/message_1.json': mojibake({
        participants: [{ name: 'Jörg Weber' }, { name: 'Ida Müller' }],
        messages: [
          { sender_name: 'Jörg Weber', timestamp_ms: 1_700_000_000_000, content: 'SEINE WORTE' },
          { sender_name: 'Ida Müller', timestamp_ms: 1_700_000_001_000, content: 'danke Jörg' },
        ],
      }),
      'ads_information/ads_viewed.json': mojibake({
        impressions_history_ads_seen: [{ string_map_data: { Author: { value: 'shop' }, Time: { timestamp: 1_700_000_000 } } }],
      }),
    })
    expect(tally.source).toBe('instagram')
    const followed = by(events, 'Follow')[0]?.name
    expect(followed).toMatch(/^P[1-9]$/)
    expect(by(events, 'Comment').map(({ text }) => text?.replaceAll(/P[1-9]/g, 'P'))).toEqual(['schön, P und P – tschüß!', 'neu'])
    expect(by(events, 'Comment')[0]?.text).toContain(followed)
    expect(by(events, 'Message').map(({ text }) => text?.replaceAll(/P[1-9]/g, 'P'))).toEqual(['danke P'])
    expect(by(events, 'Like')).toEqual([{ kind: 'post', url: 'https://www.instagram.com/p/Cxyz/' }])
    expect(tally.dropped.get('ad')).toBe(1)
    expect(all).not.toMatch(/mahler|Jörg|Ida|Müller|SEINE|fan_01|Ã/i)
  })

  it('reads facebook, whose titles name friends', async () => {
    const { events, tally, all } = await read({
      'facebook-x/profile_information/profile_information.json': mojibake({
        profile_v2: { name: { full_name: 'Ida Müller' }, emails: { emails: ['me@example.org'] } },
      }),
      'facebook-x/friends/friends.json': mojibake({ friends_v2: [{ name: 'Zoë Ólafsdóttir', timestamp: 1_700_000_000 }] }),
      'facebook-x/comments/comments.json': mojibake({
        comments_v2: [
          {
            timestamp: 1_700_000_000,
            title: 'Ida Müller commented on Zoë Ólafsdóttir’s photo.',
            data: [{ comment: { timestamp: 1_700_000_000, comment: 'Hübsch, Zoe!', author: 'Ida Müller' } }],
          },
        ],
      }),
      'facebook-x/posts/your_posts_1.json': mojibake([
        { timestamp: 1_700_000_050, data: [{ post: 'Mein Mehl' }], title: 'Ida Müller posted on Zoë Ólafsdóttir’s timeline' },
      ]),
      'facebook-x/search/your_search_history.json': mojibake({
        searches_v2: [{ timestamp: 1_700_000_060, title: 'x', data: [{ text: 'mühle' }] }],
      }),
    })
    expect(tally.source).toBe('facebook')
    expect(by(events, 'Comment')).toEqual([{ kind: 'comment', text: 'Hübsch, P1!' }])
    expect(by(events, 'Post')).toEqual([{ kind: 'post', text: 'Mein Mehl' }])
    expect(by(events, 'Search')).toEqual([{ kind: 'query', text: 'mühle' }])
    expect(all).not.toMatch(/Zo|Ida|lafs/)
  })
})

it('instagram: accounts are pseudonyms however short or like a word, and strangers’ handles in texts are none', async () => {
  const { events, all } = await read({
    'personal_information/personal_information.json': mojibake({
      profile_user: [{ string_map_data: { Email: { value: 'me@example.org' }, Username: { value: 'ida_m' }, Name: { value: 'Ida M' } } }],
    }),
    'your_instagram_activity/comments/post_comments_1.json': mojibake([
      {
        string_map_data: {
          Comment: { value: 'ask @stranger_99 and @Hunter' },
          'Media Owner': { value: 'hunter' },
          Time: { timestamp: 1_700_000_100 },
        },
      },
    ]),
    'your_instagram_activity/likes/liked_posts.json': mojibake({
      likes_media_likes: [
        { title: 'nora', string_list_data: [{ href: 'https://www.instagram.com/p/Cxyz/', value: 'x', timestamp: 1_700_000_300 }] },
      ],
    }),
  })
  expect(events.map(({ context }) => context?.replace(/^P[1-9]$/, 'P'))).toEqual(['P', 'P'])
  expect(by(events, 'Comment')[0]?.text?.replace(/P[1-9]/, 'P')).toBe('ask [handle] and P')
  expect(all).not.toMatch(/stranger|hunter|nora/i)
})

describe('linkedin', () => {
  it('skips the notes before the header, keeps own messages without HTML, and writes pseudonyms', async () => {
    const { events, all } = await read({
      'Profile.csv': 'First Name,Last Name,Maiden Name,Address\nIda,Müller,,Secret Street 1\n',
      'Connections.csv':
        'Notes:\n"When exporting your connection data, you may notice that some addresses are missing."\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\nBo,Lindqvist,https://www.linkedin.com/in/bo-lindqvist,bo@example.net,Mill Ltd,Miller,05 Mar 2024\n',
      'messages.csv':
        'CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER\n1,,Bo Lindqvist,,Ida Müller,,2024-03-05 10:00:00 UTC,,<p>HIS WORDS</p>,INBOX\n1,,Ida Müller,,Bo Lindqvist,,2024-03-05 10:10:00 UTC,,<p>Hello Bo &amp; thanks</p>,INBOX\n',
      'Shares.csv':
        'Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n2024-03-05 10:00:00,https://l/1,"Grain with Bo Lindqvist",https://example.org/a?utm=1,,MEMBER\n',
    })
    expect(events.filter(({ type }) => type === 'Follow')).toMatchObject([
      { time: '2024-03-05T00:00:00Z', object: { kind: 'connection', name: 'P1' } },
    ])
    expect(by(events, 'Message')).toEqual([{ kind: 'message', text: 'Hello P1 & thanks' }])
    expect(by(events, 'Post')).toEqual([{ kind: 'post', text: 'Grain with P1', url: 'https://example.org/a' }])
    expect(all).not.toMatch(/Lindqvist|HIS WORDS|Secret|Mill Ltd/)
  })

  it('writes no pseudonym where a pool takes no names', async () => {
    const connections = {
      'Connections.csv':
        'Notes:\n"x"\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\nBo,Lindqvist,https://www.linkedin.com/in/bo-lindqvist,bo@example.net,Mill Ltd,Miller,05 Mar 2024\n',
    }
    expect((await read(connections)).events).toHaveLength(1)
    const { events, tally } = await read(connections, {}, { fields: ['text'] })
    expect(events).toEqual([])
    expect(tally.dropped.get('empty')).toBe(1)
  })

  it('refuses the profiles of two people', async () => {
    expect(await codeOf({ 'a/Profile.csv': 'First Name,Last Name\nA,One\n', 'b/Profile.csv': 'First Name,Last Name\nB,Two\n' })).toBe(
      'SEVERAL_PEOPLE',
    )
  })
})

describe('spotify', () => {
  it('reads both histories, drops private sessions and addresses', async () => {
    const row = (more: object): object => ({
      ts: '2023-05-06T07:08:09Z',
      username: 'ida',
      platform: 'android',
      ms_played: 1500,
      conn_country: 'DE',
      ip_addr_decrypted: '203.0.113.9',
      master_metadata_track_name: null,
      episode_name: null,
      incognito_mode: false,
      ...more,
    })
    const { events, tally, all } = await read({
      'MyData/StreamingHistory_music_0.json': JSON.stringify([
        { endTime: '2023-05-06 07:08', artistName: 'The Stones', trackName: 'Grind', msPlayed: 61_000 },
      ]),
      'MyData/Streaming_History_Audio_2023_1.json': JSON.stringify([
        row({
          master_metadata_track_name: 'Flour',
          master_metadata_album_artist_name: 'Mill',
          spotify_track_uri: 'spotify:track:4uLU6hMCjMI75M1A2tKUQC',
        }),
        row({ episode_name: 'Wheat', episode_show_name: 'Fields', ts: '2023-05-06T08:08:09Z' }),
        row({ audiobook_title: 'The Miller', audiobook_chapter_title: 'One', ts: '2023-05-06T09:08:09Z' }),
        row({ master_metadata_track_name: 'Secret', incognito_mode: true }),
        row({}),
      ]),
    })
    expect(events.map(({ object, context }) => [object.kind, object.name, object.durationS, context])).toEqual([
      ['track', 'Grind', 61, 'The Stones'],
      ['track', 'Flour', 2, 'Mill'],
      ['episode', 'Wheat', 2, 'Fields'],
      ['audiobook', 'The Miller', 2, 'One'],
    ])
    expect(events[1]?.object.url).toBe('https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC')
    expect(Object.fromEntries(tally.dropped)).toEqual({ incognito: 1, empty: 1 })
    expect(all).not.toMatch(/203|ida|android|Secret/)
  })
})

describe('netflix', () => {
  const viewing = 'Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,Latest Bookmark,Country\n'
  const rows = `${viewing}Ida,2024-01-02 03:04:05,00:20:00,,Mills: Season 1,,TV,,,DE\nIda,2024-01-02 04:04:05,00:00:10,,Mills,TRAILER,TV,,,DE\nIda,2024-01-03 03:04:05,01:20:00,,Bread,,TV,,,DE\nKid,2024-01-02 03:04:05,00:20:00,,Cartoon,,TV,,,DE\n`

  it('keeps one profile of a household, says so, and skips trailers', async () => {
    const { events, tally, all } = await read({ 'CONTENT_INTERACTION/ViewingActivity.csv': rows })
    expect(by(events, 'View')).toEqual([
      { kind: 'video', name: 'Mills: Season 1', durationS: 1200 },
      { kind: 'video', name: 'Bread', durationS: 4800 },
    ])
    expect(Object.fromEntries(tally.dropped)).toEqual({ trailer: 1, 'other-profile': 1 })
    expect([...tally.warnings.keys()]).toEqual(['SEVERAL_PROFILES'])
    expect(all).not.toMatch(/Kid|Cartoon/)
    const other = await read({ 'CONTENT_INTERACTION/ViewingActivity.csv': rows }, { profile: 'kid' })
    expect(by(other.events, 'View')).toEqual([{ kind: 'video', name: 'Cartoon', durationS: 1200 }])
    expect(await codeOf({ 'CONTENT_INTERACTION/ViewingActivity.csv': rows }, { profile: 'nobody' })).toBe('PROFILE_UNKNOWN')
  })

  it.each(['TEASER_TRAILER', 'HOOK', 'CINEMAGRAPH'])('skips what plays by itself: %s', async (type) => {
    const row = `Ida,2024-01-02 04:04:05,00:00:10,,Mills,${type},TV,,,DE\n`
    const { events, tally } = await read({ 'CONTENT_INTERACTION/ViewingActivity.csv': `${viewing}${row}` })
    expect([events, tally.dropped.get('trailer')]).toEqual([[], 1])
  })

  it('finds the order of day and month in the short history', async () => {
    const { events } = await read({ 'NetflixViewingHistory.csv': 'Title,Date\nA,3/1/25\nB,2/14/25\n' })
    expect(events.map(({ time }) => time)).toEqual(['2025-03-01T00:00:00Z', '2025-02-14T00:00:00Z'])
  })
})

it('reads a facebook export of before its names had versions', async () => {
  const { events, all } = await read({
    'comments/comments.json': JSON.stringify({
      comments: [
        {
          timestamp: 1_700_000_000,
          data: [{ comment: { comment: 'bread of Bo Lindqvist and Eve Sandgren', author: 'Ida' } }],
          title: 'Ida replied',
        },
      ],
    }),
    'friends/friends.json': JSON.stringify({ friends: [{ name: 'Bo Lindqvist', timestamp: 1_600_000_000 }] }),
    'friends/old_friends.json': JSON.stringify({ friends: [{ timestamp: 1_600_000_000, name: 'Eve Sandgren' }] }),
    'profile_information/profile_information.json': JSON.stringify({ profile: { name: { full_name: 'Ida Berg' } } }),
  })
  expect(by(events, 'Comment')).toEqual([{ kind: 'comment', text: 'bread of P1 and P2' }])
  expect(all).not.toMatch(/Lindqvist|Sandgren/)
})

it.each([
  ['2023. 1. 15. 오후 3:24:05 UTC', '2023-01-15T15:00:00Z'],
  // the letters of China, not of Chicago
  ['2023年1月15日 23:24:05 CST', '2023-01-15T15:00:00Z'],
  ['Jan 15, 2023, 9:24:05 AM CST', '2023-01-15T15:00:00Z'],
  // م behind the year is the era
  ['15/01/2023م، 10:30 ص', '2023-01-15T10:00:00Z'],
  ['15/01/2023م، 10:30 م', '2023-01-15T22:00:00Z'],
  ['15/01/2023م، 10:30', '2023-01-15T10:00:00Z'],
])('reads the time of a page in its language: %s', async (when, time) => {
  const page = `<div class="outer-cell"><div class="content-cell mdl-typography--body-1"><a href="https://example.org/">Visited x</a><br>${when}<br></div></div>`
  expect((await read({ 'MyActivity.html': page })).events.map((event) => event.time)).toEqual([time])
})

describe('netflix dates', () => {
  it.each(['15. 1. 2023', '23. 1. 15.', '2023. 01. 15.', '15.01.2023 г.', '15.1.2023'])('are read in %s', async (date) => {
    const { events } = await read({ 'NetflixViewingHistory.csv': `"タイトル","視聴日"\n"A","${date}"\n` })
    expect(events.map(({ time }) => time)).toEqual(['2023-01-15T00:00:00Z'])
  })

  it.each(['15.1.23.', '1/15/23'])('put the year last: %s', async (date) => {
    const { events } = await read({ 'my netflix.csv': `Title,Date\nA,${date}\nB,what\n` })
    expect(events.map(({ time }) => time)).toEqual(['2023-01-15T00:00:00Z'])
  })

  it.each(['Password,Note\nTr0ub4dor,bank\n', 'Household,Email\nThe Bergs,a@b.example\n'])(
    'are in no other table of two columns',
    async (table) => {
      expect(await codeOf({ 'netflix.csv': table })).toBe('UNKNOWN_SOURCE')
      expect((await read({ 'NetflixViewingHistory.csv': table })).events).toEqual([])
    },
  )
})

it('reads a clock with points behind a date in words', async () => {
  const page = `<div class="outer-cell"><div class="content-cell mdl-typography--body-1"><a href="https://example.org/">Visited x</a><br>5 janv. 2023 à 10.02.03.<br></div></div>`
  expect((await read({ 'MyActivity.html': page })).events.map(({ time }) => time?.slice(0, 10))).toEqual(['2023-01-05'])
})

describe('chatgpt', () => {
  it('walks the branch that was kept, and survives a circle and parts that are no text', async () => {
    const node = (role: string, parts: unknown[], parent: string | null, more: object = {}): object => ({
      parent,
      children: [],
      message: { author: { role }, create_time: 1_710_000_000.5, content: { content_type: 'text', parts }, metadata: {}, ...more },
    })
    const { events, tally } = await read({
      'conversations.json': JSON.stringify([
        {
          title: 'Flour',
          create_time: 1_710_000_000,
          current_node: 'd',
          mapping: {
            a: { parent: null, children: ['b'], message: null },
            b: node('user', ['How fine, {"x":1}?', { asset_pointer: 'file' }], 'a'),
            c: node('assistant', ['dropped branch'], 'b'),
            d: node('assistant', ['Very fine.'], 'b'),
          },
        },
        {
          title: 'Loop',
          create_time: 1_710_000_000,
          current_node: 'x',
          mapping: { x: node('user', ['round'], 'y'), y: node('system', ['hidden'], 'x') },
        },
      ]),
      'user.json': JSON.stringify({ id: 'user-1', email: 'ida@example.org' }),
    })
    expect(by(events, 'Converse')).toEqual([
      { kind: 'prompt', text: 'How fine, {"x":1}?' },
      { kind: 'answer', text: 'Very fine.' },
      { kind: 'prompt', text: 'round' },
    ])
    expect(tally.dropped.get('system')).toBe(1)
  })
})

it('chatgpt: reads conversations in several files, beside the list of what the export holds', async () => {
  const conversation = (text: string): string =>
    JSON.stringify([
      {
        title: text,
        create_time: 1_710_000_000,
        current_node: 'a',
        mapping: {
          a: {
            parent: null,
            children: [],
            message: {
              author: { role: 'user' },
              create_time: 1_710_000_000,
              content: { content_type: 'text', parts: [text] },
              metadata: {},
            },
          },
        },
      },
    ])
  const { events } = await read({
    'conversations-000.json': conversation('flour'),
    'conversations-001.json': conversation('grain'),
    'export_manifest.json': JSON.stringify({ files: ['conversations-000.json', 'conversations-001.json'] }),
  })
  expect(by(events, 'Converse').map(({ text }) => text)).toEqual(['flour', 'grain'])
})

describe('whatsapp', () => {
  const ios = [
    '\u200e[13.02.24, 18:03:04] Bo Lindqvist: \u200eNachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.',
    '[13.02.24, 18:03:05] Bo Lindqvist: SEINE WORTE',
    '[13.02.24, 18:04:05] Ida: Hallo Bo,',
    'ruf an: 0171 1234567',
    '\u200e[13.02.24, 18:05:05] Ida: \u200eBild weggelassen',
  ].join('\r\n')

  it('keeps only one’s own messages, joined over lines', async () => {
    const { events, tally, all } = await read({ '_chat.txt': ios })
    expect(by(events, 'Message').map(({ text }) => text?.replace(/P\d/, 'P'))).toEqual(['Hallo P,\nruf an: [phone]'])
    expect(Object.fromEntries(tally.dropped)).toEqual({ system: 1, 'other-person': 1, empty: 1 })
    expect(all).not.toMatch(/SEINE|Lindqvist|0171/)
  })

  it('reads months first where a whole file says so, although 3/1/25 alone could be January', async () => {
    const chat = ['3/1/25, 9:05\u202fPM - Ida: one', '3/9/25, 9:06\u202fPM - Bo: two', '3/14/25, 12:07\u202fAM - Ida: three'].join('\n')
    const { events } = await read({ 'WhatsApp Chat with Bo.txt': chat })
    expect(events.map(({ time }) => time)).toEqual(['2025-03-01T21:00:00Z', '2025-03-14T00:00:00Z'])
    // no number beyond twelve: time runs forwards under one reading only
    const order = ['3/1/25, 21:05 - Ida: one', '4/1/25, 21:06 - Bo: two', '1/2/25, 21:07 - Ida: three'].join('\n')
    expect((await read({ 'WhatsApp Chat with Bo.txt': order })).events.map(({ time }) => time)).toEqual([
      '2025-01-03T21:00:00Z',
      '2025-02-01T21:00:00Z',
    ])
  })

  it('does not guess who the owner is: it keeps nothing, and says so', async () => {
    const chat = '01/02/2024, 10:00 - Ida: one\n01/02/2024, 10:01 - Bo: two\n'
    const unknown = await read({ 'chat.txt': chat })
    expect([unknown.events, unknown.tally.warnings.has('SELF_UNKNOWN'), unknown.tally.dropped.get('other-person')]).toEqual([[], true, 2])
    expect(by((await read({ 'chat.txt': chat }, { self: 'bo' })).events, 'Message')).toEqual([{ kind: 'message', text: 'two' }])
    expect(await codeOf({ 'chat.txt': chat }, { self: 'Eve' })).toBe('SELF_UNKNOWN')
  })

  it.each([
    ['[2023. 1. 15. 오후 10:30:05] Ida: w', '2023-01-15T22:00:00Z'],
    ['2023년 1월 15일 오후 10:30 - Ida: w', '2023-01-15T22:00:00Z'],
    ['[2023/1/15 下午10:30:05] Ida: w', '2023-01-15T22:00:00Z'],
    ['2023年1月15日 上午10:30 - Ida: w', '2023-01-15T10:00:00Z'],
    ['\u200f15\u200f/1\u200f/2023، 10:30 م - Ida: w', '2023-01-15T22:00:00Z'],
    ['١٥/١/٢٠٢٣، ١٠:٣٠ ص - Ida: w', '2023-01-15T10:00:00Z'],
    ['15/1/23, 10:30 μ.μ. - Ida: w', '2023-01-15T22:00:00Z'],
    ['15.1.2023 klo 22.30 - Ida: w', '2023-01-15T22:00:00Z'],
    ['15.01.2023 г., 22:30 ч. - Ida: w', '2023-01-15T22:00:00Z'],
    ['2023. 01. 15. 22:30 - Ida: w', '2023-01-15T22:00:00Z'],
    ['[23. 1. 15. 오후 10:30:05] Ida: w', '2023-01-15T22:00:00Z'],
    ['15.1.23. 22:30 - Ida: w', '2023-01-15T22:00:00Z'],
    ['05.06.23. 22:30 - Ida: w', '2023-06-05T22:00:00Z'],
  ])('reads dates and clocks of a phone’s language: %s', async (line, time) => {
    const { events } = await read({ 'chat.txt': `${line}\n` }, { self: 'Ida' })
    expect(events.map((event) => [event.time, event.object.text])).toEqual([[time, 'w']])
  })

  it.each(['Czat WhatsApp z użytkownikiem Bo.txt', 'Bo ile WhatsApp Sohbeti.txt', 'WhatsApp-chatt med Bo.txt'])(
    'knows whom a chat is with by its name: %s',
    async (name) => {
      const { events } = await read({ [name]: '13/02/2024, 10:00 - Ida: mine\n13/02/2024, 10:01 - Bo: HIS\n' })
      expect(by(events, 'Message')).toEqual([{ kind: 'message', text: 'mine' }])
    },
  )

  it('takes --dates for a date with points behind it', async () => {
    const { events } = await read({ 'chat.txt': '05.06.23. 22:30 - Ida: w\n' }, { self: 'Ida', dates: 'mdy' })
    expect(events.map(({ time }) => time)).toEqual(['2023-05-06T22:00:00Z'])
  })

  const MARK = '\u200e'
  const family = (notice: string, stamp: string): string =>
    [`${MARK}[${stamp}] Family: ${MARK}${notice}`, `[${stamp}] Bo: HIS WORDS`, `[${stamp}] Bo: HIS MORE`].join('\n')
  const korean = '2023. 1. 15. 오후 10:30:05'
  it.each<[what: string, files: Files, archive?: string]>([
    ['Korean', { '_chat.txt': family('메시지와 통화는 종단간 암호화됩니다.', korean) }, 'WhatsApp Chat - Family.zip'],
    ['Chinese', { '_chat.txt': family('消息和通话都进行端到端加密。', '2023/1/15 下午10:30:05') }, 'WhatsApp Chat - Family.zip'],
    ['Japanese', { '_chat.txt': family('メッセージと通話は暗号化されます。', '2023/01/15 22:30:05') }, 'WhatsApp Chat - Family.zip'],
    ['Japanese, the folder', { 'FamilyとのWhatsAppチャット/_chat.txt': family('暗号化されます。', '2023/01/15 22:30:05') }],
    ['Korean, the file', { 'Family님과의 WhatsApp 대화.txt': family('메시지와 통화는 종단간 암호화됩니다.', korean) }],
    ['Swedish', { 'WhatsApp-chatt med Family.txt': family('Meddelanden är totalsträckskrypterade.', '2023-01-15 22:30:05') }],
    ['a language of none', { 'WhatsApp Chat - Family/_chat.txt': family('Saqibsan warqaad.', '15/01/2023, 22:30:05') }],
    [
      'a second notice',
      {
        'WhatsApp Chat - Family/_chat.txt': `${family('Messages are end-to-end encrypted.', korean)}\n[${korean}] Family: ${MARK}그룹을 만들었습니다`,
      },
    ],
    [
      'a notice without its mark',
      { 'WhatsApp Chat - Family/_chat.txt': family('메시지와 통화는 종단간 암호화됩니다.', korean).replaceAll(MARK, '') },
    ],
  ])('takes nobody for the owner in whose group the owner is silent: %s', async (_what, files, archive) => {
    const { events, tally } = await read(files, archive === undefined ? {} : { archive })
    expect([events, [...tally.warnings.keys()]]).toEqual([[], ['SELF_UNKNOWN']])
  })

  it('keeps what the owner wrote, and not what the app wrote for media, in a language that no list has', async () => {
    const chat = `${family('메시지와 통화는 종단간 암호화됩니다.', korean)}\n[${korean}] Ida: mine\n${MARK}[${korean}] Ida: ${MARK}사진 생략\n[${korean}] Ida: so: ${MARK}it goes`
    const { events } = await read({ '_chat.txt': chat.replaceAll('Family', 'Bo') }, { archive: 'WhatsApp Chat - Bo.zip' })
    expect(by(events, 'Message').map(({ text }) => text)).toEqual(['mine', 'so: it goes'])
  })

  it.each(['清晨6:05', '새벽 6:05', '6:05 in the morning', '௬:௦௫'])(
    'adds no message to the one before whose head it cannot read: %s',
    async (clock) => {
      const chat = [
        '2024/2/13 下午6:05 - Bob: HIS WORDS',
        '2024/2/13 下午6:05 - Ida: mine',
        `2024/2/14 ${clock} - Bob: HIS MORE`,
        'HIS NEXT LINE',
        '2024/2/14 下午6:05 - Ida: mine too',
      ].join('\n')
      const { events } = await read({ 'WhatsApp Chat with Bob.txt': chat })
      expect(by(events, 'Message').map(({ text }) => text)).toEqual(['mine', 'mine too'])
    },
  )

  it('takes no line of a message for the next one for beginning with a date', async () => {
    const lines = ['10.12.2024 - dentist', '12/05/2024 I went [with him]', '2024-05-01 12:00 [INFO]', '555-12-3456 - call']
    const chat = ['2024/2/13 清晨6:05 - Ida: my dates', ...lines, '2024/2/13 새벽 6:06 - Bob: HIS WORDS'].join('\n')
    const { events } = await read({ 'WhatsApp Chat with Bob.txt': chat })
    expect(events.map(({ time, object }) => [time, object.text?.split('\n').length])).toEqual([['2024-02-13T06:00:00Z', 5]])
    // nor is a deed one that goes on so
    const said = [
      '13/02/2024, 10:01 - Bob: You deleted this message',
      lines[0],
      '13/02/2024, 10:02 - Ann: HERS',
      '13/02/2024, 10:03 - Eve: HERS',
    ]
    expect((await read({ 'WhatsApp Chat with Family.txt': said.join('\n') })).events).toEqual([])
  })

  it('takes nobody for the owner where the app speaks twice under a name that no title has', async () => {
    const said = ['Messages and calls are end-to-end encrypted.', 'You were added'].map(
      (text) => `${MARK}[15/01/2023, 22:30:05] Family: ${MARK}${text}`,
    )
    const { events } = await read({ '_chat.txt': [...said, '[15/01/2023, 22:31:05] Alice: HER WORDS'].join('\n') })
    expect(events).toEqual([])
  })

  const bos = ['13/02/2024, 10:01 - Bo: HIS WORDS', '14/02/2024, 10:01 - Bo: HIS MORE'].join('\n')
  it.each<[what: string, files: Files, answers?: Answers]>([
    ['a chat in which the owner is silent', { 'WhatsApp Chat with Bo.txt': bos }],
    ['the same without a title', { '_chat.txt': bos }],
    [
      'a chat of two and a group in which the owner is silent',
      {
        'WhatsApp Chat with Bo.txt': bos,
        'WhatsApp Chat with Mill.txt': `${bos}\n15/02/2024, 10:01 - Eve: HER WORDS`,
      },
    ],
    ['the same without titles', { 'a/_chat.txt': bos, 'b/_chat.txt': `${bos}\n15/02/2024, 10:01 - Eve: HER WORDS` }],
    ['words like a deed of the owner', { 'chat.txt': `${bos}\n15/02/2024, 10:02 - Bo: You deleted this message?! tell me` }],
    ['a deed that goes on in the next line', { 'chat.txt': `${bos}\n15/02/2024, 10:02 - Bo: You deleted this message\nHIS why?` }],
    ['a deed claimed by whom the title names', { 'WhatsApp Chat with Bo.txt': `${bos}\n15/02/2024, 10:02 - Bo: You deleted this message` }],
    ['the title on the folder', { 'WhatsApp Chat - Bo (2)/_chat.txt': `${bos}\n15/02/2024, 10:02 - Bo: You deleted this message` }],
    [
      'the title on the archive',
      { '_chat.txt': `${bos}\n15/02/2024, 10:02 - Bo: You deleted this message` },
      { archive: 'WhatsApp Chat - Bo.zip' },
    ],
    [
      'an owner who speaks of encryption as the notice does',
      { 'chat.txt': `13/02/2024, 10:00 - Ida: this is end-to-end encrypted, is it?\n${bos}` },
    ],
  ])('keeps nobody else’s words: %s', async (_what, files, answers = {}) => {
    const { events, tally } = await read(files, answers)
    expect([events, [...tally.warnings.keys()]]).toEqual([[], ['SELF_UNKNOWN']])
  })

  it('knows the owner by a deleted message, in any of its languages, and refuses a self that a title names', async () => {
    const own = `13/02/2024, 10:00 - Ida: mine\n14/02/2024, 10:00 - Ida: Du hast diese Nachricht gelöscht.\n${bos}`
    expect(by((await read({ 'chat.txt': own })).events, 'Message')).toEqual([{ kind: 'message', text: 'mine' }])
    expect(await codeOf({ 'WhatsApp Chat with Bo.txt': own }, { self: 'bo' })).toBe('SELF_IS_OTHER')
  })
})

describe('apple health', () => {
  const xml = (body: string, dtd = '<!ELEMENT HealthData (Record*)><!ATTLIST Record type CDATA #REQUIRED>'): string =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [${dtd}]>\n<HealthData locale="de_DE"><Me HKCharacteristicTypeIdentifierDateOfBirth="1980-01-01"/>${body}</HealthData>`
  const steps =
    '<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Ida’s iPhone" unit="count" startDate="2024-03-01 08:10:00 +0100" endDate="2024-03-01 08:20:00 +0100" value="123"/>'

  it('keeps measures as decimals, without devices or the person', async () => {
    const { events, all } = await read({
      'apple_health_export/export.xml': xml(
        `${steps}<Record type="HKQuantityTypeIdentifierBodyMass" unit="kg" startDate="2024-03-01 08:00:00 +0100" endDate="2024-03-01 08:00:00 +0100" value="72.50"/><Record type="HKCategoryTypeIdentifierSleepAnalysis" startDate="2024-03-02 23:00:00 +0100" endDate="2024-03-02 01:00:00 +0100" value="HKCategoryValueSleepAnalysisAsleepCore"/><Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30.5" durationUnit="min" startDate="2024-03-01 18:00:00 +0100" endDate="2024-03-01 18:30:30 +0100"/>`,
      ),
    })
    expect(events.map(({ time, object }) => [time, object])).toEqual([
      ['2024-03-01T07:00:00Z', { kind: 'measurement', measure: { name: 'StepCount', value: '123', unit: 'count' } }],
      ['2024-03-01T07:00:00Z', { kind: 'measurement', measure: { name: 'BodyMass', value: '72.5', unit: 'kg' } }],
      // it ends before it begins: no duration
      ['2024-03-02T22:00:00Z', { kind: 'sleep-analysis', name: 'SleepAnalysisAsleepCore' }],
      ['2024-03-01T17:00:00Z', { kind: 'workout', name: 'Running', durationS: 1830 }],
    ])
    expect(all).not.toMatch(/Ida|1980|iPhone/)
  })

  it('expands no entities', async () => {
    const bomb = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    expect(await codeOf({ 'export.xml': xml(steps, bomb) })).toBe('HOSTILE_XML')
    expect(await codeOf({ 'export.xml': xml('<Record type="x" unit="&lol;"/>') })).toBe('HOSTILE_XML')
    expect(await codeOf({ 'export.xml': xml(steps).slice(0, -20) })).toBe('TRUNCATED')
  })
})

describe('tiktok', () => {
  it.each([
    ['Activity', 'Video Browsing History'],
    ['Your Activity', 'Watch History'],
  ])('reads the sections of "%s"', async (section, history) => {
    const { events, all } = await read({
      'user_data_tiktok.json': JSON.stringify({
        Profile: { 'Profile Information': { ProfileMap: { userName: 'ida_mill', emailAddress: 'me@example.org' } } },
        [section]: {
          [history]: { VideoList: [{ Date: '2024-03-01 10:20:30', Link: 'https://www.tiktokv.com/share/video/7123456789012345678/' }] },
          'Search History': { SearchList: [{ Date: '2024-03-01 10:20:30', SearchTerm: 'mill' }] },
          'Like List': { ItemFavoriteList: null },
          'Login History': { LoginHistoryList: [{ Date: '2024-03-01 10:20:30 UTC', IP: '203.0.113.9' }] },
        },
        Comment: { Comments: { CommentsList: [{ date: '2024-03-01 10:20:30', comment: 'hi stone_bo' }] } },
        'Direct Messages': {
          'Chat History': {
            ChatHistory: {
              'Chat History with stone_bo:': [
                { Date: '2024-03-01 10:20:30', From: 'stone_bo', Content: 'THEIRS' },
                { Date: '2024-03-01 10:21:30', From: 'ida_mill', Content: 'mine' },
              ],
            },
          },
        },
      }),
    })
    expect(events.map(({ type, object }) => [type, object.text ?? object.url])).toEqual([
      ['View', 'https://www.tiktokv.com/share/video/7123456789012345678/'],
      ['Search', 'mill'],
      ['Comment', 'hi P1'],
      ['Message', 'mine'],
    ])
    expect(all).not.toMatch(/203|stone|THEIRS|ida_mill/)
  })
})

describe('own files', () => {
  it('take only the columns that are named', async () => {
    const { events, all, tally } = await read(
      { 'diary.csv': 'When;Note;Mood;Friend\n2024-03-01 10:20;"ground, with Bo";9;Bo Lindqvist\nnever;x;1;\n' },
      { columns: { time: 'When', text: 'Note', value: 'Mood', person: 'Friend' } },
    )
    expect(events.map(({ object }) => object)).toEqual([
      { kind: 'thing', name: 'P1', text: 'ground, with P1', measure: { name: 'Mood', value: '9', unit: '' } },
    ])
    expect(tally.dropped.get('bad-time')).toBe(1)
    expect(all).not.toContain('Lindqvist')
    expect(await codeOf({ 'diary.csv': 'a,b\n1,2\n' })).toBe('UNKNOWN_SOURCE')
  })

  it('find the order of day and month over the file, and say when no column is there', async () => {
    const columns = { time: 'When', text: 'Note' }
    const { events } = await read({ 'n.csv': 'When,Note\n2/3/2023,a\n2/14/2023,b\n' }, { columns })
    expect(events.map(({ time }) => time)).toEqual(['2023-02-03T00:00:00Z', '2023-02-14T00:00:00Z'])
    const none = await read({ 'n.csv': 'a,b\n1,2\n' }, { columns })
    expect([none.events, [...none.tally.warnings.keys()]]).toEqual([[], ['COLUMNS_MISSING']])
  })
})
