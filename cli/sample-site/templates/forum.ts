import { escapeHtml, renderMarkdown } from '../markdown.ts'
import { factMetas, licenceNotice, type Template } from './page.ts'

/** A forum thread: posts begin with a line `@name` in the text. */
export const forum: Template = ({ page, host, neighbours, link }) => `<!doctype html>
<html lang="${page.language}"><head><meta charset="utf-8"><title>${escapeHtml(page.title)} :: ${escapeHtml(host.title)}</title>
${factMetas(page)}</head>
<body><div id="page-header"><a href="${link('/')}">${escapeHtml(host.title)}</a> &raquo; ${escapeHtml(page.tags[0] ?? 'General')}</div>
<h1>${escapeHtml(page.title)}</h1>
<div class="thread">
${posts(page.text)
  .map(
    ({ name, text }, i) => `<article class="message" id="m${i + 1}">
<footer><a rel="nofollow" href="${link(`/members/${encodeURIComponent(name)}`)}">${escapeHtml(name)}</a> #${i + 1} <a href="${link(`/reply?to=${i + 1}`)}">reply</a></footer>
${renderMarkdown(text, link)}
</article>`,
  )
  .join('\n')}
</div>
<div class="pager">${neighbours.map((other) => `<a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a>`).join(' | ')}</div>
${licenceNotice(page)}
</body></html>
`

function posts(text: string): { name: string; text: string }[] {
  const parts = text.split(/^@(\S+)\n/m)
  if (parts.length === 1) return [{ name: 'keeper', text }]
  return Array.from({ length: (parts.length - 1) / 2 }, (_, i) => ({
    name: parts[2 * i + 1] as string,
    text: (parts[2 * i + 2] as string).trim(),
  }))
}
