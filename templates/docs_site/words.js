// Names of things for people: kinds of resources, statuses, figures, times.

/** Kinds by dbt's name: singular, plural, and what to say to somebody who does not know them. */
export const KINDS = {
  model: ["Model", "Models", "A table or view that this project builds with a query"],
  source: ["Source", "Sources", "A table that others load into the warehouse"],
  seed: ["Seed", "Seeds", "A small table kept as a CSV file in the project"],
  snapshot: ["Snapshot", "Snapshots", "A table that keeps how rows were at earlier times"],
  exposure: ["Exposure", "Exposures", "A dashboard, report or application that uses the data"],
  metric: ["Metric", "Metrics", "A figure with one agreed definition"],
  semantic_model: ["Semantic model", "Semantic models", "Entities, dimensions and measures of a model, for metrics"],
  saved_query: ["Saved query", "Saved queries", "A query of metrics kept under a name"],
  function: ["Function", "Functions", "A function that this project makes in the warehouse"],
  analysis: ["Analysis", "Analyses", "A query that is kept, but not built"],
  test: ["Data test", "Data tests", "A question to the data, asked after each build"],
  unit_test: ["Unit test", "Unit tests", "A check of a model's query on made-up rows"],
  macro: ["Macro", "Macros", "A piece of SQL that queries share"],
  group: ["Group", "Groups", "People who own some of the models"],
  operation: ["Hook", "Hooks", "SQL that runs before or after a build"],
};

export const kindName = (kind) => KINDS[kind]?.[0] ?? kind;
export const kindPlural = (kind) => KINDS[kind]?.[1] ?? kind;
export const kindHelp = (kind) => KINDS[kind]?.[2] ?? "";

const MATERIALIZED = {
  view: "A view: the query runs each time somebody reads it",
  table: "A table: made anew at each build",
  incremental: "An incremental table: each build adds or changes only what is new",
  ephemeral: "Not in the warehouse: its query becomes a part of those that use it",
  materialized_view: "A view whose result the warehouse keeps",
  snapshot: "A table that keeps earlier versions of rows",
  seed: "A table loaded from a CSV file",
};

export const materializedHelp = (name) => MATERIALIZED[name] ?? "";

export const ACCESS = {
  private: "Only for models of the same group",
  protected: "For models of the same project",
  public: "For everybody, other projects included",
};

const GOOD = new Set(["pass", "success", "no-op"]);
const BAD = new Set(["fail", "error", "runtime error", "partial success"]);

/** Returns the class of a status: good, bad, warn or idle. */
export function tone(status) {
  if (GOOD.has(status)) return "good";
  if (BAD.has(status)) return "bad";
  return status === "warn" ? "warn" : "idle";
}

const STATUS = { pass: "passed", fail: "failed", warn: "warned", error: "error", success: "built", skipped: "skipped", "no-op": "nothing to do" };

const AGE = { pass: "fresh", warn: "late", error: "too old", "runtime error": "not measured" };

/** Says how something ended; of a source, how old its data are. */
export const statusWord = (status, kind) => (kind === "source" ? AGE[status] : STATUS[status]) ?? status;

/** `3 models`, `1 model`. */
export function count(number, one, many = `${one}s`) {
  return `${figure(number)} ${number === 1 ? one : many}`;
}

/** Writes a number with separators. */
export function figure(number) {
  return typeof number === "number" ? number.toLocaleString("en") : String(number);
}

/** Writes bytes in the unit that suits them. */
export function bytes(number) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let at = 0;
  while (number >= 1000 && at < units.length - 1) {
    number /= 1000;
    at++;
  }
  return `${at && number < 10 ? number.toFixed(1) : Math.round(number)} ${units[at]}`;
}

/** Writes seconds. */
export function seconds(number) {
  if (number < 0.0995) return `${Math.round(number * 1000)} ms`;
  if (number < 60) return `${number.toFixed(number < 10 ? 2 : 1)} s`;
  return `${Math.floor(number / 60)} min ${Math.round(number % 60)} s`;
}

/** Writes a time as people say it: `3 hours ago`. */
export function ago(text, now = Date.now()) {
  const past = (now - Date.parse(text)) / 1000;
  if (!Number.isFinite(past)) return text;
  for (const [unit, size] of [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (past >= size) return `${count(Math.floor(past / size), unit)} ago`;
  }
  return "just now";
}

/** Writes a time in full, in the reader's zone. */
export function moment(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
