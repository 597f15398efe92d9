// Code → coloured parts: SQL with Jinja, Python, YAML-like text. A scanner, not a parser: it knows comments,
// strings, numbers, words.

import { h } from "./dom.js";

const SQL_WORDS = new Set(("select from where group by order having limit offset join left right inner outer full cross lateral on using as "
  + "with recursive union all except intersect distinct case when then else end and or not in is null like ilike between exists "
  + "insert into values update set delete merge matched create replace table view materialized temporary temp if drop alter add column "
  + "primary key foreign references unique check default constraint over partition rows range preceding following unbounded current row "
  + "asc desc nulls first last cast interval true false qualify window filter within pivot unpivot any some begin commit rollback grant "
  + "to using returns return language function describe explain analyze asof positional semi anti fetch only sample tablesample exclude").split(" "));
const PYTHON_WORDS = new Set(("def return if elif else for while in not and or is None True False import from as class with try except finally "
  + "raise lambda yield pass break continue global nonlocal assert del async await").split(" "));
const JINJA_WORDS = new Set(("if elif else endif for endfor in not and or is set endset macro endmacro call endcall filter endfilter do block "
  + "endblock test endtest snapshot endsnapshot materialization endmaterialization raw endraw none true false").split(" "));

const STRING = /'(?:[^'\\]|\\[^]|'')*'?|"(?:[^"\\]|\\[^]|"")*"?/y;
const SQL = { comment: /--[^\n]*|\/\*[^]*?(?:\*\/|$)/y, string: /'(?:[^'\\]|\\[^]|'')*'?|\$\$[^]*?(?:\$\$|$)/y, name: /"(?:[^"]|"")*"?|`[^`]*`?/y, words: SQL_WORDS };
const PYTHON = { comment: /#[^\n]*/y, string: /[rbf]*"""[^]*?(?:"""|$)|[rbf]*'''[^]*?(?:'''|$)|'(?:[^'\\\n]|\\[^])*'?|"(?:[^"\\\n]|\\[^])*"?/y, words: PYTHON_WORDS };
const PLAIN = { comment: /#[^\n]*/y, string: STRING, words: new Set(["true", "false", "null"]) };
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy;
const JINJA = /\{#[^]*?(?:#\}|$)|\{\{[^]*?(?:\}\}|$)|\{%[^]*?(?:%\}|$)/y;

/** Cuts code into `[class, text]`; together the texts are the code. */
export function tokens(code, language) {
  const rules = language === "python" ? PYTHON : language === "sql" || language === "jinja" ? SQL : PLAIN;
  const jinja = rules === SQL;
  const found = [];
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(code)?.[0];
  };
  const push = (kind, text) => {
    const last = found[found.length - 1];
    if (last && last[0] === kind) last[1] += text;
    else found.push([kind, text]);
    at += text.length;
  };
  while (at < code.length) {
    let text;
    if (jinja && code[at] === "{" && (text = take(JINJA))) {
      if (text[1] === "#") push("comment", text);
      else {
        for (const [kind, part] of jinjaTokens(text)) found.push([kind, part]);
        at += text.length;
      }
    } else if ((text = take(rules.comment))) push("comment", text);
    else if ((text = take(rules.string))) push("string", text);
    else if (rules.name && (text = take(rules.name))) push("name", text);
    else if ((text = take(NUMBER))) push("number", text);
    else if ((text = take(WORD))) {
      const word = rules === SQL ? text.toLowerCase() : text;
      const called = code[at + text.length] === "(";
      push(rules.words.has(word) ? "word" : called ? "call" : "plain", text);
    } else push("plain", code[at]);
  }
  return found;
}

function jinjaTokens(text) {
  const found = [];
  const scan = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|[\p{L}_][\p{L}\p{N}_]*|\d+(?:\.\d+)?|[^]/gu;
  for (const [part] of text.matchAll(scan)) {
    const kind = /^['"]./.test(part) ? "string" : JINJA_WORDS.has(part) ? "word jinja" : "jinja";
    const last = found[found.length - 1];
    if (last && last[0] === kind) last[1] += part;
    else found.push([kind, part]);
  }
  return found;
}

/** Makes a `code` element. Very long code stays plain: colours are not worth the wait. */
export function highlighted(code, language) {
  const element = h("code", {});
  if (code.length > 200_000) element.textContent = code;
  else element.append(...tokens(code, language).map(([kind, text]) => (kind === "plain" ? text : h("span", { class: `t-${kind}` }, text))));
  return element;
}
