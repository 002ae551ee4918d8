import { KINDS, type Span } from './span.ts'

/** Formats that say what they are. */
const FORMATS =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,20000}?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)|(?<![\w-])(?:(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[\w-]{20,64}|xox[abeoprs]-[A-Za-z0-9-]{10,200}|AIza[\w-]{35}|ya29\.[\w-]{20,400}|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,200}|sk-(?:ant-|proj-|svcacct-)?[\w-]{20,200}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{40,250}|hf_[A-Za-z0-9]{30,60}|dop_v1_[0-9a-f]{64}|SG\.[\w-]{16,32}\.[\w-]{16,64}|eyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,4000})?|AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{40,4000}|[xyz]prv[1-9A-HJ-NP-Za-km-z]{100,112}|\d{8,10}:[\w-]{35})(?![\w-])/g
/** `password: hunter2`, `api_key=…`, `Bearer …`. The value is what is found. */
const LABELLED =
  /(?:\b(?:pass(?:word|wd|phrase|code)?|pwd|kennwort|passwort|contrase(?:ñ|n)a|clave|senha|mot de passe|wachtwoord|has[lł]o|lösenord|passord|salasana|heslo|şifre|sifre|secret|api[ _-]?key|access[ _-]?token|auth[ _-]?token|token|client[ _-]?secret|private[ _-]?key|otp|pin code|puk)|пароль|密码|密碼|パスワード|비밀번호)(?:\s{0,2}(?:is|ist|est|es|lautet|=|:|:=|：|→|->)\s{0,2}["'`“„«]?|\s{0,2}["'`])([^\s"'`”“»,;<>]{4,200})/giu
/** One of the words above may be there: the cheap question first. */
const LABEL =
  /pass|pwd|kennw|contrase|clave|senha|mot de|wachtw|has[lł]o|lösen|salas|heslo|[şs]ifre|secret|key|token|otp|pin|puk|пароль|密|パスワ|비밀/i
/** What was replaced once stays: its closing bracket is no part of a value. */
const PLACEHOLDER = new RegExp(`^\\[(?:${KINDS.join('|')})$`)
const BEARER = /\bBearer\s+([\w\-.=+/]{12,4000})/g
/** `https://user:password@host` */
const USERINFO = /\b[a-z][a-z0-9+.-]{1,20}:\/\/([^\s/@:]{1,100}:[^\s/@]{1,100})@/gi
const LONG = /(?<![\w+/=-])[A-Za-z0-9+/_=-]{32,500}(?![\w+/=-])/g

/** Keys, tokens and passwords. */
export function findSecrets(text: string): Span[] {
  const found: Span[] = []
  const take = (pattern: RegExp, group: number, isOne: (value: string) => boolean = () => true): void => {
    for (const match of text.matchAll(pattern)) {
      const value = match[group] ?? ''
      const trimmed = group === 0 ? value : value.replace(/[.!?)\]]+$/, '')
      if (!isOne(trimmed)) continue
      const start = match.index + match[0].lastIndexOf(value)
      found.push({ start, end: start + trimmed.length, kind: 'secret' })
    }
  }
  if (/[\w.:+/-]{16}/.test(text)) {
    take(FORMATS, 0)
    take(LONG, 0, isRandom)
  }
  if (text.includes('://')) take(USERINFO, 1)
  if (text.includes('Bearer')) take(BEARER, 1)
  // a password is no word of a sentence: "the token is lost"
  if (LABEL.test(text))
    take(LABELLED, 1, (value) => value.length >= 4 && !PLACEHOLDER.test(value) && /\d|[^\p{L}\p{N}\s]\p{L}|\p{Ll}\p{Lu}/u.test(value))
  return found
}

/** Upper and lower case and digits, well mixed, and no path or sentence: keys that no format names. Digests in hexadecimal are not. */
function isRandom(value: string): boolean {
  if (!/[A-Z]/.test(value) || !/[a-z]/.test(value) || !/\d/.test(value) || /^[-=_]+$/.test(value)) return false
  if ((value.match(/[/-]/g)?.length ?? 0) > value.length / 10) return false
  let changes = 0
  for (let i = 1; i < value.length; i++) if (classOf(value.charCodeAt(i)) !== classOf(value.charCodeAt(i - 1))) changes++
  return changes * 3 >= value.length && new Set(value).size * 3 >= Math.min(value.length, 48)
}

const classOf = (code: number): number => (code >= 97 ? 1 : code >= 65 ? 2 : code >= 48 && code <= 57 ? 3 : 4)
