// The lineage graph on a canvas: draws a set of entries, moves and zooms, tells what was picked.

import { layout } from "./layout.js";
import { tone } from "./words.js";

const HEIGHT = 32;
const WIDEST = 240;
const FONT = "500 13px system-ui, sans-serif";
const KIND_WIDTH = 8;
/** Half of it is where a handle can be hit. */
const HANDLE = 18;

/** Shows a graph on a canvas. `on` has `pick(entry or null)`, `open(entry)` and `expand(entry, "parents" or "children")`. */
export class Graph {
  constructor(canvas, index, on, { wheel = true } = {}) {
    Object.assign(this, { canvas, index, on, wheel, view: { x: 0, y: 0, scale: 1 }, nodes: [], edges: [], picked: null, focus: null, hover: null });
    this.context = canvas.getContext("2d");
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
    this.colorScheme = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => {
      this.colors = null;
      this.draw();
    };
    this.colorScheme.addEventListener("change", this.redraw);
    document.addEventListener("themechange", this.redraw);
    this.listen();
  }

  /** Lets go of what the canvas does not own. */
  destroy() {
    this.observer.disconnect();
    this.colorScheme.removeEventListener("change", this.redraw);
    document.removeEventListener("themechange", this.redraw);
  }

  /** Shows some entries (a set of places); `focus` stands out. The view is kept where `keep` says so. */
  show(places, { focus = null, keep = false } = {}) {
    const { entries } = this.index;
    this.context.font = FONT;
    this.focus = focus;
    const before = keep && focus ? this.byPlace?.get(focus.at) : null;
    this.nodes = [...places].map((at) => this.nodeOf(entries[at], places));
    this.byPlace = new Map(this.nodes.map((node) => [node.entry.at, node]));
    const pairs = [];
    for (const node of this.nodes) {
      for (const parent of new Set(node.entry.parents)) if (places.has(parent)) pairs.push([parent, node.entry.at]);
    }
    const done = layout(this.nodes.map(({ entry, width }) => ({ key: entry.at, width, height: HEIGHT })), pairs);
    for (const node of this.nodes) Object.assign(node, done.places.get(node.entry.at));
    this.edges = pairs.map(([from, to], at) => ({ from: this.byPlace.get(from), to: this.byPlace.get(to), through: done.routes[at] }));
    this.size = { width: done.width, height: done.height };
    if (this.picked && !this.byPlace.has(this.picked.at)) this.picked = null;
    this.resize(false);
    if (before) {
      const now = this.byPlace.get(focus.at);
      this.view.x -= (now.x - before.x) * this.view.scale;
      this.view.y -= (now.y - before.y) * this.view.scale;
      this.draw();
    } else this.fit();
  }

  nodeOf(entry, places) {
    const hidden = (list) => list.filter((at) => !places.has(at) && isDrawn(this.index.entries[at])).length;
    const label = shorten(this.context, entry.title, WIDEST - 36);
    return { entry, label, width: Math.ceil(this.context.measureText(label).width) + 36, more: { parents: hidden(entry.parents), children: hidden(entry.children) } };
  }

  /** Fits everything in, but not so small or large that it cannot be read well, if a node is in focus. */
  fit() {
    const { width, height } = this.box;
    if (!width || !this.nodes.length) return this.draw();
    const pad = 44;
    const all = Math.min((width - 2 * pad) / Math.max(1, this.size.width), (height - 2 * pad) / Math.max(1, this.size.height));
    const scale = Math.min(1, Math.max(all, this.focus ? 0.5 : 0.01));
    const center = (this.focus && this.byPlace.get(this.focus.at)) ?? { x: this.size.width / 2, y: this.size.height / 2 };
    // What fits is in the middle; of what does not, as much is shown around the focus as there is.
    const shift = (room, size, at) => (size + 2 * pad <= room ? (room - size) / 2 : Math.min(pad, Math.max(room - pad - size, room / 2 - at)));
    this.view = { scale, x: shift(width, this.size.width * scale, center.x * scale), y: shift(height, this.size.height * scale, center.y * scale) };
    this.draw();
  }

  /** Zooms by a factor around a point of the canvas, its middle by default. */
  zoom(factor, at = { x: this.box.width / 2, y: this.box.height / 2 }) {
    const scale = Math.min(2.5, Math.max(0.01, this.view.scale * factor));
    const change = scale / this.view.scale;
    this.view = { scale, x: at.x - (at.x - this.view.x) * change, y: at.y - (at.y - this.view.y) * change };
    this.draw();
  }

  /** Picks an entry and brings it into sight. */
  pick(entry) {
    this.picked = entry;
    this.lit = entry ? this.lineOf(entry) : null;
    const node = entry && this.byPlace.get(entry.at);
    if (node) {
      const [x, y] = [node.x * this.view.scale + this.view.x, node.y * this.view.scale + this.view.y];
      if (x < 40 || y < 40 || x > this.box.width - 40 || y > this.box.height - 40) {
        this.view.x += this.box.width / 2 - x;
        this.view.y += this.box.height / 2 - y;
      }
    }
    this.draw();
  }

  /** All that is before and after an entry, among what is shown. */
  lineOf(entry) {
    const line = new Set([entry.at]);
    for (const direction of ["parents", "children"]) {
      const stack = [entry.at];
      while (stack.length) {
        for (const at of this.index.entries[stack.pop()][direction]) {
          if (line.has(at) || !this.byPlace.has(at)) continue;
          line.add(at);
          stack.push(at);
        }
      }
    }
    return line;
  }

  resize(draw = true) {
    const { clientWidth, clientHeight } = this.canvas;
    const first = !this.box?.width && clientWidth;
    this.box = { width: clientWidth, height: clientHeight };
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = clientWidth * ratio;
    this.canvas.height = clientHeight * ratio;
    if (draw) first ? this.fit() : this.draw();
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const { context, view, box } = this;
    if (!box) return;
    const ratio = window.devicePixelRatio || 1;
    const colors = (this.colors ??= palette(this.canvas));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    context.translate(view.x, view.y);
    context.scale(view.scale, view.scale);
    const seen = { left: -view.x / view.scale, top: -view.y / view.scale };
    seen.right = seen.left + box.width / view.scale;
    seen.bottom = seen.top + box.height / view.scale;
    const lit = this.hover ? (this.hoverLine ??= this.lineOf(this.hover)) : this.lit;
    const on = (edge) => lit?.has(edge.from.entry.at) && lit.has(edge.to.entry.at);
    const inSight = this.edges.filter((edge) => touches(edge, seen));
    this.paintEdges(lit ? inSight.filter((edge) => !on(edge)) : inSight, lit ? colors["graph-faint"] : colors["graph-line"], lit ? 1 : 1.3);
    if (lit) this.paintEdges(inSight.filter(on), colors.accent, 2);
    for (const node of this.nodes) {
      const { x, y, width } = node;
      if (x + width / 2 + HANDLE < seen.left || x - width / 2 - HANDLE > seen.right || y + HEIGHT < seen.top || y - HEIGHT > seen.bottom) continue;
      this.paintNode(node, colors, !lit || lit.has(node.entry.at));
    }
    context.globalAlpha = 1;
  }

  paintEdges(edges, color, width) {
    const { context } = this;
    const plain = this.view.scale < 0.16;
    context.beginPath();
    for (const { from, to, through } of edges) {
      let x = from.x + from.width / 2;
      let y = from.y;
      context.moveTo(x, y);
      for (const point of [...through, { x: to.x - to.width / 2, y: to.y }]) {
        const bend = (point.x - x) / 2;
        if (plain) context.lineTo(point.x, point.y);
        else context.bezierCurveTo(x + bend, y, point.x - bend, point.y, point.x, point.y);
        ({ x, y } = point);
      }
    }
    context.strokeStyle = color;
    context.lineWidth = Math.max(width, 0.6 / this.view.scale);
    context.stroke();
  }

  paintNode(node, colors, clear) {
    const { context } = this;
    const { entry, x, y, width } = node;
    const [left, top] = [x - width / 2, y - HEIGHT / 2];
    const color = colors.kinds[entry.type] ?? colors.kinds.macro;
    context.globalAlpha = clear ? 1 : 0.28;
    if (this.view.scale < 0.22) {
      context.fillStyle = safeColor(entry.color) ?? color;
      context.fillRect(left, top, width, HEIGHT);
      return;
    }
    const special = entry === this.focus || entry === this.picked;
    box(context, left, top, width, HEIGHT, 7);
    context.fillStyle = colors.surface;
    context.fill();
    context.lineWidth = special ? 2.5 : 1;
    context.strokeStyle = special ? colors.accent : entry === this.hover ? color : colors.edge;
    context.save();
    context.clip();
    context.fillStyle = safeColor(entry.color) ?? color;
    context.fillRect(left, top, KIND_WIDTH, HEIGHT);
    context.restore();
    context.stroke();
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillStyle = colors.text;
    context.fillText(node.label, left + KIND_WIDTH + 9, y + 0.5);
    if (entry.status && tone(entry.status) !== "good") {
      context.beginPath();
      context.arc(left + width - 9, y, 4, 0, 7);
      context.fillStyle = colors[tone(entry.status)] ?? colors.muted;
      context.fill();
    }
    if (node.more.parents) this.paintHandle(left - 11, y, node.more.parents, colors);
    if (node.more.children) this.paintHandle(left + width + 11, y, node.more.children, colors);
  }

  paintHandle(x, y, number, colors) {
    const { context } = this;
    context.beginPath();
    context.arc(x, y, 9, 0, 7);
    context.fillStyle = colors.surface;
    context.strokeStyle = colors.edge;
    context.lineWidth = 1;
    context.fill();
    context.stroke();
    context.fillStyle = colors.muted;
    context.font = "600 9.5px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(number > 99 ? "…" : `+${number}`, x, y + 0.5);
  }

  /** Returns what is at a point of the canvas: `{node, handle}`. */
  at({ x, y }) {
    const { view } = this;
    const [graphX, graphY] = [(x - view.x) / view.scale, (y - view.y) / view.scale];
    for (let number = this.nodes.length - 1; number >= 0; number--) {
      const node = this.nodes[number];
      if (Math.abs(graphY - node.y) > HEIGHT / 2 + 2) continue;
      const away = Math.abs(graphX - node.x) - node.width / 2;
      if (away <= 0) return { node };
      const side = graphX < node.x ? "parents" : "children";
      if (away <= HANDLE + 3 && node.more[side] && view.scale >= 0.22) return { node, handle: side };
    }
    return null;
  }

  listen() {
    const { canvas } = this;
    const fingers = new Map();
    let moved = 0;
    const point = (event) => ({ x: event.offsetX, y: event.offsetY });
    canvas.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, point(event));
      moved = 0;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = point(event);
      const old = fingers.get(event.pointerId);
      if (!old) return this.hovered(this.at(now));
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) this.zoom(distance(now, other) / Math.max(1, distance(old, other)), other);
      else {
        this.view.x += now.x - old.x;
        this.view.y += now.y - old.y;
        this.draw();
      }
      moved += distance(now, old);
      fingers.set(event.pointerId, now);
    });
    const up = (event) => {
      if (fingers.delete(event.pointerId) && event.type === "pointerup" && moved < 5) this.clicked(this.at(point(event)));
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.hovered(null));
    canvas.addEventListener("dblclick", (event) => {
      const hit = this.at(point(event));
      if (hit && !hit.handle) this.on.open(hit.node.entry);
    });
    canvas.addEventListener("wheel", (event) => {
      if (!this.wheel && !event.ctrlKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), point(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  hovered(hit) {
    const entry = hit && !hit.handle ? hit.node.entry : null;
    this.canvas.style.cursor = hit ? "pointer" : "grab";
    this.canvas.title = hit?.handle ? `Show ${hit.node.more[hit.handle]} more` : entry && entry.title.length > 26 ? entry.title : "";
    if (entry === this.hover) return;
    this.hover = entry;
    this.hoverLine = null;
    this.draw();
  }

  clicked(hit) {
    this.canvas.focus({ preventScroll: true });
    if (hit?.handle) return this.on.expand(hit.node.entry, hit.handle);
    this.pick(hit ? hit.node.entry : null);
    this.on.pick(this.picked);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: "parents", ArrowRight: "children", ArrowUp: -1, ArrowDown: 1 };
    if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else if (event.key === "Enter" && this.picked) this.on.open(this.picked);
    else if (event.key in steps) this.step(steps[event.key]);
    else return;
    event.preventDefault();
  }

  /** Moves what is picked to a neighbour along the edges, or up and down within a layer. */
  step(to) {
    const from = this.byPlace.get((this.picked ?? this.focus ?? this.nodes[0]?.entry)?.at);
    if (!from) return;
    const shown = (at) => this.byPlace.get(at);
    const next = typeof to === "string"
      ? from.entry[to].map(shown).filter(Boolean).sort((a, b) => Math.abs(a.y - from.y) - Math.abs(b.y - from.y))[0]
      : this.nodes.filter((node) => Math.abs(node.x - from.x) < 90 && (node.y - from.y) * to > 0).sort((a, b) => Math.abs(a.y - from.y) - Math.abs(b.y - from.y))[0];
    this.pick((this.picked ? next ?? from : from).entry);
    this.on.pick(this.picked);
  }
}

/** Tells whether the graph has a kind at all: tests of columns, macros and groups are on their pages only. */
export function isDrawn(entry) {
  return !["macro", "group", "operation", "test", "unit_test"].includes(entry.type) && !entry.hidden;
}

function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function touches({ from, to }, seen) {
  return Math.min(from.x, to.x) < seen.right && Math.max(from.x, to.x) > seen.left && Math.min(from.y, to.y) - 400 < seen.bottom && Math.max(from.y, to.y) + 400 > seen.top;
}

function shorten(context, text, widest) {
  if (context.measureText(text).width <= widest) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= widest) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}

function box(context, x, y, width, height, radius) {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
}

/** A project's own colour, if it is one. */
function safeColor(color) {
  return color && CSS.supports("color", color) ? color : null;
}

const COLORS = ["surface", "edge", "graph-line", "graph-faint", "accent", "text", "muted", "warn", "bad"];
const KIND_COLORS = ["model", "source", "seed", "snapshot", "exposure", "metric", "semantic_model", "saved_query", "function", "analysis", "macro"];

/** Reads the style's colours as they are at this moment, light or dark. */
function palette(canvas) {
  const probe = canvas.parentElement.appendChild(document.createElement("i"));
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = Object.fromEntries(COLORS.map((name) => [name, read(name)]));
  colors.kinds = Object.fromEntries(KIND_COLORS.map((kind) => [kind, read(`kind-${kind}`)]));
  probe.remove();
  return colors;
}
