// Markdown → elements. What is not known stays text; HTML in it stays text, too, but for comments and line breaks.
//
// Blocks: headings, paragraphs, lists, quotes, fenced and indented code, tables, rules. Inline: code, emphasis,
// strikethrough, links, images of this site, line breaks, addresses.

import { h } from "./dom.js";
import { highlighted } from "./highlight.js";

/** Makes the elements of a Markdown text. */
export function markdown(text) {
  const box = h("div", { class: "prose" });
  box.append(...blocks(parseBlocks(text.replace(/\r\n?/g, "\n").replace(/<!--[^]*?-->/g, ""))));
  return box;
}

/** Makes the elements of one line of Markdown. */
export function markdownLine(text) {
  return h("span", { class: "prose-line" }, inline(parseInline(text.replace(/\s+/g, " "))));
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*?))?\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+(.*)|$)/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Text → blocks, as data: `{kind, ...}`. */
export function parseBlocks(text) {
  const lines = text.split("\n");
  const found = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let matched;
    if (!line.trim()) at++;
    else if ((matched = FENCE.exec(line))) at = fence(lines, at, matched, found);
    else if ((matched = HEADING.exec(line))) {
      found.push({ kind: "heading", level: matched[1].length, text: matched[2] ?? "" });
      at++;
    } else if (RULE.test(line)) {
      found.push({ kind: "rule" });
      at++;
    } else if (QUOTE.test(line)) at = quote(lines, at, found);
    else if (ITEM.test(line)) at = list(lines, at, found);
    else if (/^ {4}/.test(line)) at = indented(lines, at, found);
    else if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) at = table(lines, at, found);
    else at = paragraph(lines, at, found);
  }
  return found;
}

function fence(lines, at, [, mark, language], found) {
  const body = [];
  for (at++; at < lines.length && !lines[at].trim().startsWith(mark); at++) body.push(lines[at]);
  found.push({ kind: "code", language, text: body.join("\n") });
  return at + 1;
}

function indented(lines, at, found) {
  const body = [];
  for (; at < lines.length && (/^ {4}/.test(lines[at]) || !lines[at].trim()); at++) body.push(lines[at].slice(4));
  found.push({ kind: "code", language: "", text: body.join("\n").trimEnd() });
  return at;
}

function quote(lines, at, found) {
  const body = [];
  for (; at < lines.length && lines[at].trim(); at++) body.push(QUOTE.exec(lines[at])?.[1] ?? lines[at]);
  found.push({ kind: "quote", blocks: parseBlocks(body.join("\n")) });
  return at;
}

function list(lines, at, found) {
  const [, margin, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  while (at < lines.length) {
    const matched = ITEM.exec(lines[at]);
    if (!matched || matched[1].length > margin.length + 1 || /\d/.test(matched[2]) !== ordered) break;
    const indent = matched[1].length + matched[2].length + 1;
    const body = [matched[4] ?? ""];
    for (at++; at < lines.length; at++) {
      const line = lines[at];
      const deep = line.search(/\S/) >= Math.min(indent, matched[1].length + 2);
      if (!line.trim() ? !/^\s/.test(lines[at + 1] ?? "") : !deep && (ITEM.test(line) || !lines[at - 1].trim())) break;
      body.push(deep ? line.slice(Math.min(indent, line.search(/\S/))) : line.trim());
    }
    items.push(parseBlocks(body.join("\n")));
    while (at < lines.length && !lines[at].trim() && ITEM.test(lines[at + 1] ?? "")) at++;
  }
  found.push({ kind: "list", ordered, start: Number.parseInt(mark, 10), items });
  return at;
}

function table(lines, at, found) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
  const head = cells(lines[at]);
  const rows = [];
  for (at += 2; at < lines.length && lines[at].includes("|"); at++) rows.push(cells(lines[at]));
  found.push({ kind: "table", head, rows });
  return at;
}

function paragraph(lines, at, found) {
  const body = [];
  for (; at < lines.length && lines[at].trim(); at++) {
    const line = lines[at];
    if (body.length && (/^ {0,3}(=+|-{2,})\s*$/.test(line))) {
      found.push({ kind: "heading", level: line.includes("=") ? 1 : 2, text: body.join(" ") });
      return at + 1;
    }
    if (body.length && (FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || ITEM.test(line))) break;
    body.push(line.trimStart());
  }
  found.push({ kind: "paragraph", text: body.join("\n") });
  return at;
}

const INLINE = new RegExp([
  "(?<code>(?<tick>`+)(?!`)(?<codeText>[^]*?[^`])\\k<tick>(?!`))",
  "(?<escaped>\\\\[!-/:-@[-`{-~])",
  "(?<image>!\\[(?<alt>[^\\]]*)\\]\\(\\s*<?(?<imageTo>[^\\s)>]+)>?[^)]*\\))",
  "(?<link>\\[(?<linkText>(?:[^\\[\\]]|\\[[^\\]]*\\])*)\\]\\(\\s*<?(?<linkTo>[^\\s)>]+)>?[^)]*\\))",
  "(?<bare><?(?<address>https?://[^\\s<>()]*[^\\s<>().,;:!?'\"])>?)",
  "(?<strong>(?<strongMark>\\*\\*|__)(?=\\S)(?<strongText>[^]*?\\S)\\k<strongMark>(?!\\w))",
  "(?<em>(?<![\\w*])(?<emMark>\\*|_)(?=[^\\s*_])(?<emText>[^]*?[^\\s])\\k<emMark>(?![\\w*]))",
  "(?<strike>~~(?<strikeText>[^]+?)~~)",
  "(?<break>(?: {2,}|\\\\)\\n|<br\\s*/?>)",
].join("|"), "gi");

/** Text → inline parts, as data. */
export function parseInline(text) {
  const parts = [];
  let from = 0;
  for (const matched of text.matchAll(INLINE)) {
    if (matched.index > from) parts.push({ kind: "text", text: text.slice(from, matched.index) });
    from = matched.index + matched[0].length;
    parts.push(inlinePart(matched.groups, matched[0]));
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}

function inlinePart(groups, all) {
  if (groups.code) return { kind: "code", text: groups.codeText.replace(/\n/g, " ").trim() };
  if (groups.escaped) return { kind: "text", text: all.slice(1) };
  if (groups.image) return { kind: "image", to: groups.imageTo, text: groups.alt };
  if (groups.link) return { kind: "link", to: groups.linkTo, parts: parseInline(groups.linkText) };
  if (groups.bare) return { kind: "link", to: groups.address, parts: [{ kind: "text", text: groups.address }] };
  if (groups.strong) return { kind: "strong", parts: parseInline(groups.strongText) };
  if (groups.em) return { kind: "em", parts: parseInline(groups.emText) };
  if (groups.strike) return { kind: "del", parts: parseInline(groups.strikeText) };
  return { kind: "break" };
}

/** Returns an address that may be followed: of the web, of mail, or within the site; else null. */
export function safeAddress(address) {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(address.replace(/[\u0000-\u0020]/g, ""));
  return !scheme || /^(https?|mailto)$/i.test(scheme[1]) ? address : null;
}

function inline(parts) {
  return parts.map((part) => {
    switch (part.kind) {
      case "text": return part.text;
      case "code": return h("code", {}, part.text);
      case "break": return h("br");
      case "link": return anchor(part.to, inline(part.parts));
      case "image": return image(part);
      default: return h(part.kind, {}, inline(part.parts));
    }
  });
}

function anchor(address, children) {
  const href = safeAddress(address);
  if (!href) return h("span", {}, children);
  const away = /^[a-z]+:/i.test(href);
  return h("a", away ? { href, target: "_blank", rel: "noopener noreferrer" } : { href }, children);
}

/** Pictures of other hosts are not fetched, only linked to. */
function image({ to, text }) {
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(to)) return anchor(to, [text || to]);
  return h("img", { src: to, alt: text, loading: "lazy" });
}

function blocks(list) {
  return list.map((block) => {
    switch (block.kind) {
      // The page has its own first headings.
      case "heading": return h(`h${Math.min(block.level + 2, 6)}`, {}, inline(parseInline(block.text)));
      case "paragraph": return h("p", {}, inline(parseInline(block.text)));
      case "rule": return h("hr");
      case "quote": return h("blockquote", {}, blocks(block.blocks));
      case "code": return h("pre", {}, highlighted(block.text, block.language || "sql"));
      case "table": return tableElement(block);
      default: return listElement(block);
    }
  });
}

function listElement({ ordered, start, items }) {
  const item = (content) => {
    const [only] = content;
    const tight = content.length && only.kind === "paragraph";
    return h("li", {}, tight ? [inline(parseInline(only.text)), blocks(content.slice(1))] : blocks(content));
  };
  return h(ordered ? "ol" : "ul", ordered && start > 1 ? { start } : {}, items.map(item));
}

function tableElement({ head, rows }) {
  const cell = (tag) => (text) => h(tag, {}, inline(parseInline(text)));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, head.map(cell("th")))),
    h("tbody", {}, rows.map((row) => h("tr", {}, head.map((_, at) => cell("td")(row[at] ?? "")))))));
}
