// Nodes and edges → places, in layers from left to right: who needs nothing stands left, and every edge goes right.
//
// Longest paths give the layers, sweeps of barycentres the order in them (with stand-ins where an edge passes a
// layer), and least squares the heights. Layers of a large graph are folded into blocks of several columns: a strip
// of a thousand nodes cannot be read. Nodes without edges stand in a block below. Linear in what is shown, but for
// sorting.

const GAP_X = 72;
const GAP_Y = 14;
/** A layer with so many nodes makes a graph large. */
const MANY_NODES = 60;
/** How wide a large graph is for its height. */
const SHAPE = 1.7;

/**
 * Places nodes: `nodes` is `[{key, width, height}]`, `edges` is `[[fromKey, toKey]]`. Returns `{places, routes, width,
 * height}`: `places` by key `{x, y}` (centres), `routes` by the edge's place in `edges` the points between.
 */
export function layout(nodes, edges) {
  const graph = build(nodes, edges);
  const linked = graph.nodes.filter((node) => node.in.length || node.out.length);
  const alone = graph.nodes.filter((node) => !node.in.length && !node.out.length);
  const layers = rank(linked);
  const large = layers.some((layer) => layer.length > MANY_NODES);
  const routes = addStandIns(layers, graph.edges, large);
  order(layers);
  const width = large ? fold(layers) : placeX(layers);
  if (!large) placeY(layers);
  const size = frame(layers.flat(), width);
  placeAlone(alone, size);
  const places = new Map(graph.nodes.map((node) => [node.key, { x: node.x, y: node.y }]));
  return { places, routes: routes.map((points) => points.map(({ x, y }) => ({ x, y }))), ...size };
}

function build(nodes, edges) {
  const byKey = new Map();
  const all = nodes.map(({ key, width, height }) => {
    const node = { key, width, height, in: [], out: [], layer: 0, x: 0, y: 0 };
    byKey.set(key, node);
    return node;
  });
  const linked = edges.map(([from, to]) => {
    const edge = [byKey.get(from), byKey.get(to)];
    edge[0].out.push(edge[1]);
    edge[1].in.push(edge[0]);
    return edge;
  });
  return { nodes: all, edges: linked };
}

/** Longest path from the left; who has no parents then moves beside the nearest child. */
function rank(nodes) {
  const waiting = new Map(nodes.map((node) => [node, node.in.length]));
  const ready = nodes.filter((node) => !node.in.length);
  for (let at = 0; at < ready.length; at++) {
    for (const child of ready[at].out) {
      child.layer = Math.max(child.layer, ready[at].layer + 1);
      waiting.set(child, waiting.get(child) - 1);
      if (waiting.get(child) === 0) ready.push(child);
    }
  }
  for (const node of nodes) {
    if (!node.in.length) node.layer = node.out.reduce((least, child) => Math.min(least, child.layer), Infinity) - 1;
  }
  const least = nodes.reduce((low, node) => Math.min(low, node.layer), Infinity);
  const layers = [];
  for (const node of depthFirst(nodes)) (layers[node.layer - least] ??= []).push(node);
  return Array.from(layers, (layer) => layer ?? []);
}

/** A first order that keeps together what belongs together. */
function depthFirst(nodes) {
  const seen = new Set();
  const ordered = [];
  for (const start of nodes) {
    const stack = [start];
    while (stack.length) {
      const node = stack.pop();
      if (seen.has(node)) continue;
      seen.add(node);
      ordered.push(node);
      for (let at = node.out.length - 1; at >= 0; at--) stack.push(node.out[at]);
      for (let at = node.in.length - 1; at >= 0; at--) stack.push(node.in[at]);
    }
  }
  return ordered;
}

function addStandIns(layers, edges, large) {
  layers.forEach((layer, number) => layer.forEach((node) => { node.layer = number; }));
  for (const node of layers.flat()) {
    node.left = [];
    node.right = [];
  }
  const link = (from, to) => {
    from.right.push(to);
    to.left.push(from);
  };
  return edges.map(([from, to]) => {
    const points = [];
    let last = from;
    if (!large) {
      for (let number = from.layer + 1; number < to.layer; number++) {
        const stand = { width: 0, height: 4, layer: number, left: [], right: [], standIn: true };
        layers[number].push(stand);
        link(last, stand);
        points.push(stand);
        last = stand;
      }
    }
    link(last, to);
    return points;
  });
}

function order(layers) {
  const total = layers.reduce((sum, layer) => sum + layer.length, 0);
  const sweeps = total > 3000 ? 6 : total > 600 ? 12 : 24;
  const number = (layer) => layer.forEach((node, at) => { node.at = at; });
  layers.forEach(number);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const side = sweep % 2 === 0 ? "left" : "right";
    const going = sweep % 2 === 0 ? layers : [...layers].reverse();
    for (const layer of going) {
      for (const node of layer) node.want = node[side].length ? mean(node[side], "at") : node.at;
      layer.sort((a, b) => a.want - b.want || a.at - b.at);
      number(layer);
    }
  }
}

function mean(nodes, key) {
  let sum = 0;
  for (const node of nodes) sum += node[key];
  return sum / nodes.length;
}

function placeX(layers) {
  let x = 0;
  for (const layer of layers) {
    const widest = layer.reduce((width, node) => Math.max(width, node.width), 0);
    for (const node of layer) node.x = x + widest / 2;
    x += widest + GAP_X;
  }
  return Math.max(0, x - GAP_X);
}

/** Folds each layer, row by row, into as many columns as make the whole neither tall nor wide. Returns the width. */
function fold(layers) {
  const [near, step] = [GAP_X / 4, layers[0][0].height + GAP_Y];
  const widths = layers.map((layer) => layer.reduce((width, node) => Math.max(width, node.width), 0) + near);
  const area = layers.reduce((sum, layer, at) => sum + layer.length * step * widths[at], 0);
  const height = Math.max(MANY_NODES * step, Math.sqrt(area / SHAPE));
  let left = 0;
  layers.forEach((layer, number) => {
    const columns = Math.ceil((layer.length * step) / height);
    const rows = Math.ceil(layer.length / columns);
    layer.forEach((node, at) => {
      node.x = left + ((at % columns) + 0.5) * widths[number];
      node.y = (Math.floor(at / columns) - rows / 2) * step;
    });
    left += columns * widths[number] + GAP_X * 2;
  });
  return left;
}

function placeY(layers) {
  for (const layer of layers) {
    let y = 0;
    for (const node of layer) {
      node.y = y + node.height / 2;
      y += node.height + GAP_Y;
    }
    for (const node of layer) node.y -= y / 2;
  }
  for (let round = 0; round < 12; round++) {
    const side = round % 2 === 0 ? "left" : "right";
    const going = round % 2 === 0 ? layers : [...layers].reverse();
    for (const layer of going) settle(layer, side, round > 8);
  }
}

/** Moves the nodes of a layer as near as their order allows to where their neighbours are (least squares). */
function settle(layer, side, both) {
  const blocks = [];
  let offset = 0;
  let last = null;
  for (const node of layer) {
    if (last) offset += (last.height + node.height) / 2 + GAP_Y;
    const near = both ? [...node.left, ...node.right] : node[side];
    const want = (near.length ? mean(near, "y") : node.y) - offset;
    // A straight line through a stand-in is worth more than a level one.
    const weight = near.length ? (node.standIn ? 4 : 1) : 0.2;
    blocks.push({ weight, sum: want * weight, nodes: [[node, offset]] });
    while (blocks.length > 1) {
      const [above, below] = blocks.slice(-2);
      if (above.sum / above.weight <= below.sum / below.weight) break;
      blocks.pop();
      above.weight += below.weight;
      above.sum += below.sum;
      for (const item of below.nodes) above.nodes.push(item);
    }
    last = node;
  }
  for (const block of blocks) {
    for (const [node, away] of block.nodes) node.y = block.sum / block.weight + away;
  }
}

/** Moves everything to begin at 0 and returns how large it is. */
function frame(nodes, width) {
  let top = Infinity;
  let bottom = -Infinity;
  for (const node of nodes) {
    top = Math.min(top, node.y - node.height / 2);
    bottom = Math.max(bottom, node.y + node.height / 2);
  }
  if (!nodes.length) return { width: 0, height: 0 };
  for (const node of nodes) node.y -= top;
  return { width, height: bottom - top };
}

function placeAlone(alone, size) {
  if (!alone.length) return;
  const wide = alone.reduce((width, node) => Math.max(width, node.width), 0) + GAP_X / 3;
  const tall = alone[0].height + GAP_Y;
  const columns = Math.max(1, Math.round(size.width ? size.width / wide : Math.sqrt((alone.length * tall * 1.6) / wide)));
  const top = size.height ? size.height + 3 * GAP_Y : 0;
  alone.forEach((node, at) => {
    node.x = (at % columns) * wide + wide / 2;
    node.y = top + Math.floor(at / columns) * tall + tall / 2;
  });
  size.width = Math.max(size.width, Math.min(columns, alone.length) * wide);
  size.height = top + Math.ceil(alone.length / columns) * tall;
}
