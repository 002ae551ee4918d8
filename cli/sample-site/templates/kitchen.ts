import { escapeHtml, renderMarkdown } from '../markdown.ts'
import { factMetas, licenceNotice, type Template } from './page.ts'

/** A recipe card with microdata, XHTML style. */
export const kitchen: Template = ({ page, host, neighbours, link }) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="${page.language}" lang="${page.language}">
<head>
<title>${escapeHtml(page.title)} — ${escapeHtml(host.title)}</title>
${factMetas(page)}
</head>
<body>
<div id="container"><div id="top"><a href="${link('/')}">${escapeHtml(host.title)}</a></div>
<div id="content" class="recipe">
<h1>${escapeHtml(page.title)}</h1>
<p class="facts">${escapeHtml(page.facts.serves ?? '')} ${escapeHtml(page.facts.time ?? '')}</p>
${renderMarkdown(page.text, link)}
${licenceNotice(page)}
</div>
<div id="menu"><ul>${neighbours.map((other) => `<li><a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a></li>`).join('')}</ul></div>
</div>
</body>
</html>
`
