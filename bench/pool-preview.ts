/** Preview of a made-up Google Takeout in a zip, `[MEGABYTES]` (default 200), or of one XML file: `apple-health [MEGABYTES]` (default 1024). Time, CPU, peak memory. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Dice } from '../tests/support/labelled-set.ts'
import { zipOf } from '../tests/support/zip.ts'

/** What a Takeout of 200 MiB must reach on the wall, and whatever export in memory; beyond it the process exits 1. */
const MOST_WALL_S = 60
const MOST_MIB = 500

const isHealth = process.argv[2] === 'apple-health'
const megabytes = Number(process.argv[isHealth ? 3 : 2] ?? (isHealth ? 1024 : 200))
const dice = new Dice(1)
const WORDS =
  'mill stone grain wheel river flour bread oven field wheat autumn water wind sail gear baker morning market village bridge Anna Berlin 2019 review how to why best of live'.split(
    ' ',
  )
const words = (count: number): string => Array.from({ length: count }, () => dice.of(WORDS)).join(' ')
const id = (): string =>
  Array.from({ length: 11 }, () => dice.of('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'.split(''))).join('')
const time = (i: number): string => new Date(Date.UTC(2015, 0, 1) + i * 437_000).toISOString()

/** Rows until the size is reached. */
function rows(bytes: number, row: (i: number) => string, between: string): string {
  const parts: string[] = []
  let size = 0
  for (let i = 0; size < bytes; i++) {
    const one = row(i)
    parts.push(one)
    size += one.length + between.length
  }
  return parts.join(between)
}

/** Watch history, activity as pages, browsing, places, contacts. */
function takeoutIn(archive: string): number {
  const share = (megabytes << 20) / 10
  const watch = `[${rows(share * 4, (i) => `{\n  "header": "YouTube",\n  "title": "Watched ${words(6)}",\n  "titleUrl": "https://www.youtube.com/watch?v\\u003d${id()}",\n  "subtitles": [{\n    "name": "${words(2)}",\n    "url": "https://www.youtube.com/channel/UC${id()}${id()}"\n  }],\n  "time": "${time(i)}",\n  "products": ["YouTube"],\n  "activityControls": ["YouTube watch history"]\n}`, ',')}]`
  const pages = `<html><body>${rows(share * 2, (i) => `<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid"><div class="header-cell mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">Search<br></p></div><div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1">Searched for\u00a0<a href="https://www.google.com/search?q=${words(3).replaceAll(' ', '+')}">${words(3)}</a><br>Aug ${(i % 28) + 1}, 20${10 + (i % 14)}, 1:02:${String(i % 60).padStart(2, '0')}\u202fPM UTC<br></div></div></div>`, '')}</body></html>`
  const chrome = `{"Browser History":[${rows(share * 2, (i) => `{"page_transition":"LINK","title":"${words(4)}","url":"https://www.example.com/${words(2).replace(' ', '/')}/${i}?session=${id()}&utm=1","client_id":"${id()}","time_usec":${1_500_000_000_000_000 + i * 60_000_000}}`, ',')}]}`
  const places = `{"locations":[${rows(share * 2, (i) => `{"latitudeE7":${525_000_000 + dice.int(900_000)},"longitudeE7":${133_000_000 + dice.int(900_000)},"accuracy":${dice.int(60)},"source":"WIFI","timestamp":"${time(i)}"}`, ',')}]}`

  const files = [
    { name: 'Takeout/YouTube und YouTube Music/Verlauf/Wiedergabeverlauf.json', data: watch },
    { name: 'Takeout/Meine Aktivitäten/Google Suche/MeineAktivitäten.html', data: pages },
    { name: 'Takeout/Chrome/Verlauf.json', data: chrome },
    { name: 'Takeout/Standortverlauf/Records.json', data: places },
    {
      name: 'Takeout/Kontakte/Alle Kontakte.vcf',
      data: rows(40_000, (i) => `BEGIN:VCARD\nFN:Anna${i} Example${i}\nEMAIL:a${i}@example.org\nEND:VCARD`, '\n'),
    },
  ]
  writeFileSync(archive, zipOf(files))
  return files.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0)
}

/** Written a megabyte at a time: a string of all of it there cannot be. */
function healthIn(file: string): number {
  const kinds = ['StepCount', 'HeartRate', 'DistanceWalkingRunning', 'ActiveEnergyBurned']
  const handle = openSync(file, 'w')
  const stamp = (i: number): string => `${new Date(Date.UTC(2016, 0, 1) + i * 61_000).toISOString().slice(0, 19).replace('T', ' ')} +0100`
  const record = (i: number): string =>
    `<Record type="HKQuantityTypeIdentifier${kinds[i % 4]}" sourceName="Watch" sourceVersion="9.1" device="&lt;&lt;HKDevice: 0x${i.toString(16)}&gt;, name:Watch&gt;" unit="count" creationDate="${stamp(i)}" startDate="${stamp(i)}" endDate="${stamp(i + 1)}" value="${dice.int(200)}"/>`
  writeSync(
    handle,
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [<!ELEMENT HealthData (Record*)>]>\n<HealthData locale="en_IE">\n',
  )
  let at = 0
  for (let written = 0; written < megabytes << 20; ) {
    const piece = rows(1 << 20, () => record(at++), '\n')
    written += writeSync(handle, `${piece}\n`)
  }
  writeSync(handle, '</HealthData>\n')
  closeSync(handle)
  return statSync(file).size
}

const folder = mkdtempSync(path.join(tmpdir(), 'quern-pool-preview-'))
try {
  const archive = path.join(folder, isHealth ? 'export.xml' : 'takeout.zip')
  const unpacked = isHealth ? healthIn(archive) : takeoutIn(archive)
  const probe = path.join(folder, 'probe.mjs')
  writeFileSync(
    probe,
    `process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write('\\nPROBE ' + JSON.stringify({ cpu: (user + system) / 1e6, rss: process.resourceUsage().maxRSS / 1024 })) })`,
  )
  const main = path.join(import.meta.dirname, '..', 'cli', 'main.ts')
  const began = performance.now()
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...process.execArgv, '--import', `file://${probe}`, main, 'pool', 'preview', archive, '--json'],
    { encoding: 'utf8', maxBuffer: 64 << 20 },
  )
  const wall = (performance.now() - began) / 1000
  if (status !== 0) throw new Error(`preview ended with ${status}: ${stderr}`)
  const { cpu, rss } = JSON.parse(/PROBE (.*)$/.exec(stderr)?.[1] ?? '{}') as { cpu: number; rss: number }
  const said = JSON.parse(stdout) as { events: number; kept: number; people: number; dropReasons: object }
  console.log(
    `${(unpacked / 2 ** 20).toFixed(0)} MiB unpacked, ${(statSync(archive).size / 2 ** 20).toFixed(0)} MiB as given: ${said.events} rows, ${said.kept} kept, ${said.people} contacts, ${JSON.stringify(said.dropReasons)}`,
  )
  console.log(
    `CPU ${cpu.toFixed(1)} s, wall ${wall.toFixed(1)} s, peak ${rss.toFixed(0)} MiB, ${Math.round(said.events / cpu)} rows per CPU second`,
  )
  const isSlow = !isHealth && megabytes <= 200 && wall > MOST_WALL_S
  if (isSlow || rss > MOST_MIB) {
    console.error(`missed: ${MOST_WALL_S} s for 200 MiB of a Takeout, ${MOST_MIB} MiB`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
