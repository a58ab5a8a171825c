// The page Session by the API: what its forms do without scripts, with no reload, and by single keys. live.js follows the box.
"use strict";
{
  const desk = document.getElementById("desk");
  const words = document.getElementById("said");
  const keys = document.getElementById("keys");
  let row = desk.querySelector("input[name=pick]:checked")?.id; // what is selected, whatever becomes of the table

  // What the routes of the forms are in the API; each gets the row and the fields.
  const marks = (request) => (pick, field) => ["/api/markers", { ...request(field), marker: need(pick, "marker") }];
  const calls = {
    "/session/segment": () => ["/api/press/segment"],
    "/session/rename": marks((field) => ({ op: "rename", name: field("name") })),
    "/session/judge": marks((field) => ({ op: field("op") })),
    "/session/move": marks((field) => ({ op: "move", by_ns: field("by") * 1e6 })),
    "/session/play": (pick, field) => ["/api/play", { chunk: need(pick, "chunk"), session: pick.get("session"), to: field("to") }],
    "/session/stop": () => ["/api/play/stop"],
    "/session/seek": (pick, field) => ["/api/play/seek", { at_ns: field("by") * 1e6, relative: true }],
    "/session/request": (pick) => ["/api/request", { what: need(pick, "chunk"), session: pick.get("session") }],
    "/session/say": (pick, field) => ["/api/chat", { text: field("text") }],
  };

  function need(pick, what) {
    if (!pick.get("chunk")) throw new Error(desk.dataset.unpicked);
    if (!pick.get(what)) throw new Error(desk.dataset.unmarked);
    return pick.get(what);
  }

  // say shows words anew, so that the same words are heard twice.
  function say(text) {
    words.textContent = "";
    setTimeout(() => { words.textContent = text; }, 50);
  }

  // ask has the box do something and shows its words; false: it did not.
  async function ask([route, body]) {
    const request = { method: "POST" };
    if (body) Object.assign(request, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    let reply;
    try {
      const answer = await fetch(route, request);
      if (answer.status === 401) location.href = "/login";
      reply = await answer.json();
    } catch {
      reply = { error: "The box does not answer." };
    }
    say(reply.error ? "Not done: " + reply.error : reply.text);
    return !reply.error;
  }

  async function send(form, button) {
    const fields = new FormData(form);
    if (button?.name) fields.set(button.name, button.value);
    const route = new URL(button?.hasAttribute("formaction") ? button.formAction : form.action).pathname;
    try {
      if (await ask(calls[route](new URLSearchParams(fields.get("pick")), (name) => fields.get(name)))) sent(route, fields);
    } catch (why) {
      say("Not done: " + why.message);
    }
  }

  // sent empties the field whose text is with the box, unless there is another text in it by now.
  function sent(route, fields) {
    const field = { "/session/say": "text", "/session/rename": "name" }[route];
    const input = field && document.getElementById(field);
    if (!input || input.value !== fields.get(field)) return;
    input.value = "";
    if (field === "name") selected()?.focus();
  }

  for (const form of document.querySelectorAll("form[action^='/session/']")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, event.submitter);
    });
  }

  const rows = () => [...desk.querySelectorAll("input[name=pick]")];
  const selected = () => row && document.getElementById(row);

  // mark shows which row is selected.
  function mark() {
    for (const pick of rows()) {
      pick.checked = pick.id === row;
      if (pick.checked) pick.closest("tr").setAttribute("aria-current", "true");
      else pick.closest("tr").removeAttribute("aria-current");
    }
  }

  function select(pick) {
    if (!pick) return;
    row = pick.id;
    mark();
    pick.focus({ preventScroll: true });
    pick.closest("tr").scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.findIndex((pick) => pick.id === row);
    select(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.min(Math.max(at + by, 0), all.length - 1)]);
  }

  desk.addEventListener("shown", mark);
  desk.addEventListener("change", (event) => {
    if (event.target.name === "pick") select(event.target);
  });
  desk.addEventListener("click", (event) => {
    if (!event.target.closest("label, input, a, button")) select(event.target.closest("tr")?.querySelector("input[name=pick]"));
  });

  const types = (at) => at.closest("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])");

  // write goes into a field; that of the name begins with the name that there is.
  function write(field) {
    if (field.id === "name") field.value = selected()?.dataset.title ?? "";
    field.focus();
    field.select();
  }

  // leave goes from a field to the row that is selected, if one is.
  function leave(field) {
    if (field.id === "name") field.value = "";
    field.blur();
    selected()?.focus();
  }

  const steps = { ArrowUp: -1, k: -1, ArrowDown: 1, j: 1 };

  // press does what a key means; false: nothing.
  function press(event) {
    const key = CSS.escape(event.key);
    const field = document.querySelector(`[data-field="${key}"]`);
    const button = document.querySelector(`[data-key="${key}"]`);
    if (steps[event.key]) step(steps[event.key]);
    else if (field) write(field);
    else if (button && (!event.repeat || "repeats" in button.dataset)) button.click();
    else return Boolean(button);
    return true;
  }

  // keyed takes a key; true: it is not to do what it does elsewhere.
  function keyed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
    if (types(event.target)) {
      if (event.key === "Escape") leave(event.target);
      return false;
    }
    if (event.key === "Enter" && event.target.name === "pick") return true; // which would press the first button
    if (!keys.checked || event.target.closest("[role=log]") && event.key.startsWith("Arrow")) return false;
    return press(event);
  }

  let taken = false; // the sign of a key may come apart from it, when a field has the focus already
  document.addEventListener("keydown", (event) => {
    taken = keyed(event);
    if (taken) event.preventDefault();
  });
  document.addEventListener("keypress", (event) => {
    if (taken) event.preventDefault();
  });

  const chat = document.querySelector("[data-grows]");
  chat.scrollTop = chat.scrollHeight;
  mark();
}
