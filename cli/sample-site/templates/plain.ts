import { escapeHtml, renderMarkdown } from '../markdown.ts'
import { factMetas, licenceNotice, type Template } from './page.ts'

/** A page as in 1998: a layout table, no semantics at all. */
export const plain: Template = ({
  page,
  host,
  neighbours,
  link,
}) => `<html lang="${page.language}"><head><title>${escapeHtml(page.title)}</title>
${factMetas(page)}</head><body bgcolor="#ffffff">
<table width="100%" border="0"><tr><td width="20%" valign="top"><b>${escapeHtml(host.title)}</b><br>
${neighbours.map((other) => `<a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a><br>`).join('\n')}
</td><td valign="top"><h1>${escapeHtml(page.title)}</h1>
${renderMarkdown(page.text, link)}
${licenceNotice(page)}
</td></tr></table>
</body></html>
`
