import { escapeHtml, renderMarkdown } from '../markdown.ts'
import { factMetas, licenceNotice, type Template } from './page.ts'

/** A weblog: masthead, one post, a byline, related posts below. */
export const blog: Template = ({ page, host, neighbours, link }) => `<!DOCTYPE html>
<html lang="${page.language}">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>${escapeHtml(page.title)} | ${escapeHtml(host.title)}</title>
<meta property="og:title" content="${escapeHtml(page.title)}">
<meta property="og:type" content="article">
<meta property="og:site_name" content="${escapeHtml(host.title)}">
${factMetas(page)}
</head>
<body class="single">
<div id="masthead"><h2><a href="${link('/')}">${escapeHtml(host.title)}</a></h2><p class="tagline">Notes on grain, water and patience</p></div>
<div class="post hentry">
<h1 class="entry-title">${escapeHtml(page.title)}</h1>
<div class="byline">by ${escapeHtml(page.author || 'the house')} on <time datetime="${page.date}">${page.date}</time></div>
<div class="entry-content">
${renderMarkdown(page.text, link)}
${licenceNotice(page)}
</div>
<div class="tags">${page.tags.map((tag) => `<span>${escapeHtml(tag)}</span>`).join(' ')}</div>
</div>
<div class="related"><h3>Related posts</h3>
${neighbours.map((other) => `<div><a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a></div>`).join('\n')}
</div>
<div class="footer">Written by hand. No cookies.</div>
</body>
</html>
`
