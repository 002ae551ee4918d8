import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256, toHex } from '../wire/index.ts'
import {
  contentDigest,
  detectLanguage,
  equalLanes,
  lowerCase,
  minHash,
  qualityOf,
  qualityRules,
  type RuleName,
  ruleValues,
  scoreOf,
  shingleHashes,
  tokenize,
} from './index.ts'
import { laneKernel } from './lane-kernel.ts'
import { addends, multipliers, plainLanes } from './minhash.ts'
import { mix32, tokenTexts } from './tokens.ts'

const words = (text: string): string[] => tokenTexts(tokenize(text))

describe('tokens', () => {
  it('are runs of letters and numbers; each CJK character stands alone', () => {
    expect(words('The mill, since 1712: 3½ stones!')).toEqual(['the', 'mill', 'since', '1712', '3½', 'stones'])
    expect(words('石臼で粉')).toEqual(['石', '臼', 'で', '粉'])
    expect(words('맷돌은 돌이다')).toEqual(['맷돌은', '돌이다'])
    expect(words('चक्की की आवाज़')).toHaveLength(3)
    expect(words('don’t e-mail x_y')).toEqual(['don', 't', 'e', 'mail', 'x', 'y'])
    expect(words('😀 — … ⁂')).toEqual([])
  })

  it('fold case, accents and compatibility forms', () => {
    expect(words('ÉCOLE École e\u0301cole ﬁn Größe Ἀθήνα ΣΊΣΥΦΟΣ Ⅻ ﾊﾝ')).toEqual([
      'ecole',
      'ecole',
      'ecole',
      'fin',
      'grosse',
      'αθηνα',
      'σισυφοσ',
      'xii',
      'ハ',
      'ン',
    ])
    expect(words('مُحَمَّد')).toEqual(['محمد'])
  })

  it('count what they list, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const tokens = tokenize(text)
        expect(tokens.count).toBe(tokenTexts(tokens).length)
        expect(tokens.hashes.length).toBe(tokens.count)
        expect(tokens.lengths.length).toBe(tokens.count)
      }),
    )
  })

  it('give equal digests for texts that differ in case and punctuation only', () => {
    const digest = (text: string) => toHex(contentDigest(tokenize(text)))
    expect(digest('The mill turns.')).toBe(digest('  THE mill — turns!'))
    expect(digest('The mill turns.')).not.toBe(digest('The mills turn.'))
  })

  it('lower case leaves everything else alone', () => {
    expect(lowerCase('ÄÖÜ ΑΒΓ АБВ xyz 石 𐐀')).toBe('äöü αβγ абв xyz 石 𐐨')
    expect(lowerCase('already lower')).toBe('already lower')
  })
})

describe('tables', () => {
  it('are those that pipeline version 1 was made with', () => {
    const digest = (name: string) => toHex(sha256(readFileSync(path.join(import.meta.dirname, 'tables', name)))).slice(0, 16)
    // another table is another pipeline: change these together with a new version
    expect(digest('unicode.json')).toMatchInlineSnapshot(`"c2fe7d8234d700df"`)
    expect(digest('trigrams.json')).toMatchInlineSnapshot(`"a1a8023b58b5e5b3"`)
  })
})

describe('minHash', () => {
  const page = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `word${(from + i) * 7919}`).join(' ')

  it('is pinned', () => {
    const sketch = minHash(tokenize('The lower stone stays where it is, and the upper one turns.'))
    expect(toHex(sketch.subarray(0, 16))).toMatchInlineSnapshot(`"2e9cdf000455dcf24ebebfcb0260ac94"`)
    expect(toHex(sha256(sketch))).toMatchInlineSnapshot(`"b740dfdea0e167dde2c979f71c7817d9a1cc7e8e88035431bad8340a2ea72164"`)
    expect(toHex(minHash(tokenize('')))).toBe('ff'.repeat(512))
  })

  it('is equal for equal texts and near 128 × Jaccard for near ones', () => {
    const a = minHash(tokenize(page(0, 1000)))
    expect(equalLanes(a, minHash(tokenize(page(0, 1000))))).toBe(128)
    expect(equalLanes(a, minHash(tokenize(page(2000, 3000))))).toBeLessThan(4)
    // 500 of 1500 shingles are common
    const half = equalLanes(a, minHash(tokenize(page(500, 1500))))
    expect(half).toBeGreaterThan(25)
    expect(half).toBeLessThan(62)
  })

  it('sees one shingle in fewer than five tokens', () => {
    expect(equalLanes(minHash(tokenize('just four words here')), minHash(tokenize('Just four words, here!')))).toBe(128)
    expect(equalLanes(minHash(tokenize('one')), minHash(tokenize('two')))).toBe(0)
  })

  it('is by the kernel what it is by the plain loop, for any number of shingles', () => {
    const fill = laneKernel(multipliers, addends)
    const longer = Int32Array.from({ length: 40_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1))
    for (const length of [0, 1, 15_999, 16_000, 16_001, 40_000])
      expect(fill?.(longer.subarray(0, length)), `${length}`).toEqual(plainLanes(longer.subarray(0, length)))
    fc.assert(
      fc.property(fc.int32Array({ maxLength: 50 }), (shingles) => {
        expect(fill?.(shingles)).toEqual(plainLanes(shingles))
      }),
    )
  })

  it('makes shingles by rolling that are those of the definition', () => {
    const P = 0x9e3779b1
    fc.assert(
      fc.property(fc.uint32Array({ maxLength: 20 }), (hashes) => {
        const runs = Array.from({ length: hashes.length && Math.max(1, hashes.length - 4) }, (_, i) => hashes.subarray(i, i + 5))
        const slow = runs.map((run) => mix32(run.reduce((hash, token) => (Math.imul(hash, P) + token) | 0, 0)) | 0)
        expect([...shingleHashes({ count: hashes.length, hashes })]).toEqual(slow)
      }),
    )
  })

  it('refuses what is no sketch', () => {
    expect(() => equalLanes(new Uint8Array(511), new Uint8Array(512))).toThrow('a sketch has 512 bytes')
  })
})

describe('detectLanguage', () => {
  it.each([
    ['en', 'The miller opened the gate in the morning and let the water run over the wheel until noon.'],
    ['de', 'Der Müller öffnete am Morgen das Wehr und ließ das Wasser bis zum Mittag über das Rad laufen.'],
    ['fr', 'Le meunier ouvrait la vanne le matin et laissait couler l’eau sur la roue jusqu’à midi.'],
    ['es', 'El molinero abría la compuerta por la mañana y dejaba correr el agua sobre la rueda hasta el mediodía.'],
    ['it', 'Il mugnaio apriva la chiusa al mattino e lasciava scorrere l’acqua sulla ruota fino a mezzogiorno.'],
    ['pt', 'O moleiro abria a comporta de manhã e deixava correr a água sobre a roda até ao meio-dia.'],
    ['nl', 'De molenaar opende ’s ochtends de sluis en liet het water tot de middag over het rad lopen.'],
    ['pl', 'Młynarz otwierał rano śluzę i pozwalał wodzie płynąć przez koło aż do południa.'],
    ['cs', 'Mlynář ráno otevřel stavidlo a nechal vodu téct přes kolo až do poledne.'],
    ['sk', 'Mlynár ráno otvoril stavidlo a nechal vodu tiecť cez koleso až do poludnia.'],
    ['ru', 'Мельник утром открывал шлюз и до полудня пускал воду на колесо, а потом отдыхал.'],
    ['uk', 'Мельник уранці відкривав шлюз і до полудня пускав воду на колесо, а потім відпочивав.'],
    ['bg', 'Мелничарят отваряше сутрин шлюза и пускаше водата върху колелото до обяд.'],
    ['sr', 'Млинар је ујутру отварао брану и пуштао воду преко точка све до поднева.'],
    ['ar', 'كان الطحان يفتح السد في الصباح ويترك الماء يجري فوق العجلة حتى الظهر'],
    ['fa', 'آسیابان صبح‌ها دریچه را باز می‌کرد و می‌گذاشت آب تا ظهر روی چرخ بریزد'],
    ['ur', 'چکی والا صبح کے وقت پانی کا دروازہ کھولتا تھا اور دوپہر تک پہیے پر پانی بہنے دیتا تھا'],
    ['he', 'הטוחן פתח את הסכר בבוקר והניח למים לזרום על הגלגל עד הצהריים'],
    ['hi', 'चक्कीवाला सुबह फाटक खोलता था और दोपहर तक पानी को पहिये पर बहने देता था'],
    ['bn', 'কলওয়ালা সকালে ফটক খুলে দিত আর দুপুর পর্যন্ত চাকার উপর জল বইতে দিত'],
    ['ja', '粉屋は朝、水門を開けて、昼まで水車に水を流していた。'],
    ['zh', '磨坊主早上打开水闸，让水一直流过水轮，直到中午。'],
    ['ko', '방앗간 주인은 아침에 수문을 열고 정오까지 물레방아에 물을 흘려보냈다.'],
    ['tr', 'Değirmenci sabahları kapağı açar ve suyun öğlene kadar çarkın üzerinden akmasına izin verirdi.'],
    ['sv', 'Mjölnaren öppnade luckan på morgonen och lät vattnet rinna över hjulet fram till middag.'],
    ['da', 'Mølleren åbnede slusen om morgenen og lod vandet løbe over hjulet indtil middag, og så hvilede han.'],
    ['no', 'Mølleren åpnet luken om morgenen og lot vannet renne over hjulet helt til middag, og så hvilte han.'],
    ['fi', 'Mylläri avasi luukun aamulla ja antoi veden virrata pyörän yli puoleenpäivään asti.'],
    ['et', 'Mölder avas hommikul lüüsi ja lasi veel keskpäevani üle ratta joosta.'],
    ['hu', 'A molnár reggel kinyitotta a zsilipet, és délig hagyta a vizet a kerékre folyni.'],
    ['ro', 'Morarul deschidea dimineața stăvilarul și lăsa apa să curgă peste roată până la amiază.'],
    ['el', 'Ο μυλωνάς άνοιγε το πρωί τη θυρίδα και άφηνε το νερό να τρέχει ώς το μεσημέρι.'],
    ['vi', 'Người thợ xay mở cửa cống vào buổi sáng và để nước chảy qua bánh xe cho đến trưa.'],
    ['id', 'Tukang giling membuka pintu air pada pagi hari dan membiarkan air mengalir di atas roda sampai siang.'],
    ['th', 'คนโม่แป้งเปิดประตูน้ำในตอนเช้าและปล่อยให้น้ำไหลผ่านกังหันจนถึงเที่ยง'],
    ['lt', 'Malūnininkas rytą atidarydavo užtvanką ir leisdavo vandeniui bėgti per ratą iki vidurdienio.'],
    ['lv', 'Dzirnavnieks no rīta atvēra slūžas un ļāva ūdenim tecēt pār ratu līdz pusdienlaikam.'],
    ['ca', 'El moliner obria la comporta al matí i deixava córrer l’aigua sobre la roda fins al migdia.'],
    ['eu', 'Errotariak goizean uhatea irekitzen zuen eta eguerdira arte uzten zion urari gurpilaren gainetik joaten.'],
    ['sw', 'Msagaji alifungua lango la maji asubuhi na kuacha maji yatiririke juu ya gurudumu hadi adhuhuri.'],
    ['ta', 'மாவு அரைப்பவர் காலையில் மதகைத் திறந்து நண்பகல் வரை நீரை ஓட விட்டார்'],
    ['ka', 'მეწისქვილე დილით ხსნიდა ჯებირს და შუადღემდე უშვებდა წყალს ბორბალზე'],
    ['hy', 'Ջրաղացպանը առավոտյան բացում էր փականը և թողնում էր ջուրը հոսել մինչև կեսօր'],
  ])('knows %s', (language, text) => {
    expect(detectLanguage(text)).toBe(language)
  })

  it('says und when unsure', () => {
    for (const text of ['', '12345 67890', 'ok', 'qx zv kw jj xq zz vq wk qj xz zx', 'a1 b2 c3 d4 e5 f6 g7 h8', '😀😀😀'])
      expect(detectLanguage(text), text).toBe('und')
  })

  it('looks at the first 2,000 units alone, whatever other text lay where they are put', () => {
    const text = 'The miller opened the gate in the morning. '.repeat(50) + 'Мельник утром открывал шлюз. '.repeat(200)
    expect(detectLanguage(text)).toBe('en')
    tokenize(text)
    expect(detectLanguage(text)).toBe('en')
  })

  it('gives a subtag for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(detectLanguage(text)).toMatch(/^[a-z]{2,3}$/)
      }),
    )
  })
})

describe('quality', () => {
  const prose = 'The miller opened the gate in the morning and let the water run over the wheel. '
  const text = Array.from({ length: 12 }, (_, i) => `${prose.slice(0, -2)} number ${i}, while ${'abcdefghijkl'[i]} slept.`).join('\n\n')
  const values = ruleValues(text, tokenize(text))

  it('gives every rule an integer', () => {
    expect(Object.keys(values)).toEqual(Object.keys(qualityRules))
    for (const value of Object.values(values)) expect(Number.isSafeInteger(value) && value >= 0).toBe(true)
  })

  it('measures what it says', () => {
    const of = (t: string) => ruleValues(t, tokenize(t))
    expect(of('one two three').words).toBe(3)
    expect(of('aa bbbb').meanWordLength).toBe(3_000_000)
    expect(of('a # b … c ...').symbolsPerWord).toBe(1_000_000)
    expect(of('- a\n- b\nc').bulletLines).toBe(666_666)
    expect(of('wait…\nno...\nyes.').ellipsisLines).toBe(666_666)
    expect(of('1 2 three 4').letteredWords).toBe(250_000)
    expect(of('the be to of').stopWords).toBe(4)
    expect(of('same\nsame\nother\nsame')).toMatchObject({ duplicateLines: 500_000, duplicateLineChars: 400_000 })
    expect(of('p one\n\np one\n\np two').duplicateParagraphs).toBe(333_333)
    expect(of('ab ab ab ab').top2Gram).toBeGreaterThan(1_000_000 - 1)
    expect(of('a b c d e x a b c d e y').duplicate5Grams).toBe(391_304)
    expect(of('One. Two! Three? Four').sentences).toBe(3)
    expect(of('if (x) { y }').curlyBraces).toBe(1)
    expect(of('Lorem IPSUM dolor').loremIpsum).toBe(1)
    expect(of('Ends.\nnot').terminalLines).toBe(500_000)
    expect(of('short\nthis line is longer than thirty characters').shortLines).toBe(500_000)
  })

  it('weighs rules by name, all alike when no weight is given, unknown names by nothing', () => {
    expect(qualityOf(values, 'en', { words: 1_000_000 })).toBe(1_000_000)
    expect(qualityOf(values, 'en', { words: 500_000, unheardOf: 1_000_000 })).toBe(1_000_000)
    expect(qualityOf(values, 'en', { unheardOf: 1_000_000 })).toBe(1_000_000)
    const halved = { ...values, words: 25 }
    expect(qualityOf(halved, 'en', { words: 1_000_000 })).toBe(500_000)
    expect(qualityOf(halved, 'en', { words: 1_000_000, sentences: 1_000_000 })).toBe(750_000)
    expect(qualityOf({ ...values, stopWords: 0 }, 'de')).toBe(qualityOf(values, 'de'))
    expect(qualityOf({ ...values, meanWordLength: 1_000_000 }, 'ja')).toBe(qualityOf(values, 'ja'))
    expect(qualityOf({ ...values, meanWordLength: 1_000_000 }, 'en')).toBeLessThan(qualityOf(values, 'en'))
  })

  it('stays within 0 and PPM and never falls when a value moves into its bounds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(qualityRules) as RuleName[])), fc.nat(20_000_000), (name, value) => {
        const score = scoreOf(qualityRules[name], value)
        expect(Number.isInteger(score) && score >= 0 && score <= 1_000_000).toBe(true)
      }),
    )
  })

  it('holds for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (any) => {
        const quality = qualityOf(ruleValues(any, tokenize(any)), 'und')
        expect(Number.isInteger(quality) && quality >= 0 && quality <= 1_000_000).toBe(true)
      }),
    )
  })
})
