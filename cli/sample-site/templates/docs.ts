import { escapeHtml, renderMarkdown } from '../markdown.ts'
import { factMetas, licenceNotice, type Template } from './page.ts'

/** A manual: side navigation, breadcrumbs, one `main`. */
export const docs: Template = ({ page, host, neighbours, link }) => `<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8">
<title>${escapeHtml(page.title)} - ${escapeHtml(host.title)}</title>
<meta name="viewport" content="width=device-width">
<link rel="canonical" href="${link(page.path)}">
${factMetas(page)}
<style>body{display:grid;grid-template-columns:14rem 1fr}</style>
</head>
<body>
<nav class="sidebar" aria-label="Contents">
<a href="${link('/')}">${escapeHtml(host.title)}</a>
<ul>
${neighbours.map((other) => `<li><a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a></li>`).join('\n')}
</ul>
</nav>
<main>
<ol class="breadcrumbs"><li><a href="${link('/')}">Manual</a></li><li>${escapeHtml(page.tags[0] ?? 'Guide')}</li></ol>
<article>
<h1>${escapeHtml(page.title)}</h1>
${renderMarkdown(page.text, link)}
</article>
${licenceNotice(page)}
<footer><p>Last reviewed ${page.date}. Found a mistake? <a href="${link('forum:/')}">Tell us in the forum</a>.</p></footer>
</main>
<script>document.documentElement.dataset.ready = '1'</script>
</body>
</html>
`
