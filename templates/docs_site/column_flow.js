// Where a column comes from and what it goes into, below its description.

import { h } from "./dom.js";
import { urlOf } from "./parts.js";

/** So many columns are named; of the others, the number. */
const NAMED_ENDS = 5;

const FLOW_WORDS = { copied: "copied from", renamed: "renamed from", derived: "computed from", aggregated: "aggregated from", unknown: "made of" };

function flowEnd(index, [id, column]) {
  const entry = index.byId.get(id);
  const text = `${entry?.title ?? id}${column ? `.${column}` : ""}`;
  return entry ? h("a", { href: urlOf(entry) }, text) : h("code", {}, text);
}

function flowEnds(index, ends) {
  const shown = ends.slice(0, NAMED_ENDS).flatMap((one, at) => [at ? ", " : "", flowEnd(index, one)]);
  return ends.length > NAMED_ENDS ? [...shown, ` and ${ends.length - NAMED_ENDS} more`] : shown;
}

function describedAt(index, from) {
  const at = from.lastIndexOf(".");
  return h("p", { class: "faint flow" }, "Described at ", flowEnd(index, [from.slice(0, at), from.slice(at + 1)]), ".");
}

/** What is known of a column's lineage, as lines; `flows` is the part of column_lineage.json that is about its table. */
export function columnFlow(index, column, flows) {
  const flow = flows?.[column.name.toLowerCase()] ?? {};
  return [
    column.inherited_from ? describedAt(index, column.inherited_from) : null,
    flow.from ? h("p", { class: "faint flow" }, `${FLOW_WORDS[flow.kind]} `, flowEnds(index, flow.from)) : null,
    flow.unknown ? h("p", { class: "faint flow" }, `Not certain where it comes from: ${flow.unknown}`) : null,
    flow.to ? h("p", { class: "faint flow" }, "goes into ", flowEnds(index, flow.to)) : null,
    flow.rows ? h("p", { class: "faint flow" }, "decides on rows of ", flowEnds(index, flow.rows.map((id) => [id]))) : null,
  ];
}
