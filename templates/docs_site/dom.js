// Elements. Everything on the page is made here from data by way of text nodes, never from HTML text: what a
// project writes into its descriptions cannot become code.

/** Makes an element: `h("a", {href: "#", class: "x", onclick: f}, "text", other)`. Empty children are left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") element.style.cssText = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false && child !== "") element.append(child);
  }
}

/** Puts other children in place of those an element has. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** A long name that may be broken after its separators. */
export function breakable(text) {
  return text.split(/(?<=[/._])/).flatMap((part, at) => (at ? [document.createElement("wbr"), part] : [part]));
}

const ICONS = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
  menu: "M4 7h16M4 12h16M4 17h16",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  moon: "M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z",
  help: "M9.2 9a3 3 0 1 1 4.2 2.8c-.9.4-1.4 1-1.4 2.2M12 17.5v.1",
  graph: "M4 6h5v4H4zM15 3h5v4h-5zM15 14h5v4h-5zM9 8h3v-3h3M12 8v8h3",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  check: "M5 12.5 10 17.5 19 7",
  close: "M6 6l12 12M18 6 6 18",
  expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 4h16v16H4zM9 9h6v6H9z",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  chevron: "M9 6l6 6-6 6",
};

/** Draws one of the icons; it is decoration, its button has the words. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/** Shows a short message for a moment. */
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.hidden = true; }, 2600);
}

/** A button that copies a text. */
export function copyButton(text, label = "Copy") {
  const button = h("button", { class: "icon-button small", type: "button", title: label, "aria-label": label }, icon("copy"));
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    await copyText(typeof text === "function" ? text() : text);
    fill(button, icon("check"));
    setTimeout(() => fill(button, icon("copy")), 1400);
  });
  return button;
}

async function copyText(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // Not allowed for this page: the old way below still may be.
    }
  }
  const area = h("textarea", { class: "unseen" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** Keeps a text in this browser. Some keep nothing for pages that are opened as files: then it holds for this visit. */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Not allowed here.
  }
}

/** Returns a text that was kept, or null. */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
